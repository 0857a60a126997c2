import { expect, test } from 'vitest';
import { onEvent } from '../functions/on-event.ts';
import { runEvent, sampleEvent } from '../lib/testing/testing-package.ts';

// Yours, as functions/on-event.ts is: change it with that file. What else there is to test with (answers of Procore, several tries,
// events that come twice) is in functions/webhook/README.md, "Testing your handler".

test('logs which record has changed', async () => {
  const event = sampleEvent('RFIs', 'update', { resourceId: '42' });
  const { outcome, logs } = await runEvent(onEvent, event);
  expect(outcome).toBe('handled');
  expect(logs).toMatchObject([{ event: 'event.received', eventId: event.id, resourceId: '42' }]);
});
