import { describe, expect, it } from 'vitest';
import { narrow, subjectOf } from '../../../lib/operator/doctor/probes.ts';
import { answered, clientWorld, companyId, type Scripted } from '../../procore/client-world.ts';
import { failed } from '../../procore/failed-exchange.ts';

const counted = { total: '1', 'per-page': '1000' };
const project = () => answered(200, [{ id: 1 }], counted);
const manifest = (...tools: unknown[]) => answered(200, { tools });
const rfi = (level: string, more = {}) => ({
  name: 'rfi',
  friendly_name: 'RFIs',
  user_access_level: { name: level },
  ...more,
});

async function narrowed(status: number, script: Scripted[], more = {}) {
  const { client } = clientWorld(script);
  return narrow(failed(status, '', more), client);
}

describe('narrow', () => {
  it('asks nothing when the answer itself tells', async () => {
    const { client, seen } = clientWorld([]);
    const exchange = failed(403, { errors: ['App is not connected to this company.'] });
    expect((await narrow(exchange, client)).diagnosis.id).toBe('app_not_connected');
    expect(seen).toHaveLength(0);
  });

  it('finds a disconnected app behind a 403 that says nothing', async () => {
    const refused = answered(403, { errors: ['App is not connected to this company.'] });
    expect((await narrowed(403, [refused])).diagnosis.id).toBe('app_not_connected');
  });

  it('finds a company that the account does not see', async () => {
    const script = [answered(403, { errors: 'No' }), answered(200, [{ id: 7 }], counted)];
    const { diagnosis, evidence } = await narrowed(403, script);
    expect(diagnosis.id).toBe('outside_access_scope');
    expect(evidence.join(' ')).toContain(`does not see company ${companyId}`);
  });

  it('finds a company whose projects are refused for want of permission', async () => {
    const script = [answered(403, { errors: 'No' }), answered(200, [{ id: Number(companyId) }], counted)];
    expect((await narrowed(403, script)).diagnosis.id).toBe('insufficient_permissions');
  });

  it.each([
    ['a level of None', rfi('None'), 'insufficient_permissions'],
    ['a tool that is not for the user', rfi('Standard', { available_for_user: false }), 'insufficient_permissions'],
    ['a level that is too low for the call', rfi('Read Only'), 'insufficient_permissions'],
  ])('finds %s', async (_what, tool, id) => {
    expect((await narrowed(403, [project(), manifest(tool)])).diagnosis.id).toBe(id);
  });

  it('finds a tool that is off', async () => {
    const { diagnosis } = await narrowed(403, [
      project(),
      manifest({ name: 'documents', user_access_level: { name: 'Admin' } }),
    ]);
    expect(diagnosis.id).toBe('tool_disabled');
  });

  it('says of a 404 with a readable tool that the record is private or not there', async () => {
    const { diagnosis, evidence } = await narrowed(404, [project(), manifest(rfi('Standard'))]);
    expect(diagnosis.id).toBe('not_visible');
    expect(evidence.at(-1)).toContain('Standard');
  });

  it.each([
    ['Procore is overloaded', answered(503, '', { 'retry-after': '3000' })],
    ['the limit is reached', answered(429, '', { 'retry-after': '3000' })],
  ])('takes no outage for a refusal: %s', async (_what, answer) => {
    const { diagnosis, evidence } = await narrowed(
      403,
      Array.from({ length: 20 }, () => answer.clone()),
    );
    expect(diagnosis.id).toBe('forbidden');
    expect(evidence.join(' ')).toMatch(/^Looking further ended: /);
  });

  it.each([
    ['is no list', [answered(200, { id: 1 })]],
    ['has errors in it', [answered(200, { errors: ['Try later'] })]],
    ['is not whole', [answered(200, [{ id: 1 }], { total: '2' }), answered(200, [])]],
  ])('keeps the diagnosis of the call where the list of projects %s', async (_what, script) => {
    const { diagnosis, evidence } = await narrowed(403, script);
    expect(diagnosis.id).toBe('forbidden');
    expect(evidence.join(' ')).toMatch(/^Looking further ended: /);
  });

  it('says of a call without a project that its path can want one', async () => {
    const url = 'https://sandbox.procore.com/rest/v1.0/requisitions/7/contract_items';
    const { diagnosis, evidence } = await narrowed(404, [project()], { url });
    expect(diagnosis.id).toBe('not_visible');
    expect(evidence.at(-1)).toContain('project_id');
    const ofCompany = 'https://sandbox.procore.com/rest/v1.0/companies/5358233/vendors/7';
    expect((await narrowed(404, [project()], { url: ofCompany })).evidence.join(' ')).not.toContain('project_id');
  });

  it('takes a project that is only not active for no hidden one', async () => {
    const one = answered(200, { id: 1, active: false });
    const others = answered(200, [{ id: 2 }], counted);
    const { diagnosis, evidence } = await narrowed(403, [others, one, manifest(rfi('None'))]);
    expect(diagnosis.id).toBe('insufficient_permissions');
    expect(evidence.join(' ')).toContain('but the account sees it: it is not active');
  });

  it('guesses nothing when the manifest cannot be read or does not know the tool', async () => {
    const unreadable = await narrowed(403, [project(), answered(404, { errors: 'Not Found' })]);
    expect(unreadable.diagnosis.id).toBe('forbidden');
    const strange = await narrowed(403, [project(), manifest(rfi('Admin'))], {
      url: 'https://sandbox.procore.com/rest/v1.0/projects/1/strange_things',
    });
    expect(strange.diagnosis.id).toBe('forbidden');
    expect(strange.evidence.at(-1)).toContain('strange_things');
  });
});

describe('what a call is about', () => {
  it.each([
    ['/rest/v1.0/projects/1/rfis/2', '1', 'rfis'],
    ['/rest/v2.0/companies/5/projects/1/direct_costs', '1', 'direct_costs'],
    ['/rest/v1.0/punch_items?project_id=9007199254740993', '9007199254740993', 'punch_items'],
    ['/rest/v1.0/projects?company_id=5', undefined, undefined],
  ])('is read from %s', (path, projectId, tool) => {
    const subject = subjectOf({ url: `https://x.example${path}`, requestHeaders: { 'procore-company-id': '5' } });
    expect(subject).toEqual({ companyId: '5', projectId, tool });
  });
});
