import { describe, expect, it } from 'vitest';
import { webhookResources } from '../../lib/procore-stand-in/hooks.ts';
import { sampleEvent } from '../../lib/testing/sample-event.ts';
import { companyResources, projectResources } from '../../lib/testing/webhook-resources.ts';

describe('a sample event', () => {
  it('is what onEvent gets, with ids as texts, a time and marks', () => {
    expect(sampleEvent('RFIs', 'update', { resourceId: '42' })).toEqual({
      id: expect.stringMatching(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
      payloadVersion: 'v4.0',
      eventType: 'update',
      resourceName: 'RFIs',
      resourceId: '42',
      companyId: '5358233',
      projectId: '23498237',
      userId: '5960067',
      timestamp: '2026-01-15T12:00:00.000000Z',
      occurredAt: Date.UTC(2026, 0, 15, 12) / 1000,
      relatedResources: [],
      marks: { handledBefore: false, stale: false, loop: false, unsubscribed: false },
    });
  });

  it('is the same for the same arguments, and another one for others', () => {
    const one = sampleEvent('RFIs', 'update', { resourceId: '42' });
    expect(sampleEvent('RFIs', 'update', { resourceId: '42' })).toEqual(one);
    const others = [
      sampleEvent('RFIs', 'create', { resourceId: '42' }),
      sampleEvent('RFIs', 'update', { resourceId: '43' }),
      sampleEvent('RFIs', 'update', { resourceId: '42', timestamp: '2026-01-15T12:00:00.000001Z' }),
    ];
    expect(new Set([one, ...others].map(({ id }) => id)).size).toBe(4);
  });

  it('keeps the microseconds of its time, and has none when there is none', () => {
    const { occurredAt } = sampleEvent('RFIs', 'update', { timestamp: '2026-01-15T12:00:00.123456Z' });
    expect(occurredAt).toBeCloseTo(Date.UTC(2026, 0, 15, 12) / 1000 + 0.123456, 6);
    expect(sampleEvent('RFIs', 'update', { timestamp: null }).occurredAt).toBeNull();
  });

  it('of a company’s own resource has no project', () => {
    expect(sampleEvent('Company Users', 'update').projectId).toBeNull();
  });

  it('that our own app has caused says so, in a payload version that can', () => {
    const { sourceApplicationId, payloadVersion } = sampleEvent('RFIs', 'update', { marks: { loop: true } });
    expect({ sourceApplicationId, payloadVersion }).toEqual({
      sourceApplicationId: 'the-client-id-of-your-app',
      payloadVersion: 'v3.0',
    });
  });

  it('of a name that Procore does not have is an error for the compiler, and one that names what was meant', () => {
    // @ts-expect-error There is no such name.
    expect(() => sampleEvent('RFI', 'update')).toThrow('Procore has no webhook resource "RFI". Did you mean "RFIs"');
  });

  it('of an action that Procore does not report is an error in the same way', () => {
    // @ts-expect-error There is no such action of this resource.
    expect(() => sampleEvent('Projects', 'delete')).toThrow('only create, update');
    // @ts-expect-error There is no such action.
    expect(() => sampleEvent('RFIs', 'updated')).toThrow('only create, update, delete');
  });

  it('can have a name and an action that this version does not know', () => {
    const event = sampleEvent('RFIs', 'update', { resourceName: 'Robots', eventType: 'charged' });
    expect([event.resourceName, event.eventType]).toEqual(['Robots', 'charged']);
  });
});

describe('the names of resources', () => {
  const all: Readonly<Record<string, readonly string[]>> = { ...companyResources, ...projectResources };

  it('are all that the stand-in has, with its actions', () => {
    for (const { name, actions } of [...webhookResources.company, ...webhookResources.project]) {
      expect(all[name], name).toEqual(expect.arrayContaining([...actions]));
    }
  });
});
