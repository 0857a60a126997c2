import { errorName, isConnectorError } from '../connector-error.ts';
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
  dependencies: RotationDependencies,
  messages: readonly RotationMessage[],
): Promise<readonly string[]> {
  const groups = Map.groupBy(messages, ({ group }) => group);
  const unhandled = await Promise.all(
    [...groups.values()].map(async (group) => {
      for (const [index, { messageId, body }] of group.entries()) {
        const isHandled = await handle(dependencies, messageId, async () => {
          const { connectionId } = JSON.parse(body);
          return (await attendConnection(dependencies, parseConnectionId(connectionId))) !== 'out_of_time';
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
  dependencies: ConnectionDependencies,
  messages: readonly EscrowMessage[],
): Promise<readonly string[]> {
  const unhandled = await Promise.all(
    messages.map(async ({ messageId, body }) => {
      const isHandled = await handle(dependencies, messageId, async () => {
        // Only our own functions may send to the escrow queue.
        await recoverTokens(dependencies, JSON.parse(body) as EscrowedTokenSet);
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
    const code = isConnectorError(error) ? error.code : undefined;
    observer.note('message.failed', { referenceId: messageId, code, errorName: errorName(error) });
    return false;
  }
}
