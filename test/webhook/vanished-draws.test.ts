import { expect, it } from 'vitest';
import { Choices } from '../simulation/choices.ts';
import { everySix, hour, notThere, reconcileWorld, records } from './reconcile-world.ts';

const empty = () => new Response('[]', { headers: { 'content-type': 'application/json' } });

/**
 * Days of one company: between any two calls records come and go, so that pages shift; lists are empty or cut short, single
 * calls fail, permissions are lost, projects go inactive and come back, and slices die before they have stored anything.
 *
 * @returns how often a record was told that was there all the time, and which ones were never told though they went
 */
async function days(seed: number) {
  const choices = Choices.seeded(seed);
  const upTo = (count: number) => Math.floor(choices.fraction() * count);
  const isNow = (oneIn: number) => choices.chance(1 / oneIn);
  let isCalm = true;
  const world = reconcileWorld(everySix({ reportVanished: true }), (method) =>
    !isCalm && ['checkpoint', 'finish'].includes(method) && isNow(8) ? 'throttled' : undefined,
  );
  const { procore, time, clock, round, begin, events } = world;
  const removed = new Set<string>();
  for (const project of [1, 2, 3]) {
    procore.projects.set(String(project), records(project * 100_000, 40 + upTo(180), clock() - 900 * hour));
  }
  procore.counts = isNow(2);
  await begin();
  await round();
  const dark = new Set<string>();
  let next = 900_000;
  procore.afterCall = () => {
    procore.leftOut = !isCalm && isNow(6) ? upTo(10) : 0;
    if (isCalm) return;
    for (const [project, kept] of procore.projects) {
      if (isNow(12)) kept.set(String(next++), clock());
      if (isNow(40) && kept.size > 10 && removed.size < 15) {
        const [gone = ''] = [...kept.keys()].slice(upTo(5));
        kept.delete(gone);
        removed.add(gone);
      }
      if (isNow(30)) dark[dark.has(project) ? 'delete' : 'add'](project);
    }
  };
  procore.instead = (path, query) => {
    const project = /projects\/(\d+)/.exec(path)?.[1] ?? '';
    if (isCalm || project === '') return undefined;
    if (procore.inactive.has(project) || dark.has(project)) return path.endsWith('/rfis') ? empty() : notThere();
    if (isNow(15)) return new Response('', { status: 503 });
    if (isNow(25)) return new Response('{"errors":"no"}', { status: 403 });
    // Cut short in the middle.
    if (isNow(25) && path.endsWith('/rfis') && query.get('page') !== '1') return empty();
    return undefined;
  };
  for (let count = 0; count < 6; count++) {
    isCalm = false;
    if (isNow(2)) procore.inactive[procore.inactive.has('3') ? 'delete' : 'add']('3');
    time.now += 24 * hour;
    // A slice that dies throws; the next wake-up goes on when the lease is over.
    await roundThroughDeaths(round);
  }
  isCalm = true;
  procore.inactive.clear();
  for (let count = 0; count < 2; count++) {
    time.now += 24 * hour;
    await round();
  }
  const told = new Set(
    events()
      .filter(({ eventType }) => eventType === 'no_longer_visible')
      .map(({ resourceId }) => resourceId),
  );
  const there = new Set([...procore.projects.values()].flatMap((kept) => [...kept.keys()]));
  return {
    falseDeletes: [...told].filter((id) => there.has(id)).length,
    untold: [...removed].filter((id) => Number(id) < 900_000 && !told.has(id)).length,
    told: told.size,
  };
}

async function roundThroughDeaths(round: () => Promise<unknown>): Promise<void> {
  for (let deaths = 0; deaths < 200; deaths++) {
    const died = await round().then(
      () => false,
      (error: Error) => error.name === 'ThrottlingException' || Promise.reject(error),
    );
    if (!died) return;
  }
  throw new Error('Every slice dies.');
}

it('says of no record that it vanished while it was there, whatever lists, permissions, projects and slices do', async () => {
  const sums = { falseDeletes: 0, untold: 0, told: 0 };
  for (let seed = 1; seed <= 40; seed++) {
    const found = await days(seed);
    expect(found, `seed ${seed}`).toMatchObject({ falseDeletes: 0, untold: 0 });
    sums.told += found.told;
  }
  expect(sums.told).toBeGreaterThan(50);
}, 60_000);
