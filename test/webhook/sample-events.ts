import type { Observer } from '../../functions/observer.ts';
import type { Subject } from '../../functions/webhook/event-message.ts';
import type { Try, TryRecord } from '../../functions/webhook/try-record.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';

/** 2025-02-06T23:34:12.246562Z, when the sample events occurred. */
export const sampleTime = 1738884852.246562;

/** An event as parsed from Procore's v2.0 sample, with what a test wants otherwise. */
export function sampleEvent(otherwise: Partial<WebhookEvent> = {}): WebhookEvent {
  return {
    id: '0A1B2C3D4F5G6H7I8J9K0LMN',
    payloadVersion: 'v2.0',
    eventType: 'update',
    resourceName: 'RFIs',
    resourceId: '54321',
    companyId: '1357908642',
    projectId: '2468013579',
    userId: '987654321',
    timestamp: '2025-02-06T23:34:12.246562Z',
    occurredAt: sampleTime,
    relatedResources: [],
    ...otherwise,
  };
}

/** A message's subject that is an event. */
export function aboutEvent(event: WebhookEvent): Subject {
  return { kind: 'webhook_event', event };
}

/** The record of one failed try, with what a test wants otherwise. */
export function sampleTries(otherwise: Partial<TryRecord> = {}): TryRecord {
  const one: Try = {
    at: sampleTime + 1,
    durationMs: 20,
    outcome: 'failed',
    errorName: 'Error',
    text: 'no such cost code',
  };
  return {
    tries: [one],
    messageId: 'm1',
    receiveCount: 1,
    firstTriedAt: sampleTime + 1,
    failures: 1,
    counted: 0,
    deaths: 0,
    ...otherwise,
  };
}

/** An observer that remembers what it was told. */
export function recordingObserver(): Observer & { readonly notes: unknown[][]; readonly counts: Map<string, number> } {
  const notes: unknown[][] = [];
  const counts = new Map<string, number>();
  return {
    notes,
    counts,
    note(event, fields = {}) {
      notes.push([event, fields]);
    },
    count(metric, amount = 1) {
      counts.set(metric, (counts.get(metric) ?? 0) + amount);
    },
  };
}
