import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nameInEvent } from '../../functions/procore/resource-names.ts';
import { seededRandomness } from '../../lib/procore-stand-in/randomness.ts';
import { answered, gather } from './client-world.ts';
import { type Asked, readsWorld, type Whose } from './reads-world.ts';

// Random callers of one process before a Procore in which records change: by writes of this process, by writes of others
// that a webhook reports, and by writes of others of which nobody hears. Each value says whose it is and which change it
// shows, so that a model can tell the oldest one that a read may give.

const resources = {
  rfis: { event: 'RFIs', paths: ['/rest/v1.0/projects/1/rfis', '/rest/v1.0/projects/1/rfis/5?view=extended'] },
  codes: { event: 'Cost Codes', paths: ['/rest/v1.0/companies/7/cost_codes', '/rest/v1.0/projects/1/cost_codes'] },
} as const;
type Resource = keyof typeof resources;

/** Mostly one, so that much happens to the same. */
const whose = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constant({ environment: 'sandbox' as const, connectionId: 'acme', companyId: '7' }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      environment: fc.constantFrom('sandbox' as const, 'production' as const),
      connectionId: fc.constantFrom('acme', 'other'),
      companyId: fc.constantFrom('7', '8'),
    }),
  },
);
const resource = fc.constantFrom<Resource>('rfis', 'codes');
const cacheSeconds = fc.constantFrom(0, 10, 60);
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('get'),
      whose,
      resource,
      cacheSeconds,
      path: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('list'), whose, resource, cacheSeconds, stops: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('write'), whose, resource }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('event'), whose, resource }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('unheard'), whose, resource }) },
);
/** What goes on side by side, and how long it takes until the next, in seconds. */
const steps = fc.array(
  fc.record({
    actions: fc.array(action, { minLength: 1, maxLength: 8 }),
    pass: fc.constantFrom(0, 1, 9, 10, 31, 60),
  }),
  { maxLength: 25 },
);
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

/** The changes of one resource of a company: what it is now, when it became so, and what every later read must show. */
interface Changes {
  readonly at: number[];
  known: number;
}

interface Shown {
  readonly id: string;
  readonly version: number;
  readonly padding: string;
}

const most = 6_400;

/** @param chance draws what befalls each call: how long it takes, whether it fails, how large its answer is */
function modelled(chance: () => number) {
  const world = readsWorld(most);
  const changes = new Map<string, Changes>();
  const changesOf = (environment: string, companyId: string, name: Resource): Changes => {
    const key = [environment, companyId, name].join();
    const found = changes.get(key) ?? { at: [world.now], known: 0 };
    changes.set(key, found);
    return found;
  };
  const ticks = async (count: number) => {
    for (let tick = 0; tick < count; tick++) await new Promise((resolve) => setImmediate(resolve));
  };
  const nameOf = (path: string): Resource => (path.includes('rfis') ? 'rfis' : 'codes');

  world.answer = async ({ environment, connectionId, companyId, method, path, ifNoneMatch }: Asked) => {
    const draw = chance();
    await ticks(Math.floor(chance() * 8));
    if (draw < 0.05) return answered(503, '');
    if (draw < 0.1) return answered(404, {});
    const { at } = changesOf(environment, companyId ?? '', nameOf(path));
    if (method !== 'GET') at.push(world.now);
    const version = at.length - 1;
    const etag = `"${version}"`;
    // What was read may be long on its way.
    await ticks(Math.floor(chance() * (method === 'GET' ? 30 : 3)));
    if (method !== 'GET') return draw < 0.2 ? answered(502, '') : answered(200, {});
    if (ifNoneMatch === etag) return new Response(null, { status: 304, headers: { etag } });
    const id = [environment, connectionId, companyId, path.split('?')[0]].join();
    const shown: Shown = { id, version, padding: 'x'.repeat(Math.floor(chance() * 250)) };
    return answered(200, /\d$|\?view/.test(path) ? shown : [shown, shown], draw < 0.6 ? { etag } : {});
  };

  /** The oldest change that a read may show that begins now. */
  const oldest = (of: Required<Omit<Whose, 'remaining' | 'budgetClass'>>, name: Resource, seconds: number): number => {
    const { at, known } = changesOf(of.environment, of.companyId, name);
    // Without `cacheSeconds` a call that began in the same step may be joined.
    const since = seconds === 0 ? stepBegan : world.now - seconds;
    const before = seconds === 0 ? at.slice(0, versionsAtStep.get(at) ?? 1) : at.filter((time) => time <= since);
    return Math.max(known, before.length - 1);
  };
  let stepBegan = world.now;
  let versionsAtStep = new Map<number[], number>();

  async function act(todo: Action): Promise<void> {
    await ticks(Math.floor(chance() * 20));
    const { environment, companyId, connectionId } = todo.whose;
    const company = world.company(todo.whose);
    const [path, otherPath] = resources[todo.resource].paths;
    const bump = () => {
      const of = changesOf(environment, companyId, todo.resource);
      of.known = of.at.length - 1;
    };
    if (todo.does === 'unheard') changesOf(environment, companyId, todo.resource).at.push(world.now);
    else if (todo.does === 'event') {
      changesOf(environment, companyId, todo.resource).at.push(world.now);
      world.reads.resourceChanged(environment, companyId, [nameInEvent(resources[todo.resource].event)]);
      bump();
    } else if (todo.does === 'write') {
      await company.patch(path, {}).catch(() => {});
      bump();
    } else {
      const seconds = 'cacheSeconds' in todo ? todo.cacheSeconds : 0;
      const least = oldest(todo.whose, todo.resource, seconds);
      const asked = 'path' in todo && todo.path === 1 ? otherPath : path;
      const read = async () => {
        if (todo.does === 'get') return [(await company.get(asked, { cacheSeconds: seconds })).body].flat();
        if (!('stops' in todo && todo.stops)) return gather(company.list(path, { cacheSeconds: seconds }));
        for await (const first of company.list(path, { cacheSeconds: seconds })) return [first];
        return [];
      };
      const shown = (await read().catch(() => [])) as readonly Shown[];
      for (const one of shown) {
        expect(one.id).toBe(
          [environment, connectionId, companyId, (todo.does === 'get' ? asked : path).split('?')[0]].join(),
        );
        expect(one.version).toBeGreaterThanOrEqual(least);
        // The next caller must not get this.
        Object.assign(one, { id: 'changed by a caller', version: -1 });
      }
      if (todo.does === 'list' && !('stops' in todo && todo.stops)) expect([0, 2]).toContain(shown.length);
    }
    expect(world.reads.bytes()).toBeLessThanOrEqual(most);
  }

  return async (actions: readonly Action[], pass: number) => {
    stepBegan = world.now;
    versionsAtStep = new Map([...changes.values()].map(({ at }) => [at, at.length]));
    await Promise.all(actions.map(act));
    world.now += pass;
    return world.asked.length;
  };
}

it('no read is older than its caller allows or than what this process knows, and none crosses company, connection or environment', async () => {
  let reads = 0;
  let calls = 0;
  await fc.assert(
    fc.asyncProperty(steps, fc.string({ minLength: 8, maxLength: 8 }), async (all, seed) => {
      const { below } = seededRandomness(seed, 'latencies and faults');
      const step = modelled(() => below(1000) / 1000);
      let asked = 0;
      for (const { actions, pass } of all) asked = await step(actions, pass);
      reads += all.flatMap(({ actions }) => actions).filter(({ does }) => does === 'get' || does === 'list').length;
      calls += asked;
    }),
    { numRuns: 200 },
  );
  expect(reads).toBeGreaterThan(1000);
  expect(calls).toBeGreaterThan(0);
});
