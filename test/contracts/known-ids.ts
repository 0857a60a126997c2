import { describe, expect, it } from 'vitest';
import type { KnownIds, KnownList } from '../../functions/webhook/known-ids.ts';

const rfis: KnownList = { companyId: '8089', resourceName: 'RFIs', projectId: '1', of: 'known' };
const idsFrom = (first: bigint, count: number, step: bigint) =>
  new Set(Array.from({ length: count }, (_, index) => first + BigInt(index) * step));

/** What every store of known ids must do; `makeStore` gives an empty one. */
export function knownIdsContract(makeStore: () => KnownIds): void {
  describe('known ids contract', () => {
    it('gives back what was last written, whole, and nothing of another list', async () => {
      const store = makeStore();
      expect(await store.read(rfis)).toEqual(new Set());
      await store.write(rfis, new Set([3n, 9_223_372_036_854_775_783n, 1n]));
      await store.write({ ...rfis, projectId: null }, new Set([7n]));
      await store.write({ ...rfis, of: 'seen' }, new Set([8n]));
      expect(await store.read(rfis)).toEqual(new Set([1n, 3n, 9_223_372_036_854_775_783n]));
      expect(await store.read({ ...rfis, projectId: null })).toEqual(new Set([7n]));
      for (const other of [{ projectId: '2' }, { companyId: '808' }, { resourceName: 'RFI' }]) {
        expect(await store.read({ ...rfis, ...other })).toEqual(new Set());
      }
      await store.write(rfis, new Set([4n]));
      expect(await store.read(rfis)).toEqual(new Set([4n]));
      await store.write(rfis, new Set());
      expect(await store.read(rfis)).toEqual(new Set());
    });

    it('keeps very long lists, and shorter ones after them', async () => {
      const store = makeStore();
      // Far apart, they need eight bytes each.
      const many = idsFrom(1n, 60_000, 2n ** 46n);
      await store.write(rfis, many);
      expect(await store.read(rfis)).toEqual(many);
      const more = idsFrom(5n, 90_000, 2n ** 46n);
      await store.write(rfis, more);
      expect(await store.read(rfis)).toEqual(more);
      await store.write(rfis, new Set([1n]));
      expect(await store.read(rfis)).toEqual(new Set([1n]));
    });

    it('forgets a company, and no other one', async () => {
      const store = makeStore();
      await store.write(rfis, idsFrom(1n, 60_000, 2n ** 46n));
      await store.write({ ...rfis, resourceName: 'Prime # Contracts', of: 'seen' }, new Set([1n]));
      await store.write({ ...rfis, companyId: '80891' }, new Set([2n]));
      await store.forget('8089');
      expect(await store.read(rfis)).toEqual(new Set());
      expect(await store.read({ ...rfis, resourceName: 'Prime # Contracts', of: 'seen' })).toEqual(new Set());
      expect(await store.read({ ...rfis, companyId: '80891' })).toEqual(new Set([2n]));
      await store.forget('8089');
    });
  });
}
