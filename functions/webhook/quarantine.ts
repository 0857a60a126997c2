import { sha256 } from '../sha256.ts';
import type { UnreadableReason } from './parse.ts';

/** An authenticated delivery that cannot be accepted as an event. */
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
   * Keeps a delivery.
   *
   * @returns `refused` when this message will never be taken because of its content or size
   * @throws on throttling and outage, also when the permission or the queue is missing
   */
  keep(message: QuarantineMessage): Promise<'kept' | 'refused'>;
}

/** How many bytes of a body are kept: the message then has less than 900 kB. SQS takes 1 MiB. */
const keptBytes = 670_000;

/**
 * Makes the quarantine message of a body. The body is Base64, because SQS refuses control characters.
 *
 * @returns the message; a body that is too long for SQS is cut
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
    sha256: sha256(body),
    bodyBase64: Buffer.from(body.subarray(0, keptBytes)).toString('base64'),
    ...(body.byteLength > keptBytes && { truncated: true }),
  };
}
