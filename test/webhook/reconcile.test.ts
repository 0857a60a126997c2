import { describe, expect, it } from 'vitest';
import { readEventMessage } from '../../functions/webhook/event-message.ts';
import { emitChange } from '../../functions/webhook/reconcile.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { aboutEvent, recordingObserver, sampleEvent, sampleTime } from './sample-events.ts';

const rfis = { companyId: '5358233', resourceName: 'RFIs', projectId: '23498237' } as const;
const changedAt = new Date((sampleTime - 600) * 1000).toISOString();
const record = { id: '9007199254741129', updated_at: changedAt };

function setUp() {
  const clock = () => sampleTime;
  const queue = memoryEventQueue(clock);
  const ledger = memoryLedger(clock);
  const observer = recordingObserver();
  const dependencies = {
    environment: 'sandbox',
    queue,
    ledger,
    quarantine: memoryQuarantine(clock),
    clock,
    observer,
  } as const;
  const events = () =>
    queue.messages.flatMap(({ body }) => {
      const message = readEventMessage(body);
      return message?.kind === 'webhook_event' ? [message] : [];
    });
  return { dependencies, ledger, observer, events };
}

describe('a change that a list shows', () => {
  it('becomes an event of origin reconciled, which is nobody’s in a hurry', async () => {
    const { dependencies, events } = setUp();
    expect(await emitChange(record, rfis, dependencies)).toBe('emitted');
    expect(events()).toMatchObject([{ origin: 'reconciled', class: 'background' }]);
    expect(events()[0]?.event).toMatchObject({ ...rfis, resourceId: record.id, eventType: 'update' });
  });

  it('is emitted once, and again when it changes', async () => {
    const { dependencies, events } = setUp();
    await emitChange(record, rfis, dependencies);
    expect(await emitChange(record, rfis, dependencies)).toBe('known');
    const later = { ...record, updated_at: new Date(sampleTime * 1000).toISOString() };
    expect(await emitChange(later, rfis, dependencies)).toBe('emitted');
    expect(events()).toHaveLength(2);
  });

  it.each([
    ['as new as itself', 0, 'handled'],
    ['a millisecond older', -0.001, 'emitted'],
  ] as const)('beside a handled event that is %s (%d s): is %s', async (_, difference, outcome) => {
    const { dependencies, ledger } = setUp();
    const occurredAt = Date.parse(changedAt) / 1000 + difference;
    const event = sampleEvent({ ...rfis, resourceId: record.id, id: 'of a webhook', occurredAt });
    await ledger.markHandled(aboutEvent(event), sampleTime);
    expect(await emitChange(record, rfis, dependencies)).toBe(outcome);
  });

  it('is emitted when its history cannot be read: twice is better than never', async () => {
    const { dependencies, ledger, observer } = setUp();
    const unreadable = { ...ledger, history: () => Promise.reject(new Error('throttled')) };
    expect(await emitChange(record, rfis, { ...dependencies, ledger: unreadable })).toBe('emitted');
    expect(observer.counts.get('ledgerUnread')).toBe(1);
    expect(observer.notes).toContainEqual(['reconcile.ledger_unread', { errorName: 'Error' }]);
  });

  it.each([['text'], [{ id: 1 }], [{ updated_at: changedAt }], [{ id: 2, updated_at: 7 }]])(
    'cannot be one of %j',
    async (unusable) => {
      const { dependencies } = setUp();
      expect(await emitChange(unusable, rfis, dependencies)).toBe('unusable');
    },
  );

  it('has failed when the queue refuses it', async () => {
    const { dependencies } = setUp();
    const queue = { send: () => Promise.reject(new Error('down')) };
    expect(await emitChange(record, rfis, { ...dependencies, queue })).toBe('failed');
  });
});
