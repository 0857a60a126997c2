import { describe, expect, it } from 'vitest';
import type { RotationQueue } from '../../functions/connection/sweep.ts';

/** What every rotation queue must do; `waiting` gives the connection ids that wait. */
export function rotationQueueContract(
  name: string,
  newQueue: () => Promise<{ readonly queue: RotationQueue; readonly waiting: () => Promise<readonly string[]> }>,
): void {
  describe(`the ${name} rotation queue`, () => {
    it('takes ten connections at a time, whatever their ids are made of', async () => {
      const { queue, waiting } = await newQueue();
      const ids = ['a', 'b.c_d:e-f', 'x'.repeat(128), ...Array.from({ length: 7 }, (_, n) => `c-${n}`)];
      const answer = await queue.send(ids.map((connectionId) => ({ connectionId, rotateAt: 1_800_000_000.25 })));
      expect(answer).toEqual({ refused: 0 });
      expect([...(await waiting())].sort()).toEqual([...ids].sort());
    });

    it('queues a connection once for one time, and again for another', async () => {
      const { queue, waiting } = await newQueue();
      for (const rotateAt of [100, 100, 133, 100]) await queue.send([{ connectionId: 'acme', rotateAt }]);
      expect(await waiting()).toEqual(['acme', 'acme']);
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
  });
}
