import { describe, expect, it } from 'vitest';
import type { DueConnection } from '../../functions/connection/connection-store.ts';
import type { RotationQueue } from '../../functions/connection/sweep.ts';

/** What every rotation queue must do; `waiting` gives what waits. */
export function rotationQueueContract(
  name: string,
  newQueue: () => Promise<{ readonly queue: RotationQueue; readonly waiting: () => Promise<readonly DueConnection[]> }>,
): void {
  describe(`the ${name} rotation queue`, () => {
    it('takes ten connections at a time, whatever their ids are made of', async () => {
      const { queue, waiting } = await newQueue();
      const ids = ['a', 'b.c_d:e-f', 'x'.repeat(128), ...Array.from({ length: 7 }, (_, n) => `c-${n}`)];
      const answer = await queue.send(ids.map((connectionId) => ({ connectionId, rotateAt: 1_800_000_000.25 })));
      expect(answer).toEqual({ refused: 0 });
      expect((await waiting()).map(({ connectionId }) => connectionId).sort()).toEqual([...ids].sort());
    });

    it('carries the time that the sweep found, and says how many wait', async () => {
      const { queue, waiting } = await newQueue();
      expect(await queue.waiting()).toBe(0);
      await queue.send([{ connectionId: 'acme', rotateAt: 1_800_000_000.25 }]);
      expect(await waiting()).toEqual([{ connectionId: 'acme', rotateAt: 1_800_000_000.25 }]);
      expect(await queue.waiting()).toBe(1);
    });

    it('queues a connection once for one time, and again for another', async () => {
      const { queue, waiting } = await newQueue();
      for (const rotateAt of [100, 100, 133, 100]) await queue.send([{ connectionId: 'acme', rotateAt }]);
      expect((await waiting()).map(({ rotateAt }) => rotateAt)).toEqual([100, 133]);
    });

    it('takes an empty batch for done', async () => {
      const { queue } = await newQueue();
      expect(await queue.send([])).toEqual({ refused: 0 });
    });
  });
}

/** What every rotation queue does while it is throttled: it throws. */
export function throttledRotationQueueContract(name: string, throttled: RotationQueue): void {
  it(`the ${name} rotation queue throws while it is throttled`, async () => {
    await expect(throttled.send([{ connectionId: 'acme', rotateAt: 1 }])).rejects.toThrow();
    await expect(throttled.waiting()).rejects.toThrow();
  });
}
