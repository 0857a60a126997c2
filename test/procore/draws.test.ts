import { describe, expect, it } from 'vitest';
import { ConnectorError } from '../../functions/connector-error.ts';
import { exactId } from '../../functions/procore/exact-json.ts';
import { standIn } from '../procore-stand-in/setup.ts';
import { standInClient } from './stand-in-client.ts';

// By themselves these tests see the lists of Procore's samples. Where a seed is given they see what it draws: see test/draws-seed.ts.

const company = '5358233';
const project = '23498237';
const wide = { rateLimits: { windows: [{ limit: 1_000_000, seconds: 3600 }] } };
const atOnce = async () => {};

/** A client of the company, and how many calls it has made so far. */
async function connected() {
  const procore = await standIn({ unknowns: wide });
  const { client } = await standInClient(procore, { sleep: atOnce, randomFraction: () => 0.5 });
  const before = procore.control.counts.apiCalls;
  return { procore, company: client.company(company), calls: () => procore.control.counts.apiCalls - before };
}

async function idsOf(list: AsyncIterable<unknown>): Promise<string[]> {
  const ids: string[] = [];
  for await (const item of list) ids.push(exactId((item as { id: never }).id) ?? '');
  return ids;
}

const rfis = `/rest/v1.0/projects/${project}/rfis` as const;
const punchItems = '/rest/v1.0/punch_items';
const rfisOfV2 = `/rest/v2.0/companies/${company}/projects/${project}/rfis` as const;
const firstId = 9_007_199_254_740_993n;
const made = (count: number) => Array.from({ length: count }, (_, index) => String(firstId + BigInt(index)));

describe('a list', () => {
  it.each([0, 1, 10, 99, 100, 101, 250, 1000])(
    'of %d records is read whole, each once, at most one page too far',
    async (count) => {
      for (const path of [rfis, rfisOfV2]) {
        const { procore, company, calls } = await connected();
        procore.control.setRfiCount(project, count);
        expect(await idsOf(company.list(path, { perPage: 50 }))).toEqual(made(count));
        expect(calls()).toBeLessThanOrEqual(Math.ceil(count / 50) + 1);
      }
    },
  );

  it.each([100, 101, 2000])('of %d records is read whole with pages as large as the client likes', async (count) => {
    for (const path of [rfis, rfisOfV2]) {
      const { procore, company } = await connected();
      procore.control.setRfiCount(project, count);
      expect(await idsOf(company.list(path, { perPage: 2000 }))).toEqual(made(count));
      expect(await idsOf(company.list(path))).toEqual(made(count));
    }
  });

  it('is read whole or not at all while Procore has outages', async () => {
    const { procore, company } = await connected();
    procore.control.setRfiCount(project, 333);
    procore.control.setOutages(true);
    const seen = { whole: 0, failed: 0 };
    for (let time = 0; time < 20; time++) {
      try {
        expect(await idsOf(company.list(time % 2 === 0 ? rfis : rfisOfV2, { perPage: 50 }))).toEqual(made(333));
        seen.whole += 1;
      } catch (error) {
        if (!(error instanceof ConnectorError)) throw error;
        seen.failed += 1;
      }
    }
    expect(seen.whole).toBeGreaterThan(10);
  });

  it('that does not page is read once, each record once', async () => {
    const { company, calls } = await connected();
    const read = () => idsOf(company.list(`/rest/v1.0/companies/${company.companyId}/projects`, { perPage: 1 }));
    expect(await read()).toEqual(['23498237', '9223372036854775783']);
    expect(calls()).toBeLessThanOrEqual(2);
  });

  it('filters by several values', async () => {
    const { procore, company } = await connected();
    for (const status of ['open', 'closed', 'draft']) {
      await procore.control.createRecord('Punch Items', project, { status });
    }
    const query = { project_id: project, 'filters[status]': ['open', 'draft'] };
    expect(await idsOf(company.list(punchItems, { query }))).toHaveLength(2);
  });
});

describe('what is missing', () => {
  it('is told apart: a wrong path, a hidden record, a company that has not connected the app', async () => {
    const { procore, company } = await connected();
    const refusal = (path: `/rest/v1.0/${string}`) =>
      company.get(path).then(
        () => 'none',
        ({ code }) => code as string,
      );
    const [wrong, hidden] = [await refusal(`${rfis}/nothing/here`), await refusal(`${rfis}/1`)];
    procore.control.setConnected(company.companyId, false);
    const unconnected = await refusal(rfis);
    expect(new Set([wrong, hidden, unconnected]).size).toBe(3);
  });
});

describe('a project', () => {
  it('is read by its own path, whether or not Procore wants the company in it', async () => {
    const { company } = await connected();
    const { body } = await company.get(`/rest/v1.0/projects/${project}`);
    expect(body).toMatchObject({ name: 'Harbour Bridge' });
  });
});
