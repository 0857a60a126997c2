import { createHash } from 'node:crypto';
import type { UnreadableReason } from './parse.ts';

/** A delivery that an authenticated sender made and that we cannot take as an event. */
export interface QuarantineMessage {
  readonly reason: UnreadableReason | 'queue_refused';
  /** Epoch seconds. */
  readonly receivedAt: number;
  /** Length of the whole body. */
  readonly bytes: number;
  /** Of the whole body, hexadecimal. */
  readonly sha256: string;
  /** The body, or its beginning when `truncated`. */
  readonly bodyBase64: string;
  readonly truncated?: true;
}

/** Where unreadable deliveries are kept for a person to look at. */
export interface Quarantine {
  /**
   * Keeps a delivery; throws on throttling and outage, a missing permission or queue among them.
   *
   * @returns `refused` when this message will never be taken, for its content or size
   */
  keep(message: QuarantineMessage): Promise<'kept' | 'refused'>;
}

/** A delivery in quarantine, in an operator's hand. */
export interface QuarantinedDelivery extends QuarantineMessage {
  readonly receipt: string;
}

/** The quarantine as an operator works it. */
export interface QuarantineReader {
  /** Takes up to ten in hand, hidden from others for a minute. */
  receive(): Promise<readonly QuarantinedDelivery[]>;
  /** Gives them back untouched. */
  giveBack(deliveries: readonly QuarantinedDelivery[]): Promise<void>;
  delete(delivery: QuarantinedDelivery): Promise<void>;
}

/**
 * Goes through the quarantine: what `judge` is done with is deleted, the rest is given back.
 *
 * @returns everything that was there
 */
export async function goThroughQuarantine(
  reader: QuarantineReader,
  judge: (delivery: QuarantinedDelivery) => Promise<'done' | 'keep'>,
): Promise<readonly QuarantinedDelivery[]> {
  const seen: QuarantinedDelivery[] = [];
  const kept: QuarantinedDelivery[] = [];
  try {
    for (;;) {
      const some = await reader.receive();
      if (some.length === 0) return seen;
      for (const [index, delivery] of some.entries()) {
        seen.push(delivery);
        try {
          if ((await judge(delivery)) === 'done') await reader.delete(delivery);
          else kept.push(delivery);
        } catch (error) {
          kept.push(...some.slice(index));
          throw error;
        }
      }
    }
  } finally {
    await reader.giveBack(kept);
  }
}

/** As many bytes of a body as give under 900 kB of message: SQS takes 1 MiB. */
const keptBytes = 670_000;

/**
 * Makes the quarantine message of a body. Base64, because SQS refuses control characters.
 *
 * @returns the message, its body cut when it is too long for SQS
 */
export function quarantineMessage(
  body: Uint8Array,
  reason: QuarantineMessage['reason'],
  receivedAt: number,
): QuarantineMessage {
  return {
    reason,
    receivedAt,
    bytes: body.byteLength,
    sha256: createHash('sha256').update(body).digest('hex'),
    bodyBase64: Buffer.from(body.subarray(0, keptBytes)).toString('base64'),
    ...(body.byteLength > keptBytes && { truncated: true }),
  };
}
