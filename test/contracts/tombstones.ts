import { describe, expect, it } from 'vitest';
import type { Clock } from '../../functions/clock.ts';
import { type TombstoneStore, tombstoneSeconds } from '../../functions/webhook/tombstones.ts';

/** What every store of tombstones must do; `make` gives one with none of the companies used here. */
export function tombstonesContract(make: (clock: Clock) => TombstoneStore): void {
  describe('tombstones contract', () => {
    it('keeps the first one while it stands, ends it after 15 days, and takes it away', async () => {
      const time = { now: 1_800_000_000 };
      const store = make(() => time.now);
      expect(await store.read('8089')).toBeUndefined();
      expect(await store.place('8089', time.now)).toEqual({ erasedAt: 1_800_000_000 });
      expect(await store.place('8089', time.now + 60)).toEqual({ erasedAt: 1_800_000_000 });
      expect(await store.read('80891')).toBeUndefined();
      time.now += tombstoneSeconds - 1;
      expect(await store.read('8089')).toEqual({ erasedAt: 1_800_000_000 });
      time.now += 1;
      expect(await store.read('8089')).toBeUndefined();
      expect(await store.place('8089', time.now)).toEqual({ erasedAt: time.now });
      await store.lift('8089');
      await store.lift('8089');
      expect(await store.read('8089')).toBeUndefined();
    });
  });
}
