import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbFailedExchanges } from '../../functions/aws/dynamodb-failed-exchanges.ts';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { dynamoDbCompanyPauses } from '../../functions/aws/dynamodb-rate-budget.ts';
import { dynamoDbSubscriptionStore } from '../../functions/aws/dynamodb-subscription-store.ts';
import { dynamoDbTombstones } from '../../functions/aws/dynamodb-tombstones.ts';
import { jobIdOf } from '../../functions/jobs/job.ts';
import { quietSeconds } from '../../functions/webhook/erase-company.ts';
import { erasureJob } from '../../functions/webhook/erasure.ts';
import { quarantineMessage } from '../../functions/webhook/quarantine.ts';
import { close, listen } from '../../lib/listening.ts';
import type { Assembly } from '../../lib/local/template/assembly.ts';
import type { TemplateResource } from '../../lib/local/template/template.ts';
import { type ReservedPorts, reservePorts } from '../../lib/ports.ts';
import { permissions } from '../cloud/permissions.ts';
import { loseConnection, restoreTable } from '../operator/restored-table.ts';
import { failed } from '../procore/failed-exchange.ts';
import { sampleEvent } from '../webhook/sample-events.ts';
import { sampleSubscription } from '../webhook/sample-subscription.ts';
import { relayFailingWrites } from './failing-writes.ts';
import { startSandboxStack, synthesizeSandbox, wakeUpRecord, webhookBody, withoutAlias } from './sandbox-stack.ts';

// npm run test:policies: every permission that a role has is made use of by some flow below, or stands here with the
// reason. The runner refuses every call that a role does not allow, so a permission that is missing fails its flow.

/** Not made use of on this machine. */
const unexercised: Readonly<Record<string, string>> = {
  'TokenRotation sqs:GetQueueAttributes QueueRotation': "Lambda's own poller asks for it; the local one does not.",
  'TokenRecovery sqs:GetQueueAttributes QueueEscrow': "Lambda's own poller asks for it; the local one does not.",
  'CompanyWork dynamodb:PutItem TableSubscriptions': 'The release before needs it while both are deployed.',
  'CompanyWork sqs:SendMessage QueueQuarantine': 'The stand-in Procore has no delivery that cannot be read.',
  'WebhookWorker sqs:GetQueueAttributes QueueEvents': "Lambda's own poller asks for it; the local one does not.",
};

const companyId = '5358233';
let system: Awaited<ReturnType<typeof startSandboxStack>>;
let reserved: ReservedPorts;
let relay: Awaited<ReturnType<typeof relayFailingWrites>>;
let returnTo: string;

/** The integrator's site, to which browsers come back. */
const site = createServer((_, response) => response.end('You are back.'));

beforeAll(async () => {
  reserved = await reservePorts();
  const awsPort = reserved.first;
  relay = await relayFailingWrites(awsPort);
  const origin = `http://localhost:${await listen(site, 0)}`;
  returnTo = `${origin}/connected`;
  // The backend's word then revokes what it replaces.
  const settings = { returnToOrigins: [origin], revokeReplacedTokens: true };
  const assembly = impatient(await synthesizeSandbox(undefined, settings));
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
  await close(site);
  await reserved.release();
});

/** Functions that would wait for DynamoDB wait less long. */
function impatient(assembly: Assembly): Assembly {
  const Resources = Object.entries(assembly.template.Resources).map(([id, resource]): [string, TemplateResource] => {
    if (resource.Type !== 'AWS::Lambda::Function') return [id, resource];
    const Timeout = /AccessToken|TokenRotation|RestoreConnections/.test(id) ? 22 : resource.Properties?.Timeout;
    return [id, { ...resource, Properties: { ...resource.Properties, ...(Timeout !== undefined && { Timeout }) } }];
  });
  return { ...assembly, template: { ...assembly.template, Resources: Object.fromEntries(Resources) } };
}

const now = () => Date.now() / 1000;

/** Lets the access token run out, and the sweep find it, so late that it asks how long the queue is. */
const expire = (connectionId: string) =>
  system.change(connectionId, 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age, rotateAt = :then', {
    ':age': 200_000,
    ':then': Math.floor(now()) - 270,
  });

function subscriptions() {
  const table = system.output('TableSubscriptions');
  return dynamoDbSubscriptionStore({ client: system.clients.dynamoDb, table, environment: 'sandbox' });
}

/** Lets a company's audit be due. */
async function due(ofCompany: string): Promise<void> {
  await system.jobs().change(jobIdOf({ kind: 'audit', companyId: ofCompany }), 'run', Math.floor(now()));
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

  it('replaces a connection on the backend’s word, by a link that waits for it', async () => {
    await system.connect('confirmed');
    const back = new URL(await system.connect('confirmed', { returnTo, confirm: true }));
    const request = { connectionId: 'confirmed', reference: back.searchParams.get('reference') };
    expect(await readConnection('confirmed')).toMatchObject({ generation: 1 });
    expect(await system.invoke('ConfirmConnection', { ...request, connectionId: 'vended' })).toMatchObject({
      error: { code: 'reference_refused' },
    });
    expect(await system.invoke('ConfirmConnection', request)).toMatchObject({ status: 'connected', generation: 2 });
    await system.log.waitFor('connection.revoked', { connectionId: 'confirmed' });
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

  it('sends every record of a list, where the queue has room', async () => {
    await pause();
    const request = { level: 'project', path: '/rest/v1.0/projects/{project_id}/rfis', projectId: '23498237' } as const;
    // By another name, so that the reconciliation still finds what nobody has told.
    await system.workJob('backfill', companyId, { subject: 'Questions', request });
    await system.log.waitFor('backfill.done', { companyId });
  });

  it('audits the subscription: makes the hook, repairs it, fetches lost deliveries, retires the old header', async () => {
    const { current } = JSON.parse(await system.readSecret('WebhookAuthorization'));
    // Else the worker, which tries failed events again, might find the pause first.
    await system.log.waitForQuiet();
    await pause();
    await system.workJob('audit', companyId);
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
    // Its hook was looked at a moment ago, so that no audit is due; an apply looks at all hooks.
    await system.workJob('apply', companyId);
    // Half a day passes for the hook, too: until then a retry may carry the old header.
    const stored = await subscriptions().read(companyId);
    if (!stored) throw new Error('The subscription is gone.');
    const hooks = stored.hooks.map((each) => ({ ...each, authorizedAt: each.authorizedAt - 50_000 }));
    await subscriptions().save({ ...stored, hooks }, stored.revision);
    // The round gives the company's audit its job again.
    await system.jobs().remove(jobIdOf({ kind: 'audit', companyId }));
    await system.workJob('audit', 'all');
    expect(JSON.parse(await system.readSecret('WebhookAuthorization'))).not.toHaveProperty('previous');
    // By the queue: the sweep of the minute finds what is due.
    await due(companyId);
    await system.invoke('CompanyWork', {});
    await system.log.waitFor('jobs.swept', {});
  }, 60_000);

  it('reconciles what no webhook has brought', async () => {
    await pause();
    const stored = await subscriptions().read(companyId);
    if (!stored) throw new Error('The subscription is gone.');
    const list = { name: 'RFIs', path: '/rest/v1.0/projects/{project_id}/rfis', level: 'project' } as const;
    const reconcile = { hours: 6, lists: [list], reportVanished: true };
    await subscriptions().save({ ...stored, reconcile }, stored.revision);
    const now = Math.floor(Date.now() / 1000);
    const job = { kind: 'reconcile', companyId, request: null, createdAt: now, nextAt: now } as const;
    await system.jobs().create(job);
    await system.invoke('CompanyWork');
    // The worker, to whom the missing records go meanwhile, takes its time where little is left of the machine.
    await waitLong('reconciled', { companyId });
    // What is not wanted any more is forgotten.
    const { reconcile: _, revision, ...without } = (await subscriptions().read(companyId)) ?? stored;
    await subscriptions().save(without, revision);
    await system.jobs().change(jobIdOf(job), 'run', now);
    await system.invoke('CompanyWork');
    const state = async () => (await system.jobs().read(jobIdOf(job)))?.state;
    await expect.poll(state, { timeout: 20_000 }).toBe('done');
  });

  it('erases a company: its hooks, messages, events, failed calls and jobs', async () => {
    const erased = '77';
    const table = (name: string) => ({
      ...{ client: system.clients.dynamoDb, table: system.output(`Table${name}`), environment: 'sandbox' as const },
      clock: now,
    });
    await dynamoDbLedger(table('Deliveries')).record(sampleEvent({ companyId: erased }), now());
    const call = failed(500, '', { requestHeaders: { 'procore-company-id': erased } });
    await dynamoDbFailedExchanges(table('RateBudget')).keep(call);
    await subscriptions().save(sampleSubscription({ companyId: erased, hooks: [] }), undefined);
    const later = { request: null, createdAt: 1, nextAt: now() + 86_400 };
    await system.jobs().create({ kind: 'audit', companyId: erased, ...later });
    for (const ofCompany of [erased, '78']) {
      const event = sampleEvent({ companyId: ofCompany });
      const message = { kind: 'webhook_event', environment: 'sandbox', event, receivedAt: now() };
      const body = Buffer.from(JSON.stringify({ company_id: ofCompany }));
      const sent = {
        EventsDeadLetter: message,
        Quarantine: quarantineMessage(body, 'unknown_shape', now()),
      };
      for (const [queue, content] of Object.entries(sent)) {
        const fifo = queue === 'Quarantine' ? {} : { MessageGroupId: ofCompany, MessageDeduplicationId: ofCompany };
        const QueueUrl = system.output(`Queue${queue}`);
        await system.clients.sqs.send(
          new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(content), ...fifo }),
        );
      }
    }
    await dynamoDbTombstones(table('Deliveries')).place(erased, now() - quietSeconds);
    await system.jobs().create(erasureJob(erased, { connectionIds: ['ended'], keptConnectionIds: [] }, now()));
    const jobId = `erase#${erased}`;
    await system.invoke('CompanyWork', { Records: [wakeUpRecord(jobId)] });
    expect(await system.jobs().read(jobId)).toMatchObject({
      state: 'done',
      checkpoint: { subscriptions: 1, events: 1, failedCalls: 1, jobs: 1, deadLetters: 1, quarantined: 1 },
    });
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

  it('restores what was lost, and sends one refresh token on a person’s word while DynamoDB refuses new tokens', async () => {
    const { dynamoDb } = system.clients;
    const table = system.output('TableConnections');
    await system.connect('lost');
    const fromTable = await restoreTable(dynamoDb, table);
    await loseConnection(dynamoDb, table, 'lost');
    const { connections } = await system.invoke<{ connections: unknown }>('RestoreConnections', { fromTable });
    expect(connections).toContainEqual(expect.objectContaining({ connectionId: 'lost', became: 'vended' }));
    expect(await system.invoke('RestoreConnections', { fromTable, connectionId: 'lost' })).toMatchObject({
      connections: [{ became: 'lives' }],
    });
    system.standIn.control.failNext('token', { kind: 'slow', milliseconds: 3000 });
    const word = system.invoke('RestoreConnections', { connectionId: 'lost', sendRefreshToken: true });
    await system.log.waitFor('connection.refresh_token_released', { connectionId: 'lost' });
    relay.refuse(true);
    expect(await word).toMatchObject({ outcome: 'escrowed' });
    relay.refuse(false);
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
      const restored = name.endsWith('-restored') ? `${names.get(name.replace(/-restored$/, ''))}-restored` : undefined;
      return [names.get(resource) ?? names.get(name) ?? restored ?? resource, ...rest].join('/');
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
