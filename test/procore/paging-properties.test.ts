import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactId, isJsonObject, parseExactJson } from '../../functions/procore/exact-json.ts';
import { readList } from '../../functions/procore/listing.ts';
import type { PageRefusal } from '../../functions/procore/page-size.ts';
import { type Change, changes, isFromZero, type PagingWorld, pagingServer, pagingWorlds } from './paging-world.ts';

class Refusal extends Error {
  readonly refusal: PageRefusal;
  constructor(refusal: PageRefusal) {
    super(refusal.text);
    this.refusal = refusal;
  }
}

/** A path that is known for its cursor, or one that is not: the answers tell as well. */
function pathOf({ cursor, envelope }: PagingWorld): string {
  return cursor === 'none' || envelope ? '/rest/v1.0/projects/1/rfis' : '/rest/v2.0/companies/1/workflows/instances';
}

/** Reads the list of a drawn server. */
async function readFrom(world: PagingWorld, toCome: readonly Change[] = []) {
  const server = pagingServer(world, toCome);
  const ids: number[] = [];
  let code: string | undefined;
  try {
    const records = readList({
      path: isFromZero(world) ? '/rest/v1.0/workforce-planning/v2/companies/1/people' : pathOf(world),
      perPage: world.perPage,
      readAhead: world.readAhead,
      mostPages: 500,
      refusalOf: (error) => (error instanceof Refusal ? error.refusal : undefined),
      async get(pathAndQuery) {
        const { status, headers, body } = await server.get(pathAndQuery);
        if (status !== 200) throw new Refusal({ status, text: body });
        return { headers, body: parseExactJson(body) };
      },
    });
    for await (const record of records) ids.push(Number(isJsonObject(record) && exactId(record.id)));
  } catch (error) {
    code = error instanceof Refusal ? `refused ${error.refusal.status}` : (error as { code?: string }).code;
    if (code === undefined) throw error;
  }
  return { server, ids, code };
}

/** The only server that says "there is more" and then refuses the page that it named. */
const contradicts = ({ link, behind }: PagingWorld) => link === 'next for ever' && behind.startsWith('4');

/** Records are inserted and others removed, and the page that is gone, without a count, is all that shows the removal. */
const removedBehindTheLastCount: [PagingWorld, readonly Change[]] = [
  {
    ...{ size: 3, perPage: 2, cap: 2, refusal: undefined, ignoresPaging: false, link: 'none', host: '', total: true },
    ...{ cursorName: ['next_cursor', 'cursor'], lastCursor: 'null', fromZero: false, among: 'nothing' },
    ...{ cursor: 'none', perPageHeader: 'none', hasNextPage: 'none', envelope: false, ids: 'numbers', behind: '404' },
    readAhead: 1,
  },
  [
    { kind: 'insert', at: 0, many: 3 },
    { kind: 'remove', at: 0, many: 2 },
  ],
];

describe('hard case 38: whatever a server tells about paging, or leaves out', () => {
  it('every record of a list comes once, in order, and at most one call goes beyond the end, or two of one that does not page', async () => {
    await fc.assert(
      fc.asyncProperty(pagingWorlds, async (world) => {
        fc.pre(!contradicts(world));
        const { server, ids, code } = await readFrom(world);
        expect(code).toBeUndefined();
        expect(ids).toEqual(server.list());
        const pages = Math.max(1, Math.ceil(world.size / server.size));
        const most = world.ignoresPaging && world.link === 'next for ever' ? 2 : 1;
        expect(server.calls - server.refused).toBeLessThanOrEqual(pages + most);
        expect(server.behind).toBeLessThanOrEqual(most);
        expect(server.refused).toBeLessThanOrEqual(4);
      }),
      { numRuns: 1500 },
    );
  });

  it('no record is lost or doubled without an error while records are inserted, or while the count tells of removals', async () => {
    let failed = 0;
    await fc.assert(
      fc.asyncProperty(pagingWorlds, changes, async (world, toCome) => {
        fc.pre(!contradicts(world) && !world.ignoresPaging);
        const { size } = (await readFrom(world)).server;
        // A whole page that is inserted before the end looks like a list that does not page. Only a count tells.
        const seen = toCome
          .filter(({ kind }) => world.total || kind === 'insert')
          .map((change) => ({ ...change, many: world.total ? change.many : Math.min(change.many, size - 1) }));
        const { server, ids, code } = await readFrom({ ...world, readAhead: world.total ? world.readAhead : 1 }, seen);
        expect(new Set(ids).size).toBe(ids.length);
        if (code !== undefined) {
          expect(code).toMatch(/^list_truncated$|^refused/);
          failed += 1;
          return;
        }
        expect([...server.throughout].filter((id) => !ids.includes(id))).toEqual([]);
      }),
      { numRuns: 3000, examples: [removedBehindTheLastCount] },
    );
    expect(failed).toBeGreaterThan(0);
  });

  it('insertions alone never fail a list', async () => {
    await fc.assert(
      fc.asyncProperty(pagingWorlds, changes, async (world, toCome) => {
        fc.pre(!contradicts(world) && !world.ignoresPaging && world.size > 0);
        const { size } = (await readFrom(world)).server;
        const insertions = toCome
          .filter(({ kind }) => kind === 'insert')
          .map((change) => ({ ...change, many: Math.min(change.many, size - 1) }));
        const { code, server } = await readFrom({ ...world, readAhead: 1 }, insertions);
        expect(code).toBeUndefined();
        expect(server.behind).toBeLessThanOrEqual(1);
      }),
      { numRuns: 1500 },
    );
  });
});
