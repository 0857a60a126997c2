import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedSince } from '../../functions/procore/changed-list.ts';
import type { ExactJson } from '../../functions/procore/exact-json.ts';
import { answered, clientWorld, companyId, gather } from './client-world.ts';

const since = Date.parse('2026-11-20T12:00:00Z') / 1000;

async function changed(...records: ExactJson[]) {
  let ignored = 0;
  async function* list() {
    yield* records;
  }
  const kept = await gather(changedSince(list(), since + 0.7, () => ignored++));
  return { kept, ignored };
}

describe('hard case 40: a list that does not know the updated_at filter', () => {
  it('is noticed once, and its older records are left out', async () => {
    const old = { id: 1, updated_at: '2019-01-01T00:00:00Z' };
    const fresh = { id: 2, updated_at: '2026-11-20T12:00:01Z' };
    expect(await changed(old, fresh, old)).toEqual({ kept: [fresh], ignored: 1 });
  });

  it('keeps what has no time, what cannot be read as one, and what changed in the first second', async () => {
    const kept: ExactJson[] = [
      { id: 1 },
      { id: 2, updated_at: null },
      { id: 3, updated_at: 'yesterday' },
      { id: 4, updated_at: '2026-11-20T12:00:00.000Z' },
      { id: 5, updated_at: '2026-11-20T07:00:00-05:00' },
      'text',
    ];
    expect(await changed(...kept)).toEqual({ kept, ignored: 0 });
  });

  it('leaves out what changed before, whatever its time zone is, keeps all else in order, and is noticed if there is any', async () => {
    const time = fc
      .tuple(fc.integer({ min: -400_000, max: 400_000 }), fc.constantFrom(0, -8, -5, 2, 9))
      .map(([offset, hours]) => {
        const zone = hours === 0 ? 'Z' : `${hours < 0 ? '-' : '+'}0${Math.abs(hours)}:00`;
        const local = new Date((since + offset + hours * 3600) * 1000).toISOString().replace('Z', '');
        return { isOld: offset < 0, updated_at: `${local}${zone}` };
      });
    const untold = fc.constantFrom(
      { isOld: false },
      { isOld: false, updated_at: null },
      { isOld: false, updated_at: '' },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(time, untold)), async (drawn) => {
        const records = drawn.map((one, id) => ({ id, ...one }));
        const old = records.filter(({ isOld }) => isOld);
        const kept = records.filter(({ isOld }) => !isOld);
        expect(await changed(...records)).toEqual({ kept, ignored: Math.min(1, old.length) });
      }),
    );
  });

  it('takes a day, and a time without a zone, for as late as they can be', async () => {
    const kept = [
      { id: 1, updated_at: '2026-11-20' },
      { id: 2, updated_at: '2026-11-20T08:00:00' },
    ];
    expect(await changed(...kept, { id: 3, updated_at: '2026-11-18' })).toEqual({ kept, ignored: 1 });
  });

  it('is said in the log, once a list, and to a caller that asks', async () => {
    const records = [1, 2, 3].map((id) => ({ id, updated_at: '2019-01-01T00:00:00Z' }));
    const { company, notes } = clientWorld([
      answered(200, records, { total: '3' }),
      answered(200, records, { total: '3' }),
    ]);
    const path = '/rest/v1.0/projects/1/rfis';
    let told = 0;
    expect(await gather(company.listChanged(path, since, since + 60, { onFilterIgnored: () => told++ }))).toEqual([]);
    expect(await gather(company.listChanged(path, since, since + 60))).toEqual([]);
    expect(told).toBe(1);
    expect(notes).toEqual(Array(2).fill(['list.filter_ignored', { companyId, path }]));
  });
});
