import { expect, it } from 'vitest';
import type { Escrow } from '../../functions/connection/escrow.ts';
import { recoverBatch } from '../../functions/connection/escrow-messages.ts';
import { connectionWorld } from '../connection/world.ts';
import { untilReturn } from '../memory/port.ts';

/** What every escrow must do; `makeEscrow` gives an empty one, and what lies in it as it is handed to the function. */
export function escrowContract(
  makeEscrow: () => Promise<{ readonly escrow: Escrow; readonly bodies: () => readonly string[] }>,
): void {
  it('keeps a token set so that it can land', async () => {
    const { escrow, bodies } = await makeEscrow();
    const world = connectionWorld();
    const { environment, connectionId, generation, authorizedBy } = world.put();
    const tokens = world.tokenEndpoint.tokenSet(3);
    await escrow.deposit({ environment, connectionId, generation, authorizedBy, tokens });
    const messages = bodies().map((body) => ({ messageId: 'm', body, sentAt: 0 }));
    expect(messages).toHaveLength(1);
    expect(await untilReturn(() => recoverBatch(world.invocation(), messages))).toEqual([]);
    expect(world.stored().tokens).toEqual(tokens);
  });
}

/** What every escrow does while it is throttled: it throws, so that nobody thinks the token set safe. */
export function throttledEscrowContract(throttled: Escrow): void {
  it('throws while it is throttled', async () => {
    const world = connectionWorld();
    const { environment, connectionId, generation, authorizedBy } = world.put();
    const tokens = world.tokenEndpoint.tokenSet(3);
    const deposit = throttled.deposit({ environment, connectionId, generation, authorizedBy, tokens });
    await expect(deposit).rejects.toThrow();
  });
}
