import { attendConnection } from './attention.ts';
import { parseConnectionId } from './connection.ts';
import type { RotationDependencies } from './dependencies.ts';
import { handleMessage } from './handle-message.ts';

/** A message of the rotation queue. */
export interface RotationMessage {
  readonly messageId: string;
  /** Its FIFO group. */
  readonly group: string;
  /** JSON: `{"connectionId"}`. */
  readonly body: string;
}

/**
 * Attends to a batch of due connections: groups side by side, one group's messages in order.
 *
 * @returns the ids of the messages that were not handled: those that failed, those for which this invocation has no
 *   time, and those behind them in the same group
 */
export async function attendBatch(
  dependencies: RotationDependencies,
  messages: readonly RotationMessage[],
): Promise<readonly string[]> {
  const groups = Map.groupBy(messages, ({ group }) => group);
  const unhandled = await Promise.all([...groups.values()].map((group) => attendGroup(dependencies, group)));
  return unhandled.flat();
}

async function attendGroup(
  dependencies: RotationDependencies,
  group: readonly RotationMessage[],
): Promise<readonly string[]> {
  for (const [index, { messageId, body }] of group.entries()) {
    const isHandled = await handleMessage(dependencies, messageId, async () => {
      const { connectionId } = JSON.parse(body);
      return (await attendConnection(dependencies, parseConnectionId(connectionId))) !== 'out_of_time';
    });
    if (!isHandled) return group.slice(index).map((message) => message.messageId);
  }
  return [];
}
