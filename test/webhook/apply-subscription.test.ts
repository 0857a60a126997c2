import { describe, expect, it } from 'vitest';
import {
  type AskedSubscription,
  applySubscription,
  removeSubscription,
} from '../../functions/webhook/apply-subscription.ts';
import { hooksApi } from '../../functions/webhook/hooks-api.ts';
import { untilReturn } from '../memory/port.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { seeds } from '../procore-stand-in/setup.ts';
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
    [{ name: 'Punch Items' }, /no webhook resource "Punch Items"/],
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
    await expect(apply({ projects: ['2468013579'] })).rejects.toThrow(/sees no project 2468013579/);
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
    expect(await removeSubscription(subscription, dependencies)).toHaveLength(3);
    expect(hooks()).toEqual([]);
    expect(await store.read(company)).toBeUndefined();
    expect(requests.length).toBeGreaterThan(0);
  });
});
