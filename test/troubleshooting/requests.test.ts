import { beforeAll, expect, it } from 'vitest';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import { explainEmptyList } from '../../lib/operator/doctor/empty-list.ts';
import { supportReport } from '../../lib/operator/support-report.ts';
import { gather, rejection } from '../procore/client-world.ts';
import { companyId, connectAccount, consumer, projectId, rfis, runningProduct } from './running-product.ts';

const product = runningProduct();
const costs = `/rest/v1.0/projects/${projectId}/direct_costs` as const;
const otherCompany = '562949953421312345';

beforeAll(async () => {
  await connectAccount(product(), 'requests');
});

async function failure(call: Promise<unknown>): Promise<ProcoreApiError> {
  const error = await rejection(call);
  if (!(error instanceof ProcoreApiError)) throw error;
  return error;
}

it('400: Bad Request', async () => {
  const { company } = consumer(product(), 'requests');
  // Prevented: what is sent is always JSON, with its content type.
  expect((await company.post(costs, { direct_cost: { description: 'gravel', origin_id: 'erp-0' } })).status).toBe(201);
  // Named: the field, and Procore's own words about it.
  const missing = await failure(company.post(costs, { wrong: true }));
  // Procore was seen to answer 422 to the same mistake; what the body says counts.
  expect(missing.code).toBe('parameter_missing');
  expect(missing.diagnosis).toMatchObject({ retry: false, actor: 'developer' });
  expect(missing.diagnosis.said.join(' ')).toContain('param is missing');
  const range = await failure(company.get(rfis, { query: { 'filters[updated_at]': 'yesterday' } }));
  expect(range.diagnosis.said.join(' ')).toContain('must be a range');
});

it('422: Unprocessable Entity', async () => {
  const { control } = product();
  const { company } = consumer(product(), 'requests');
  const create = (fields: Record<string, string>) =>
    company.post(costs, { direct_cost: { description: 'x', ...fields } });

  // The page's three causes, each named.
  expect(await failure(create({ cost_code_id: '999' }))).toMatchObject({ code: 'unknown_reference' });
  await create({ origin_id: 'erp-1' });
  expect(await failure(create({ origin_id: 'erp-1' }))).toMatchObject({ code: 'duplicate_origin_id' });
  const [first] = await gather(company.list(costs));
  control.setLocked(projectId, true);
  const { id } = first as { id: string };
  expect(await failure(company.patch(`${costs}/${id}`, { direct_cost: { description: 'y' } }))).toMatchObject({
    code: 'record_locked',
    diagnosis: { actor: 'customer' },
  });
  control.setLocked(projectId, false);

  // Healed: the answer to a creation is lost; the record is there once, and the caller gets it.
  control.failNext(costs, { kind: 'lost-response', effect: true });
  const { body } = await create({ origin_id: 'erp-2' });
  expect(body).toMatchObject({ origin_id: 'erp-2' });
  const all = await gather(company.list(costs, { query: { 'filters[origin_id]': 'erp-2' } }));
  expect(all).toHaveLength(1);

  // Prevented: sync actions update what exists, per record.
  const results = await company.sync(`${costs}/sync`, [{ origin_id: 'erp-2', description: 'z' }, { id: '0' }]);
  expect(results.map(({ outcome }) => outcome)).toEqual(['saved', 'failed']);
}, 30_000);

it('Unexpected empty response', async () => {
  const { control } = product();
  const { client } = consumer(product(), 'requests');
  const explain = async (path: `/rest/v${string}`, query: Record<string, string> = {}, company = companyId) =>
    (await explainEmptyList(client, { companyId: company, path, query })).diagnosis.id;

  const past = '2001-01-01T00:00:00Z...2001-01-02T00:00:00Z';
  expect(await explain(rfis, { 'filters[updated_at]': past })).toBe('empty_because_of_filters');
  expect(await explain(costs, {}, otherCompany)).toBe('empty_because_of_company');
  control.setForbidden(projectId, 'outside-scope');
  expect(await explain(rfis)).toBe('empty_because_of_permissions');
  control.setForbidden(projectId, 'insufficient-permissions');
  expect(await explain(rfis)).toBe('empty_because_of_permissions');
  control.setForbidden(projectId, undefined);
  expect(await explain('/rest/v1.0/projects/2468013579/rfis', {}, otherCompany)).toBe('really_empty');
});

it('Pagination: missing data', async () => {
  const { company } = consumer(product(), 'requests');
  const list = await gather(company.list(rfis, { perPage: 20 }));
  expect(list).toHaveLength(137);
  expect(new Set(list.map((rfi) => (rfi as { id: string }).id)).size).toBe(137);
  expect((list.at(-1) as { id: string }).id).toBe('9007199254741129');
  const v2 = await gather(company.list(`/rest/v2.0/companies/${companyId}/projects/${projectId}/rfis`));
  expect(v2).toHaveLength(137);
});

it('Getting Help', async () => {
  const { control } = product();
  const { company, notes } = consumer(product(), 'requests');
  control.failNext(costs, { kind: 'server-error', effect: false });
  const error = await failure(
    company.post(costs, { direct_cost: { description: 'gravel' } }, { query: { view: 'extended' } }),
  );
  const report = supportReport(error.exchange, { description: 'All Systems Operational', troubled: [] });
  const { origin } = new URL(product().sandbox.procoreApi);
  for (const part of [
    `POST ${origin}${costs}?view=extended`,
    `procore-company-id: ${companyId}`,
    '{"direct_cost":{"description":"gravel"}}',
    `Status: ${error.status}`,
    'Time: ',
    `x-request-id): ${error.requestId}`,
    'status.procore.com: All Systems Operational',
  ]) {
    expect(report).toContain(part);
  }
  for (const secret of control.issuedSecrets()) expect(report).not.toContain(secret);
  // By this line of the log an operator finds the call again.
  expect(notes.at(-1)).toEqual([
    'api.call_failed',
    expect.objectContaining({ referenceId: error.requestId, path: costs }),
  ]);
});
