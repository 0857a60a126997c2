import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { OnEventNotLoadedError } from '../../functions/webhook/load-handlers.ts';
import type { Try, TryRecord } from '../../functions/webhook/try-record.ts';
import type { LocalEnvironment, LocalSystem } from './local-system.ts';
import type { LogWatch } from './log-watch.ts';
import { clientOptions } from './template/provision.ts';

const notLoadedName = new OnEventNotLoadedError(undefined).name;

/** What the ledger says of an event that was handled. */
export interface HandledEvent {
  /** Epoch seconds. */
  readonly handledAt: number;
  readonly event: { readonly resourceName: string; readonly resourceId: string };
}

/** The ledger says that a try of the event failed, and how. */
export interface FailedOnce {
  readonly failed: Try;
}

/** What became of an event that was sent to `onEvent`. */
export type EventOutcome =
  | ({ readonly outcome: 'handled' } & HandledEvent)
  /** `frame` is the line of the integrator's file, where one is known; `isFinal` when no further try comes. */
  | {
      readonly outcome: 'failed';
      readonly isFinal?: true;
      readonly errorName: string;
      readonly text?: string;
      readonly frame?: string;
      readonly remedy?: string;
    }
  /** The worker, or the integrator's file, cannot even be loaded; `text` is what it says. */
  | { readonly outcome: 'not_loaded'; readonly text: string; readonly frame?: string }
  | { readonly outcome: 'unfinished' };

/**
 * Makes a reader of what the deliveries table says of an event: whatever `onEvent` does or logs, the worker marks there
 * that it is done.
 */
export function readHandled({ aws }: Pick<LocalSystem, 'aws'>, { tables }: Pick<LocalEnvironment, 'tables'>) {
  const client = new DynamoDBClient(clientOptions(aws));
  const schema = z.looseObject({ resourceName: z.string(), resourceId: z.string() });
  return {
    /** @returns undefined when the event was not tried yet */
    async read(eventId: string): Promise<HandledEvent | FailedOnce | undefined> {
      const key = { id: { S: `event#${eventId}` } };
      const { Item: item } = await client.send(
        new GetItemCommand({ TableName: tables.Deliveries, Key: key, ConsistentRead: true }),
      );
      if (item?.handledAt?.N === undefined) {
        const { tries = [] }: Partial<TryRecord> = JSON.parse(item?.tried?.S ?? '{}');
        const last = tries.findLast(({ errorName }) => errorName !== undefined);
        return last && { failed: last };
      }
      return { handledAt: Number(item.handledAt.N), event: schema.parse(JSON.parse(item.event?.S ?? '{}')) };
    },
    stop: () => client.destroy(),
  };
}

/**
 * Waits until an event is handled, or the ledger or the worker's log says why it is not.
 *
 * @param read whether it is handled
 * @param limits.seconds how long it waits
 * @param limits.initErrors how many functions could not be loaded before the event was sent
 */
export async function outcomeOf(
  eventId: string,
  read: (eventId: string) => Promise<HandledEvent | FailedOnce | undefined>,
  log: Pick<LogWatch, 'initErrors'>,
  { seconds, initErrors }: { readonly seconds: number; readonly initErrors: number },
): Promise<EventOutcome> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const known = await read(eventId);
    if (known !== undefined && 'failed' in known) return failureOf(known.failed);
    if (known !== undefined) return { outcome: 'handled', ...known };
    const text = log.initErrors()[initErrors];
    if (text !== undefined) return { outcome: 'not_loaded', text };
    await sleep(10);
  }
  return { outcome: 'unfinished' };
}

/** Tells how a try failed. */
export function failureOf({
  outcome,
  errorName = 'an error',
  text,
  frame,
  remedy,
}: Try): EventOutcome & { outcome: 'failed' | 'not_loaded' } {
  const place = frame !== undefined && { frame };
  if (errorName === notLoadedName) return { outcome: 'not_loaded', text: text ?? '', ...place };
  const help = remedy !== undefined && { remedy };
  const end = outcome === 'permanent' && ({ isFinal: true } as const);
  return { outcome: 'failed', ...end, errorName, ...(text !== undefined && { text }), ...place, ...help };
}
