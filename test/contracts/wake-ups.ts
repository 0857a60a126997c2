import { describe, expect, it } from 'vitest';
import { jobIdIn, type WakeUps } from '../../functions/jobs/wake-ups.ts';

/** What every queue of wake-ups must do; `bodies` gives what waits. */
export function wakeUpsContract(
  name: string,
  newQueue: () => Promise<{ readonly wakeUps: WakeUps; readonly bodies: () => Promise<readonly string[]> }>,
): void {
  describe(`the ${name} wake-ups`, () => {
    it('take ten jobs at a time, whatever their ids are made of', async () => {
      const { wakeUps, bodies } = await newQueue();
      const ids = [
        ...['audit#all', 'backfill#8089#Prime # Contracts', 'backfill#8089#Pläne "A" & <B>\n'],
        ...Array.from({ length: 7 }, (_, index) => `audit#${index}`),
      ];
      expect(await wakeUps.send(ids)).toEqual({ refused: 0 });
      expect((await bodies()).map(jobIdIn).toSorted()).toEqual(ids.toSorted());
    });

    it('say how many wait', async () => {
      const { wakeUps } = await newQueue();
      expect(await wakeUps.waiting()).toBe(0);
      await wakeUps.send(['audit#1', 'audit#2']);
      expect(await wakeUps.waiting()).toBe(2);
    });

    it('take the same job again: its lease decides', async () => {
      const { wakeUps, bodies } = await newQueue();
      for (let time = 0; time < 3; time++) await wakeUps.send(['audit#1']);
      expect((await bodies()).map(jobIdIn)).toEqual(['audit#1', 'audit#1', 'audit#1']);
    });

    it('take an empty batch for done', async () => {
      const { wakeUps, bodies } = await newQueue();
      expect(await wakeUps.send([])).toEqual({ refused: 0 });
      expect(await bodies()).toEqual([]);
    });
  });
}

/** What every queue of wake-ups does while it is throttled: it throws. */
export function throttledWakeUpsContract(name: string, throttled: WakeUps): void {
  it(`the ${name} wake-ups throw while their queue is throttled`, async () => {
    await expect(throttled.send(['audit#1'])).rejects.toThrow();
    await expect(throttled.waiting()).rejects.toThrow();
  });
}
