import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { systemClock } from '../../functions/system.ts';
import { type LocalSecrets, makeOwnSecrets, readLocalSecrets } from '../../lib/local/own-secrets.ts';
import { startSandboxStack, synthesizeSandbox, webhookBody } from '../end-to-end/sandbox-stack.ts';
import { sampleEvent } from '../webhook/sample-events.ts';

const key = 'correct horse battery staple';
let system: Awaited<ReturnType<typeof startSandboxStack>>;
let without: readonly string[];

beforeAll(async () => {
  const assembly = await synthesizeSandbox(undefined, {
    environment: { ERP_URL: 'https://erp.example.com' },
    secrets: {
      erp: 'acme/erp',
      crm: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:acme/crm-AbCdEf',
      bi: 'acme/bi',
    },
    timeoutSeconds: 20,
    memoryMebibytes: 256,
    policyStatements: [
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' },
      {
        Effect: 'Allow',
        Action: 's3:PutObject',
        Resource: 'arn:aws:s3:::acme/*',
        Condition: { StringEquals: { 's3:x-amz-acl': 'private' } },
      },
    ],
    vpc: { vpcId: 'vpc-0a', subnetIds: ['subnet-0b'], securityGroupIds: ['sg-0c'] },
  });
  const onEventEntry = fileURLToPath(new URL('../fixtures/belongings-on-event.ts', import.meta.url));
  system = await startSandboxStack({ assembly, onEventEntry });
  const values: LocalSecrets = { erp: key, crm: 'of another account' };
  without = await makeOwnSecrets(system.stack.endpoint, system.stack.resources, values);
}, 120_000);

afterAll(() => system.stop());

/** Posts an event and waits for a log line about it. @returns the line's JSON */
async function lineOf(id: string, resource: string, name: string): Promise<Record<string, unknown>> {
  expect(await system.post(webhookBody(id, { resource_type: resource }))).toBe(200);
  const isWanted = (line: string) => line.includes(`"${name}"`) && line.includes(id);
  await expect.poll(() => system.written.some(isWanted), { timeout: 20_000 }).toBe(true);
  return JSON.parse(system.written.find(isWanted) ?? '{}');
}

/** The text of an event's last try, once it is kept. */
async function textOfTry(id: string): Promise<string> {
  const ledger = dynamoDbLedger({
    client: system.clients.dynamoDb,
    table: system.output('TableDeliveries'),
    environment: 'sandbox',
    clock: systemClock,
  });
  const read = async () =>
    (await ledger.tries({ kind: 'webhook_event', event: sampleEvent({ id }) }))?.tries.at(-1)?.text;
  await expect.poll(read, { timeout: 20_000 }).toBeDefined();
  return (await read()) ?? '';
}

describe('an onEvent on this machine', () => {
  it('has its variable and its secret, of which nothing stands in the log', async () => {
    const { fields } = await lineOf('01JMYXMZRBVKK0PC6XS8SA4Q01', 'Daily Logs', 'erp.called');
    expect(fields).toEqual({ url: 'https://erp.example.com', sent: 'key (left out)', characters: key.length });
  });

  it('has the value of .env.local in place of the one of cdk.json, and that one again without it', async () => {
    const url = async (id: string) => (await lineOf(id, 'Daily Logs', 'erp.called')).fields;
    await system.stack.giveWorkers({ ERP_URL: 'http://localhost:9000' });
    expect(await url('01JMYXMZRBVKK0PC6XS8SA4Q11')).toMatchObject({ url: 'http://localhost:9000' });
    await system.stack.giveWorkers({});
    expect(await url('01JMYXMZRBVKK0PC6XS8SA4Q12')).toMatchObject({ url: 'https://erp.example.com' });
  });

  it('can throw its secret without its being in the log or in the recorded try', async () => {
    const id = '01JMYXMZRBVKK0PC6XS8SA4Q02';
    await lineOf(id, 'Submittals', 'event.failed');
    expect(await textOfTry(id)).toBe('ERP has refused the key (left out)');
    expect(system.written.join('\n')).not.toContain(key);
  });

  it('is told which secrets there are, and which key of cdk.json is meant', async () => {
    const id = '01JMYXMZRBVKK0PC6XS8SA4Q03';
    await lineOf(id, 'Meetings', 'event.failed');
    expect(await textOfTry(id)).toBe('No secret is called "hr": there are erp, crm, bi.');
  });

  it('is told of a secret that has no value here', async () => {
    expect(without).toEqual(['bi']);
    const id = '01JMYXMZRBVKK0PC6XS8SA4Q04';
    await lineOf(id, 'Drawings', 'event.failed');
    expect(await textOfTry(id)).toMatch(/^The secret "bi" could not be read \(ResourceNotFoundException\)/);
  });

  it('cannot read our secret, though a statement of its own allows every secret', async () => {
    const id = '01JMYXMZRBVKK0PC6XS8SA4Q05';
    await lineOf(id, 'RFIs', 'event.failed');
    expect(await textOfTry(id)).toMatch(/not authorized to perform: secretsmanager:GetSecretValue/);
  });

  it('runs with the time and memory that it has, and it is said what this machine leaves out', () => {
    const worker = system.stack.resources.functions.find(({ logicalId }) => logicalId.includes('WebhookWorker'));
    expect(worker).toMatchObject({ timeoutSeconds: 20, memoryMb: 256 });
    expect(system.stack.resources.leftOut).toEqual([
      expect.stringMatching(/WebhookWorker\w+: the condition of the statement that allows s3:PutObject/),
      expect.stringMatching(/WebhookWorker\w+: its VPC/),
    ]);
  });
});

describe('the file with the values of local secrets', () => {
  const reading = async (content: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'secrets-'));
    try {
      await writeFile(join(folder, 'secrets.json'), content);
      return await readLocalSecrets(join(folder, 'secrets.json'));
    } finally {
      await rm(folder, { recursive: true });
    }
  };

  it('holds a text, or an object, for each name', async () => {
    const values = { erp: 'one', db: { user: 'app', password: 'two' } };
    expect(await reading(JSON.stringify(values))).toEqual({ erp: 'one', db: '{"user":"app","password":"two"}' });
    expect(await readLocalSecrets(join(tmpdir(), 'no-such-file.json'))).toEqual({});
  });

  it.each([
    ['{"erp": "hunter2', 'it is no JSON'],
    ['{"erp": 5}', 'erp has no value'],
  ])('is refused when it is wrong, without what is in it: %s', async (content, problem) => {
    const error = await reading(content).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'local_secrets_unreadable', message: expect.stringContaining(problem) });
    expect(String(error)).not.toContain('hunter2');
  });
});
