import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  budgetClassOf,
  deduplicationId,
  groupId,
  originOf,
  provenance,
  queueJson,
  readEventMessage,
  resourceKey,
  type WebhookEventMessage,
  workKey,
} from '../../functions/webhook/event-message.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import { aboutEvent, sampleEvent } from './sample-events.ts';

const message = (event: Parameters<typeof sampleEvent>[0]): WebhookEventMessage => ({
  kind: 'webhook_event',
  environment: 'sandbox',
  event: sampleEvent(event),
  receivedAt: 1,
});

describe('event message', () => {
  it('has group and deduplication ids that SQS allows, whatever the event holds', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 });
    fc.assert(
      fc.property(text, text, text, (id, resourceName, resourceId) => {
        const sent = message({ id, resourceName, resourceId });
        expect(groupId(sent)).toMatch(/^[0-9a-f]{64}$/);
        expect(deduplicationId(sent)).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });

  it('tells resources apart that only look the same when joined', () => {
    const keys = [
      { companyId: '1', projectId: '23', resourceId: '4' },
      { companyId: '12', projectId: '3', resourceId: '4' },
      { companyId: '1', projectId: null, resourceId: '234' },
      { companyId: '1', projectId: '23', resourceName: 'RFIs,4', resourceId: '' },
    ].map((event) => resourceKey(sampleEvent(event)));
    expect(new Set(keys).size).toBe(4);
  });

  it('deduplicates by the event’s id alone and groups without it', () => {
    expect(deduplicationId(message({ id: 'a', eventType: 'create' }))).toBe(deduplicationId(message({ id: 'a' })));
    expect(deduplicationId(message({ id: 'a' }))).not.toBe(deduplicationId(message({ id: 'b' })));
    expect(groupId(message({ id: 'a', eventType: 'create' }))).toBe(groupId(message({ id: 'b' })));
  });

  it('writes any text so that SQS takes it and the reader gets it back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0xffff })), (units) => {
        const resourceName = String.fromCharCode(...units, 0xfffe, 0xffff, 0xd83c, 0);
        const body = queueJson(message({ resourceName }));
        expect(body).toMatch(/^[ -\uD7FF\uE000-\uFFFD]*$/);
        expect(readEventMessage(body)).toEqual(message({ resourceName }));
      }),
    );
  });

  it('has the whole JSON that a consumer of its own reads', () => {
    const event = { kind: 'webhook_event', environment: 'sandbox', event: { id: '1', resourceId: '2' } };
    const change = { kind: 'connection_change', environment: 'sandbox', change: { connectionId: 'acme' } };
    expect(readEventMessage(JSON.stringify(event))).toEqual(event);
    expect(readEventMessage(JSON.stringify(change))).toEqual(change);
  });

  it.each([
    '',
    'null',
    '7',
    '"text"',
    '[]',
    '{}',
    '{"kind":"webhook_event","environment":"sandbox"}',
    '{"kind":"webhook_event","environment":"sandbox","event":null}',
    '{"kind":"webhook_event","environment":"sandbox","event":"text"}',
    '{"kind":"webhook_event","environment":"sandbox","event":{"id":1,"resourceId":"2"}}',
    '{"kind":"webhook_event","environment":"sandbox","event":{"id":"1"}}',
    '{"kind":"webhook_event","environment":"sandbox","event":{"resourceId":"2"}}',
    '{"kind":"webhook_event","environment":"elsewhere","event":{"id":"1","resourceId":"2"}}',
    '{"kind":"webhook_event","environment":7,"event":{"id":"1","resourceId":"2"}}',
    '{"kind":"another","environment":"sandbox","event":{"id":"1","resourceId":"2"},"change":{"connectionId":"acme"}}',
    '{"kind":"connection_change","environment":"sandbox","change":{"connectionId":7}}',
    '{"kind":"connection_change","environment":"sandbox","event":{"id":"1","resourceId":"2"}}',
  ])('does not take %j for a message', (body) => {
    expect(readEventMessage(body)).toBeUndefined();
  });
});

describe('the origin of an event', () => {
  it.each([
    ['live', 'foreground'],
    ['replayed', 'foreground'],
    ['recovered', 'background'],
    ['reconciled', 'background'],
    ['backfilled', 'background'],
  ] as const)('%s goes with the message, its version, and the budget class %s', (origin, budgetClass) => {
    const about = provenance(origin);
    expect(about).toEqual({ version: 1, origin, class: budgetClass });
    expect([originOf(about), budgetClassOf(about)]).toEqual([origin, budgetClass]);
  });

  it('is live in a message of an older version, and where a later version says a word that is not known', () => {
    const later: object = { origin: 'dreamt', class: 'urgent' };
    for (const message of [{}, later]) {
      expect([originOf(message), budgetClassOf(message)]).toEqual(['live', 'foreground']);
    }
    expect(budgetClassOf({ origin: 'backfilled' })).toBe('background');
  });
});

describe('the key of a message', () => {
  const keyOf = (event: Partial<WebhookEvent>) => workKey(aboutEvent(sampleEvent(event)));
  const ofConnection = (connectionId: string) =>
    workKey({
      kind: 'connection_change',
      change: { connectionId, environment: 'sandbox', change: 'connected', generation: 1, reconnect: '', at: 1 },
    });

  it('is company and resource name, whatever the resource, and for changes the connection', () => {
    expect(keyOf({ resourceId: '2', projectId: null, id: 'another' })).toEqual(keyOf({}));
    expect(keyOf({ companyId: '2' })).not.toEqual(keyOf({}));
    expect(keyOf({ resourceName: 'Submittals' }).key).not.toBe(keyOf({}).key);
    expect(keyOf({ resourceName: 'Submittals' }).company).toBe(keyOf({}).company);
    expect(ofConnection('acme')).not.toEqual(ofConnection('other'));
    expect(ofConnection('8').company).not.toBe(keyOf({ companyId: '8' }).company);
  });
});
