import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { LocalEnvironment, LocalSystem } from '../../lib/local/local-system.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';
import { Person } from '../../lib/local/person.ts';
import type { LogLine } from '../../lib/local/runtime/invocation.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { type ReservedPorts, reservePorts } from '../../lib/ports.ts';
import { type ProcoreStandIn, startProcoreStandIn } from '../../lib/procore-stand-in/server.ts';
import { runBare } from '../operator/operator.ts';
import { proofWorker } from '../proof-worker.ts';

const client = { clientId: 'app-in-sandbox', clientSecret: 'canary-of-sandbox-77f1' };
const [companyId, projectId] = ['5358233', '23498237'];
const watch = new LogWatch();
const lines: LogLine[] = [];
let reserved: ReservedPorts;
let procore: ProcoreStandIn;
let system: LocalSystem;
let sandbox: LocalEnvironment;

// A stand-in started apart plays Procore's own sandbox, to which this machine has no address.
beforeAll(async () => {
  reserved = await reservePorts();
  const port = reserved.first;
  const redirectUris = [`http://localhost:${port + 1}/oauth/callback`];
  procore = await startProcoreStandIn({ environment: 'sandbox', loginPort: 0, apiPort: 0, ...client, redirectUris });
  const { loginOrigin, apiOrigin } = procore;
  const external = { environment: 'sandbox', loginOrigin, apiOrigin, ...client, polled: true } as const;
  const log = (line: LogLine) => {
    lines.push(line);
    watch.take(line);
  };
  system = await startLocalSystem({ port, procore: external, worker: await proofWorker() }, { step: () => {}, log });
  sandbox = system.environments.find(({ name }) => name === 'sandbox') as LocalEnvironment;
  expect(sandbox.callbackUrl).toBe(redirectUris[0]);
}, 60_000);
afterAll(async () => {
  await system.stop();
  await procore.stop();
  await reserved.release();
});

const command = (...argv: string[]) =>
  runBare([...argv, '--environment', 'sandbox', '--local', '--endpoint', system.aws, '--json']);
// One hook, so that little time passes between two rounds: Procore's limit is 600 calls an hour here.
const wanted = ['--company', companyId, '--connection', 'polled', '--resources', 'RFIs', '--projects', projectId];
const emit = (resourceId: string) =>
  procore.control.emitEvent({ companyId, projectId, resourceName: 'RFIs', eventType: 'update', resourceId });

it('brings events of a Procore that cannot deliver, once each, by its list of deliveries', async () => {
  const link = await system.invoke(sandbox.functions.ConnectLink ?? '', { connectionId: 'polled' });
  const person = new Person();
  const consent = await person.press(
    await person.open(z.object({ url: z.string() }).parse(link).url),
    'Connect to Procore',
  );
  const page = await person.press(consent, 'Allow');
  if (page.html.includes('Use this company')) await person.press(page, 'Use this company');

  const applied = await command('webhooks', 'apply', ...wanted);
  expect(applied.err).toBe('');
  const destinations = procore.control.hooks().map(({ destinationUrl }) => destinationUrl);
  expect(destinations).toEqual(['https://procore-connector.invalid/webhooks']);

  await emit('101');
  await emit('102');
  for (const resourceId of ['101', '102']) await watch.waitFor('event.received', { resourceId });
  const states = procore.control.deliveries().map(({ status }) => status);
  // One was tried and failed, the other waits behind it: neither is given up for 12 hours.
  expect(states.sort()).toEqual(['enqueued', 'retrying']);

  // Another round has passed when a later event is there.
  await emit('103');
  await watch.waitFor('event.received', { resourceId: '103' });
  for (const resourceId of ['101', '102', '103']) expect(watch.count('event.received', { resourceId })).toBe(1);
  const told = lines.filter(({ functionName }) => functionName === 'polling').map(({ text }) => text);
  expect(told.join('\n')).toMatch(/Procore is asked every \d+ s for the deliveries of 1 hook/);
  expect(told.join('\n')).toMatch(/Fetched \d deliver(y|ies) of hook \d+/);
}, 120_000);

it('leaves the doctor nothing to complain of about webhooks', async () => {
  const findings = z.object({ findings: z.array(z.object({ heading: z.string(), verdict: z.string() })) });
  const about = findings.parse((await command('doctor')).json()).findings;
  expect(about.find(({ heading }) => heading === 'Webhooks are not being delivered')?.verdict).toBe('ok');
}, 60_000);

it('changes nothing when hooks are applied again, and removes them at the end', async () => {
  const again = z.object({ subscriptions: z.array(z.object({ changes: z.array(z.unknown()) })) });
  expect(again.parse((await command('webhooks', 'apply', ...wanted)).json()).subscriptions).toEqual([{ changes: [] }]);
  const removed = await command('webhooks', 'remove', '--company', companyId, '--yes');
  expect(removed.exitCode).toBe(0);
  expect(procore.control.hooks()).toEqual([]);
});
