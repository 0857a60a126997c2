import { describe, expect, it } from 'vitest';
import type { Query } from '../../../functions/procore/listing.ts';
import { explainEmptyList } from '../../../lib/operator/doctor/empty-list.ts';
import { answered, clientWorld, companyId, startTime } from '../../procore/client-world.ts';

type Answers = Readonly<Record<string, unknown>>;

/** A Procore that answers by path and query: a list of records, an object, or a status that refuses. */
function world(answers: Answers) {
  const asked: string[] = [];
  const { client, script } = clientWorld([]);
  for (let call = 0; call < 30; call++) {
    script.push((request) => {
      const { pathname, searchParams } = new URL(request.url);
      const page = Number(searchParams.get('page') ?? 1);
      for (const name of ['page', 'per_page']) searchParams.delete(name);
      const asking = `${pathname}?${searchParams}`;
      asked.push(asking);
      const answer = answers[asking] ?? answers[pathname] ?? [];
      if (typeof answer === 'number') return answered(answer, { errors: 'No' });
      const list = Array.isArray(answer) ? (page > 1 ? [] : answer) : answer;
      return answered(200, list, Array.isArray(answer) ? { total: String(answer.length), 'per-page': '1000' } : {});
    });
  }
  const explain = async (path: `/rest/v${string}`, query: Query = {}) => {
    const { diagnosis, evidence } = await explainEmptyList(client, { companyId, path, query }, startTime);
    return { id: diagnosis.id, evidence: evidence.join(' ') };
  };
  return { explain, asked };
}

const projects = { '/rest/v1.0/projects': [{ id: 1 }] };
const manifest = (name: string, level: string) => ({
  '/rest/v1.0/settings/permissions': { tools: [{ name, user_access_level: { name: level } }] },
});
const logs = '/rest/v1.0/projects/1/manpower_logs' as const;
const range = 'start_date=2026-12-16&end_date=2027-01-14';

describe('why a list is empty', () => {
  it('names the date that a daily log needs, where another day has records', async () => {
    const { explain } = world({ ...projects, [`${logs}?${range}`]: [{ id: 5 }] });
    expect(await explain(logs)).toEqual({
      id: 'empty_because_of_date',
      evidence: 'From 2026-12-16 to 2027-01-14 the list has records.',
    });
  });

  it('names the missing date also where the last month has nothing, since older days may have', async () => {
    const { explain } = world({ ...projects, ...manifest('daily_log', 'Read Only') });
    for (const path of [
      logs,
      '/rest/v1.0/projects/1/weather_logs',
      '/rest/v1.1/projects/1/daily_logs/weather_logs',
      '/rest/v1.0/projects/1/timecard_entries',
      '/rest/v1.0/companies/5358233/projects/1/equipment_timecard_entries',
    ] as const) {
      expect(await explain(path), path).toMatchObject({ id: 'empty_because_of_date' });
    }
  });

  it.each([
    '/rest/v1.0/submittal_logs',
    '/rest/v1.0/projects/1/managed_equipment_logs',
    '/rest/v1.0/projects/1/workflow_permanent_logs',
    '/rest/v1.0/projects/1/observations/response_logs',
    '/rest/v1.0/projects/1/daily_logs/weather_conditions',
  ] as const)('blames no date for a list that has none: %s', async (path) => {
    const { explain, asked } = world({ ...projects, ...manifest('daily_log', 'Read Only') });
    expect((await explain(path)).id).not.toBe('empty_because_of_date');
    expect(asked.join(' ')).not.toContain('start_date');
  });

  it('looks for the permission of every kind of daily log under the name of their tool', async () => {
    const { explain } = world({ ...projects, ...manifest('daily_log', 'None') });
    expect(await explain(logs)).toMatchObject({ id: 'empty_because_of_permissions' });
  });

  it('asks for no other date where one is given', async () => {
    const { explain, asked } = world({ ...projects, ...manifest('manpower_logs', 'Standard') });
    expect(await explain(logs, { log_date: '2026-11-02' })).toMatchObject({ id: 'really_empty' });
    expect(asked.filter((each) => each.startsWith(logs))).toEqual([]);
  });

  it('blames the permission of a daily log before its date', async () => {
    const { explain } = world({ ...projects, ...manifest('manpower_logs', 'None') });
    expect(await explain(logs)).toMatchObject({ id: 'empty_because_of_permissions' });
  });

  it('finds projects that are not active behind an empty list of projects', async () => {
    const list = `/rest/v1.0/companies/${companyId}/projects`;
    const { explain } = world({ '/rest/v1.0/projects': [], [list]: [{ id: 7, active: false }] });
    expect(await explain('/rest/v1.0/projects', { company_id: companyId })).toMatchObject({
      id: 'empty_because_inactive',
    });
  });

  it('takes a project that is not active for one that the account sees', async () => {
    const inactive = { '/rest/v1.0/projects/2': { id: 2, active: false } };
    const { explain } = world({ ...projects, ...inactive, ...manifest('rfi', 'Standard') });
    expect(await explain('/rest/v1.0/projects/2/rfis')).toEqual({
      id: 'really_empty',
      evidence: 'The account sees project 2, which is not active. The level on "rfis" is Standard.',
    });
  });

  it.each(['/rest/v1.0/prime_contracts', '/rest/v1.0/projects/1/prime_contracts'] as const)(
    'finds the missing permission behind %s, which answers 200 and nothing',
    async (path) => {
      const { explain } = world({ ...projects, ...manifest('prime_contracts', 'None') });
      expect(await explain(path, { project_id: '1' })).toMatchObject({ id: 'empty_because_of_permissions' });
    },
  );

  it.each(['status', 'filters[status][]', 'search', 'created_after'])('tries the list without %s', async (name) => {
    const path = '/rest/v1.0/projects/1/rfis';
    const { explain } = world({ ...projects, [`${path}?view=normal`]: [{ id: 5 }] });
    expect(await explain(path, { [name]: 'x', view: 'normal' })).toEqual({
      id: 'empty_because_of_filters',
      evidence: `Without ${name} the same list has records.`,
    });
  });

  it('says of a list of companies that the app is installed nowhere', async () => {
    expect(await world({}).explain('/rest/v1.0/companies')).toMatchObject({ id: 'installed_nowhere' });
  });

  it.each([
    ['the manifest is refused', '/rest/v1.0/projects/1/rfis', { '/rest/v1.0/settings/permissions': 403 }],
    ['the manifest does not know the tool', '/rest/v1.0/projects/1/strange_things', manifest('rfi', 'Admin')],
    ['the list is one of the company', '/rest/v1.0/vendors', {}],
  ] as const)('does not call a list really empty when %s', async (_why, path, more) => {
    const { explain } = world({ ...projects, ...more });
    expect(await explain(path)).toMatchObject({ id: 'empty_unexplained' });
  });

  it('says that a list without its filters is refused', async () => {
    const path = '/rest/v1.0/projects/1/rfis';
    const { explain } = world({ ...projects, ...manifest('rfi', 'Standard'), [`${path}?`]: 400 });
    expect(await explain(path, { search: 'x' })).toMatchObject({
      id: 'really_empty',
      evidence: expect.stringContaining('Without search the list is refused (bad_request).'),
    });
  });
});
