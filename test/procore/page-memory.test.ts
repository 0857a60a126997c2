import { describe, expect, it } from 'vitest';
import { pageMemory } from '../../functions/procore/page-memory.ts';

const page = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => ({ id: from + index }));

describe('what is remembered of the pages before', () => {
  it('tells records that moved across the edge of a page from new ones', () => {
    const take = pageMemory();
    take(page(1, 5));
    expect(take(page(4, 8))).toEqual({ fresh: page(6, 8), repeats: false, empty: 0 });
  });

  it('tells a page that comes again as a whole, with more records or in another order', () => {
    for (const again of [page(1, 5), page(1, 5).reverse(), page(0, 6)]) {
      const take = pageMemory();
      expect(take(page(1, 5)).repeats).toBe(false);
      expect(take(again)).toMatchObject({ repeats: true, fresh: again.filter(({ id }) => id === 0 || id === 6) });
    }
  });

  it('does not take the last page of a list that has grown for the page before', () => {
    const take = pageMemory();
    take(page(1, 5));
    expect(take(page(4, 5))).toEqual({ fresh: [], repeats: false, empty: 0 });
  });

  it('compares whole pages, not the record that every page begins with', () => {
    const take = pageMemory();
    take(['header', 'a', 'b']);
    expect(take(['header', 'c', 'd'])).toEqual({ fresh: ['header', 'c', 'd'], repeats: false, empty: 0 });
    expect(take(['header', 'c', 'd'])).toEqual({ fresh: [], repeats: true, empty: 0 });
  });

  it('drops nothing by ids that do not tell records apart', () => {
    const take = pageMemory();
    const rows = [
      { id: 7, of: 'a' },
      { id: 7, of: 'b' },
    ];
    take(rows);
    expect(
      take([
        { id: 7, of: 'c' },
        { id: 7, of: 'd' },
      ]),
    ).toMatchObject({ fresh: { length: 2 }, repeats: false });
    expect(take([{ id: 7, of: 'c' }, { name: 'no id' }])).toMatchObject({ fresh: { length: 2 }, repeats: false });
  });

  it('leaves out rows without anything, and the same record twice on a page, and still knows the others', () => {
    const take = pageMemory();
    const rows = [null, { id: 1, of: 'a' }, { id: 1, of: 'a' }, { id: 2 }, null];
    expect(take(rows)).toEqual({ fresh: [{ id: 1, of: 'a' }, { id: 2 }], repeats: false, empty: 3 });
    expect(take([{ id: 2 }, null, { id: 3 }])).toEqual({ fresh: [{ id: 3 }], repeats: false, empty: 1 });
  });

  it('takes a page with nothing on it for no page before that comes again', () => {
    const take = pageMemory();
    take([null, null]);
    expect(take(page(1, 2))).toEqual({ fresh: page(1, 2), repeats: false, empty: 0 });
  });

  it('is the last thousands of ids, however long the list is', () => {
    const take = pageMemory();
    for (let from = 1; from < 100_000; from += 1000) take(page(from, from + 999));
    expect(take(page(95_001, 96_000)).fresh).toEqual([]);
    expect(take(page(1, 1000)).fresh).toHaveLength(1000);
  });
});
