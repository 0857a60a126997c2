import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
import {
  commandsWithoutAws,
  type PermittedCommand,
  type PermittedResource,
  permissionsOf,
  permittedCommands,
} from '../../lib/operator/permissions.ts';
import { allCommands } from '../operator/all-commands.ts';
import { type RunOptions, runBare } from '../operator/operator.ts';
import { startSandboxStack, synthesizeSandbox, webhookBody } from './sandbox-stack.ts';

// What lib/operator/README.md says that each command needs, held in both directions: the command runs with exactly that
// on AWS's stand-ins, KMS included, and makes use of all of it. So each right that is taken away is missed.

const companyId = '5358233';
let system: Awaited<ReturnType<typeof startSandboxStack>>;

beforeAll(async () => {
  system = await startSandboxStack({
    assembly: await synthesizeSandbox(),
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
    expect([...told, ...commandsWithoutAws].sort()).toEqual(allCommands.map(({ words }) => words).sort());
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
    const robot = `connect robot --service-account --company ${companyId} ${inSandbox}`;
    expect(await run('connect --service-account', robot)).toMatchObject(done);
    await pause();
    expect(await run('connections list', `connections list ${inSandbox}`)).toMatchObject(done);
    expect(await run('connections show', `connections show acme ${inSandbox}`)).toMatchObject(done);
    expect(await run('connections rotate', `connections rotate acme ${inSandbox}`)).toMatchObject(done);
    await system.connect('ended');
    expect(await run('connections disconnect', `connections disconnect ended --yes ${inSandbox}`)).toMatchObject(done);
  });

  it('let hooks be registered, listed, repaired and given a new header', async () => {
    const apply = `webhooks apply ${inSandbox}`;
    await pause();
    const first = `${apply} --company ${companyId} --connection acme --resources RFIs --projects 23498237`;
    expect(await run('webhooks apply', first)).toMatchObject(done);
    expect(await run('webhooks apply', apply)).toMatchObject(done);
    expect(await run('webhooks list', `webhooks list ${inSandbox}`)).toMatchObject(done);
    expect(await run('webhooks list', `webhooks list --company ${companyId} ${inSandbox}`)).toMatchObject(done);
    await pause();
    expect(await run('webhooks rotate-authorization', `webhooks rotate-authorization ${inSandbox}`)).toMatchObject(
      done,
    );
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
    const path = '/rest/v1.0/projects/23498237/rfis';
    const list = `--company ${companyId} --project 23498237 --resource RFIs --path ${path}`;
    expect(await run('events reconcile', `events reconcile ${list} ${inSandbox}`)).toMatchObject(done);
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

  it('let a stack be verified, as one on AWS is', async () => {
    const before = { ...process.env };
    const aws = await answerTheRest(system.stack.endpoint);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: aws.origin,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    });
    try {
      // Tables are not protected here, and nobody is told of alarms.
      const verified = await run('verify', 'verify --stack Local', { local: false });
      expect(verified.out).toMatch(/\n10 of 12 checks hold\.\n$/);
      const left = await run('verify --leftovers', 'verify --leftovers --stack Local', { local: false });
      expect(left).toMatchObject(done);
    } finally {
      process.env = before;
      await aws.stop();
    }
  });

  it.each(permittedCommands)('are all made use of: %s', (command) => {
    expect(unusedOf(command)).toEqual([]);
  });
});
