import { describe, expect, it } from 'vitest';
import { everySix, hour, notThere, type Records, reconcileWorld, records } from './reconcile-world.ts';

const day = 24 * hour;
const isGone = ({ eventType }: { readonly eventType: string }) => eventType === 'no_longer_visible';

/** Projects with their records, of which every id is known after a first round. */
async function knownWorld(sizes: Readonly<Record<string, number>>) {
  const world = reconcileWorld(everySix({ reportVanished: true }));
  const { procore, clock, round, begin, events, time } = world;
  for (const [project, size] of Object.entries(sizes)) {
    procore.projects.set(project, records(Number(project) * 100_000, size, clock() - 900 * hour));
  }
  await begin();
  await round();
  return {
    ...world,
    /** The rounds of the next day, the first of which compares ids. */
    async nextDay() {
      time.now += day;
      return round();
    },
    told: () => events().filter(isGone),
    of: (project: string): Records => procore.projects.get(project) ?? new Map(),
  };
}

const html404 = () =>
  new Response('<html>no such page</html>', { status: 404, headers: { 'content-type': 'text/html' } });
const json = (body: unknown) => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });

describe('what vanished', () => {
  it('is told once, as no_longer_visible, when no list has it and Procore answers 404 for it', async () => {
    const { of, nextDay, told, events } = await knownWorld({ 1: 30, 2: 250 });
    of('2').delete('200005');
    of('1').delete('100001');
    expect((await nextDay()).last).toMatchObject({ vanished: 2, heldBack: 0 });
    const both = [
      { resourceName: 'RFIs', resourceId: '100001', projectId: '1' },
      { resourceName: 'RFIs', resourceId: '200005', projectId: '2' },
    ];
    expect(told()).toMatchObject(both);
    for (let count = 0; count < 3; count++) await nextDay();
    expect(told()).toHaveLength(2);
    expect(events().map(({ eventType }) => eventType)).not.toContain('delete');
  });

  it('is told again when it had come back, with an id of its own', async () => {
    const { of, nextDay, told } = await knownWorld({ 1: 30 });
    of('1').delete('100001');
    await nextDay();
    of('1').set('100001', 0);
    await nextDay();
    of('1').delete('100001');
    await nextDay();
    expect(new Set(told().map(({ id }) => id)).size).toBe(2);
  });

  it('is not told of a subscription that does not ask for it', async () => {
    const { begin, round, procore, clock, events, knownIds } = reconcileWorld(everySix());
    procore.projects.set('1', records(100, 30, clock() - 900 * hour));
    await begin();
    await round();
    procore.projects.get('1')?.delete('101');
    for (let count = 0; count < 6; count++) await round();
    expect(events()).toEqual([]);
    expect(knownIds.stored.size).toBe(0);
  });

  it.each([
    ['20 of 300 records', 300, 20, 20],
    ['21 of 300 records', 300, 21, 0],
    ['2 % of 2,000 records', 2000, 40, 40],
    ['more than 2 % of 2,000 records', 2000, 41, 0],
  ])('when %s are missing: %i known, %i missing, %i told', async (_, size, missing, expected) => {
    const { of, nextDay, told, observer } = await knownWorld({ 1: size });
    for (let index = 0; index < missing; index++) of('1').delete(String(100_000 + index));
    const { last } = await nextDay();
    expect(told()).toHaveLength(expected);
    expect(last).toMatchObject({ vanished: expected, heldBack: expected === 0 ? missing : 0 });
    expect(observer.counts.get('vanishedHeldBack')).toBe(expected === 0 ? missing : undefined);
    const fields = expect.objectContaining({ resourceName: 'RFIs', count: missing });
    if (expected === 0) expect(observer.notes).toContainEqual(['vanished.held_back', fields]);
    else expect(observer.notes).toContainEqual(['vanished.told', fields]);
  });

  it('counts what is missing in all projects together: a little in each is much as well', async () => {
    const { of, nextDay, told, procore } = await knownWorld({ 1: 30, 2: 30, 3: 30 });
    for (const project of procore.projects.keys()) {
      for (let index = 0; index < 8; index++) of(project).delete(String(Number(project) * 100_000 + index));
    }
    expect((await nextDay()).last).toMatchObject({ heldBack: 24 });
    expect(told()).toEqual([]);
  });

  it('is looked at by its id first: what can be read is there, whatever a list says', async () => {
    const { nextDay, told, procore, of } = await knownWorld({ 1: 150 });
    const hidden = [...of('1')].slice(-5);
    procore.instead = (path, query) => {
      if (!path.endsWith('/rfis')) return undefined;
      const shown = [...of('1')]
        .slice(0, -5)
        .slice((Number(query.get('page')) - 1) * 100, Number(query.get('page')) * 100);
      return json(shown.map(([id]) => ({ id: Number(id), updated_at: '2020-01-01T00:00:00Z' })));
    };
    await nextDay();
    expect(hidden).toHaveLength(5);
    expect(told()).toEqual([]);
  });

  it.each([
    ['an empty list, as without a permission', (path: string) => (path.endsWith('/rfis') ? json([]) : notThere())],
    [
      'records that cannot be read by the path of their list',
      (path: string) => (path.endsWith('/rfis') ? undefined : html404()),
    ],
    [
      'a path of single records that answers JSON 404 for all',
      (path: string) => (path.endsWith('/rfis') ? undefined : notThere()),
    ],
    ['refused lists', () => new Response('{}', { status: 403 })],
    ['lists that are gone', () => notThere()],
  ])('is not concluded from %s', async (_, instead) => {
    const { of, nextDay, told, procore } = await knownWorld({ 1: 30 });
    of('1').delete('100001');
    procore.instead = (path) => (path.includes('/rfis') ? instead(path) : undefined);
    await nextDay();
    expect(told()).toEqual([]);
    procore.instead = () => undefined;
    await nextDay();
    expect(told().map(({ resourceId }) => resourceId)).toEqual(['100001']);
  });

  it('is nothing of a project that went inactive', async () => {
    const { nextDay, told, procore } = await knownWorld({ 1: 30, 2: 10 });
    procore.inactive.add('2');
    await nextDay();
    procore.projects.delete('2');
    await nextDay();
    expect(told()).toEqual([]);
  });
});
