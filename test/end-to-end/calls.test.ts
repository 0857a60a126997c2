import { afterAll, beforeAll, expect, it } from 'vitest';
import { assumptions, measuredCalls } from '../../lib/operator/cost.ts';
import { startSandboxStack, synthesizeSandbox, webhookBody, withoutAlias } from './sandbox-stack.ts';

// `npm run cost` computes a bill out of these calls: here they are counted, each by the function that makes it.

const events = 20;
let system: Awaited<ReturnType<typeof startSandboxStack>>;

beforeAll(async () => {
  system = await startSandboxStack({ assembly: await synthesizeSandbox() });
  await system.connect('counted');
  // What is read once for many: secrets, subscriptions.
  await system.post(webhookBody('01WARM00000000000000000000'));
  await system.log.waitFor('event.received', { eventId: '01WARM00000000000000000000' });
  await system.log.waitForQuiet();
}, 60_000);
afterAll(() => system.stop());

/** Calls so far, by `Function action`, without those of Lambda's poller and of what is remembered for minutes. */
function count(): Map<string, number> {
  const shared = /sqs:(Receive|Delete)Message|secretsmanager|TablesSubscriptions/;
  const counts = new Map<string, number>();
  const names = new Map(Object.entries(system.stack.outputs).map(([output, value]) => [withoutAlias(value), output]));
  for (const { functionName, action, resource, calls } of system.stack.usedPermissions()) {
    if (shared.test(`${action} ${resource}`)) continue;
    const key = `${(names.get(functionName) ?? '').replace('SandboxFunction', '')} ${action}`;
    counts.set(key, (counts.get(key) ?? 0) + calls);
  }
  return counts;
}

async function callsOf(work: () => Promise<void>, functions: RegExp): Promise<Record<string, number>> {
  const before = count();
  await work();
  await system.log.waitForQuiet();
  const made = [...count()].map(([key, calls]) => [key, calls - (before.get(key) ?? 0)] as const);
  return Object.fromEntries(made.filter(([key, calls]) => calls > 0 && functions.test(key)).sort());
}

/** What CloudWatch Logs counts of the lines since some line: their bytes, and 26 more for each. */
function logged(since: number): number {
  return system.written.slice(since).reduce((sum, line) => sum + Buffer.byteLength(line) + 26, 0);
}

it('counts what a fresh webhook costs', async () => {
  const before = system.written.length;
  const ids = Array.from({ length: events }, (_, index) => `01MADE${String(index).padStart(20, '0')}`);
  const made = await callsOf(async () => {
    for (const id of ids) await system.post(webhookBody(id));
    for (const eventId of ids) await system.log.waitFor('event.received', { eventId });
  }, /^Webhook(Intake|Worker) /);
  // Once a minute each process of the worker reads how the events of a key fare: for many events that is nothing.
  const each = Object.fromEntries(Object.entries(made).map(([key, calls]) => [key, Math.round(calls / events)]));
  expect(each).toEqual(measuredCalls.webhook);
  // Here no subscription names the company, which is a line of metrics more than usual.
  const unusual = system.written.slice(before).filter((line) => line.includes('eventUnsubscribed'));
  const bytes = (logged(before) - unusual.reduce((sum, line) => sum + line.length + 26, 0)) / events;
  expect(bytes).toBeGreaterThan(100);
  expect(bytes).toBeLessThanOrEqual(assumptions.logBytesPerWebhook);
}, 60_000);

it('counts what a rotation ahead of time costs', async () => {
  const ago = Math.floor(Date.now() / 1000) - 60;
  const expired = 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age, rotateAt = :ago';
  await system.change('counted', expired, { ':age': 6000, ':ago': ago });
  const before = system.written.length;
  const made = await callsOf(async () => {
    await system.invoke('RotationSweep');
    await system.log.waitFor('rotation.replaced', { connectionId: 'counted' });
  }, /^(RotationSweep sqs:|TokenRotation )/);
  expect(made).toEqual(measuredCalls.rotation);
  expect(logged(before)).toBeLessThanOrEqual(assumptions.logBytesPerRotation + assumptions.logBytesPerRun);
}, 60_000);
