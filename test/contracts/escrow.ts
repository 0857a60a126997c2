import { expect, it } from 'vitest';
import type { Escrow } from '../../functions/connection/escrow.ts';
import { recoverBatch, recoverWaiting, type WaitingEscrow } from '../../functions/connection/escrow-messages.ts';
import { connectionWorld } from '../connection/world.ts';
import { untilReturn } from '../memory/port.ts';

/** An empty escrow, what lies in it as it is handed to the function, and what a function sees that looks into it. */
interface MadeEscrow {
  readonly escrow: Escrow;
  readonly bodies: () => readonly string[];
  readonly waiting: WaitingEscrow;
}

/** What every escrow must do; `makeEscrow` gives an empty one. */
export function escrowContract(makeEscrow: () => Promise<MadeEscrow>): void {
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

  it('lets a function that no queue feeds land all that it holds, and keeps what cannot land', async () => {
    const { escrow, waiting, bodies } = await makeEscrow();
    const world = connectionWorld();
    const { environment, connectionId, generation, authorizedBy } = world.put();
    const shared = { connectionId, generation, authorizedBy, tokens: world.tokenEndpoint.tokenSet(3) };
    // More than one batch, and one of an environment that is not ours.
    await escrow.deposit({ environment: 'production', ...shared });
    for (let copies = 1; copies <= 12; copies++) await escrow.deposit({ environment, ...shared });
    const staying = await untilReturn(() => recoverWaiting(world.invocation(), waiting));
    expect(staying).toHaveLength(1);
    expect(world.stored().tokens).toEqual(shared.tokens);
    expect(bodies().filter((body) => !body.includes('production'))).toEqual([]);
    // It is hidden, and comes again when its time-out is over.
    expect(await untilReturn(() => recoverWaiting(world.invocation(), waiting))).toEqual([]);
  });

  it('is looked into once when there is little time', async () => {
    const { escrow, waiting, bodies } = await makeEscrow();
    const world = connectionWorld();
    const { environment, connectionId, generation, authorizedBy } = world.put();
    const tokens = world.tokenEndpoint.tokenSet(3);
    for (let copies = 1; copies <= 12; copies++) {
      await escrow.deposit({ environment, connectionId, generation, authorizedBy, tokens });
    }
    await untilReturn(() => recoverWaiting(world.invocation(20_000), waiting));
    expect(bodies()).toHaveLength(2);
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
