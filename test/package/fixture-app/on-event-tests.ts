import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documented, type Rfi } from 'procore-connector/on-event';
import { fakeCompanyClient, runEvent, sampleEvent, startProcore } from 'procore-connector/testing';
import { onEvent } from './on-event.ts';

// Tests as an integrator writes them, by the runner that Node has.

test('logs an event', async () => {
  const event = sampleEvent('RFIs', 'update');
  const { outcome, logs } = await runEvent(onEvent, event);
  assert.deepEqual({ outcome, logs }, { outcome: 'handled', logs: [{ event: 'event.received', eventId: event.id }] });
});

test('gives a timecard up', async () => {
  const event = sampleEvent('Timecard Entries', 'create', { resourceName: 'Timecards' });
  assert.equal((await runEvent(onEvent, event)).reason, 'permanent');
});

test('reads a record of a plan, and of the stand-in', async () => {
  const path = '/rest/v1.0/projects/23498237/rfis/9007199254740993';
  await using standIn = await startProcore();
  for (const procore of [fakeCompanyClient({ [`GET ${path}`]: { id: 9007199254740993n } }), standIn.company()]) {
    const { body } = await procore.get(path, { schema: documented<Rfi>() });
    assert.equal(body.id, '9007199254740993');
  }
});
