import type { ConnectionDependencies } from './dependencies.ts';
import type { EscrowedTokenSet } from './escrow.ts';
import { handleMessage } from './handle-message.ts';
import { recoverTokens } from './recovery.ts';

/** A message of the escrow queue. */
export interface EscrowMessage {
  readonly messageId: string;
  /** JSON of an {@link EscrowedTokenSet}. */
  readonly body: string;
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
      const isHandled = await handleMessage(dependencies, messageId, async () => {
        // Only our own functions may send to the escrow queue.
        await recoverTokens(dependencies, JSON.parse(body) as EscrowedTokenSet);
        return true;
      });
      return isHandled ? [] : [messageId];
    }),
  );
  return unhandled.flat();
}
