import { describe, expect, it } from 'vitest';
import { type ExactJsonObject, isJsonObject, parseExactJson } from '../../functions/procore/exact-json.ts';
import { acceptDelivery } from '../../functions/webhook/acceptance.ts';
import { applySubscription } from '../../functions/webhook/apply-subscription.ts';
import { auditSubscriptions } from '../../functions/webhook/audit.ts';
import { readEventMessage } from '../../functions/webhook/event-message.ts';
import { hooksApi } from '../../functions/webhook/hooks-api.ts';
import { beginRollOver } from '../../functions/webhook/roll-over.ts';
import { fingerprint } from '../../functions/webhook/subscription.ts';
import type { WebhookAuthorization } from '../../functions/webhook/webhook-authorization.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { untilReturn } from '../memory/port.ts';
import { memoryPreviousUse } from '../memory/previous-use.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { memoryAuthorizationKeeper, memorySecret } from '../memory/secret.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { destination, seeds } from '../procore-stand-in/setup.ts';
import { recordingObserver } from './sample-events.ts';
import { answered, bridge, company, connectedStandIn, type Interception, townHall } from './stand-in-api.ts';

const hour = 3600;
const actions = ['create', 'update', 'delete'] as const;

/** A company with one project's RFIs subscribed, whose deliveries go to a destination that can be made to fail. */
async function setUp(seed: string, unknowns: Parameters<typeof connectedStandIn>[1] = {}) {
  const { procore, client, clientThrough, requests } = await connectedStandIn(seed, unknowns);
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
  const audit = (otherwise: Partial<Parameters<typeof auditSubscriptions>[0]> = {}) =>
    untilReturn(() =>
      auditSubscriptions({
        store,
        source,
        keeper,
        use,
        clientFor: () => client,
        accept,
        clock,
        observer,
        remaining: () => 300_000,
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

  it('finds nothing to do where all is well, at four calls a hook', async () => {
    const { audit, requests, observer } = await setUp('well');
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
    expect(requests.slice(before).every(({ method }) => method === 'GET')).toBe(true);
    await audit();
    expect(requests.length - before).toBeLessThanOrEqual(8);
    // No zeros: a metric costs by the hour in which something was said of it.
    expect(observer.counts.size).toBe(0);
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
    expect(observer.counts.get('subscriptionAuditFailed')).toBe(1);
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
    expect(observer.counts.get('subscriptionAuditFailed')).toBe(8);
    expect(observer.notes).toContainEqual([
      'subscription.hook_failed',
      { companyId: company, projectId: townHall, errorName: 'ProcoreApiError', status: 404 },
    ]);
  });

  it('begins with the company that has waited longest, also after an audit that ran out of time', async () => {
    const { audit, store, client } = await setUp('in turn');
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, companyId: '1', connectionId: 'other' }, undefined);
    const asked: string[] = [];
    const clientFor = ({ companyId }: { companyId: string }) => {
      asked.push(companyId);
      return client;
    };
    for (const audits of [1, 2]) await audit({ clientFor, remaining: () => (asked.length < audits ? 300_000 : 0) });
    expect(asked.toSorted()).toEqual(['1', company]);
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
      return answered(200, { data: [{ id: list[0]?.id }, ...list.slice(1)] });
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

  it('never asks for silence, and tells of none, where it was told not to', async () => {
    const { audit, store, control, requests } = await setUp('no silence');
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, silenceHours: 0 }, stored.revision);
    await control.advance(300 * hour);
    const before = requests.length;
    expect(await audit()).toMatchObject({ silent: 0 });
    const listings = requests.slice(before).filter(({ path }) => path.endsWith('/deliveries'));
    expect(listings.every(({ query }) => query?.['filter[status]'] !== undefined)).toBe(true);
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
    const { audit, store, requests } = await setUp('time for one');
    const stored = await store.read(company);
    if (stored === undefined) throw new Error('nothing stored');
    await store.save({ ...stored, projects: [bridge, townHall] }, stored.revision);
    const before = requests.length;
    // A hook costs a few calls: after the first of them there is too little time for another hook.
    await audit({ remaining: () => (requests.length > before ? 19_999 : 20_000) });
    const projects = requests.slice(before).map(({ path }) => /\/projects\/(\d+)\//.exec(path)?.[1]);
    expect(new Set(projects.filter((project) => project !== undefined)).size).toBe(1);
  });

  it('begins nothing when no time is left', async () => {
    const { audit, requests } = await setUp('time');
    const before = requests.length;
    expect(await audit({ remaining: () => 19_999 })).toMatchObject({ unfinished: 1 });
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

  it('moves hooks to the new value at once, although this process remembers the old one', async () => {
    const { audit, control, secret, keeper, clock } = await setUp('remembered');
    await audit();
    await beginRollOver(secret.value, 'the-second-value-of-the-header', { keeper, clock });
    expect(await audit()).toMatchObject({ repaired: 1 });
    expect(control.hooks()).toMatchObject([{ authorization: 'Bearer the-second-value-of-the-header' }]);
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
