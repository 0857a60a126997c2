import { fileURLToPath } from 'node:url';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbCompanyPauses } from '../../functions/aws/dynamodb-rate-budget.ts';
import { dynamoDbSubscriptionStore } from '../../functions/aws/dynamodb-subscription-store.ts';
import type { Assembly } from '../../lib/local/template/assembly.ts';
import type { TemplateResource } from '../../lib/local/template/template.ts';
import { type ReservedPorts, reservePorts } from '../../lib/ports.ts';
import { permissions } from '../cloud/permissions.ts';
import { relayFailingWrites } from './failing-writes.ts';
import { startSandboxStack, synthesizeSandbox, webhookBody, withoutAlias } from './sandbox-stack.ts';

// npm run test:policies: every permission that a role has is made use of by some flow below, or stands here with the
// reason. The runner refuses every call that a role does not allow, so a permission that is missing fails its flow.

/** Not made use of on this machine. */
const unexercised: Readonly<Record<string, string>> = {
  'TokenRotation sqs:GetQueueAttributes QueueRotation': "Lambda's own poller asks for it; the local one does not.",
  'TokenRecovery sqs:GetQueueAttributes QueueEscrow': "Lambda's own poller asks for it; the local one does not.",
  'Reconciliation sqs:SendMessage QueueQuarantine': 'What it accepts, it has written itself: always an event.',
  'SubscriptionAudit dynamodb:PutItem TableSubscriptions': 'The release before needs it while both are deployed.',
  'SubscriptionAudit dynamodb:GetItem TableSubscriptions': 'It reads again what somebody else wrote in between.',
  'SubscriptionAudit sqs:SendMessage QueueQuarantine': 'The stand-in Procore has no delivery that cannot be read.',
  'WebhookWorker sqs:GetQueueAttributes QueueEvents': "Lambda's own poller asks for it; the local one does not.",
};

const companyId = '5358233';
let system: Awaited<ReturnType<typeof startSandboxStack>>;
let reserved: ReservedPorts;
let relay: Awaited<ReturnType<typeof relayFailingWrites>>;

beforeAll(async () => {
  reserved = await reservePorts();
  const awsPort = reserved.first;
  relay = await relayFailingWrites(awsPort);
  const assembly = impatient(await synthesizeSandbox());
  system = await startSandboxStack({
    assembly,
    awsPort,
    // A handler that does more than log.
    onEventEntry: fileURLToPath(new URL('../fixtures/eager-on-event.ts', import.meta.url)),
    variables: { AWS_ENDPOINT_URL_DYNAMODB: relay.origin },
    // One connection's end must not be that of the others, which the same person made.
    unknowns: { revokeSparesOtherSets: true },
  });
  // The audit's flow lets half a day pass at Procore.
  system.standIn.control.setAccessTokenLifetime(200_000);
}, 60_000);

afterAll(async () => {
  await system.stop();
  await relay.stop();
  await reserved.release();
});

/** Functions that would wait for DynamoDB wait less long. */
function impatient(assembly: Assembly): Assembly {
  const Resources = Object.entries(assembly.template.Resources).map(([id, resource]): [string, TemplateResource] => {
    if (resource.Type !== 'AWS::Lambda::Function') return [id, resource];
    const Timeout = /AccessToken|TokenRotation/.test(id) ? 22 : resource.Properties?.Timeout;
    return [id, { ...resource, Properties: { ...resource.Properties, ...(Timeout !== undefined && { Timeout }) } }];
  });
  return { ...assembly, template: { ...assembly.template, Resources: Object.fromEntries(Resources) } };
}

const now = () => Date.now() / 1000;

/** Lets the access token run out, and the sweep find it. */
const expire = (connectionId: string) =>
  system.change(connectionId, 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age, rotateAt = :then', {
    ':age': 200_000,
    ':then': Math.floor(now()) - 60,
  });

function subscriptions() {
  const table = system.output('TableSubscriptions');
  return dynamoDbSubscriptionStore({ client: system.clients.dynamoDb, table, environment: 'sandbox' });
}

/** Leaves a pause behind that is just over: the app had been disconnected from the company. */
async function pause(): Promise<void> {
  const table = system.output('TableRateBudget');
  const shared = { client: system.clients.dynamoDb, table, environment: 'sandbox', clock: now } as const;
  await dynamoDbCompanyPauses(shared).write(companyId, { until: now() - 1, refusals: 1, since: now() - 61 });
}

async function readConnection(connectionId: string): Promise<Record<string, unknown>> {
  const { Item = {} } = await system.clients.dynamoDb.send(
    new GetItemCommand({ TableName: system.output('TableConnections'), Key: { connectionId: { S: connectionId } } }),
  );
  return unmarshall(Item);
}

async function escrow(connectionId: string, generation: number): Promise<void> {
  const tokens = { accessToken: `escrowed-${connectionId}`, issuedAt: now(), expiresAt: now() + 5400 };
  const { authorizedBy } = await readConnection(connectionId);
  const body = { environment: 'sandbox', connectionId, generation, tokens, authorizedBy };
  await system.clients.sqs.send(
    new SendMessageCommand({ QueueUrl: system.output('QueueEscrow'), MessageBody: JSON.stringify(body) }),
  );
}

// One story, whose chapters build on each other; what was used is counted at its end.
describe('the flows', { timeout: 90_000, shuffle: false }, () => {
  it('connects accounts, disconnects one, and connects the service account', async () => {
    for (const each of ['vended', 'swept', 'ended', 'escrowed-inline', 'escrowed-swept']) await system.connect(each);
    expect(await system.invoke('Disconnect', { connectionId: 'ended' })).toMatchObject({ status: 'disconnected' });
    await system.invoke('ConnectServiceAccount', { connectionId: 'service', companyId });
  });

  it('rotates on demand and ahead of time', async () => {
    await Promise.all(['vended', 'swept'].map(expire));
    expect(await system.invoke('AccessToken', { connectionId: 'vended' })).toMatchObject({ generation: 2 });
    await system.invoke('RotationSweep');
    await system.log.waitFor('rotation.replaced', { connectionId: 'swept' });
  });

  it('takes webhooks in: fresh, late, and no events at all, of a company that was paused', async () => {
    // Before the first event: what a worker has looked up, it believes for a minute.
    await pause();
    await subscriptions().save(
      {
        environment: 'sandbox',
        companyId,
        connectionId: 'vended',
        namespace: 'procore-connector',
        destinationUrl: system.output('WebhookUrl'),
        payloadVersion: 'v4.0',
        resources: [{ name: 'RFIs', level: 'project', actions: ['update'] }],
        projects: ['23498237'],
        hooks: [],
        silenceHours: 0,
        createdAt: 0,
        updatedAt: 0,
      },
      undefined,
    );
    expect(await system.post(webhookBody('01FRESH0000000000000000000'))).toBe(200);
    const late = webhookBody('01LATE00000000000000000000', { timestamp: new Date(Date.now() - 3.6e6).toISOString() });
    expect(await system.post(late)).toBe(200);
    expect(await system.post({ no: 'event' })).toBe(200);
    await system.log.waitFor('webhook.quarantined', {});
  });

  it('works events: of a subscribed company, of our own app, failing ones and unreadable ones', async () => {
    const { sqs } = system.clients;
    await system.post(webhookBody('01SUBSCRIBED00000000000000'));
    await system.post(webhookBody('01BAD000000000000000000000', { resource_type: 'Submittals' }));
    const ofOurs = { id: 7, ulid: '01LOOP00000000000000000000', metadata: { source_application_id: 'local-sandbox' } };
    await system.post({
      ...ofOurs,
      timestamp: new Date().toISOString(),
      resource_name: 'RFIs',
      resource_id: 77,
      event_type: 'update',
      company_id: Number(companyId),
      project_id: 23498237,
      user_id: 1,
      api_version: 'v2',
    });
    const MessageBody = 'unreadable';
    const ids = { MessageGroupId: 'unreadable', MessageDeduplicationId: 'unreadable' };
    await sqs.send(new SendMessageCommand({ QueueUrl: system.output('QueueEvents'), MessageBody, ...ids }));
    await system.log.waitFor('app.reconnected', { companyId });
    await system.log.waitFor('event.failed', { eventId: '01BAD000000000000000000000' });
    await system.log.waitFor('event.dead_lettered', { reason: 'unreadable_message' });
  });

  it('audits the subscription: makes the hook, repairs it, fetches lost deliveries, retires the old header', async () => {
    const { current } = JSON.parse(await system.readSecret('WebhookAuthorization'));
    // Else the worker, which tries failed events again, might find the pause first.
    await system.log.waitForQuiet();
    await pause();
    await system.invoke('SubscriptionAudit');
    const [hook] = (await subscriptions().read(companyId))?.hooks ?? [];
    system.standIn.control.setHookAuthorization(hook?.hookId ?? '', 'Bearer wrong');
    const project = { companyId, projectId: '23498237' };
    await system.standIn.control.emitEvent({
      resourceName: 'RFIs',
      eventType: 'update',
      ...project,
      resourceId: '4711',
    });
    await system.standIn.control.advance(13 * 3600);
    const rolledOver = {
      environment: 'sandbox',
      current,
      previous: 'an-authorization-of-former-times',
      rotatedAt: now() - 50_000,
    };
    await system.writeSecret('WebhookAuthorization', rolledOver);
    expect(await system.invoke('SubscriptionAudit')).toMatchObject({ recovered: 1 });
    // Half a day passes for the hook, too: until then a retry may carry the old header.
    const stored = await subscriptions().read(companyId);
    if (!stored) throw new Error('The subscription is gone.');
    const hooks = stored.hooks.map((each) => ({ ...each, authorizedAt: each.authorizedAt - 50_000 }));
    await subscriptions().save({ ...stored, hooks }, stored.revision);
    await system.invoke('SubscriptionAudit');
    expect(JSON.parse(await system.readSecret('WebhookAuthorization'))).not.toHaveProperty('previous');
  }, 60_000);

  it('reconciles what no webhook has brought', async () => {
    await pause();
    const path = '/rest/v1.0/projects/23498237/rfis';
    const request = { companyId, projectId: '23498237', resourceName: 'RFIs', path };
    expect(await system.invoke('Reconciliation', request)).toMatchObject({ failed: 0 });
  });

  it('puts tokens into escrow while DynamoDB refuses them, and lands them afterwards', async () => {
    const connections = ['escrowed-inline', 'escrowed-swept'] as const;
    await Promise.all(connections.map(expire));
    relay.refuse(true);
    const inline = system.invoke('AccessToken', { connectionId: 'escrowed-inline' });
    await system.invoke('RotationSweep');
    await inline;
    await Promise.all(connections.map((connectionId) => waitLong('rotation.escrowed', { connectionId })));
    relay.refuse(false);
    // A refused message comes again after three minutes: its like is sent at once.
    for (const connectionId of connections) {
      await escrow(connectionId, 1);
      await system.log.waitFor('rotation.recovered', { connectionId });
    }
  }, 90_000);

  it('ends connections that Procore refuses, and brings back one whose tokens come out of escrow after all', async () => {
    await Promise.all(['vended', 'swept'].map(expire));
    system.standIn.control.revokeGrant();
    await system.invoke('AccessToken', { connectionId: 'vended' });
    await system.invoke('RotationSweep');
    await system.log.waitFor('rotation.refused', { connectionId: 'swept' });
    await system.log.waitFor('rotation.refused', { connectionId: 'vended' });
    await escrow('vended', Number((await readConnection('vended')).generation));
    await system.log.waitFor('rotation.recovered', { connectionId: 'vended' });
    await escrow('ended', 1);
    await system.log.waitFor('connection.revoked', { connectionId: 'ended' });
  });

  async function waitLong(event: string, fields: Record<string, string>): Promise<void> {
    await expect.poll(() => system.log.count(event, fields), { timeout: 60_000 }).toBeGreaterThan(0);
  }

  it('leaves no permission of a role unused', async () => {
    const names = new Map(
      Object.entries(system.stack.outputs).map(([output, value]) => [
        withoutAlias(value).replace(/^.*\/\d{12}\//, ''),
        output.replace('Sandbox', ''),
      ]),
    );
    const nameOf = (resource: string) => {
      const [name = '', ...rest] = (withoutAlias(resource).split(':').at(-1) ?? '').replace(/^table\//, '').split('/');
      return [names.get(resource) ?? names.get(name) ?? resource, ...rest].join('/');
    };
    const granted = Object.entries(permissions).flatMap(([name, resources]) =>
      Object.entries(resources).flatMap(([resource, actions]) =>
        actions.map((action) => `${name} ${action} ${resource}`),
      ),
    );
    const unused = () => {
      const used = new Set(
        system.stack
          .usedPermissions()
          .map(({ functionName, action, resource }) =>
            [nameOf(functionName).replace('Function', ''), action, nameOf(resource)].join(' '),
          ),
      );
      return granted.filter((each) => !used.has(each)).sort();
    };
    // The last flows end behind their log lines.
    await expect.poll(unused, { timeout: 15_000 }).toEqual(Object.keys(unexercised).sort());
  });
});
