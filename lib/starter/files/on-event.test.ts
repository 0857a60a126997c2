import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeCompanyClient, refusal, runEvent, sampleEvent } from 'procore-connector/testing';
import { onEvent } from './on-event.ts';

// The kit runs onEvent as the deployed worker does, without AWS and without Procore.

const event = sampleEvent('RFIs', 'update', { projectId: '7', resourceId: '42' });
const call = 'GET /rest/v1.0/projects/7/rfis/42';

test('reads the RFI that was changed', async () => {
  const procore = fakeCompanyClient({ [call]: { id: 42, subject: 'Which bolts?' } });
  const { outcome, logs } = await runEvent(onEvent, event, { procore });
  assert.equal(outcome, 'handled');
  assert.deepEqual(
    procore.calls.map(({ method, path }) => `${method} ${path}`),
    [call],
  );
  assert.equal(logs[0]?.event, 'rfi.taken_over');
});

test('leaves the event to a later try while Procore is out', async () => {
  const procore = fakeCompanyClient({ [call]: refusal(503) });
  assert.equal((await runEvent(onEvent, event, { procore })).outcome, 'retried');
});

test('asks Procore nothing about what it does not handle', async () => {
  const procore = fakeCompanyClient({});
  const { outcome } = await runEvent(onEvent, sampleEvent('Submittals', 'create'), { procore });
  assert.equal(outcome, 'handled');
  assert.deepEqual(procore.calls, []);
});
