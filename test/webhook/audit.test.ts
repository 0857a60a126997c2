import { describe, expect, it } from 'vitest';
import { type ExactJsonObject, isJsonObject, parseExactJson } from '../../functions/procore/exact-json.ts';
import { acceptDelivery } from '../../functions/webhook/acceptance.ts';
import { applySubscription } from '../../functions/webhook/apply-subscription.ts';
import { auditCompany, type CompanyAuditDependencies } from '../../functions/webhook/audit-company.ts';
import type { AuditRoundDependencies } from '../../functions/webhook/audit-round.ts';
import { readEventMessage } from '../../functions/webhook/event-message.ts';
import { hooksApi } from '../../functions/webhook/hooks-api.ts';
import { beginRollOver } from '../../functions/webhook/roll-over.ts';
import { fingerprint } from '../../functions/webhook/subscription.ts';
import type { WebhookAuthorization } from '../../functions/webhook/webhook-authorization.ts';
import { sampleLists } from '../../lib/procore-stand-in/list-unknowns.ts';
import { memoryDeliveredMarks } from '../memory/delivered-marks.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { type PortFaults, untilReturn } from '../memory/port.ts';
import { memoryPreviousUse } from '../memory/previous-use.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { memoryAuthorizationKeeper, memorySecret } from '../memory/secret.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { destination, seeds } from '../procore-stand-in/setup.ts';
import { goRound } from './round.ts';
import { recordingObserver } from './sample-events.ts';
import { answered, bridge, company, connectedStandIn, type Interception, townHall } from './stand-in-api.ts';

const hour = 3600;

type AuditSums = Readonly<
  Record<'subscriptions' | 'inactive' | 'repaired' | 'discarded' | 'recovered' | 'silent' | 'unfinished', number>
>;

/** Audits every company, and goes round once: what an hour's jobs do. */
async function auditAll(
  dependencies: CompanyAuditDependencies & Omit<AuditRoundDependencies, 'jobs' | 'noteClientId'>,
): Promise<AuditSums & { readonly previousRetired: boolean }> {
  const sums = { subscriptions: 0, inactive: 0, repaired: 0, discarded: 0, recovered: 0, silent: 0, unfinished: 0 };
  for (const { companyId } of await dependencies.store.list()) {
    sums.subscriptions += 1;
    const found = await auditCompany(companyId, dependencies).catch(() => undefined);
    if (found === undefined || typeof found === 'string') {
      sums.unfinished += 1;
      continue;
    }
    for (const name of ['inactive', 'repaired', 'discarded', 'recovered'] as const) sums[name] += found[name];
    sums.silent += Number(found.isSilent);
    sums.unfinished += Number(found.isUnfinished);
  }
  const stands = await goRound(() => dependencies.source.read({ fresh: true }), dependencies);
  return { ...sums, previousRetired: stands === 'retired' };
}
const actions = ['create', 'update', 'delete'] as const;

/**
 * A company with one project's RFIs subscribed, whose deliveries go to a destination that can be made to fail. Tests that
 * count calls fix how lists look: one that tells nothing of its end costs a call more.
 */
async function setUp(
  seed: string,
  unknowns: Parameters<typeof connectedStandIn>[1] = {},
  lists: Parameters<typeof connectedStandIn>[2] = {},
) {
  const { procore, client, clientThrough, requests } = await connectedStandIn(seed, unknowns, lists);
  const { control } = procore;
  const clock = () => control.now() / 1000;
  const target = await destination();
  const secret = memorySecret<WebhookAuthorization>({ current: 'the-first-value-of-the-header' }, clock);
  // One source for all audits, as in a function that stays warm.
  const source = secret.source();
  const keeper = memoryAuthorizationKeeper(secret);
  const use = memoryPreviousUse(clock);
  const store = memorySubscriptionStore();
  const observer = recordingObserver();
  const queue = memoryEventQueue(clock);
  const ledger = memoryLedger(clock);
  const quarantine = memoryQuarantine(clock);
  const accept = (body: Uint8Array) =>
    acceptDelivery(body, { environment: 'sandbox', queue, ledger, quarantine, clock, observer });
  const audit = (otherwise: Partial<CompanyAuditDependencies & { readonly keeper: typeof keeper }> = {}) =>
    untilReturn(() =>
      auditAll({
        ...{ store, source, keeper, use, clientFor: () => client, accept, clock, observer },
        remaining: () => 300_000,
        // So that two audits of a test may follow upon each other; the time between looks has a test of its own.
        lookedSince: clock(),
        ...otherwise,
      }),
    );
  await applySubscription(
    {
      environment: 'sandbox',
      companyId: company,
      connectionId: 'acme',
      namespace: 'procore-connector',
      destinationUrl: target.url,
      payloadVersion: 'v2.0',
      resources: [{ name: 'RFIs' }],
      projects: [bridge],
      silenceHours: 48,
    },
    { api: hooksApi(client), store, authorization: secret.value.current, clock },
  );
  const emit = (resourceId: string) =>
    control.emitEvent({ companyId: company, projectId: bridge, resourceName: 'RFIs', eventType: 'update', resourceId });
  const events = () =>
    queue.messages.map(({ body }) => {
      const message = readEventMessage(body);
      return message?.kind === 'webhook_event' ? message.event : undefined;
    });
  return {
    client,
    clientThrough,
    control,
    requests,
    target,
    secret,
    keeper,
    use,
    store,
    observer,
    quarantine,
    accept,
    audit,
    emit,
    events,
    clock,
  };
}

describe('the audit', () => {
  it('keeps what a later version has noted of a subscription and of its hooks', async () => {
    const { audit, store } = await setUp('later');
    const stored = await store.read(company);
    if (stored === undefined) return expect.fail('nothing is stored');
    const later = { ofALaterVersion: 'kept' };
    const hooks = stored.hooks.map((hook) => ({ ...hook, ...later }));
    await store.save({ ...stored, hooks, ...later }, stored.revision);
    await audit();
    const after = await store.read(company);
    expect(after).toMatchObject({ ...later, hooks: [later] });
    expect(after?.hooks[0]?.checkedAt).toBeGreaterThanOrEqual(stored.hooks[0]?.checkedAt ?? 0);
  });

  it('finds nothing to do where all is well, at two calls a hook', async () => {
    const { audit, requests, observer, control } = await setUp('well', {}, sampleLists);
    await control.advance(60);
    const before = requests.length;
    expect(await audit()).toEqual({
      subscriptions: 1,
      inactive: 0,
      repaired: 0,
      discarded: 0,
      recovered: 0,
      silent: 0,
      unfinished: 0,
      previousRetired: false,
    });
    // The triggers are listed once after an apply.
    expect(requests.length - before).toBeLessThanOrEqual(3);
    expect(requests.slice(before).every(({ method }) => method === 'GET')).toBe(true);
    await audit();
    expect(requests.length - before).toBeLessThanOrEqual(3 + 2);
    // No zeros: a metric costs by the hour in which something was said of it.
    expect(observer.counts.size).toBe(0);
  });

  it.each([
    ['two calls a hook where Procore’s list of the company’s hooks has those of the company alone', false, 4],
    ['one call a hook where it has those of the projects, too', true, 3],
  ])('costs %s: that is learned', async (_what, companyListsProjectHooks, calls) => {
    const { audit, requests, control, store } = await setUp('one list', { companyListsProjectHooks }, sampleLists);
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, projects: [bridge, townHall] }, stored.revision);
    await audit();
    await control.advance(60);
    await audit();
    expect((await store.read(company))?.companyListsProjects).toBe(companyListsProjectHooks);
    const before = requests.length;
    expect(await audit()).toMatchObject({ repaired: 0, unfinished: 0 });
    expect(requests.length - before).toBe(calls);
    expect(control.hooks()).toHaveLength(2);
  });

  describe('of a hook that delivers', () => {
    const source = { read: async () => ({ current: 'the-first-value-of-the-header' }) };
    async function marked(seed: string, faults?: PortFaults) {
      const all = await setUp(seed);
      const { store, client, clock, observer, accept, requests, control } = all;
      const delivered = memoryDeliveredMarks(faults);
      await control.advance(hour);
      const look = async (current = source) => {
        const before = requests.length;
        const found = await untilReturn(() =>
          auditCompany(company, {
            ...{ store, source: current, clock, observer, accept, delivered },
            ...{ clientFor: () => client, remaining: () => 300_000 },
          }),
        );
        if (typeof found === 'string') return expect.fail(found);
        return { ...found, calls: requests.length - before };
      };
      return { ...all, delivered, look };
    }

    it('costs no call, and comes again within the hour after the delivery', async () => {
      const { look, delivered, clock, store } = await marked('delivers');
      await delivered.mark({ companyId: company, projectId: bridge }, clock() - 600);
      const found = await look();
      expect(found).toMatchObject({ calls: 0, repaired: 0, isUnfinished: false, isSilent: false });
      expect(found.nextLookAt).toBeCloseTo(clock() - 600 + 3300, -1);
      expect(await store.read(company)).toMatchObject({ silentHooks: 0 });
    });

    it('is a whole one every five hours, whatever it delivers', async () => {
      const { look, delivered, clock, control } = await marked('delivers on');
      let calls = 0;
      for (let past = 0; past < 12; past++) {
        await delivered.mark({ companyId: company, projectId: bridge }, clock() - 60);
        calls += Number((await look()).calls > 0);
        await control.advance(hour);
      }
      expect(calls).toBe(2);
    });

    it.each([
      ['its mark is an hour old', 3600, 'the-first-value-of-the-header'],
      ['it does not have the current header', 60, 'another-value-of-the-header'],
    ])('is a whole one when %s', async (_why, secondsAgo, current) => {
      const { look, delivered, clock } = await marked('delivers once');
      await delivered.mark({ companyId: company, projectId: bridge }, clock() - secondsAgo);
      expect((await look({ read: async () => ({ current }) })).calls).toBeGreaterThan(1);
    });

    it('is a whole one when nobody marks it, or its mark cannot be read', async () => {
      const nobody = await marked('delivers little');
      expect((await nobody.look()).calls).toBeGreaterThan(1);
      const unread = await marked('unreadable', (method) => (method === 'markedAt' ? 'throttled' : undefined));
      await unread.delivered.mark({ companyId: company, projectId: bridge }, unread.clock() - 60);
      expect((await unread.look()).calls).toBeGreaterThan(1);
    });
  });

  it('leaves hooks that were looked at within the hour, and says when the next look is due', async () => {
    const { store, client, clock, observer, accept, requests } = await setUp('lately');
    const source = { read: async () => ({ current: 'the-first-value-of-the-header' }) };
    const before = requests.length;
    const found = await auditCompany(company, {
      ...{ store, source, clock, observer, accept, clientFor: () => client, remaining: () => 300_000 },
    });
    expect(requests.length).toBe(before);
    if (typeof found === 'string') return expect.fail(found);
    expect(found.nextLookAt - clock()).toBeGreaterThan(3200);
    expect(found.nextLookAt - clock()).toBeLessThanOrEqual(3300);
  });

  it.each(seeds)('takes in what Procore gave up after 12 hours, once, every digit of it (%s)', async (seed) => {
    const { audit, control, target, emit, events, observer } = await setUp(seed, { disabledHookEvents: 'kept' });
    target.answer = 500;
    for (const resourceId of ['9007199254740993', '2', '3']) await emit(resourceId);
    await control.advance(13 * hour);
    const lost = control.deliveries().filter(({ status }) => status === 'failed' || status === 'discarded').length;
    expect(lost).toBe(3);
    target.answer = 200;
    expect(await audit()).toMatchObject({ discarded: 3, recovered: 3, unfinished: 0 });
    expect(
      events()
        .map((event) => event?.resourceId)
        .toSorted(),
    ).toEqual(['2', '3', '9007199254740993']);
    await control.advance(hour);
    expect(await audit()).toMatchObject({ discarded: 0, recovered: 0 });
    expect(events()).toHaveLength(3);
    expect(observer.counts.get('deliveriesRecovered')).toBe(3);
    expect(observer.counts.get('deliveriesDiscarded')).toBeUndefined();
    expect(observer.notes.map(([event]) => event)).not.toContain('deliveries.discarded');
  });

  it('finds a delivery of the day before that was still being tried at the last audit', async () => {
    const { audit, control, target, emit } = await setUp('over midnight');
    await control.advance(8 * hour);
    target.answer = 500;
    await emit('1');
    await control.advance(11 * hour);
    expect(await audit()).toMatchObject({ discarded: 0 });
    await control.advance(2 * hour);
    expect(await audit()).toMatchObject({ discarded: 1, recovered: 1 });
  });

  it('makes a deleted hook again, activates a disabled one, and takes back a changed header or URL', async () => {
    const { audit, control, store, observer } = await setUp('repair');
    const [hook] = control.hooks();
    control.setHookStatus(hook?.id ?? '', 'disabled');
    expect(await audit()).toMatchObject({ inactive: 1, repaired: 1 });
    expect(control.hooks()).toMatchObject([{ status: 'active' }]);
    control.setHookAuthorization(hook?.id ?? '', 'Bearer something else');
    expect(await audit()).toMatchObject({ inactive: 0, repaired: 1 });
    expect(control.hooks()).toMatchObject([{ authorization: 'Bearer the-first-value-of-the-header' }]);
    const stored = await store.read(company);
    await store.save({ ...stored, destinationUrl: 'https://moved.example/webhooks' } as never, stored?.revision);
    expect(await audit()).toMatchObject({ repaired: 1 });
    expect(control.hooks()).toMatchObject([{ id: hook?.id, destinationUrl: 'https://moved.example/webhooks' }]);
    expect(observer.counts.get('subscriptionInactive')).toBe(1);
    expect(observer.counts.get('subscriptionRepaired')).toBe(3);
    const about = { companyId: company, connectionId: 'acme', projectId: bridge };
    expect(observer.notes).toEqual([
      ['subscription.inactive', { ...about, outcome: 'activated' }],
      ['subscription.repaired', { ...about, outcome: expect.stringMatching(/\w/) }],
      ['subscription.repaired', { ...about, outcome: expect.stringMatching(/\w/) }],
    ]);
  });

  it('goes on with the other companies when one company’s connection is dead', async () => {
    const { audit, store, observer } = await setUp('dead');
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, companyId: '1', connectionId: 'dead' }, undefined);
    const { client, clientThrough } = await connectedStandIn('other');
    const dead = clientThrough(async () => answered(401));
    const report = await audit({ clientFor: ({ connectionId }) => (connectionId === 'dead' ? dead : client) });
    expect(report).toMatchObject({ subscriptions: 2, unfinished: 1 });
    expect(observer.notes).toContainEqual([
      'subscription.audit_failed',
      { companyId: '1', connectionId: 'dead', errorName: 'ProcoreApiError', status: 401 },
    ]);
  });

  it('puts a lost delivery that is no event into quarantine once', async () => {
    const { audit, target, emit, control, quarantine, accept } = await setUp('poison');
    target.answer = 500;
    await emit('1');
    await control.advance(13 * hour);
    const asPoison = () => accept(Buffer.from('{"id":"no event"}'));
    expect(await audit({ accept: asPoison })).toMatchObject({ discarded: 1, recovered: 0 });
    expect(await audit({ accept: asPoison })).toMatchObject({ discarded: 0 });
    expect(quarantine.messages).toHaveLength(1);
  });

  it('looks again from the same time when the queue could not take all', async () => {
    const { audit, target, emit, control, events, observer } = await setUp('queue out');
    target.answer = 500;
    await emit('1');
    await control.advance(13 * hour);
    expect(await audit({ accept: async () => 'unavailable' })).toMatchObject({ discarded: 1, recovered: 0 });
    expect(observer.counts.get('deliveriesDiscarded')).toBe(1);
    const about = { companyId: company, connectionId: 'acme', projectId: bridge };
    expect(observer.notes.at(-1)).toEqual(['deliveries.discarded', { ...about, count: 1 }]);
    await control.advance(30 * hour);
    expect(await audit({ accept: async () => 'unavailable' })).toMatchObject({ discarded: 1, recovered: 0 });
    await control.advance(hour);
    expect(await audit()).toMatchObject({ discarded: 1, recovered: 1 });
    expect(events()).toHaveLength(1);
    expect(observer.counts.get('deliveriesDiscarded')).toBe(2);
  });

  it('tells of silence only after the time that was set', async () => {
    const { audit, control, emit, observer } = await setUp('silence');
    await control.advance(47 * hour);
    expect(await audit()).toMatchObject({ silent: 0 });
    expect(observer.counts.get('webhookSilence')).toBeUndefined();
    await control.advance(30 * hour);
    expect(await audit()).toMatchObject({ silent: 1 });
    expect(observer.counts.get('webhookSilence')).toBe(1);
    expect(observer.notes).toEqual([['subscription.silent', { companyId: company, connectionId: 'acme' }]]);
    await emit('1');
    expect(await audit()).toMatchObject({ silent: 0 });
    expect(observer.counts.get('webhookSilence')).toBe(1);
  });

  it('takes nothing in a second time, and reads no more than it must, though one of the hooks fails for ever', async () => {
    const { audit, control, target, emit, events, store, clientThrough, requests, observer } = await setUp('one gone');
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, projects: [townHall, bridge] }, stored.revision);
    const withoutTownHall = clientThrough(async ({ path }, send) => (path.includes(townHall) ? answered(404) : send()));
    target.answer = 500;
    await emit('1');
    for (let days = 0; days < 40; days += 5) {
      await control.advance(5 * 24 * hour);
      await audit({ clientFor: () => withoutTownHall });
    }
    expect(events()).toHaveLength(1);
    const listing = requests.findLast(({ path }) => path.endsWith('/deliveries'));
    const lastDay = new Date((control.now() / 1000 - 7 * 24 * hour) * 1000).toISOString().slice(0, 10);
    expect((listing?.query['filter[start]'] ?? '') >= lastDay).toBe(true);
    expect(observer.counts.get('auditJobsFailed')).toBe(8);
    expect(observer.notes).toContainEqual([
      'subscription.hook_failed',
      { companyId: company, projectId: townHall, errorName: 'ProcoreApiError', status: 404 },
    ]);
  });

  it('stores what it has done when time runs out over a hook’s lost deliveries, and goes on with the rest', async () => {
    const { audit, control, target, emit, events, store, accept } = await setUp('many lost');
    target.answer = 500;
    for (const resourceId of ['1', '2', '3']) await emit(resourceId);
    await control.advance(13 * hour);
    let left = 300_000;
    const slow = (body: Uint8Array) => {
      left = 0;
      return accept(body);
    };
    expect(await audit({ accept: slow, remaining: () => left })).toMatchObject({ recovered: 1, unfinished: 0 });
    expect((await store.read(company))?.auditedAt).toBeUndefined();
    await control.advance(20 * hour);
    expect(await audit()).toMatchObject({ recovered: 2 });
    expect(events()).toHaveLength(3);
  });

  it('asks 50 hooks an hour for silence, and calls a company silent when all of them had nothing', async () => {
    const { audit, store, control, clientThrough } = await setUp('many projects');
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    const projects = Array.from({ length: 120 }, (_, index) => String(1000 + index));
    await store.save({ ...stored, projects, hooks: [], silenceHours: 1 }, stored.revision);
    await control.advance(2 * hour);
    const silent: number[] = [];
    let listings = 0;
    for (let hours = 0; hours < 3; hours += 1) {
      silent.push((await audit({ clientFor: () => clientThrough(countingSilence) })).silent);
      await control.advance(hour);
    }
    expect(silent).toEqual([0, 0, 1]);
    expect(listings).toBe(50 + 50 + 50);

    async function countingSilence({ method, path, query }: Parameters<Interception>[0]) {
      const [, project = ''] = /\/projects\/(\d+)\//.exec(path) ?? [];
      const hook = { id: `hook-${project}`, namespace: stored?.namespace, destination_url: stored?.destinationUrl };
      const trigger = (action: string) => ({ id: action, resource_name: 'RFIs', event_type: action });
      if (path.endsWith('/deliveries') && query['filter[status]'] === undefined) listings += 1;
      if (method === 'PATCH') return answered(204);
      const data = path.endsWith('/hooks') ? [hook] : path.endsWith('/triggers') ? actions.map(trigger) : [];
      return answered(200, { data });
    }
  });

  it('comes to the last of many hooks although more than 50 before it fail for ever', async () => {
    const { audit, store, control, clientThrough } = await setUp('many gone');
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    const gone = Array.from({ length: 60 }, (_, index) => String(1000 + index));
    await store.save({ ...stored, projects: [...gone, bridge], hooks: [] }, stored.revision);
    for (const { id } of control.hooks()) control.setHookStatus(id, 'disabled');
    const withoutGone = clientThrough(async ({ path }, send) =>
      gone.some((id) => path.includes(`/${id}/`)) ? answered(404) : send(),
    );
    const repaired: number[] = [];
    for (let hours = 0; hours < 2; hours += 1) {
      repaired.push((await audit({ clientFor: () => withoutGone })).repaired);
      await control.advance(hour);
    }
    expect(repaired).toEqual([0, 1]);
  });

  it('puts a lost delivery of which Procore has no payload aside, and reads on', async () => {
    const { audit, control, target, emit, clientThrough, quarantine } = await setUp('no payload');
    target.answer = 500;
    for (const resourceId of ['1', '2']) await emit(resourceId);
    await control.advance(13 * hour);
    let emptied = false;
    const emptying: Interception = async ({ path }, send) => {
      const answer = await send();
      if (emptied || !path.endsWith('/deliveries')) return answer;
      const body = parseExactJson(await answer.clone().text());
      const list = isJsonObject(body) && Array.isArray(body.data) ? (body.data as ExactJsonObject[]) : [];
      if (list.length === 0) return answer;
      emptied = true;
      return answered(200, { data: [{ id: list[0]?.id, status: list[0]?.status ?? 'failed' }, ...list.slice(1)] });
    };
    expect(await audit({ clientFor: () => clientThrough(emptying) })).toMatchObject({ discarded: 2, recovered: 1 });
    expect(quarantine.messages).toHaveLength(1);
  });

  it('makes a hook for a project that is new, where all projects are wanted', async () => {
    const { audit, store, control } = await setUp('all projects');
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, projects: 'all' }, stored.revision);
    expect(await audit()).toMatchObject({ repaired: 1, inactive: 0, unfinished: 0 });
    expect(
      control
        .hooks()
        .map(({ projectId }) => projectId)
        .toSorted(),
    ).toEqual([bridge, townHall]);
    expect((await store.read(company))?.hooks.map(({ projectId }) => projectId).toSorted()).toEqual([bridge, townHall]);
  });

  it('tells of no silence where it was told not to, and reads no older deliveries for it', async () => {
    const { audit, store, control, requests, clock } = await setUp('no silence');
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, silenceHours: 0 }, stored.revision);
    await audit();
    await control.advance(300 * hour);
    await audit();
    const before = requests.length;
    expect(await audit()).toMatchObject({ silent: 0 });
    const [listing, ...others] = requests.slice(before).filter(({ path }) => path.endsWith('/deliveries'));
    expect(others).toEqual([]);
    const yesterday = new Date((clock() - 24 * hour) * 1000).toISOString().slice(0, 10);
    expect((listing?.query['filter[start]'] ?? '') >= yesterday).toBe(true);
  });

  it('forgets that a look has failed when the next one goes well', async () => {
    const { audit, store, clientThrough } = await setUp('failed once');
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, projects: [bridge, townHall] }, stored.revision);
    const withoutTownHall = clientThrough((request, send) =>
      request.path.includes(townHall) ? Promise.resolve(answered(404)) : send(),
    );
    await audit({ clientFor: () => withoutTownHall });
    expect((await store.read(company))?.failedLooks).toMatchObject([{ projectId: townHall }]);
    await audit();
    expect((await store.read(company))?.failedLooks).toEqual([]);
  });

  it('looks at no further hook when time runs out over the first one', async () => {
    const { audit, store, requests } = await setUp('time for one', {}, sampleLists);
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, projects: [bridge, townHall] }, stored.revision);
    const before = requests.length;
    // A hook costs a few calls behind the company's list: after the first of them there is too little time for another.
    await audit({ remaining: () => (requests.length > before + 1 ? 9_999 : 10_000) });
    const projects = requests.slice(before).map(({ path }) => /\/projects\/(\d+)\//.exec(path)?.[1]);
    expect(new Set(projects.filter((project) => project !== undefined)).size).toBe(1);
  });

  it('begins nothing when no time is left', async () => {
    const { audit, requests } = await setUp('time');
    const before = requests.length;
    expect(await audit({ remaining: () => 9_999 })).toMatchObject({ unfinished: 1 });
    expect(requests.length).toBe(before);
  });
});

describe('the roll-over of the header', () => {
  it.each(seeds)(
    'loses no event, and retires the previous value only when no retry can bring it (%s)',
    async (seed) => {
      const { audit, control, secret, keeper, use, target, emit, clock, observer } = await setUp(seed);
      const first = secret.value.current;
      await beginRollOver(secret.value, 'the-second-value-of-the-header', { keeper, clock });
      // Sent with the old header before the hooks are moved, refused by us, and tried again for hours.
      target.answer = 503;
      await emit('1');
      expect(await audit()).toMatchObject({ repaired: 1, inactive: 0, previousRetired: false });
      expect(control.hooks()).toMatchObject([{ authorization: 'Bearer the-second-value-of-the-header' }]);
      await control.advance(11 * hour);
      expect(await audit()).toMatchObject({ repaired: 0, previousRetired: false });
      target.answer = 200;
      await control.advance(1.5 * hour);
      const accepted = [secret.value.current, secret.value.previous].map((value) => `Bearer ${value}`);
      expect(accepted).toContain(target.received.at(-1)?.headers.authorization);
      await use.note(fingerprint(first), clock());
      await control.advance(12.9 * hour);
      expect(await audit()).toMatchObject({ previousRetired: false });
      await control.advance(0.2 * hour);
      expect(await audit()).toMatchObject({ previousRetired: true });
      // By its fingerprint: a hook that somebody made by hand, and that still sends it, can be told from a stranger.
      const retired = [fingerprint(first)];
      expect(secret.value).toEqual({ current: 'the-second-value-of-the-header', retired });
      expect(observer.notes.at(-1)).toEqual(['webhook.authorization_retired', {}]);
      await beginRollOver(secret.value, 'the-third-value-of-the-header', { keeper, clock });
      expect(secret.value).toMatchObject({ previous: 'the-second-value-of-the-header', retired });
    },
  );

  it('moves hooks to the new value, also in a process that has remembered the old one for some minutes', async () => {
    const { audit, control, secret, keeper, clock } = await setUp('remembered');
    await audit();
    await beginRollOver(secret.value, 'the-second-value-of-the-header', { keeper, clock });
    await control.advance(301);
    expect(await audit()).toMatchObject({ repaired: 1 });
    expect(control.hooks()).toMatchObject([{ authorization: 'Bearer the-second-value-of-the-header' }]);
  });

  it('takes no hook back to the old value in a process that remembers it', async () => {
    const { audit, control, secret, keeper, store, clock } = await setUp('moved elsewhere');
    await audit();
    await beginRollOver(secret.value, 'the-second-value-of-the-header', { keeper, clock });
    const other = memorySecret<WebhookAuthorization>(secret.value, clock);
    await audit({ source: other.source() });
    expect(control.hooks()).toMatchObject([{ authorization: 'Bearer the-second-value-of-the-header' }]);
    expect(await audit()).toMatchObject({ repaired: 0 });
    expect(control.hooks()).toMatchObject([{ authorization: 'Bearer the-second-value-of-the-header' }]);
    expect((await store.read(company))?.hooks).toMatchObject([
      { authorization: fingerprint('the-second-value-of-the-header') },
    ]);
  });

  it('counts its 13 hours from the roll-over where no hook is ours', async () => {
    const { audit, control, secret, keeper, store, clock } = await setUp('no hooks of ours');
    await store.remove(company, (await store.read(company))?.revision ?? 0);
    await beginRollOver(secret.value, 'the-second-value-of-the-header', { keeper, clock });
    await control.advance(12.9 * hour);
    expect(await audit()).toMatchObject({ previousRetired: false });
    await control.advance(0.2 * hour);
    expect(await audit()).toMatchObject({ previousRetired: true });
  });

  it('does not call the previous value retired when somebody else has written the secret meanwhile', async () => {
    const { audit, control, secret, keeper, clock, observer } = await setUp('two at once');
    await beginRollOver(secret.value, 'the-second-value-of-the-header', { keeper, clock });
    await audit();
    await control.advance(14 * hour);
    expect(await audit({ keeper: { write: async () => 'changed' } })).toMatchObject({ previousRetired: false });
    expect(observer.notes.map(([event]) => event)).not.toContain('webhook.authorization_retired');
    expect(secret.value).toHaveProperty('previous');
  });

  it('is refused while one is under way', async () => {
    const { secret, keeper, clock } = await setUp('twice');
    await beginRollOver(secret.value, 'the-second-value-of-the-header', { keeper, clock });
    await expect(beginRollOver(secret.value, 'the-third', { keeper, clock })).rejects.toMatchObject({
      code: 'roll_over_under_way',
    });
  });

  it('begins its 13 hours anew when a person has set both values, for hooks that nobody here knows', async () => {
    const { audit, secret, control, store, use, clock } = await setUp('by hand');
    await store.remove(company, (await store.read(company))?.revision ?? 0);
    const [byHand, old] = ['set-by-hand-in-the-console', 'still-sent-by-a-hook-made-by-hand'];
    secret.value = { current: byHand, previous: old };
    expect(await audit()).toMatchObject({ previousRetired: false });
    await use.note(fingerprint(old), clock() + 2 * hour);
    await control.advance(14 * hour);
    expect(await audit()).toMatchObject({ previousRetired: false });
    await control.advance(2 * hour);
    expect(await audit()).toMatchObject({ previousRetired: true });
    expect(secret.value).toMatchObject({ current: byHand });
    expect(secret.value).not.toHaveProperty('previous');
  });

  it('waits for a hook that could not be moved', async () => {
    const { audit, control, secret, keeper, clock } = await setUp('stuck');
    await beginRollOver(secret.value, 'the-second-value-of-the-header', { keeper, clock });
    control.setConnected(company, false);
    await audit();
    await control.advance(14 * hour);
    expect(await audit()).toMatchObject({ previousRetired: false });
    control.setConnected(company, true);
    expect(await audit()).toMatchObject({ repaired: 1, previousRetired: false });
  });

  it('does not wait longer than 26 hours for a hook that cannot be moved, and names its company', async () => {
    const { audit, control, secret, keeper, clock, observer } = await setUp('dead customer');
    await beginRollOver(secret.value, 'the-second-value-of-the-header', { keeper, clock });
    control.setConnected(company, false);
    await control.advance(25.9 * hour);
    expect(await audit()).toMatchObject({ previousRetired: false });
    await control.advance(0.2 * hour);
    expect(await audit()).toMatchObject({ previousRetired: true });
    const hooks = expect.objectContaining({ companyId: company, count: 1 });
    expect(observer.notes).toContainEqual(['subscription.hooks_not_moved', hooks]);
    expect(observer.notes.at(-1)).toEqual(['subscription.hooks_cut_off', hooks]);
    expect(secret.value).not.toHaveProperty('previous');
  });
});
