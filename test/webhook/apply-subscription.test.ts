import { describe, expect, it } from 'vitest';
import {
  type AskedSubscription,
  applySubscription,
  hookTargets,
  removeSubscription,
  withHook,
} from '../../functions/webhook/apply-subscription.ts';
import { type Hook, type HooksApi, hooksApi } from '../../functions/webhook/hooks-api.ts';
import type { SubscriptionStore } from '../../functions/webhook/subscription.ts';
import { memoryPort, untilReturn } from '../memory/port.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { seeds } from '../procore-stand-in/setup.ts';
import { sampleSubscription } from './sample-subscription.ts';
import { bridge, company, connectedStandIn, townHall } from './stand-in-api.ts';

const authorization = 'current-value-of-the-header-48-characters-long-x';
const asked: AskedSubscription = {
  environment: 'sandbox',
  companyId: company,
  connectionId: 'acme',
  namespace: 'procore-connector',
  destinationUrl: 'https://webhooks.example.com/webhooks',
  payloadVersion: 'v4.0',
  resources: [{ name: 'Company Users' }, { name: 'RFIs', actions: ['create', 'update'] }, { name: 'Bids' }],
  projects: 'all',
  silenceHours: 0,
};

async function setUp(seed: string, unknowns: Parameters<typeof connectedStandIn>[1] = {}) {
  const { procore, requests, client } = await connectedStandIn(seed, unknowns);
  const store = memorySubscriptionStore();
  const dependencies = {
    api: hooksApi(client),
    store,
    authorization,
    clock: () => procore.control.now() / 1000,
  };
  const apply = (otherwise: Partial<AskedSubscription> = {}) =>
    untilReturn(() => applySubscription({ ...asked, ...otherwise }, dependencies));
  const hooks = () =>
    procore.control.hooks().map(({ projectId, status, authorization: header, triggers }) => ({
      projectId,
      status,
      header,
      triggers: triggers.map(({ resourceName, eventType }) => `${resourceName}:${eventType}`).toSorted(),
    }));
  const changing = () => requests.filter(({ method }) => method !== 'GET').length;
  return { procore, requests, changing, store, dependencies, apply, hooks };
}

const projectHook = (projectId: string) => ({
  projectId,
  status: 'active',
  header: `Bearer ${authorization}`,
  triggers: ['Bids:update', 'RFIs:create', 'RFIs:update'],
});
const companyHook = {
  projectId: null,
  status: 'active',
  header: `Bearer ${authorization}`,
  triggers: ['Company Users:create', 'Company Users:update'],
};

describe('applying a subscription', () => {
  it.each(seeds)(
    'makes a hook for the company and one for each project, and nothing the second time (%s)',
    async (seed) => {
      const { apply, hooks, store, changing } = await setUp(seed);
      const first = await apply();
      expect(first.changes.map(({ repairs }) => repairs)).toEqual(Array(3).fill(['created', 'triggers_added']));
      expect(hooks()).toEqual([companyHook, projectHook(bridge), projectHook(townHall)]);
      expect((await store.read(company))?.hooks.map(({ projectId }) => projectId)).toEqual([null, bridge, townHall]);
      const before = changing();
      const second = await apply();
      expect(second.changes).toEqual([]);
      expect(changing()).toBe(before);
    },
  );

  it('changes just the difference, and takes away what is no longer wanted', async () => {
    const { apply, hooks } = await setUp('difference');
    await apply();
    const { changes, removedHookIds } = await apply({ projects: [bridge], resources: [{ name: 'RFIs' }] });
    expect(changes.map(({ repairs }) => repairs)).toEqual([['triggers_added', 'triggers_removed']]);
    expect(removedHookIds).toHaveLength(2);
    expect(hooks()).toEqual([{ ...projectHook(bridge), triggers: ['RFIs:create', 'RFIs:delete', 'RFIs:update'] }]);
  });

  it('finds the hooks of a run that was cut off before it stored them', async () => {
    const { apply, hooks, store } = await setUp('cut off');
    await apply();
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, hooks: [] }, stored.revision);
    const { subscription } = await apply();
    expect(hooks()).toHaveLength(3);
    expect(subscription.hooks.map(({ hookId }) => hookId)).toEqual(stored.hooks.map(({ hookId }) => hookId));
  });

  it('leaves no hook behind under a namespace that is no longer wanted', async () => {
    const { apply, procore } = await setUp('namespace');
    await apply();
    await apply({ namespace: 'another' });
    expect(procore.control.hooks().map(({ namespace }) => namespace)).toEqual(['another', 'another', 'another']);
  });

  it('deletes a second hook of its own, which would send every event twice, and spares those of others', async () => {
    const { apply, procore } = await setUp('twice');
    await apply({ projects: [bridge] });
    const hook = {
      companyId: company,
      payloadVersion: 'v4.0',
      destinationUrl: asked.destinationUrl,
      triggers: [],
    } as const;
    const others = [
      procore.control.createHook({ ...hook, namespace: 'somebody-else' }).id,
      procore.control.createHook({ ...hook, namespace: asked.namespace, destinationUrl: 'https://else.example/w' }).id,
    ];
    const double = procore.control.createHook({ ...hook, namespace: asked.namespace });
    await apply({ projects: [bridge] });
    const left = procore.control.hooks().map(({ id }) => id);
    expect(left).not.toContain(double.id);
    expect(left).toEqual(expect.arrayContaining(others));
  });

  it.each([
    [{ name: 'Rfis' }, /no webhook resource "Rfis". Did you mean "RFIs"\?/],
    [{ name: 'Company User' }, /Did you mean "Company Users"\?/],
    [{ name: 'Punched Items' }, /no webhook resource "Punched Items"/],
    [{ name: 'RFIs', level: 'company' as const }, /"RFIs" is a project resource, not a company resource/],
    [{ name: 'Bids', actions: ['create' as const] }, /never reports create of "Bids", only update/],
  ])('refuses %j before anything is made', async (resource, text) => {
    const { apply, changing, store } = await setUp('near miss');
    await expect(apply({ resources: [resource] })).rejects.toThrow(text);
    expect(changing()).toBe(0);
    expect(await store.read(company)).toBeUndefined();
  });

  it('takes a name of both levels for the company’s', async () => {
    const { apply, hooks } = await setUp('both');
    await apply({ resources: [{ name: 'Projects' }] });
    expect(hooks()).toMatchObject([{ projectId: null, triggers: ['Projects:create', 'Projects:update'] }]);
    await apply({ resources: [{ name: 'Projects', level: 'project' }], projects: [townHall] });
    expect(hooks()).toMatchObject([{ projectId: townHall }]);
  });

  it('refuses a project that the connection does not see', async () => {
    const { apply } = await setUp('projects');
    await expect(apply({ projects: [bridge, '2468013579'] })).rejects.toThrow(/sees no project 2468013579 in company/);
  });

  it('says what to do when Procore refuses the company', async () => {
    const { apply, procore } = await setUp('disconnected');
    procore.control.setConnected(company, false);
    await expect(apply({ resources: [{ name: 'Company Users' }] })).rejects.toMatchObject({
      code: 'app_not_connected',
    });
  });

  it('removes hooks and subscription, also those of which Procore knows nothing any more', async () => {
    const { apply, store, dependencies, hooks, requests } = await setUp('remove');
    const { subscription } = await apply();
    const [first] = subscription.hooks;
    await dependencies.api.deleteHook(first?.projectId ?? null, first?.hookId ?? '');
    const hookIds = subscription.hooks.map(({ hookId }) => hookId);
    expect(await removeSubscription(subscription, dependencies)).toEqual(hookIds);
    expect(hookIds).toHaveLength(3);
    expect(hooks()).toEqual([]);
    expect(await store.read(company)).toBeUndefined();
    expect(requests.length).toBeGreaterThan(0);
  });
});

describe('applying to many projects', () => {
  /** A company whose Procore keeps what it is told, with so many projects. */
  function manyProjects(count: number) {
    const projects = Array.from({ length: count }, (_, index) => String(index + 1));
    const calls: string[] = [];
    const hooks = new Map<string, Hook>();
    const api: HooksApi = {
      listProjects: async () => projects,
      catalogue: async (projectId) =>
        projectId === null ? [] : [{ name: 'RFIs', actions: ['create', 'update', 'delete'] }],
      listHooks: async (projectId) => [hooks.get(String(projectId)) ?? []].flat(),
      async createHook(projectId, { payloadVersion, namespace, destinationUrl, authorization: header }) {
        calls.push(`create ${projectId}`);
        const kept = { payloadVersion, namespace, destinationUrl, authorization: header, triggerCount: 3, projectId };
        const hook = { id: `h${projectId}`, status: 'active', ...kept } as const;
        hooks.set(String(projectId), hook);
        return hook;
      },
      changeHook: async (projectId) => void calls.push(`change ${projectId}`),
      async deleteHook(projectId, hookId) {
        calls.push(`delete ${projectId} ${hookId}`);
        hooks.delete(String(projectId));
      },
      listTriggers: async () =>
        (['create', 'update', 'delete'] as const).map((action) => ({ id: action, resourceName: 'RFIs', action })),
      createTriggers: async (projectId) => void calls.push(`create triggers ${projectId}`),
      deleteTriggers: async (projectId) => void calls.push(`delete triggers ${projectId}`),
      deliveries: () => {
        throw new Error('are not asked for');
      },
    };
    const stored = memorySubscriptionStore();
    const saves: number[] = [];
    const store: SubscriptionStore = {
      ...stored,
      read: (companyId) => stored.read(companyId),
      async save(subscription, revision) {
        saves.push(subscription.hooks.length);
        return stored.save(subscription, revision);
      },
    };
    const seen: unknown[] = [];
    let now = 1000;
    const clock = () => {
      now += 1;
      return now;
    };
    const apply = (otherwise: Partial<AskedSubscription> = {}, replaced: Partial<SubscriptionStore> = {}) =>
      applySubscription(
        { ...asked, resources: [{ name: 'RFIs' }], ...otherwise },
        {
          api: memoryPort('hooks api', api),
          store: { ...store, ...replaced },
          authorization,
          clock,
          progress: (...step) => void seen.push(step),
        },
      );
    return { apply, calls, saves, seen, store, stored };
  }

  it('stores it before the first hook, after every twenty, and at the end', async () => {
    const { apply, saves, calls } = manyProjects(41);
    const { subscription, changes } = await apply();
    expect(saves).toEqual([0, 20, 40, 41]);
    expect(calls).toHaveLength(41);
    expect(changes).toHaveLength(41);
    expect(changes[0]).toEqual({ hookId: 'h1', projectId: '1', repairs: ['created'] });
    expect(subscription.hooks.map(({ hookId }) => hookId)).toEqual(changes.map(({ hookId }) => hookId));
  });

  it('changes nothing the second time, at no hook', async () => {
    const { apply, calls, store } = manyProjects(3);
    const first = await apply();
    calls.length = 0;
    const second = await apply();
    expect(calls).toEqual([]);
    expect(second).toMatchObject({ changes: [], removedHookIds: [] });
    expect(second.subscription).toMatchObject({ createdAt: first.subscription.createdAt });
    expect(second.subscription.updatedAt).toBeGreaterThan(first.subscription.updatedAt);
    expect(await store.read(company)).toEqual(second.subscription);
  });

  it('tells how far it is before each hook', async () => {
    const { apply, seen } = manyProjects(2);
    await apply();
    expect(seen).toEqual([
      [0, 2, '1'],
      [1, 2, '2'],
    ]);
  });

  it('deletes the hooks of projects that are no longer wanted, and says which', async () => {
    const { apply, calls } = manyProjects(3);
    await apply();
    calls.length = 0;
    const { removedHookIds, subscription } = await apply({ projects: ['2'] });
    expect(removedHookIds).toEqual(['h1', 'h3']);
    expect(calls).toEqual(['delete 1 h1', 'delete 3 h3']);
    expect(subscription.hooks.map(({ projectId }) => projectId)).toEqual(['2']);
  });

  it.each([
    [10, '10: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10'],
    [11, '11: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …'],
  ])('names ten of %i projects when one that is asked for cannot be seen', async (count, named) => {
    const { apply, saves } = manyProjects(count);
    await expect(apply({ projects: ['1', '77', '78'] })).rejects.toMatchObject({
      name: 'ProjectNotFoundError',
      code: 'project_not_found',
      message: `The connection "acme" sees no project 77, 78 in company ${company}. It sees ${named}`,
    });
    expect(saves).toEqual([]);
  });

  it('makes no hook when somebody else has changed the subscription meanwhile, and says what to do', async () => {
    const { apply, calls } = manyProjects(2);
    await expect(apply({}, { save: async () => 'changed' })).rejects.toMatchObject({
      code: 'subscription_changed',
      message: `The subscription of company ${company} was changed at the same time. Run the command again.`,
    });
    expect(calls).toEqual([]);
  });

  it('does not say that a subscription is removed which somebody else has changed meanwhile', async () => {
    const { apply, stored } = manyProjects(1);
    const { subscription } = await apply();
    await stored.save({ ...subscription, silenceHours: 7 }, subscription.revision);
    const api = { deleteHook: async () => {} } as unknown as HooksApi;
    await expect(removeSubscription(subscription, { api, store: stored })).rejects.toMatchObject({
      code: 'subscription_changed',
    });
  });
});

describe('the hooks that a subscription should have', () => {
  it('are one for the company and one for each project, where it wants resources of theirs', () => {
    const both = sampleSubscription();
    expect(hookTargets(both, ['1', '2', '1'])).toEqual([null, '1', '2']);
    expect(hookTargets({ ...both, resources: both.resources.slice(0, 1) }, ['1'])).toEqual([null]);
    expect(hookTargets({ ...both, resources: both.resources.slice(1) }, ['1'])).toEqual(['1']);
    expect(hookTargets({ ...both, resources: [] }, ['1'])).toEqual([]);
  });

  it('are replaced project by project', () => {
    const hook = (hookId: string, projectId: string | null) => ({
      hookId,
      projectId,
      authorization: 'x',
      authorizedAt: 0,
      checkedAt: 0,
    });
    const hooks = [hook('a', null), hook('b', '1')];
    expect(withHook(hooks, hook('c', '1'))).toEqual([hook('a', null), hook('c', '1')]);
    expect(withHook(hooks, hook('c', '2'))).toEqual([...hooks, hook('c', '2')]);
  });
});
