import { attendConnection } from './attention.ts';
import { parseConnectionId } from './connection.ts';
import type { ConnectionDependencies, RotationDependencies } from './dependencies.ts';
import type { EscrowedTokenSet } from './escrow.ts';
import { recoverTokens } from './recovery.ts';

/** A message of the rotation queue. */
export interface RotationMessage {
  readonly messageId: string;
  /** Its FIFO group. */
  readonly group: string;
  /** JSON: `{"connectionId"}`. */
  readonly body: string;
}

/** A message of the escrow queue. */
export interface EscrowMessage {
  readonly messageId: string;
  /** JSON of an {@link EscrowedTokenSet}. */
  readonly body: string;
}

/**
 * Attends to a batch of due connections: groups side by side, one group's messages in order.
 *
 * @returns the ids of the messages that were not handled: failed ones and those for which this invocation has no time,
 *   with the rest of their group
 */
export async function attendBatch(
  deps: RotationDependencies,
  messages: readonly RotationMessage[],
): Promise<readonly string[]> {
  const groups = Map.groupBy(messages, ({ group }) => group);
  const unhandled = await Promise.all(
    [...groups.values()].map(async (group) => {
      for (const [index, { messageId, body }] of group.entries()) {
        const isHandled = await handle(deps, messageId, async () => {
          const { connectionId } = JSON.parse(body);
          return (await attendConnection(deps, parseConnectionId(connectionId))) !== 'out_of_time';
        });
        if (!isHandled) return group.slice(index).map((message) => message.messageId);
      }
      return [];
    }),
  );
  return unhandled.flat();
}

/**
 * Lands a batch of escrowed token sets.
 *
 * @returns the ids of the messages that stay in escrow
 */
export async function recoverBatch(
  deps: ConnectionDependencies,
  messages: readonly EscrowMessage[],
): Promise<readonly string[]> {
  const unhandled = await Promise.all(
    messages.map(async ({ messageId, body }) => {
      const isHandled = await handle(deps, messageId, async () => {
        // Only our own functions may send to the escrow queue.
        await recoverTokens(deps, JSON.parse(body) as EscrowedTokenSet);
        return true;
      });
      return isHandled ? [] : [messageId];
    }),
  );
  return unhandled.flat();
}

/** One message's fault must not take the others' work with it: it is noted, and the message comes back. */
async function handle(
  { observer }: ConnectionDependencies,
  messageId: string,
  work: () => Promise<boolean>,
): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    const errorName = error instanceof Error ? error.name : 'unknown';
    observer.note('message.failed', { referenceId: messageId, code, errorName });
    return false;
  }
}
