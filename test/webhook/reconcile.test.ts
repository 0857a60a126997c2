import { describe, expect, it } from 'vitest';
import type { Query } from '../../functions/procore/listing.ts';
import { readEventMessage } from '../../functions/webhook/event-message.ts';
import { reconcile } from '../../functions/webhook/reconcile.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { companyId, recordingObserver } from '../procore/client-world.ts';
import { standInClient } from '../procore/stand-in-client.ts';
import { standIn } from '../procore-stand-in/setup.ts';
import { aboutEvent } from './sample-events.ts';

const projectId = '23498237';
const rfis = { resourceName: 'RFIs', path: `/rest/v1.0/projects/${projectId}/rfis`, projectId } as const;

async function setUp() {
  const procore = await standIn({ unknowns: { rateLimits: { hourly: 10_000, spike: 10_000 } } });
  const { client } = await standInClient(procore);
  const clock = () => procore.control.now() / 1000;
  const queue = memoryEventQueue(clock);
  const ledger = memoryLedger(clock);
  const { observer, counts, notes } = recordingObserver();
  const dependencies = {
    environment: 'sandbox' as const,
    queue,
    ledger,
    quarantine: { keep: async () => 'kept' as const },
    clock,
    observer,
    company: client.company(companyId),
  };
  const events = () =>
    queue.messages.map(({ body }) => {
      const message = readEventMessage(body);
      if (message?.kind !== 'webhook_event') throw new Error('not an event');
      return message.event;
    });
  return { procore, dependencies, ledger, events, counts, notes, now: clock() };
}

describe('reconcile', () => {
  it('emits an event for each change that was never reported, through the event queue', async () => {
    const { dependencies, events, notes, now } = await setUp();
    const outcome = await reconcile(dependencies, rfis, now - 130 * 60);
    expect(notes.at(-1)).toEqual(['reconciled', { resourceName: 'RFIs', count: 130 }]);
    expect(outcome).toEqual({ listed: 130, handled: 0, emitted: 130, known: 0, failed: 0, until: Math.floor(now) });
    expect(events()[129]).toMatchObject({
      resourceName: 'RFIs',
      resourceId: '9007199254741129',
      companyId,
      projectId,
      eventType: 'update',
    });
    expect(new Set(events().map(({ id }) => id)).size).toBe(130);
  });

  it('emits nothing twice', async () => {
    const { dependencies, events, now } = await setUp();
    await reconcile(dependencies, rfis, now - 5 * 60);
    expect(await reconcile(dependencies, rfis, now - 5 * 60)).toMatchObject({ listed: 5, emitted: 0 });
    expect(events()).toHaveLength(5);
  });

  it('passes over what a webhook has brought already', async () => {
    const { dependencies, events, ledger, now } = await setUp();
    await reconcile(dependencies, rfis, now - 3 * 60);
    const [first] = events();
    if (!first) throw new Error('no event');
    const occurredAt = first.occurredAt ?? 0;
    const outcomes = [];
    for (const handledUpTo of [occurredAt - 0.001, occurredAt]) {
      await ledger.markHandled(aboutEvent({ ...first, id: 'of a webhook', occurredAt: handledUpTo }), now);
      outcomes.push(await reconcile(dependencies, rfis, now - 3 * 60));
    }
    expect(outcomes).toMatchObject([
      { listed: 3, handled: 0, emitted: 0, known: 3 },
      { listed: 3, handled: 1, emitted: 0, known: 2 },
    ]);
  });

  it('emits a change whose history cannot be read: twice is better than never', async () => {
    const { dependencies, ledger, events, counts, notes, now } = await setUp();
    const unreadable = { ...ledger, history: () => Promise.reject(new Error('throttled')) };
    expect(await reconcile({ ...dependencies, ledger: unreadable }, rfis, now - 60)).toMatchObject({ emitted: 1 });
    expect(events()).toHaveLength(1);
    expect(counts.ledgerUnread).toBe(1);
    expect(notes).toContainEqual(['reconcile.ledger_unread', { errorName: 'Error' }]);
  });

  it('asks the list of the resource with its own query, from then until now, and fails what it cannot read', async () => {
    const { dependencies, now } = await setUp();
    const asked: unknown[][] = [];
    const company = {
      ...dependencies.company,
      async *listChanged(...parameters: unknown[]) {
        asked.push(parameters);
        yield* ['text', { id: 1 }, { updated_at: '2025-02-06T23:34:12Z' }, { id: 2, updated_at: 7 }];
      },
    };
    const run = (query?: Query) =>
      reconcile({ ...dependencies, company }, { ...rfis, ...(query && { query }) }, now - 60);
    expect(await run({ view: 'extended' })).toMatchObject({ listed: 4, failed: 4, emitted: 0 });
    await run();
    const until = Math.floor(now);
    expect(asked).toEqual([
      [rfis.path, now - 60, until, { query: { view: 'extended' } }],
      [rfis.path, now - 60, until, {}],
    ]);
  });

  it('counts what the queue refuses, for the next run', async () => {
    const { dependencies, now } = await setUp();
    const queue = { send: () => Promise.reject(new Error('down')) };
    expect(await reconcile({ ...dependencies, queue }, rfis, now - 3 * 60)).toMatchObject({ emitted: 0, failed: 3 });
  });
});
