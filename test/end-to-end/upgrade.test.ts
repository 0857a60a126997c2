import { rmSync } from 'node:fs';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Assembly } from '../../lib/local/template/assembly.ts';
import type { Json, TemplateResource } from '../../lib/local/template/template.ts';
import { withOlderCode } from '../previous-release/older-code.ts';
import { previousFunctions } from '../previous-release/previous-release.ts';
import { olderTemplate } from './older-template.ts';
import { startSandboxStack, synthesizeSandbox, webhookBody } from './sandbox-stack.ts';

interface Vended {
  readonly accessToken: string;
  readonly generation: number;
}

const released = previousFunctions();
let current: Assembly;
let system: Awaited<ReturnType<typeof startSandboxStack>>;
const before = { oauthClient: '', webhookAuthorization: '', token: '', generation: 0 };
const events = Array.from({ length: 30 }, (_, index) => `01KEPT${String(index).padStart(20, '0')}`);

beforeAll(async () => {
  current = await synthesizeSandbox();
  // The code of the release before, in a template that is older still.
  const older = withOlderCode({ ...current, template: olderTemplate(current.template) }, released);
  system = await startSandboxStack({ assembly: older });
  await system.connect('calm');
  await system.connect('leased');
  const { accessToken, generation } = await system.invoke<Vended>('AccessToken', { connectionId: 'calm' });
  Object.assign(before, { token: accessToken, generation });
  before.oauthClient = await system.readSecret('OauthClient');
  before.webhookAuthorization = await system.readSecret('WebhookAuthorization');

  // A worker of the old version died in the middle of a rotation: its lease stands for some seconds more.
  const now = Date.now() / 1000;
  await system.change('leased', 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age, attemptNumber = :one', {
    ':age': 5400,
    ':one': 1,
  });
  await leave(now + 10);
  // The older version had no worker: all events are in the queue, and the first was received by something that died.
  await system.post(webhookBody(events[0] ?? ''));
  const { Messages: taken = [] } = await system.clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: system.output('QueueEvents'), VisibilityTimeout: 3 }),
  );
  expect(taken.length).toBe(1);
  const answers = await Promise.all(events.slice(1).map((id) => system.post(webhookBody(id))));
  expect(new Set(answers)).toEqual(new Set([200]));
  await system.stack.deploy(current);
}, 90_000);

afterAll(async () => {
  await system.stop();
  rmSync(released.directory, { recursive: true });
});

async function leave(leaseUntil: number): Promise<void> {
  const { UpdateItemCommand } = await import('@aws-sdk/client-dynamodb');
  const attempt = {
    owner: { S: 'worker-of-the-old-version' },
    number: { N: '1' },
    startedAt: { N: String(leaseUntil - 30) },
    leaseUntil: { N: String(leaseUntil) },
  };
  await system.clients.dynamoDb.send(
    new UpdateItemCommand({
      TableName: system.output('TableConnections'),
      Key: { connectionId: { S: 'leased' } },
      UpdateExpression: 'SET attempt = :attempt',
      ExpressionAttributeValues: { ':attempt': { M: attempt } },
    }),
  );
}

describe('a deployment over a running older version', { timeout: 60_000 }, () => {
  it('replaces the functions', () => {
    expect(system.output('FunctionAccessToken')).not.toContain('SandboxOld');
    expect(system.output('TableSubscriptions')).not.toBe('');
  });

  it('leaves the secrets as they were set and generated', async () => {
    expect(JSON.parse(before.oauthClient)).toMatchObject({ clientId: 'local-sandbox' });
    expect(await system.readSecret('OauthClient')).toBe(before.oauthClient);
    expect(await system.readSecret('WebhookAuthorization')).toBe(before.webhookAuthorization);
  });

  it('keeps connections with their tokens', async () => {
    expect(await system.invoke('AccessToken', { connectionId: 'calm' })).toMatchObject({
      accessToken: before.token,
      generation: before.generation,
    });
  });

  it('waits for a lease that the old version took, and then rotates once', async () => {
    const refreshes = system.standIn.control.counts.tokenRefreshes;
    const vended = await system.invoke<Vended & { error?: { code: string; retryAfterSeconds: number } }>(
      'AccessToken',
      {
        connectionId: 'leased',
      },
    );
    const generation = vended.error ? undefined : vended.generation;
    expect(vended.error?.code ?? 'served').toMatch(/served|rotation_pending/);
    await expect
      .poll(() => system.invoke<Vended>('AccessToken', { connectionId: 'leased' }), { timeout: 40_000, interval: 500 })
      .toMatchObject({ generation: generation ?? before.generation + 1 });
    expect(system.standIn.control.counts.tokenRefreshes).toBe(refreshes + 1);
  });

  it('loses no event that was on its way, and gives none up', async () => {
    const missing = () => events.filter((eventId) => system.log.count('event.received', { eventId }) === 0);
    await expect.poll(missing, { timeout: 50_000 }).toEqual([]);
    expect(system.log.count('event.dead_lettered', {})).toBe(0);
  });

  it('writes down our client id with the first audit, which no version before has done; until then no loop is marked', async () => {
    const ours = {
      ...{ id: 7, ulid: '01MYAPP0000000000000000000', timestamp: new Date().toISOString(), api_version: 'v2' },
      ...{ resource_name: 'RFIs', resource_id: 77, event_type: 'update', company_id: 1, project_id: 2, user_id: 3 },
      metadata: { source_application_id: 'local-sandbox' },
    };
    expect(await system.post(ours)).toBe(200);
    await system.log.waitFor('event.client_id_unknown', { eventId: '01MYAPP0000000000000000000' });
    await system.log.waitFor('event.received', { eventId: '01MYAPP0000000000000000000' });
    expect(await system.clientIds().read()).toBeUndefined();
    await system.workJob('audit', 'all');
    expect(await system.clientIds().read()).toBe('local-sandbox');
  });

  it('goes on taking webhooks with the same Authorization at the same address', async () => {
    expect(await system.post(webhookBody('01AFTER0000000000000000000'))).toBe(200);
    await system.log.waitFor('event.received', { eventId: '01AFTER0000000000000000000' });
  });
});

describe('the check itself', () => {
  const deployed = (change: (resources: Record<string, TemplateResource>) => void): Assembly => {
    const Resources = structuredClone(current.template.Resources) as Record<string, TemplateResource>;
    change(Resources);
    return { ...current, template: { ...current.template, Resources }, remove: async () => {} };
  };
  const find = (resources: Record<string, TemplateResource>, type: string, id: RegExp) =>
    Object.entries(resources).find(([each, { Type }]) => Type === type && id.test(each)) ?? ['', { Type: type }];

  it('would see a table that a change replaces', async () => {
    const replaced = deployed((resources) => {
      const [id, table] = find(resources, 'AWS::DynamoDB::Table', /Connections/);
      const KeySchema: Json = [{ AttributeName: 'id', KeyType: 'HASH' }];
      resources[id] = { ...table, Properties: { ...table.Properties, KeySchema } };
    });
    await expect(system.stack.deploy(replaced)).rejects.toThrow('CloudFormation replaces it');
  });

  it('would see a secret whose value a change overwrites', async () => {
    const overwritten = deployed((resources) => {
      const [id, secret] = find(resources, 'AWS::SecretsManager::Secret', /OauthClient/);
      resources[id] = { ...secret, Properties: { ...secret.Properties, SecretString: '{"clientId":"REPLACE-ME"}' } };
    });
    await system.stack.deploy(overwritten);
    expect(await system.readSecret('OauthClient')).toBe('{"clientId":"REPLACE-ME"}');
  });
});
