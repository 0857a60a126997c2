import { expect, test } from 'vitest';
import { startSchedule } from '../../../lib/local/runtime/schedule.ts';

const ruleArn = 'arn:aws:events:us-east-1:000000000000:rule/sweep';

/** Starts a schedule on a timer that the test fires, and whose invocations the test ends. */
function start(expression: string) {
  const events: unknown[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const timer = { milliseconds: 0, stopped: false, fire: () => {} };
  const schedule = startSchedule({
    expression,
    ruleArn,
    invoke: async (event) => {
      events.push(event);
      const end = Promise.withResolvers<void>();
      ends.push(end);
      await end.promise;
      return { payload: null, requestId: 'r' };
    },
    every: (milliseconds, fire) => {
      Object.assign(timer, { milliseconds, fire });
      return { stop: () => Object.assign(timer, { stopped: true }) };
    },
  });
  return { schedule, events, ends, timer };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test.each([
  ['rate(1 minute)', 60_000],
  ['rate(5 minutes)', 300_000],
  ['rate(1 hour)', 3_600_000],
  ['rate(2 days)', 172_800_000],
])('%s runs every %i milliseconds', (expression, milliseconds) => {
  expect(start(expression).timer.milliseconds).toBe(milliseconds);
});

test.each([
  'cron(0 * * * ? *)',
  'rate(1 minutes)',
  'rate(5 minute)',
  'rate(0 minutes)',
  'rate(1.5 hours)',
  'rate(1 week)',
  '',
])('%j is refused by name', (expression) => {
  expect(() => start(expression)).toThrow(`The schedule ${expression} is not supported`);
});

test('gives the target the event of a scheduled rule, not before the first interval is over', () => {
  const { events, timer } = start('rate(1 minute)');
  expect(events).toEqual([]);
  timer.fire();
  expect(events).toEqual([
    {
      version: '0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: '000000000000',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region: 'us-east-1',
      resources: [ruleArn],
      detail: {},
    },
  ]);
});

test('leaves a time out while the target still runs, and goes on at the next', async () => {
  const { events, ends, timer } = start('rate(1 minute)');
  timer.fire();
  timer.fire();
  expect(events).toHaveLength(1);
  ends[0]?.resolve();
  await settled();
  timer.fire();
  expect(events).toHaveLength(2);
});

test('goes on after an invocation that was rejected', async () => {
  const { events, ends, timer } = start('rate(1 minute)');
  timer.fire();
  ends[0]?.reject(new Error('the runtime was stopped'));
  await settled();
  timer.fire();
  expect(events).toHaveLength(2);
});

test('stops its timer', () => {
  const { schedule, timer } = start('rate(1 minute)');
  schedule.stop();
  expect(timer.stopped).toBe(true);
});
