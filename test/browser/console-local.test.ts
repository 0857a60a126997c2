import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { provenance } from '../../functions/webhook/event-message.ts';
import { bundleWorker } from '../../lib/cloud/bundle/bundle.ts';
import { Person } from '../../lib/local/person.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { openLocalConsole } from '../../lib/operator/command-line.ts';
import { findDeployment } from '../../lib/operator/deployment.ts';
import type { OpenConsole } from '../../lib/operator/session.ts';
import { createTerminal } from '../../lib/operator/terminal.ts';
import { surroundingsOf, useOperator } from '../operator/operator.ts';
import { sampleEvent, sampleTries } from '../webhook/sample-events.ts';
import { launchBrowser } from './browser.ts';
import { inspect } from './inspection.ts';

// The pages of a system on this machine that do something, as a person uses them. They build on each other.

const canary = 'canary-7f3a9c1e5b2d';
const { system, sandbox, procore, alsoPrinted } = useOperator(canary);
const nowhere = { write: () => {} };
const terminal = createTerminal({ stdout: nowhere, stderr: nowhere, interactive: false, variables: {} });
const companyId = '5358233';
const projectId = '23498237';
/** However busy this machine is. */
const soon = { timeout: 60_000 };
const complaints: string[] = [];
let folder: string;
let browser: Browser;
let page: Page;
let opened: OpenConsole;
let origin: string;
let sqs: SQSClient;

/** What stands in the integrator's place: it logs a secret, as JSON that looks like ours and as plain text. */
const ownFile = `export async function onEvent(event) {
  console.log(JSON.stringify({ timestamp: new Date().toISOString(), event: 'mine.logged', id: event.id, password: '${canary}' }));
  console.log('Authorization: Bearer ${canary}');
}
export async function onConnectionChange() {}
`;

beforeAll(async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  await mkdir(join(root, '.bundles'), { recursive: true });
  folder = await mkdtemp(join(root, '.bundles', 'console-local-'));
  await writeFile(join(folder, 'on-event.ts'), ownFile);
  await system().runWorkers(await bundleWorker(join(folder, 'on-event.ts')));
  sqs = new SQSClient(clientOptions(system().aws));
  opened = await openLocalConsole(system().aws, terminal, surroundingsOf());
  origin = new URL(opened.address).origin;
  const { out } = await procore(['connect', 'acme', '--environment', 'sandbox', '--no-wait']);
  const customer = new Person();
  const consent = await customer.press(await customer.open(out.trim()), 'Connect to Procore');
  const allowed = await customer.press(consent, 'Allow');
  if (allowed.html.includes('Use this company')) await customer.press(allowed, 'Use this company');
  const subscribed = ['--company', companyId, '--connection', 'acme', '--resources', 'RFIs', '--projects', projectId];
  await procore(['webhooks', 'apply', '--environment', 'sandbox', ...subscribed]);
  browser = await launchBrowser();
  page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(60_000);
  page.on('console', (message) => complaints.push(message.text()));
  page.on('response', async (response) => {
    if (response.headers()['content-type']?.startsWith('text/html')) alsoPrinted(await response.text().catch(() => ''));
  });
  await page.goto(opened.address);
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await opened?.close();
  sqs?.destroy();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const go = (path: string) => page.goto(`${origin}/s/Local/sandbox/${path}`);
const wide = () => page.setViewportSize({ width: 1024, height: 768 });

async function look(name: string): Promise<void> {
  await inspect(page, `console-${name}`);
  await wide();
}

async function ledgerOfSandbox() {
  const { environments } = await findDeployment({ stackName: 'Local', localEndpoint: system().aws });
  const found = environments.find(({ name }) => name === 'sandbox');
  if (found === undefined) throw new Error('There is a sandbox.');
  const place = {
    client: found.clients.dynamoDb,
    table: found.tableName('Deliveries'),
    environment: 'sandbox',
  } as const;
  return dynamoDbLedger({ ...place, clock: () => Date.now() / 1000, callMs: 60_000 });
}

it('switches the stand-in with values, and says how it stands', { timeout: 180_000 }, async () => {
  await go('stand-in');
  await page.getByLabel('How late, in milliseconds').fill('1234');
  await page.getByRole('button', { name: 'Slow' }).click();
  await page.getByRole('status').getByText('1234 ms late').waitFor();
  expect(await page.getByLabel('How it stands').textContent()).toContain('slow: every call of the API');
  await page.getByRole('button', { name: 'Up', exact: true }).click();
  await page.getByLabel('How it stands').getByText('Nothing is switched on').waitFor();
  await page.getByLabel(/companies, projects/).fill('hooks');
  await page.getByRole('button', { name: 'List it' }).click();
  await page.getByRole('heading', { name: 'What it stores: hooks' }).waitFor();
  expect(await page.getByRole('region', { name: 'What it stores' }).textContent()).toContain('RFIs.update');
  await look('stand-in');
});

it('lets something happen where it is told', { timeout: 180_000 }, async () => {
  await go('stand-in');
  await page.getByLabel(/^In which project/).fill(projectId);
  await page.getByLabel('How many times').fill('2');
  await page.getByRole('button', { name: 'Let it happen' }).click();
  await page.getByText('2 times update RFIs: 2 handled').waitFor();
});

it('follows the log without a secret, and shows what fits a filter', { timeout: 180_000 }, async () => {
  await go('log?event=mine.');
  await page.getByText('Live', { exact: true }).waitFor();
  const rows = page.locator('#log tr');
  await expect.poll(() => rows.count(), soon).toBe(2);
  await procore(['trigger', 'RFIs.update', '--environment', 'sandbox']);
  // It comes by itself.
  await expect.poll(() => rows.count(), soon).toBe(3);
  expect(await rows.first().textContent()).toContain('(left out)');
  await go('log?text=authorization');
  await expect.poll(() => rows.count(), soon).toBeGreaterThan(2);
  expect(await page.content()).not.toContain(canary);
  await go('log');
  await rows.first().waitFor();
  await look('log');
});

it('shows what Procore says of the resource of an event, when it is asked', { timeout: 180_000 }, async () => {
  await go('events?resource=RFIs');
  await page.locator('#events tr').first().getByRole('link').click();
  await page.getByRole('button', { name: 'Ask Procore' }).click();
  expect(await page.getByLabel('The resource as JSON').textContent()).toContain('"subject"');
  await look('event-resource');
});

it('redrives the dead letters that are chosen', { timeout: 180_000 }, async () => {
  const store = await ledgerOfSandbox();
  const events = ['A', 'B', 'C'].map((end, index) =>
    sampleEvent({ id: `01JMYXMZRBVKK0PC6XS8SA4Q0${end}`, companyId, resourceId: String(7000 + index) }),
  );
  for (const event of events) {
    await store.record(event, Math.floor(Date.now() / 1000));
    await store.recordFailure({ kind: 'webhook_event', event }, sampleTries(), {
      reason: 'permanent',
      detail: 'no hope',
    });
    const letter = { kind: 'webhook_event', ...provenance('live'), environment: 'sandbox', event, receivedAt: 1 };
    const group = { MessageGroupId: event.id, MessageDeduplicationId: event.id };
    const QueueUrl = sandbox().queues.EventsDeadLetter;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(letter), ...group }));
  }
  await go('dead');
  await page.getByLabel('RFIs update 7000').check();
  await page.getByLabel('RFIs update 7002').check();
  await look('dead-letters');
  await page.getByRole('button', { name: 'Send the chosen ones again' }).click();
  await page.getByText('Sent 2 dead letters to the queue again').waitFor();
  await expect
    .poll(async () => {
      await go('dead');
      return page.getByRole('checkbox').count();
    }, soon)
    .toBe(1);
});

it('shows a body in quarantine as text and hex, and deletes it when asked twice', { timeout: 180_000 }, async () => {
  const strange = Buffer.from('{"<script>": 1}');
  const facts = { reason: 'not_json', receivedAt: 1, bytes: strange.length, sha256: 'ab'.repeat(32) };
  const MessageBody = JSON.stringify({ ...facts, bodyBase64: strange.toString('base64') });
  await sqs.send(new SendMessageCommand({ QueueUrl: sandbox().queues.Quarantine, MessageBody }));
  await go('quarantine');
  await page.getByRole('button', { name: 'Look at them' }).click();
  await page.getByRole('button', { name: 'Body' }).click();
  expect(await page.getByLabel('The body as text').textContent()).toBe('{"<script>": 1}');
  expect(await page.getByLabel('The body as hex').textContent()).toContain('7b 22 3c 73');
  await look('quarantine-body');
  await page.getByRole('link', { name: 'Back to the quarantine' }).click();
  await page.getByRole('button', { name: 'Look at them' }).click();
  await look('quarantine');
  await page.getByRole('button', { name: 'Delete' }).click();
  await look('quarantine-delete');
  await page.getByRole('button', { name: 'Delete it' }).click();
  await page.getByText('Deleted.').waitFor();
});

it('finds a disabled hook and repairs it', { timeout: 240_000 }, async () => {
  const control = sandbox().standIn?.control;
  const hook = control?.hooks()[0]?.id ?? '';
  control?.setHookStatus(hook, 'disabled');
  await go('hooks');
  await page.getByRole('button', { name: 'Ask Procore how they stand' }).click();
  await page.getByText(`hook ${hook} of company ${companyId} is disabled`).waitFor();
  await page.getByRole('button', { name: 'Repair what differs' }).click();
  await page.getByLabel('What the doctor has done and found').first().waitFor();
  expect(control?.hooks()[0]?.status).toBe('active');
  await look('hooks');
});

it('has the doctor examine, and says where no report can be written', { timeout: 240_000 }, async () => {
  await go('doctor');
  await page.getByLabel('Connection, if one is meant').fill('acme');
  await page.getByRole('button', { name: 'Examine' }).click();
  await page.getByText('Authentication & Token Issues').first().waitFor();
  await look('doctor');
  await page.getByLabel('Reference of the call').fill('unknown-1');
  await page.getByRole('button', { name: 'Write the report' }).click();
  await page.getByRole('alert').getByText('Nothing is known of').waitFor();
  expect(complaints.filter((text) => text.includes('Content Security Policy'))).toEqual([]);
});
