import { describe, expect, it, vi } from 'vitest';
import { NoSubscriptionError } from '../../functions/webhook/event-client.ts';
import type { EventHandlers, MarkedEvent } from '../../functions/webhook/event-handlers.ts';
import { Permanent } from '../../functions/webhook/permanent.ts';
import { HandlerTimeoutError } from '../../functions/webhook/time-limit.ts';
import { fakeCompanyClient } from '../../lib/testing/fake-company-client.ts';
import { refusal, UnplannedCallError } from '../../lib/testing/planned-answers.ts';
import { sampleConnectionChange } from '../../lib/testing/sample-connection-change.ts';
import { sampleEvent } from '../../lib/testing/sample-event.ts';
import { OtherCompanyError, runConnectionChange, runEvent, testWorker } from '../../lib/testing/test-worker.ts';

type OnEvent = EventHandlers['onEvent'];

const event = sampleEvent('RFIs', 'update', { resourceId: '42' });
const path = '/rest/v1.0/projects/23498237/rfis/42';

/** A handler that remembers the marks it was given. */
function remembering(fails: (event: MarkedEvent) => void = () => {}) {
  const marks: MarkedEvent['marks'][] = [];
  const onEvent: OnEvent = async (given) => {
    marks.push(given.marks);
    fails(given);
  };
  return { marks, onEvent };
}

describe('an event that is run', () => {
  it('is handled, with the client of its company and what was logged', async () => {
    const procore = fakeCompanyClient({ [`GET ${path}`]: { id: 42, subject: 'Where?' } });
    const onEvent: OnEvent = async (given, context) => {
      const { body } = await context.procore.get(path);
      context.log('rfi.read', { eventId: given.id, body, password: 'a-secret-of-nobody' });
    };
    expect(await runEvent(onEvent, event, { procore })).toEqual({
      outcome: 'handled',
      tries: 1,
      logs: [{ event: 'rfi.read', eventId: event.id, body: { id: 42, subject: 'Where?' }, password: '(left out)' }],
    });
  });

  it('reaches the handler as it was made', async () => {
    const onEvent = vi.fn<OnEvent>(async () => {});
    await runEvent(onEvent, event);
    expect(onEvent.mock.calls[0]?.[0]).toEqual(event);
  });

  it('comes again after an error', async () => {
    const error = new Error('the database is out');
    const onEvent = () => Promise.reject(error);
    const result = await runEvent(onEvent, event);
    expect(result).toMatchObject({ outcome: 'retried', tries: 1, logs: [] });
    expect(result.waitSeconds).toBeGreaterThan(3);
    expect(result.error).toBe(error);
  });

  it('is tried again as often as asked, and is handled when it succeeds', async () => {
    let tries = 0;
    const onEvent: OnEvent = async () => {
      tries += 1;
      if (tries < 3) throw new Error('not yet');
    };
    expect(await runEvent(onEvent, event, { tries: 5 })).toEqual({ outcome: 'handled', tries: 3, logs: [] });
  });

  it('is a dead letter after a Permanent', async () => {
    const onEvent = () => Promise.reject(new Permanent('no such project with us'));
    const result = await runEvent(onEvent, event, { tries: 5 });
    expect(result).toMatchObject({ outcome: 'dead_lettered', reason: 'permanent', tries: 1 });
  });

  it('is a dead letter when it fails for three days', async () => {
    const onEvent = () => Promise.reject(new Error('always'));
    const result = await runEvent(onEvent, event, { tries: 1000 });
    expect(result).toMatchObject({ outcome: 'dead_lettered', reason: 'failed_too_long' });
    expect(result.tries).toBeGreaterThan(400);
  });

  it('has its signal aborted at the limit, and comes again', async () => {
    let aborted: unknown;
    const onEvent: OnEvent = (_, { signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => {
          aborted = signal.reason;
        });
      });
    const result = await runEvent(onEvent, event, { timeLimitMs: 20 });
    expect(result.outcome).toBe('retried');
    expect(result.error).toBeInstanceOf(HandlerTimeoutError);
    expect(aborted).toBe(result.error);
  });

  it.each([
    { handledBefore: true },
    { stale: true },
    { stale: null },
    { loop: true },
    { unsubscribed: true },
    { handledBefore: true, stale: true, loop: true, unsubscribed: true },
  ])('has the marks that the test gave it: %o', async (marks) => {
    const { marks: got, onEvent } = remembering();
    const given = sampleEvent('RFIs', 'update', { marks });
    await runEvent(onEvent, given);
    expect(got).toEqual([given.marks]);
  });

  it('has them also where the test writes them over those of an event', async () => {
    const { marks: got, onEvent } = remembering();
    const marks = { handledBefore: true, stale: true, loop: true, unsubscribed: true };
    await runEvent(onEvent, { ...sampleEvent('RFIs', 'update'), marks });
    expect(got).toEqual([marks]);
  });

  it('has the secrets of the test, which are left out of its log', async () => {
    const text = 'key-of-nobody';
    let got: string | undefined;
    const onEvent: OnEvent = async (_, { secret, log }) => {
      got = await secret('erp');
      log('asked', { with: `Bearer? ${got}` });
      await secret('crm');
    };
    const result = await runEvent(onEvent, event, { secrets: { erp: text } });
    expect(got).toBe(text);
    expect(JSON.stringify(result.logs)).not.toContain(text);
    expect(result).toMatchObject({ outcome: 'retried', error: { code: 'unknown_secret' } });
  });

  it('is an error of the handler that does not await a call, which on AWS may never be made', async () => {
    const procore = fakeCompanyClient({ [`GET ${path}`]: { id: 42 }, 'GET /rest/v1.0/companies': [{ id: 1 }] });
    const forgetful: OnEvent = async (_, context) => {
      for await (const _each of context.procore.list('/rest/v1.0/companies')) await context.procore.get(path);
      void context.procore.get(path);
    };
    await expect(runEvent(forgetful, event, { procore })).rejects.toMatchObject({
      code: 'forgotten_calls',
      message: expect.stringContaining(`onEvent was done before get("${path}") of its \`procore\`: await each call.`),
    });
    const forgetfulOfAList: OnEvent = async (_, context) => {
      void (async () => {
        for await (const _each of context.procore.list('/rest/v1.0/companies')) await context.procore.get(path);
      })();
    };
    await expect(runEvent(forgetfulOfAList, event, { procore })).rejects.toMatchObject({
      code: 'forgotten_calls',
      message: expect.stringContaining('onEvent was done before list("/rest/v1.0/companies") of its'),
    });
    const mindful: OnEvent = async (_, context) => {
      await Promise.all([context.procore.get(path), context.procore.get(path)]);
      await context.procore.get('/rest/v1.0/me').catch(() => undefined);
    };
    const planned = fakeCompanyClient({ [`GET ${path}`]: { id: 42 }, 'GET /rest/v1.0/me': refusal(404) });
    expect(await runEvent(mindful, event, { procore: planned })).toMatchObject({ outcome: 'handled' });
  });

  it('of a company without a subscription gets a client that says so', async () => {
    const onEvent: OnEvent = async (_, { procore }) => {
      await procore.get(path);
    };
    const result = await runEvent(onEvent, sampleEvent('RFIs', 'update', { marks: { unsubscribed: true } }));
    expect(result.error).toBeInstanceOf(NoSubscriptionError);
  });
});

describe('a test that is wrong', () => {
  const reads: OnEvent = async (_, { procore }) => {
    await procore.get(path).catch((cause: unknown) => {
      throw new Error('could not read', { cause });
    });
  };

  it('fails for a call without an answer, whatever the handler makes of it', async () => {
    await expect(runEvent(reads, event)).rejects.toMatchObject({ cause: expect.any(UnplannedCallError) });
    const procore = fakeCompanyClient({ 'GET /rest/v1.0/projects': [] });
    await expect(runEvent(reads, event, { procore })).rejects.toMatchObject({ cause: expect.any(UnplannedCallError) });
  });

  it('fails for a client of another company', async () => {
    const procore = fakeCompanyClient({}, { companyId: '9' });
    await expect(runEvent(reads, event, { procore })).rejects.toMatchObject({ cause: expect.any(OtherCompanyError) });
  });
});

describe('a change of a connection that is run', () => {
  type OnConnectionChange = EventHandlers['onConnectionChange'];
  const ended = sampleConnectionChange('reauthorization_required', { connectionId: 'acme', cause: 'used_elsewhere' });

  it('is handled, as it was made, with secrets and what was logged', async () => {
    const given: unknown[] = [];
    const handler: OnConnectionChange = async (change, { log, secret }) => {
      given.push(change);
      log('customer.told', { connectionId: change.connectionId, with: await secret('mail') });
    };
    expect(await runConnectionChange(handler, ended, { secrets: { mail: 'a secret of the mail' } })).toEqual({
      outcome: 'handled',
      tries: 1,
      logs: [{ event: 'customer.told', connectionId: 'acme', with: '(left out)' }],
    });
    expect(given).toEqual([ended]);
  });

  it.each([
    ['is tried again when it fails', new Error('no mail'), { outcome: 'retried', tries: 3 }],
    [
      'is a dead letter when no try can help',
      new Permanent('no such customer'),
      { outcome: 'dead_lettered', tries: 1, reason: 'permanent' },
    ],
  ])('%s', async (_, error, became) => {
    const handler: OnConnectionChange = async () => {
      throw error;
    };
    expect(await runConnectionChange(handler, ended, { tries: 3 })).toMatchObject({ ...became, error });
  });

  it('may not take longer than the worker has', async () => {
    const { error } = await runConnectionChange(() => new Promise(() => {}), ended, { timeLimitMs: 20 });
    expect(error).toBeInstanceOf(HandlerTimeoutError);
  });

  it('is made with what differs, and a cause where there is one', () => {
    expect(sampleConnectionChange('connected')).toMatchObject({
      connectionId: 'acme',
      generation: 1,
      change: 'connected',
    });
    expect(sampleConnectionChange('connected')).not.toHaveProperty('cause');
    expect(sampleConnectionChange('reauthorization_required')).toMatchObject({ cause: 'revoked' });
  });
});

describe('a worker for several events', () => {
  it('marks what it has handled before, and what is older than that', async () => {
    const { marks, onEvent } = remembering();
    const worker = testWorker(onEvent);
    const older = sampleEvent('RFIs', 'create', { resourceId: '42', timestamp: '2026-01-15T11:00:00Z' });
    await worker.run(event);
    await worker.run(event);
    await worker.run(older);
    await worker.run(sampleEvent('RFIs', 'update', { resourceId: '43' }));
    expect(marks.map(({ handledBefore, stale }) => ({ handledBefore, stale }))).toEqual([
      { handledBefore: false, stale: false },
      { handledBefore: true, stale: false },
      { handledBefore: false, stale: true },
      { handledBefore: false, stale: false },
    ]);
  });

  it('has not handled what failed', async () => {
    const { marks, onEvent } = remembering((_) => {
      if (marks.length === 1) throw new Error('not yet');
    });
    const worker = testWorker(onEvent);
    expect((await worker.run(event)).outcome).toBe('retried');
    expect((await worker.run(event)).outcome).toBe('handled');
    expect(marks.map(({ handledBefore }) => handledBefore)).toEqual([false, false]);
  });
});
