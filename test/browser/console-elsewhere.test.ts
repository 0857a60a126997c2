import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { alarmDescription, alarmRows } from '../../lib/cloud/alarms.ts';
import { controlOf } from '../../lib/local/control/control.ts';
import type { LocalEnvironment, LocalSystem } from '../../lib/local/local-system.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { localCredentials } from '../../lib/local-key.ts';
import { type ReservedPorts, reservePorts } from '../../lib/ports.ts';
import { startLoopbackServer } from '../faults/loopback-server.ts';
import { allow, type FaultWorld, makeFaultWorld } from '../operator/faults/fault-world.ts';
import { runBare, useOperator } from '../operator/operator.ts';
import { proofWorker } from '../proof-worker.ts';
import { launchBrowser } from './browser.ts';

// The first system: nothing that is done at the second one may be seen here.
const first = useOperator();
const stackName = 'Local';
let second: LocalSystem;
let world: FaultWorld;
let browser: Browser;
/** It comes back at the same ports. */
let ports: ReservedPorts;

const soon = { timeout: 60_000, interval: 300 };

async function startSecond(port: number): Promise<LocalSystem> {
  const log = new LogWatch();
  const system = await startLocalSystem(
    { port, worker: await proofWorker() },
    { step: () => {}, log: (line) => log.take(line) },
  );
  system.takeControl(controlOf(system, log));
  return system;
}

function sandboxOf({ environments }: LocalSystem): LocalEnvironment {
  const found = environments.find(({ name }) => name === 'sandbox');
  if (found === undefined) throw new Error('There is a sandbox.');
  return found;
}

/** The command line against the second system. */
const procore = (argv: readonly string[]) => runBare([...argv, '--local', '--endpoint', second.aws]);

beforeAll(async () => {
  ports = await reservePorts();
  second = await startSecond(ports.first);
  world = await makeFaultWorld(second, sandboxOf(second), procore);
  await world.misbehave();
  browser = await launchBrowser();
}, 300_000);

afterAll(async () => {
  await browser?.close();
  world?.destroy();
  await second?.stop();
  await ports?.release();
});

afterEach(() => vi.unstubAllEnvs());

/** Opens a console by the command, and does something with its page before Ctrl-C. */
async function withConsole(argv: readonly string[], done: (page: Page, origin: string) => Promise<void>) {
  let address = '';
  const failures: unknown[] = [];
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const ran = await runBare(['console', 'sandbox', '--json', ...argv], {
    person: {
      print: (text) => {
        address ||= (JSON.parse(text) as { readonly address: string }).address;
      },
      untilInterrupted: async (work) => {
        // What fails here is the test's matter, and no error of the command.
        await page
          .goto(address)
          .then(() => done(page, new URL(address).origin))
          .catch((error: unknown) => failures.push(error));
        return work(AbortSignal.abort());
      },
    },
  });
  await context.close();
  for (const failure of failures) throw failure;
  expect(ran).toMatchObject({ exitCode: 0, err: '' });
}

const main = (page: Page) => page.getByRole('main');
const codes = (page: Page) =>
  page.locator('[data-code]').evaluateAll((items) => items.map((item) => item.dataset.code));

describe('the console of a system that is reached by its endpoint alone', { timeout: 300_000 }, () => {
  it('shows and does there what it does at home, and nothing at the first one', async () => {
    const { standIn } = first.sandbox();
    await withConsole(['--local', '--endpoint', second.aws], async (page, origin) => {
      await page.getByText('all is well').waitFor();
      await page.getByRole('link', { name: 'sandbox' }).first().click();
      const visit = (name: string) => page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
      await visit('Connections');
      await page.getByRole('textbox').first().fill('acme');
      await page.getByRole('button', { name: 'Make a link' }).first().click();
      await page.locator('#link').waitFor();
      await allow(((await page.locator('#link').textContent()) ?? '').trim());
      await world.age();
      await visit('Connections');
      await page.getByRole('button', { name: 'Rotate' }).click();
      await page.getByText('Rotated: generation 1 is now 2').waitFor();

      await world.subscribe();
      await world.misbehave('permanent');
      await world.happen();
      await page.goto(`${origin}/`);
      await expect.poll(() => codes(page), soon).toEqual(['dead_letters']);
      // What is to be copied is meant for that system.
      expect(await page.locator('[data-code]').textContent()).toContain(`--local --endpoint ${second.aws}`);
      await world.misbehave();
      await page.locator('[data-code]').getByRole('link').click();
      await page.getByRole('button', { name: 'Send all again' }).click();
      await page.getByText('Sent 1 dead letter to the queue again.').waitFor();
      await page.goto(`${origin}/`);
      await expect.poll(() => codes(page), soon).toEqual([]);
      await page.getByRole('link', { name: 'sandbox' }).first().click();
      await expect.poll(() => page.locator('#events').textContent(), soon).toContain('handled');
    });
    expect(standIn?.control.counts).toMatchObject({
      authorizePages: 0,
      tokenExchanges: 0,
      tokenRefreshes: 0,
      apiCalls: 0,
    });
    expect((await first.procore(['connections', 'list', '--environment', 'sandbox'])).out).toContain(
      'has no connections',
    );
    expect((await first.procore(['events', 'list', '--environment', 'sandbox', '--json'])).json()).toMatchObject({
      events: [],
    });
  });

  it('says clearly that the system went away, and goes on by itself when it is back, made anew', async () => {
    await withConsole(['--local', '--endpoint', second.aws], async (page, origin) => {
      await page.getByText('all is well').waitFor();
      const events = await page.context().newPage();
      await events.goto(`${origin}/s/${stackName}/sandbox/events`);
      const still = (of: Page) => of.locator('[data-still]').textContent();
      await expect.poll(() => still(events), soon).toBe('Live');
      await second.stop();
      await expect.poll(() => main(page).textContent(), soon).toContain('Nothing answers at the local endpoint');
      expect(await still(page)).toBe('Not live');
      await expect.poll(() => still(events), soon).toMatch(/^Not live: Nothing answers at .* It is asked again\.$/);
      const answer = await page.goto(`${origin}/`);
      expect(answer?.status()).toBe(502);
      expect(await main(page).textContent()).toMatch(/Nothing answers at the local endpoint.*npm start/);
      second = await startSecond(ports.first);
      world.destroy();
      world = await makeFaultWorld(second, sandboxOf(second), procore);
      await page.getByText('all is well').waitFor({ timeout: soon.timeout });
      expect(await page.getByRole('alert').count()).toBe(0);
      await expect.poll(() => still(events), soon).toBe('Live');
    });
  });
});

/** How the AWS that stands before the second system behaves. */
interface Aws {
  /** An operation that the role may not do. */
  denied?: string;
  expired?: boolean;
  stackStatus?: string;
  alarms?: readonly object[];
}

const [alarm] = alarmRows;

/** Stands before the second system as AWS does before a stack: with CloudWatch, and with a role that is judged. */
async function startAws(aws: Aws) {
  return startLoopbackServer(async ({ url, headers, body, method }, response) => {
    const target = String(headers['x-amz-target'] ?? '');
    const [service = '', operation = ''] = target.split('.');
    const answer = (status: number, said: object) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(said));
    };
    if (aws.expired) {
      const text = 'The security token included in the request is expired';
      if (target !== '') return answer(400, { __type: 'ExpiredTokenException', message: text });
      response.writeHead(403, { 'content-type': 'text/xml' });
      return response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>${text}</Message></Error></ErrorResponse>`,
      );
    }
    if (aws.denied === operation) {
      const message = `User: arn:aws:sts::111122223333:assumed-role/reader/me is not authorized to perform: dynamodb:${operation} on resource: *`;
      return answer(400, { __type: 'com.amazon.coral.service#AccessDeniedException', Message: message, message });
    }
    if (service.startsWith('GraniteService')) {
      return answer(
        200,
        operation === 'DescribeAlarms' ? { MetricAlarms: aws.alarms ?? [] } : { MetricDataResults: [] },
      );
    }
    const passed = Object.fromEntries(
      Object.entries(headers).filter(([name]) => !/^(host|connection|content-length)$/.test(name)),
    );
    const given = await fetch(new URL(url, second.aws), { method, headers: passed as Record<string, string>, body });
    const text = await given.text();
    response.writeHead(given.status, { 'content-type': given.headers.get('content-type') ?? 'text/plain' });
    return response.end(text.replace('CREATE_COMPLETE', aws.stackStatus ?? 'CREATE_COMPLETE'));
  });
}

function signIn(origin: string): void {
  const { accessKeyId, secretAccessKey } = localCredentials(second.aws);
  vi.stubEnv('AWS_ENDPOINT_URL', origin);
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
}

function signOut(): void {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', join(tmpdir(), 'no-such-config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(tmpdir(), 'no-such-credentials'));
}

const deployed = ['--stack', stackName, '--region', 'us-east-1'];

describe('the console of a stack on AWS', { timeout: 300_000 }, () => {
  it('tells of alarms that fire and of a deployment that was rolled back, each with what to do', async () => {
    if (alarm === undefined) throw new Error('There are alarms.');
    const fires = {
      AlarmName: `${stackName}/sandbox/quarantine`,
      AlarmDescription: alarmDescription(alarm),
      StateTransitionedTimestamp: 1_800_000_000,
    };
    const aws = await startAws({ alarms: [fires], stackStatus: 'UPDATE_ROLLBACK_COMPLETE' });
    signIn(aws.origin);
    await withConsole(deployed, async (page) => {
      await expect
        .poll(() => codes(page), soon)
        .toEqual(expect.arrayContaining(['alarm_quarantine', 'deployment_failed']));
      expect((await codes(page))[0]).toBe('alarm_quarantine');
      const said = await page.locator('[data-code="alarm_quarantine"]').textContent();
      expect(said).toContain('The alarm quarantine fires since');
      expect(await page.locator('[data-code="deployment_failed"]').textContent()).toMatch(
        /rolled back.*npm run deploy again/s,
      );
    });
    await aws.close();
  });

  it('says which permission is missing and what it could not read, and shows the rest', async () => {
    const aws = await startAws({ denied: 'Scan' });
    signIn(aws.origin);
    await withConsole(deployed, async (page, origin) => {
      await expect.poll(() => codes(page), soon).toContain('unread');
      const said = await page.locator('[data-code="unread"]').first().textContent();
      expect(said).toMatch(/Could not read connections.*AccessDeniedException/);
      expect(said).toContain('Ask the person who deployed the stack for the permission dynamodb:Scan');
      expect(await main(page).textContent()).toMatch(/0 waiting.*0 in flight/s);
      expect((await page.goto(`${origin}/s/${stackName}/sandbox/events`))?.status()).toBe(200);
      expect((await page.goto(`${origin}/s/${stackName}/sandbox/connections`))?.status()).toBe(502);
      expect(await page.getByRole('alert').textContent()).toContain('dynamodb:Scan');
    });
    await aws.close();
  });

  it('says that there are no credentials, or that they have expired, and goes on after a sign-in', async () => {
    const behaviour: Aws = {};
    const aws = await startAws(behaviour);
    signOut();
    vi.stubEnv('AWS_ENDPOINT_URL', aws.origin);
    const refused = await runBare(['console', 'sandbox', ...deployed]);
    expect([refused.exitCode, refused.err]).toEqual([5, expect.stringContaining('There are no AWS credentials')]);
    signIn(aws.origin);
    await withConsole(deployed, async (page, origin) => {
      const connections = `${origin}/s/${stackName}/sandbox/connections?again`;
      behaviour.expired = true;
      expect((await page.goto(connections))?.status()).toBe(502);
      expect(await page.getByRole('alert').textContent()).toMatch(/AWS refuses the credentials.*Sign in again/);
      behaviour.expired = false;
      expect((await page.goto(connections))?.status()).toBe(200);
    });
    await aws.close();
  });
});
