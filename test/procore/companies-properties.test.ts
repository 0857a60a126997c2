import fc from 'fast-check';
import { expect, it } from 'vitest';
import { listCompanies, mostCompanies } from '../../functions/procore/companies.ts';
import { type PagingWorld, pagingServer, pagingWorlds } from './paging-world.ts';

const around = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  fc.integer({ min: mostCompanies - 3, max: mostCompanies + 3 }),
  fc.integer({ min: mostCompanies, max: 3000 }),
);
/** A Procore whose list of companies pages in any way; what says "there is more" and refuses it is drawn elsewhere. */
const worlds = fc
  .record({ world: pagingWorlds, size: around, cap: fc.integer({ min: 1, max: 300 }), wanted: fc.nat({ max: 3000 }) })
  .map(({ world, size, cap, wanted }) => ({
    wanted: wanted + 1,
    world: { ...world, size, cap, cursor: 'none' as const, fromZero: false },
  }))
  .filter(({ world }) => !(world.link === 'next for ever' && world.behind.startsWith('4')));

async function listFrom(world: PagingWorld, companyId?: string) {
  const server = pagingServer(world);
  const answer: typeof fetch = async (url) => {
    const { pathname, search } = new URL(String(url));
    const { status, headers, body } = await server.get(`${pathname}${search}`);
    return new Response(body, { status, headers });
  };
  const origins = { loginOrigin: 'https://login.invalid', apiOrigin: 'https://api.invalid' };
  const timeoutMs = 60_000;
  const outcome = await listCompanies(
    { origins, fetch: answer, timeoutMs, ...(companyId !== undefined && { companyId }) },
    'access-1',
  );
  return { server, ids: outcome.outcome === 'companies' ? outcome.companies.map(({ id }) => id) : outcome };
}

const numbered = (size: number) => Array.from({ length: size }, (_, index) => String(index + 1));

it('hard case 45: however a list of companies pages, it is given whole, or said to be too long', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async ({ world }) => {
      const { ids } = await listFrom(world);
      expect(ids).toEqual(world.size > mostCompanies ? { outcome: 'too_many' } : numbered(world.size));
    }),
    { numRuns: 150 },
  );
});

it('hard case 45: a wanted company is found however many there are, and little is read beyond its page', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async ({ world, wanted }) => {
      const { server, ids } = await listFrom(world, String(wanted));
      if (wanted <= world.size) {
        expect(ids).toContain(String(wanted));
        // Eight pages are read at once where Procore tells how many there are.
        expect(server.calls - server.refused).toBeLessThanOrEqual(Math.ceil(wanted / server.size) + 8);
      } else if (world.size <= mostCompanies) expect(ids).toEqual(numbered(world.size));
      else expect(ids).not.toContain(String(wanted));
    }),
    { numRuns: 150 },
  );
});
