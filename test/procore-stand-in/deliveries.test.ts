import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { PayloadVersion } from '../../lib/procore-stand-in/hooks.ts';
import type { ProcoreStandIn } from '../../lib/procore-stand-in/server.ts';
import { type Destination, destination, standIn } from './setup.ts';

const company = '5358233';
const project = '23498237';
const rfi = { resourceName: 'RFIs', eventType: 'update', companyId: company, projectId: project, resourceId: '54321' };

function hookTo(procore: ProcoreStandIn, { url }: Destination, payloadVersion: PayloadVersion = 'v4.0') {
  return procore.control.createHook({
    payloadVersion,
    namespace: 'procore-connector',
    destinationUrl: url,
    authorization: 'Bearer to the letter',
    companyId: company,
    projectId: project,
    triggers: [{ resourceName: 'RFIs', eventType: 'update' }],
  });
}

function fixture(version: PayloadVersion): string {
  return readFileSync(new URL(`../../lib/procore-stand-in/fixtures/webhook-${version}.json`, import.meta.url), 'utf8');
}

describe('an event', () => {
  it.each(['v2', 'v2.0', 'v3.0', 'v4.0'] as const)('has the fields of the %s example', async (version) => {
    const procore = await standIn();
    const there = await destination();
    hookTo(procore, there, version);
    await procore.control.emitEvent(rfi);
    const [{ body = '', headers = {} } = {}] = there.received;
    const fieldsOf = (text: string) => Object.keys(JSON.parse(text)).sort();
    expect(fieldsOf(body)).toEqual(fieldsOf(fixture(version)));
    expect(headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer to the letter' });
  });

  it('carries ids beyond 2^53 exactly', async () => {
    const procore = await standIn();
    const there = await destination();
    hookTo(procore, there, 'v2.0');
    await procore.control.emitEvent({ ...rfi, resourceId: '5982324300946918154' });
    const body = there.received[0]?.body ?? '';
    expect(body).toContain('"resource_id":5982324300946918154');
    const [, id = '0'] = /^\{"id":(\d+),/.exec(body) ?? [];
    expect(BigInt(id)).toBeGreaterThan(2n ** 53n);
  });

  it('is one event to several hooks', async () => {
    const procore = await standIn();
    const there = await destination();
    hookTo(procore, there);
    hookTo(procore, there);
    await procore.control.emitEvent(rfi);
    const ids = there.received.map(({ body }) => (JSON.parse(body) as { id: string }).id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it.each([
    ['a name in other case', { resourceName: 'rfis' }],
    ['another event type', { eventType: 'create' }],
    ['another project', { projectId: '2468013579' }],
    ['another company', { companyId: '562949953421312345' }],
  ])('is not told to a hook of %s', async (_name, other) => {
    const procore = await standIn();
    const there = await destination();
    hookTo(procore, there);
    expect(await procore.control.emitEvent({ ...rfi, ...other })).toEqual([]);
    expect(there.received).toEqual([]);
  });

  it('is silence to a trigger whose name differs in case', async () => {
    const procore = await standIn();
    const there = await destination();
    procore.control.createHook({
      payloadVersion: 'v4.0',
      namespace: 'a',
      destinationUrl: there.url,
      companyId: company,
      projectId: project,
      triggers: [{ resourceName: 'rfis', eventType: 'update' }],
    });
    expect(await procore.control.emitEvent(rfi)).toEqual([]);
  });

  it('of a project tool is silence to a company hook that listens to it', async () => {
    const procore = await standIn();
    const there = await destination();
    procore.control.createHook({
      payloadVersion: 'v4.0',
      namespace: 'a',
      destinationUrl: there.url,
      companyId: company,
      triggers: [
        { resourceName: 'RFIs', eventType: 'update' },
        { resourceName: 'Company Users', eventType: 'update' },
      ],
    });
    expect(await procore.control.emitEvent(rfi)).toEqual([]);
    const { projectId: _none, ...ofCompany } = { ...rfi, resourceName: 'Company Users' };
    expect(await procore.control.emitEvent(ofCompany)).toHaveLength(1);
    expect(there.received[0]?.headers.authorization).toBeUndefined();
  });

  it.each(['null', 'absent'] as const)(
    'of a company has project_id %s in v4.0, by seed',
    async (v4CompanyEventProjectId) => {
      const procore = await standIn({ unknowns: { v4CompanyEventProjectId } });
      const there = await destination();
      procore.control.createHook({
        payloadVersion: 'v4.0',
        namespace: 'a',
        destinationUrl: there.url,
        companyId: company,
        triggers: [{ resourceName: 'Company Users', eventType: 'update' }],
      });
      await procore.control.emitEvent({
        resourceName: 'Company Users',
        eventType: 'update',
        companyId: company,
        resourceId: '1',
      });
      expect(there.received[0]?.body.includes('"project_id":null')).toBe(v4CompanyEventProjectId === 'null');
    },
  );
});

describe('the delivery rule', () => {
  it('takes any 2xx for success, and a redirect, a 4xx and silence for failure', async () => {
    for (const [answer, status] of [
      [200, 'delivered'],
      [204, 'delivered'],
      [302, 'retrying'],
      [401, 'retrying'],
      ['silence', 'retrying'],
    ] as const) {
      const procore = await standIn({ deliveryTimeoutMs: 150 });
      const there = await destination();
      there.answer = answer;
      hookTo(procore, there);
      const [delivery] = await procore.control.emitEvent(rfi);
      expect(delivery?.status, String(answer)).toBe(status);
    }
  });

  it('counts a destination that cannot be reached as a failure', async () => {
    const procore = await standIn();
    const there = { url: 'http://127.0.0.1:1/webhooks', received: [], answer: 200 };
    hookTo(procore, there);
    const [delivery] = await procore.control.emitEvent(rfi);
    expect(delivery).toMatchObject({ status: 'retrying', attempts: [{ success: false }] });
  });

  it('pauses the whole endpoint after a failure, other hooks included, and no other endpoint', async () => {
    const procore = await standIn();
    const [there, elsewhere] = [await destination(), await destination()];
    hookTo(procore, there);
    there.answer = 500;
    await procore.control.emitEvent(rfi);
    hookTo(procore, there, 'v2.0');
    hookTo(procore, elsewhere);
    there.answer = 200;
    await procore.control.emitEvent(rfi);
    expect(there.received).toHaveLength(1);
    expect(elsewhere.received).toHaveLength(1);
    await procore.control.advance(1);
    expect(there.received).toHaveLength(4);
    expect(procore.control.deliveries().every(({ status }) => status === 'delivered')).toBe(true);
  });

  it('backs off from 1 s to 1 h and discards the queue after 12 h', async () => {
    const procore = await standIn({ unknowns: { flushedAttemptStatus: 'discarded', flushDisablesHooks: false } });
    const began = procore.control.now();
    const there = await destination(() => (procore.control.now() - began) / 1000);
    hookTo(procore, there);
    there.answer = 503;
    await procore.control.emitEvent(rfi);
    await procore.control.emitEvent(rfi);
    await procore.control.advance(12 * 3600 - 1);
    const times = there.received.map(({ at }) => at);
    const doubling = [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095];
    expect(times).toEqual([...doubling, ...Array.from({ length: 10 }, (_unused, hour) => 4095 + (hour + 1) * 3600)]);
    expect(procore.control.deliveries().map(({ status }) => status)).toEqual(['retrying', 'enqueued']);

    await procore.control.advance(1);
    expect(procore.control.deliveries().map(({ status }) => status)).toEqual(['discarded', 'discarded']);
    expect(procore.control.deliveries()[1]?.attempts).toEqual([]);
    const attempted = there.received.length;
    await procore.control.advance(24 * 3600);
    expect(there.received).toHaveLength(attempted);

    there.answer = 200;
    const [fresh] = await procore.control.emitEvent(rfi);
    expect(fresh?.status).toBe('delivered');
  });

  it('starts its back-off and its 12 h anew after a success', async () => {
    const procore = await standIn();
    const began = procore.control.now();
    const there = await destination(() => (procore.control.now() - began) / 1000);
    hookTo(procore, there);
    there.answer = 500;
    await procore.control.emitEvent(rfi);
    await procore.control.advance(11 * 3600);
    there.answer = 200;
    await procore.control.advance(3600);
    expect(procore.control.deliveries()[0]?.status).toBe('delivered');
    there.answer = 500;
    there.received.splice(0);
    await procore.control.emitEvent(rfi);
    await procore.control.advance(3);
    const [first = 0] = there.received.map(({ at }) => at);
    expect(there.received.map(({ at }) => at - first)).toEqual([0, 1, 3]);
  });

  it.each([true, false])(
    'may or may not disable the hooks with the flush (disables: %s)',
    async (flushDisablesHooks) => {
      const procore = await standIn({ unknowns: { flushDisablesHooks } });
      const there = await destination();
      hookTo(procore, there);
      there.answer = 500;
      await procore.control.emitEvent(rfi);
      await procore.control.advance(12 * 3600);
      expect(procore.control.hooks()[0]?.status).toBe(flushDisablesHooks ? 'disabled' : 'active');
    },
  );

  it.each(['current', 'as-queued'] as const)(
    'retries with the %s header after the hook got a new one',
    async (retryAuthorization) => {
      const procore = await standIn({ unknowns: { retryAuthorization } });
      const there = await destination();
      there.answer = 500;
      const hook = hookTo(procore, there);
      await procore.control.emitEvent(rfi);
      procore.control.setHookAuthorization(hook.id, 'Bearer new');
      there.answer = 200;
      await procore.control.advance(1);
      expect(there.received[1]?.headers.authorization).toBe(
        retryAuthorization === 'current' ? 'Bearer new' : 'Bearer to the letter',
      );
    },
  );

  it.each(['kept', 'dropped'] as const)(
    'holds events of a disabled hook back: %s, by seed',
    async (disabledHookEvents) => {
      const procore = await standIn({ unknowns: { disabledHookEvents } });
      const there = await destination();
      const hook = hookTo(procore, there);
      procore.control.setHookStatus(hook.id, 'disabled');
      await procore.control.emitEvent(rfi);
      expect(there.received).toEqual([]);
      procore.control.setHookStatus(hook.id, 'active');
      await procore.control.advance(1);
      expect(there.received).toHaveLength(disabledHookEvents === 'kept' ? 1 : 0);
    },
  );

  it('delivers again what was delivered, body and all', async () => {
    const procore = await standIn();
    const there = await destination();
    hookTo(procore, there);
    const [delivery] = await procore.control.emitEvent(rfi);
    await procore.control.redeliver(delivery?.id ?? '');
    expect(there.received[1]?.body).toBe(there.received[0]?.body);
    expect(delivery?.attempts).toHaveLength(2);
  });

  it('retries by itself in real time', async () => {
    const procore = await standIn({ now: Date.now });
    const there = await destination();
    hookTo(procore, there);
    there.answer = 500;
    const [delivery] = await procore.control.emitEvent(rfi);
    there.answer = 200;
    await expect.poll(() => delivery?.status, { timeout: 3000 }).toBe('delivered');
  });

  it('delivers a storm of 500 events in any order, each once', async () => {
    // On a busy machine 500 answers take longer than the time-out of the other tests.
    const procore = await standIn({ deliveryTimeoutMs: 30_000 });
    const there = await destination();
    hookTo(procore, there);
    const resourceIds = Array.from({ length: 500 }, (_unused, index) => String(index));
    await Promise.all(resourceIds.map((resourceId) => procore.control.emitEvent({ ...rfi, resourceId })));
    const received = there.received.map(({ body }) => (JSON.parse(body) as { resource_id: string }).resource_id);
    expect(received).not.toEqual(resourceIds);
    expect(received.sort((a, b) => Number(a) - Number(b))).toEqual(resourceIds);
  });
});
