import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { dynamoDbCompanyPauses } from '../../functions/aws/dynamodb-rate-budget.ts';
import { close, listen } from '../../lib/listening.ts';
import {
  account,
  logGroupArn,
  operatorName,
  queueArn,
  queueNameOfUrl,
  region,
  tableArn,
} from '../../lib/local/aws/identity.ts';
import { Person } from '../../lib/local/person.ts';
import type { Statement } from '../../lib/local/template/policy.ts';
import { localCredentials } from '../../lib/local-key.ts';
import {
  commandsWithOthersRights,
  commandsWithoutAws,
  type PermittedCommand,
  type PermittedResource,
  permissionsOf,
  permittedCommands,
} from '../../lib/operator/permissions.ts';
import { allCommands } from '../operator/all-commands.ts';
import { type RunOptions, runBare } from '../operator/operator.ts';
import { loseConnection, restoreTable } from '../operator/restored-table.ts';
import { sampleEvent, sampleTries } from '../webhook/sample-events.ts';
import { startSandboxStack, synthesizeSandbox, webhookBody } from './sandbox-stack.ts';

// What lib/operator/README.md says that each command needs, held in both directions: the command runs with exactly that
// on AWS's stand-ins, KMS included, and makes use of all of it. So each right that is taken away is missed.

const companyId = '5358233';
let system: Awaited<ReturnType<typeof startSandboxStack>>;

beforeAll(async () => {
  system = await startSandboxStack({
    assembly: await synthesizeSandbox(undefined, { returnToOrigins: ['https://app.example.com'] }),
    unknowns: { revokeSparesOtherSets: true },
  });
}, 60_000);
afterAll(() => system.stop());
afterEach(() => system.stack.limitOperator(undefined));

/** The ARN that a policy names a resource of the table by. */
function arnOf(resource: PermittedResource): string {
  if (resource === '*') return '*';
  if (resource === 'the stack') return `arn:aws:cloudformation:${region}:${account}:stack/Local/*`;
  if (resource === 'AlarmTopic') return system.stack.outputs.AlarmTopic ?? '';
  const [output = '', ...index] = resource.split('/');
  const value = system.output(output);
  if (resource.startsWith('Table')) return [tableArn(value), ...index].join('/');
  if (resource.startsWith('Queue')) return queueArn(queueNameOfUrl(value));
  if (resource.startsWith('Log')) return logGroupArn(value);
  if (resource.startsWith('Function')) {
    return value.startsWith('arn:') ? value : `arn:aws:lambda:${region}:${account}:function:${value}`;
  }
  return value;
}

const linesOf = (command: PermittedCommand) =>
  [...permissionsOf(command)].flatMap(([resource, actions]) => actions.map((action) => ({ action, resource })));

const used = new Map<PermittedCommand, Set<string>>();

/** Runs a command, in which nothing but what its row says is allowed. */
async function run(command: PermittedCommand, words: string, options: RunOptions & { readonly local?: boolean } = {}) {
  const statements: Statement[] = linesOf(command).map(({ action, resource }) => ({
    effect: 'Allow',
    actions: [action],
    resources: [arnOf(resource)],
  }));
  const before = countUses();
  const refused: string[] = [];
  system.stack.limitOperator({
    statements,
    keyArn: system.output('Key'),
    refused: ({ action, resource }) => refused.push(`${action} ${resource}`),
  });
  const where = options.local === false ? [] : ['--local', '--endpoint', system.stack.endpoint];
  const ran = await runBare([...words.split(' '), ...where], options);
  // A second after its last call, a command gives back what it took of the rate budget. Its process lives until then.
  if (permissionsOf(command).get('TableRateBudget')?.includes('dynamodb:UpdateItem')) await sleep(2000);
  system.stack.limitOperator(undefined);
  const uses = [...countUses()].flatMap(([key, calls]) => (calls > (before.get(key) ?? 0) ? [key] : []));
  used.set(command, new Set([...(used.get(command) ?? []), ...uses]));
  expect(refused).toEqual([]);
  return ran;
}

function countUses(): Map<string, number> {
  const all = system.stack.usedPermissions().filter(({ functionName }) => functionName === operatorName);
  return new Map(all.map(({ action, resource, calls }) => [`${action} ${resource}`, calls]));
}

/** What a command's row grants and no run of it has made use of. */
function unusedOf(command: PermittedCommand): string[] {
  const seen = [...(used.get(command) ?? [])].map((key) => key.replace(/stack\/Local\/local$/, 'stack/Local/*'));
  return linesOf(command).flatMap(({ action, resource }) =>
    seen.includes(`${action} ${arnOf(resource)}`) ? [] : `${action} ${resource}`,
  );
}

const done = { exitCode: 0 };
const inSandbox = '--environment sandbox';

/** Leaves a pause behind that is just over: the app had been disconnected from the company. */
async function pause(): Promise<void> {
  const now = Date.now() / 1000;
  const table = system.output('TableRateBudget');
  const shared = { client: system.clients.dynamoDb, table, environment: 'sandbox', clock: () => now } as const;
  await dynamoDbCompanyPauses(shared).write(companyId, { until: now - 1, refusals: 1, since: now - 61 });
}

/** A delivery in quarantine that can be read after all, as after an update. */
function readable(eventId: string): string {
  // Only of an event that is late the ledger is asked whether it is known.
  const timestamp = new Date(Date.now() - 3.6e6).toISOString();
  const body = Buffer.from(JSON.stringify(webhookBody(eventId, { timestamp })));
  const facts = {
    reason: 'unknown_version',
    receivedAt: Date.now() / 1000,
    bytes: body.length,
    sha256: 'f'.repeat(64),
  };
  return JSON.stringify({ ...facts, bodyBase64: body.toString('base64') });
}

/** What the local AWS leaves unanswered, and what is answered in its place once it has let the call through. */
const rest: readonly (readonly [RegExp, string])[] = [
  [/account-settings/, '{"AccountLimit":{"ConcurrentExecutions":1000,"UnreservedConcurrentExecutions":1000}}'],
  [/event-source-mappings|\/configuration|GetResources/, '{}'],
  [/DescribeAlarms|GetMetricData/, '{}'],
  [/ListStackResources/, '<ListStackResourcesResponse><ListStackResourcesResult/></ListStackResourcesResponse>'],
  [
    /ListSubscriptionsByTopic/,
    '<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult/></ListSubscriptionsByTopicResponse>',
  ],
];

/** Starts a relay to the local AWS that answers calls which are allowed there, and which nothing there does. */
async function answerTheRest(endpoint: string) {
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming);
    const { host: _, 'content-length': __, connection: ___, ...headers } = incoming.headers;
    const said = await fetch(`${endpoint}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(body !== '' && { body }),
    });
    const answer = await said.text();
    const asked = `${incoming.url} ${incoming.headers['x-amz-target']} ${body}`;
    const [, instead] = rest.find(([pattern]) => pattern.test(asked)) ?? [];
    const isLeftOut = instead !== undefined && /The local \w+ (only knows|knows|has no)/.test(answer);
    response.writeHead(isLeftOut ? 200 : said.status, { 'content-type': said.headers.get('content-type') ?? '' });
    response.end(isLeftOut ? instead : answer);
  });
  const origin = `http://127.0.0.1:${await listen(server, 0)}`;
  return { origin, stop: () => close(server) };
}

// One story, whose chapters build on each other; what was used is compared at its end.
describe('the rights of each command', { timeout: 60_000, shuffle: false }, () => {
  it('are told of every command', () => {
    const told = new Set(permittedCommands.map((command) => command.replace(/ --.*/, '')));
    expect([...told, ...commandsWithoutAws, ...commandsWithOthersRights].sort()).toEqual(
      allCommands.map(({ words }) => words).sort(),
    );
  });

  it('let credentials be stored and tried', async () => {
    const variables = { PROCORE_CLIENT_ID: 'local-sandbox', PROCORE_CLIENT_SECRET: 'local-sandbox-client-secret' };
    expect(await run('credentials set', 'credentials set sandbox', { variables })).toMatchObject(done);
    expect(await run('credentials check', 'credentials check sandbox')).toMatchObject(done);
  });

  it('let accounts be connected, looked at, rotated and disconnected', async () => {
    const person = new Person();
    const onTold = async (line: string) => {
      const [link] = /http\S+\/oauth\/start\S+/.exec(line) ?? [];
      if (link === undefined) return;
      const consent = await person.press(await person.open(link), 'Connect to Procore');
      await person.press(await person.press(consent, 'Allow'), 'Use this company');
    };
    expect(await run('connect', `connect acme ${inSandbox}`, { onTold })).toMatchObject(done);
    const waits = '--confirm --no-wait --return-to https://app.example.com/done';
    expect(await run('connect', `connect customer ${waits} ${inSandbox}`)).toMatchObject(done);
    const robot = `connect robot --service-account --company ${companyId} ${inSandbox}`;
    expect(await run('connect --service-account', robot)).toMatchObject(done);
    await pause();
    expect(await run('connections list', `connections list ${inSandbox}`)).toMatchObject(done);
    expect(await run('connections show', `connections show acme ${inSandbox}`)).toMatchObject(done);
    expect(await run('connections rotate', `connections rotate acme ${inSandbox}`)).toMatchObject(done);
    await system.connect('ended');
    expect(await run('connections disconnect', `connections disconnect ended --yes ${inSandbox}`)).toMatchObject(done);
  });

  it('let lost connections be restored', async () => {
    const table = system.output('TableConnections');
    const restored = await restoreTable(system.clients.dynamoDb, table);
    await loseConnection(system.clients.dynamoDb, table, 'acme');
    const ran = await run('restore', `restore --from-table ${restored} ${inSandbox}`);
    expect(ran).toMatchObject({ ...done, out: expect.stringMatching(/vended +acme/) });
    const word = await run('restore', `restore --connection acme --send-refresh-token --yes ${inSandbox}`);
    expect(word).toMatchObject({ ...done, out: expect.stringContaining('is connected') });
  });

  it('let hooks be registered, listed, repaired and given a new header', async () => {
    const apply = `webhooks apply ${inSandbox}`;
    await pause();
    const first = `${apply} --company ${companyId} --connection acme --resources RFIs --projects 23498237`;
    expect(await run('webhooks apply', first)).toMatchObject(done);
    expect(await run('webhooks apply', apply)).toMatchObject(done);
    // Its jobs are under way now.
    expect(await run('webhooks apply', apply)).toMatchObject(done);
    expect(await run('webhooks list', `webhooks list ${inSandbox}`)).toMatchObject(done);
    expect(await run('webhooks list', `webhooks list --company ${companyId} ${inSandbox}`)).toMatchObject(done);
    await pause();
    expect(await run('webhooks rotate-authorization', `webhooks rotate-authorization ${inSandbox}`)).toMatchObject(
      done,
    );
  });

  it('let company-wide work be looked at, stopped and continued', async () => {
    const job = `audit#${companyId}`;
    expect((await run('jobs list', `jobs list ${inSandbox}`)).out).toContain(job);
    expect((await run('jobs show', `jobs show ${job} ${inSandbox}`)).out).toContain('active');
    expect(await run('jobs run', `jobs run ${job} ${inSandbox}`)).toMatchObject(done);
    expect(await run('jobs pause', `jobs pause ${job} ${inSandbox}`)).toMatchObject(done);
    expect(await run('jobs pause', `jobs pause ${job} ${inSandbox}`)).toMatchObject({ exitCode: 1 });
    expect(await run('jobs run', `jobs run ${job} ${inSandbox}`)).toMatchObject({ exitCode: 1 });
    expect(await run('jobs resume', `jobs resume ${job} ${inSandbox}`)).toMatchObject(done);
    expect(await run('jobs resume', `jobs resume ${job} ${inSandbox}`)).toMatchObject({ exitCode: 1 });
    expect(await run('jobs cancel', `jobs cancel ${job} --yes ${inSandbox}`)).toMatchObject(done);
    expect(await run('jobs cancel', `jobs cancel audit#1 --yes ${inSandbox}`)).toMatchObject({ exitCode: 3 });
  });

  it('let everything be seen on one screen', async () => {
    const table = system.output('TableDeliveries');
    const clock = () => Date.now() / 1000;
    const place = { client: system.clients.dynamoDb, table, environment: 'sandbox', clock } as const;
    const events = dynamoDbLedger(place);
    await events.recordFailure({ kind: 'webhook_event', event: sampleEvent() }, sampleTries());
    expect((await run('status', 'status sandbox')).out).toContain('1 failing');
  });

  it('let the doctor look, and repair what somebody has changed', async () => {
    const looked = await run('doctor', `doctor sandbox --json`);
    expect(looked.exitCode).toBeLessThan(2);
    const { hooks } = Object(
      (await run('webhooks list', `webhooks list --company ${companyId} --json ${inSandbox}`)).json(),
    ).subscriptions[0];
    system.standIn.control.setHookAuthorization(hooks[0].hookId, 'Bearer wrong');
    await pause();
    const fixed = await run('doctor --fix', `doctor sandbox --fix --json`);
    expect(Object(fixed.json()).repairs).toMatchObject([{ companyId }]);
  });

  it('let events be found, replayed, redriven, reconciled and followed', async () => {
    const { sqs } = system.clients;
    const authorization = `Bearer ${JSON.parse(await system.readSecret('WebhookAuthorization')).current}`;
    expect(await system.post(webhookBody('01FRESH0000000000000000000'), authorization)).toBe(200);
    for (const no of ['event', 'event either']) expect(await system.post({ no }, authorization)).toBe(200);
    const ids = { MessageGroupId: 'unreadable', MessageDeduplicationId: 'unreadable' };
    await sqs.send(
      new SendMessageCommand({ QueueUrl: system.output('QueueEvents'), MessageBody: 'unreadable', ...ids }),
    );
    await system.log.waitFor('event.dead_lettered', { reason: 'unreadable_message' });
    await system.log.waitFor('webhook.quarantined', {});

    expect((await run('events list', `events list ${inSandbox}`)).out).toContain('01FRESH');
    expect(await run('events show', `events show 01FRESH0000000000000000000 ${inSandbox}`)).toMatchObject(done);
    // Whether our own app caused it, the payload of v2.0 alone can say.
    const [{ id: resourceId } = { id: '' }] = system.standIn.control.records('RFIs', '23498237');
    const table = system.output('TableDeliveries');
    const deliveries = { client: system.clients.dynamoDb, table, environment: 'sandbox' } as const;
    const ours = { companyId, projectId: '23498237', resourceId, sourceApplicationId: 'local-sandbox' };
    const store = dynamoDbLedger({ ...deliveries, clock: () => Date.now() / 1000 });
    await store.record(sampleEvent({ id: '01OURS', ...ours }), Math.floor(Date.now() / 1000));
    const shown = await run('events show', `events show 01OURS ${inSandbox}`);
    expect(shown).toMatchObject({ ...done, out: expect.stringMatching(/marks now +loop/) });
    const asked = await run('events show --resource-now', `events show 01OURS --resource-now ${inSandbox}`);
    expect(asked).toMatchObject({ ...done, out: expect.stringMatching(new RegExp(`"id": "?${resourceId}`)) });
    expect(await run('events replay', `events replay 01FRESH0000000000000000000 ${inSandbox}`)).toMatchObject(done);
    expect(await run('events replay', `events replay --since 1h --yes ${inSandbox}`)).toMatchObject(done);
    expect(await run('events dead', `events dead ${inSandbox}`)).toMatchObject(done);
    const messages = await run('events dead --messages', `events dead --messages ${inSandbox}`);
    expect(messages.out).toContain('unreadable');
    expect(await run('events redrive', `events redrive nothing ${inSandbox}`)).toMatchObject({ exitCode: 3 });
    expect((await run('events redrive', `events redrive --all ${inSandbox}`)).out).toContain('1 dead letter');
    const listed = await run('events quarantine', `events quarantine --json ${inSandbox}`);
    const [{ sha256 }] = Object(listed.json()).deliveries;
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: system.output('QueueQuarantine'),
        MessageBody: readable('01LATER0000000000000000000'),
      }),
    );
    expect(await run('events quarantine --retry', `events quarantine --retry ${inSandbox}`)).toMatchObject(done);
    expect(await run('events quarantine --delete', `events quarantine --delete ${sha256} ${inSandbox}`)).toMatchObject(
      done,
    );
    const list = `--company ${companyId} --project 23498237 --resource RFIs`;
    expect(await run('events reconcile', `events reconcile ${list} ${inSandbox}`)).toMatchObject(done);
    await pause();
    const lists = `webhooks apply --company ${companyId} --reconcile-hours 6 ${inSandbox}`;
    expect(await run('webhooks apply', lists)).toMatchObject(done);
    // The subscription's own job is there since then.
    const own = `events reconcile --company ${companyId} ${inSandbox}`;
    expect(await run('events reconcile', own)).toMatchObject(done);
    const wanted = `--company ${companyId} --resource RFIs ${inSandbox}`;
    expect(await run('events backfill', `events backfill ${wanted}`)).toMatchObject(done);
    expect((await run('events backfill', `events backfill --status ${wanted}`)).out).toContain('events sent');
    expect(await run('events tail', `events tail --since 1h --for 0 ${inSandbox}`)).toMatchObject(done);
  });

  it('let a failed call be reported, and hooks be removed', async () => {
    expect(await run('support-report', `support-report nothing-is-known-of-it ${inSandbox}`)).toMatchObject({
      exitCode: 3,
    });
    await pause();
    expect(await run('webhooks remove', `webhooks remove --yes --company ${companyId} ${inSandbox}`)).toMatchObject(
      done,
    );
  });

  it('let a company be erased, its receipt be seen, and the company be taken in again', async () => {
    expect(await run('erase', `erase --yes --company 77 ${inSandbox}`)).toMatchObject(done);
    expect(await run('erase', `erase --yes --company 77 ${inSandbox}`)).toMatchObject(done);
    expect((await run('erase --status', `erase --status --company 77 ${inSandbox}`)).out).toContain('erase#77');
    const jobs = system.jobs();
    const lease = { jobId: 'erase#77', owner: 'a test', until: 2 ** 31 };
    await jobs.claim(lease, 2 ** 31 - 1);
    await jobs.finish(lease, { state: 'done', failures: 0 });
    expect(await run('erase --lift', `erase --lift --company 77 ${inSandbox}`)).toMatchObject(done);
  });

  it('let a stack be verified, as one on AWS is', async () => {
    const before = { ...process.env };
    const aws = await answerTheRest(system.stack.endpoint);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: aws.origin,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: localCredentials(system.stack.endpoint).accessKeyId,
      AWS_SECRET_ACCESS_KEY: 'any',
    });
    try {
      // Tables are not protected here, and nobody is told of alarms.
      const verified = await run('verify', 'verify --stack Local', { local: false });
      expect(verified.out).toMatch(/\n10 of 12 checks hold\.\n$/);
      const left = await run('verify --leftovers', 'verify --leftovers --stack Local', { local: false });
      expect(left).toMatchObject(done);
      const seen = await run('status', 'status sandbox --stack Local', { local: false });
      expect(seen.out).toMatch(/\n {2}alarms +none fires\n/);
    } finally {
      process.env = before;
      await aws.stop();
    }
  });

  it.each(permittedCommands)('are all made use of: %s', (command) => {
    expect(unusedOf(command)).toEqual([]);
  });
});
