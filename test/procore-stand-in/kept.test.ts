import { describe, expect, it } from 'vitest';
import type { Kept } from '../../lib/kept.ts';
import type { ProcoreStandInOptions } from '../../lib/procore-stand-in/options.ts';
import { callApi, connect, destination, refresh, standIn } from './setup.ts';

const projectId = '23498237';
const companyId = '5358233';

/** Keeps as a file does: what was put is text. */
function keptInMemory(): Kept {
  const parts = new Map<string, Map<string, string>>();
  const of = (part: string) => parts.get(part) ?? parts.set(part, new Map()).get(part) ?? new Map<string, string>();
  return {
    entries: (part) => [...of(part)].map(([key, text]) => [key, JSON.parse(text)] as const),
    put: (part, key, value) => of(part).set(key, JSON.stringify(value)),
    remove: (part, key) => of(part).delete(key),
    durable: async () => {},
  };
}

/** Starts a stand-in twice on what is kept. */
async function twice(options: Partial<ProcoreStandInOptions> = {}) {
  const kept = keptInMemory();
  const first = await standIn({ ...options, kept });
  return {
    first,
    again: async () => {
      await first.stop();
      return standIn({ ...options, kept });
    },
  };
}

describe('a stand-in Procore that is started again', () => {
  it('knows the tokens that it issued, refuses those that were spent, and gives out no token twice', async () => {
    const { first, again } = await twice({ unknowns: { oldAccessTokenSurvivesRefresh: true } });
    const old = await connect(first);
    const { body: current } = await refresh(first, old.refreshToken);
    const second = await again();
    expect((await callApi(second, '/rest/v1.0/me', { token: current.access_token ?? '' })).status).toBe(200);
    expect((await refresh(second, old.refreshToken)).body.error).toBe('invalid_grant');
    const { body: next } = await refresh(second, current.refresh_token ?? '');
    const other = await connect(second);
    const tokens = [old.accessToken, current.access_token, next.access_token, other.accessToken];
    expect(new Set(tokens).size).toBe(4);
  });

  it('has its hooks, records, companies and switches as they were left', async () => {
    const { first, again } = await twice();
    const fields = { payloadVersion: 'v4.0', namespace: 'ours', destinationUrl: 'http://localhost:1' } as const;
    const { control } = first;
    const hook = control.createHook({
      ...fields,
      companyId,
      projectId,
      triggers: [{ resourceName: 'RFIs', eventType: 'update' }],
    });
    const made = await control.createRecord('RFIs', projectId, { subject: 'Kept?' });
    const gone = control.records('RFIs', projectId)[0]?.id ?? '';
    await control.deleteRecord('RFIs', projectId, gone);
    control.setActive(projectId, false);
    control.setCompanies(14);
    control.setConnected(companyId, false);
    control.setSlow(7);
    await control.advance(3600);
    const second = (await again()).control;
    expect(second.hooks()).toEqual([hook]);
    const records = second.records('RFIs', projectId);
    expect(records.at(-1)).toMatchObject({ id: made, fields: { subject: 'Kept?' } });
    expect(records.map(({ id }) => id)).not.toContain(gone);
    expect(second.companies().map(({ projects }) => projects.length)).toEqual([2, 1, ...Array(12).fill(1)]);
    expect(second.companies()[0]?.projects[0]?.isActive).toBe(false);
    expect(second.disconnected()).toEqual([companyId]);
    expect(second.switches().troubled).toEqual({ slowMs: 7 });
    expect(second.now()).toBe(control.now());
    expect(await second.createRecord('RFIs', projectId)).not.toBe(made);
  });

  it('answers open questions as it did before', async () => {
    const { first, again } = await twice({ draws: 'all' });
    expect((await again()).unknowns).toEqual(first.unknowns);
  });

  it('delivers what it had not delivered', async () => {
    const to = await destination();
    to.answer = 503;
    const { first, again } = await twice();
    first.control.createHook({
      ...{ companyId, projectId, payloadVersion: 'v4.0', namespace: 'ours', destinationUrl: to.url },
      triggers: [{ resourceName: 'RFIs', eventType: 'update' }],
    });
    await first.control.emitEvent({ resourceName: 'RFIs', eventType: 'update', companyId, projectId, resourceId: '1' });
    const second = await again();
    to.answer = 200;
    await second.control.advance(0);
    expect(second.control.deliveries().map(({ status, attempts }) => [status, attempts.length])).toEqual([
      ['delivered', 2],
    ]);
    expect(to.received).toHaveLength(2);
    expect(to.received[1]?.body).toBe(to.received[0]?.body);
  });
});
