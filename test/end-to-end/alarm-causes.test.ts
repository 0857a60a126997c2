import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint } from '../../functions/webhook/subscription.ts';
import { Person } from '../../lib/local/person.ts';
import { type ReservedPorts, reservePorts } from '../../lib/ports.ts';
import { alarmCauses } from '../cloud/alarm-causes.ts';
import { relayFailingWrites } from './failing-writes.ts';
import { startSandboxStack, synthesizeSandbox, webhookBody } from './sandbox-stack.ts';

// The causes of alarms that can be made to happen on the local system: each is made, and the metric that its alarm
// watches is found where CloudWatch would find it, under the name and the dimensions that the alarm has.

let system: Awaited<ReturnType<typeof startSandboxStack>>;
let reserved: ReservedPorts;
let relay: Awaited<ReturnType<typeof relayFailingWrites>>;

beforeAll(async () => {
  reserved = await reservePorts();
  relay = await relayFailingWrites(reserved.first);
  system = await startSandboxStack({
    assembly: await synthesizeSandbox(),
    awsPort: reserved.first,
    variables: { AWS_ENDPOINT_URL_DYNAMODB: relay.origin },
  });
  for (const connectionId of ['late', 'unanswered', 'throttled']) await system.connect(connectionId);
}, 60_000);

afterAll(async () => {
  await system.stop();
  await relay.stop();
  await reserved.release();
});

/** What was said of a metric in lines of the embedded metric format, by stack and environment. */
function said(metric: string): number[] {
  return system.written
    .filter((text) => text.startsWith('{"_aws"'))
    .map((text) => JSON.parse(text))
    .filter(({ _aws, stack, environment }) => {
      const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics;
      const isNamed = Metrics.some(({ Name }: { readonly Name: string }) => Name === metric);
      const dimensions = JSON.stringify([Namespace, Dimensions, stack, environment]);
      return isNamed && dimensions === '["ProcoreConnector",[["stack","environment"]],"ProcoreConnector","sandbox"]';
    })
    .flatMap((fields) => fields[metric]);
}

/** What an alarm's metric is, as far as this machine has it. */
async function reached(metric: string): Promise<number> {
  const [output = '', measure] = metric.split(' ');
  if (measure === undefined) return Math.max(0, ...said(metric));
  if (measure === 'Errors') return failures.get(output) ?? 0;
  const { Attributes } = await system.clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: system.output(output), AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

/** How often Lambda would count an error of a function. */
const failures = new Map<string, number>();

async function invoke(output: string, payload: unknown): Promise<void> {
  const { FunctionError } = await system.clients.lambda.send(
    new InvokeCommand({ FunctionName: system.output(output), Payload: JSON.stringify(payload) }),
  );
  if (FunctionError !== undefined) failures.set(output, (failures.get(output) ?? 0) + 1);
}

async function withoutDynamoDb(work: () => Promise<unknown>): Promise<void> {
  relay.refuse('everything');
  try {
    await work();
  } finally {
    relay.refuse(false);
  }
}

const ago = (seconds: number) => Math.floor(Date.now() / 1000) - seconds;

/** Lets a connection be due since some seconds, its access token run out. */
const expire = (connectionId: string, since: number) =>
  system.change(connectionId, 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age, rotateAt = :then', {
    ':age': 6000,
    ':then': ago(since),
  });

async function rotationThat(connectionId: string, fails: () => void): Promise<void> {
  await expire(connectionId, 60);
  fails();
  await invoke('FunctionAccessToken', { connectionId });
}

async function connectWithAnotherSecret(): Promise<void> {
  const { control } = system.standIn;
  control.setClientSecret('replaced-at-procore-in-the-meantime');
  await expect(system.connect('refused')).rejects.toThrow();
  control.setClientSecret('local-sandbox-client-secret');
}

async function openLinkWithoutDynamoDb(): Promise<void> {
  const { url } = await system.invoke<{ url: string }>('ConnectLink', { connectionId: 'unlucky' });
  await withoutDynamoDb(() => new Person().open(url));
}

async function exchangeFails(): Promise<void> {
  const { url } = await system.invoke<{ url: string }>('ConnectLink', { connectionId: 'unlucky' });
  const person = new Person();
  const consent = await person.press(await person.open(url), 'Connect to Procore');
  system.standIn.control.failNext('token', { kind: 'server-error', effect: false });
  await person.press(consent, 'Allow');
}

async function retiredHeader(): Promise<void> {
  const old = 'a-value-of-the-header-that-was-retired';
  const authorization = JSON.parse(await system.readSecret('WebhookAuthorization'));
  await system.writeSecret('WebhookAuthorization', { ...authorization, retired: [fingerprint(old)] });
  expect(await system.post(webhookBody('01OLD000000000000000000000'), `Bearer ${old}`)).toBe(401);
}

async function webhookWithoutDynamoDb(): Promise<void> {
  await withoutDynamoDb(async () => {
    const eventId = '01EVENT0000000000000000000';
    expect(await system.post(webhookBody(eventId))).toBe(200);
    await system.log.waitFor('event.received', { eventId });
    await system.log.waitForQuiet();
  });
}

const escrowed = { environment: 'sandbox', connectionId: 'late', generation: 1, tokens: {}, authorizedBy: {} };
const recovery = {
  Records: [
    {
      messageId: 'escrowed',
      body: JSON.stringify(escrowed),
      attributes: { SentTimestamp: String(Date.now() - 1_200_000) },
    },
  ],
};
const unreadable = () =>
  system.clients.sqs.send(
    new SendMessageCommand({
      QueueUrl: system.output('QueueEvents'),
      MessageBody: 'no message of ours',
      MessageGroupId: 'group',
      MessageDeduplicationId: 'once',
    }),
  );
const withoutTable = (output: string, payload: unknown = {}) => withoutDynamoDb(() => invoke(output, payload));

/** How each cause is made to happen, by its metric. */
const drive: Readonly<Record<string, () => Promise<unknown>>> = {
  rotationUnknown: () =>
    rotationThat('unanswered', () => system.standIn.control.failNext('token', { kind: 'server-error', effect: false })),
  rotationThrottled: () =>
    rotationThat('throttled', () => system.standIn.control.failNext('token', { kind: 'throttled' })),
  sweepOverdue: async () => {
    await expire('late', 600);
    await invoke('FunctionRotationSweep', {});
  },
  // The same connection, once token-rotation has its message.
  sweepPastExpiry: () => system.log.waitFor('rotation.replaced', { connectionId: 'late' }),
  clientCredentialsRefused: connectWithAnotherSecret,
  callbackMisconfigured: async () => {},
  callbackProcoreDown: exchangeFails,
  connectPageFailed: openLinkWithoutDynamoDb,
  escrowAgeSeconds: () => withoutTable('FunctionTokenRecovery', recovery),
  webhookAuthorizationRetired: retiredHeader,
  // A delivery without headers, which API Gateway never sends.
  'FunctionWebhookIntake Errors': () =>
    invoke('FunctionWebhookIntake', { rawPath: '/webhooks', requestContext: { http: { method: 'POST' } } }),
  'QueueEventsDeadLetter length': async () => {
    await unreadable();
    await system.log.waitFor('event.dead_lettered', {});
  },
  'QueueQuarantine length': async () => expect(await system.post({ nonsense: true })).toBe(200),
  ledgerUnwritten: webhookWithoutDynamoDb,
  ledgerUnread: async () => {},
  'FunctionConnectLink Errors': () => withoutTable('FunctionConnectLink', { connectionId: 'x' }),
  'FunctionDisconnect Errors': () => withoutTable('FunctionDisconnect', { connectionId: 'late' }),
  'FunctionAccessToken Errors': () => withoutTable('FunctionAccessToken', { connectionId: 'late' }),
  'FunctionRotationSweep Errors': () => withoutTable('FunctionRotationSweep'),
  'FunctionWebhookWorker Errors': () => invoke('FunctionWebhookWorker', {}),
  'FunctionCompanyWork Errors': () => withoutTable('FunctionCompanyWork'),
};

const driven = Object.entries(alarmCauses).flatMap(([id, causes]) =>
  causes.filter((each) => each.driven).map((each) => [id, each.cause, each] as const),
);

describe('the causes of alarms', () => {
  it('that can be made to happen here are those of the table', () => {
    expect(Object.keys(drive).sort()).toEqual(driven.map(([, , { metric }]) => metric).sort());
  });

  it.each(driven)('%s: %s', { timeout: 30_000 }, async (_id, _cause, { metric, value = 1 }) => {
    await drive[metric]?.();
    await expect.poll(() => reached(metric), { timeout: 20_000 }).toBeGreaterThanOrEqual(Number(value));
  });

  it('ring nothing else: no alarm watches what a stranger’s header makes', async () => {
    const before = said('webhookAuthorizationRetired').length;
    expect(await system.post(webhookBody('01GUESS0000000000000000000'), 'Bearer wrong-on-purpose')).toBe(401);
    await expect.poll(() => said('webhookAuthorizationWrong').length, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(said('webhookAuthorizationRetired').length).toBe(before);
    const watched = Object.values(alarmCauses).flatMap((causes) => causes.map(({ metric }) => metric));
    expect(watched).not.toContain('webhookAuthorizationWrong');
  });
});
