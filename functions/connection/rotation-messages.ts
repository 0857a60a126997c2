import { attendConnection } from './attention.ts';
import { parseConnectionId } from './connection.ts';
import type { AttentionDependencies } from './dependencies.ts';
import { handleMessage } from './handle-message.ts';

/** A message of the rotation queue. */
export interface RotationMessage {
  readonly messageId: string;
  /** Its FIFO group. */
  readonly group: string;
  /** JSON: `{"connectionId", "rotateAt"}`; a version before sent no time. */
  readonly body: string;
}

/**
 * Attends to a batch of due connections: groups side by side, one group's messages in order.
 *
 * @returns the ids of the messages that were not handled: those that failed, those for which this invocation has no
 *   time, and those behind them in the same group
 */
export async function attendBatch(
  dependencies: AttentionDependencies,
  messages: readonly RotationMessage[],
): Promise<readonly string[]> {
  const groups = Map.groupBy(messages, ({ group }) => group);
  const unhandled = await Promise.all([...groups.values()].map((group) => attendGroup(dependencies, group)));
  return unhandled.flat();
}

async function attendGroup(
  dependencies: AttentionDependencies,
  group: readonly RotationMessage[],
): Promise<readonly string[]> {
  for (const [index, { messageId, body }] of group.entries()) {
    const isHandled = await handleMessage(dependencies, messageId, async () => {
      const { connectionId, rotateAt } = JSON.parse(body);
      const due = typeof rotateAt === 'number' ? rotateAt : undefined;
      return (await attendConnection(dependencies, parseConnectionId(connectionId), due)) !== 'out_of_time';
    });
    if (!isHandled) return group.slice(index).map((message) => message.messageId);
  }
  return [];
}
