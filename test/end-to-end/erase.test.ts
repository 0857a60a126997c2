import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbCompanyTraces } from '../../functions/aws/dynamodb-company-traces.ts';
import { dynamoDbDeliveredMarks } from '../../functions/aws/dynamodb-delivered-marks.ts';
import { dynamoDbFailedExchanges } from '../../functions/aws/dynamodb-failed-exchanges.ts';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { dynamoDbCompanyPauses } from '../../functions/aws/dynamodb-rate-budget.ts';
import { dynamoDbSubscriptionStore } from '../../functions/aws/dynamodb-subscription-store.ts';
import { dynamoDbTombstones } from '../../functions/aws/dynamodb-tombstones.ts';
import { sqsSetAside } from '../../functions/aws/sqs-set-aside.ts';
import { jobKinds } from '../../functions/jobs/job.ts';
import { workSlice } from '../../functions/jobs/work-slice.ts';
import { eraseWork, quietSeconds } from '../../functions/webhook/erase-company.ts';
import { erasureJob, erasureProgress } from '../../functions/webhook/erasure.ts';
import { workKey } from '../../functions/webhook/event-message.ts';
import { quarantineMessage } from '../../functions/webhook/quarantine.ts';
import { runBare } from '../operator/operator.ts';
import { failed } from '../procore/failed-exchange.ts';
import { Choices } from '../simulation/choices.ts';
import { aboutEvent, recordingObserver, sampleEvent, sampleTries } from '../webhook/sample-events.ts';
import { sampleSubscription } from '../webhook/sample-subscription.ts';
import { startSandboxStack, synthesizeSandbox, wakeUpRecord, webhookBody } from './sandbox-stack.ts';

// Canaries of two companies in every table and queue of the local system. One is erased: nothing of it is left but the
// tombstone and the receipt, and all of the other is as it was.

const erased = '5358233';
const other = '535823377';
// A session of the browser, in the table of authorizations, ends 90 minutes after it began: the receipt says so.
const tables = ['Connections', 'Deliveries', 'Subscriptions', 'RateBudget', 'Jobs'];
let system: Awaited<ReturnType<typeof startSandboxStack>>;

beforeAll(async () => {
  system = await startSandboxStack({ assembly: await synthesizeSandbox(), unknowns: { revokeSparesOtherSets: true } });
}, 60_000);
afterAll(() => system.stop());

const now = () => Date.now() / 1000;
const place = (table: string) => ({
  client: system.clients.dynamoDb,
  table: system.output(`Table${table}`),
  environment: 'sandbox' as const,
  clock: now,
});
const jobs = () => system.jobs();
const tombstones = () => dynamoDbTombstones(place('Deliveries'));

async function scan(table: string): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await system.clients.dynamoDb.send(new ScanCommand({ TableName: place(table).table }));
  return Items.map((item) => unmarshall(item));
}

/** Everything in the tables that names a company, or that was planted for it. */
async function tracesOf(companyId: string): Promise<string[]> {
  const found = await Promise.all(
    tables.map(async (table) => {
      const items = await scan(table);
      return items.map((item) => `${table} ${JSON.stringify(item)}`);
    }),
  );
  const named = new RegExp(`(?<!\\d)${companyId}(?!\\d)`);
  const hashed = [...(hashedOf.get(companyId) ?? [])];
  return found.flat().filter((text) => named.test(text) || hashed.some((hash) => text.includes(hash)));
}

/** Ids of items that do not name their company. */
const hashedOf = new Map<string, string[]>();

let planted = 0;

/** Plants data of a company wherever there can be some. */
async function plant(companyId: string): Promise<void> {
  planted += 1;
  const ledger = dynamoDbLedger(place('Deliveries'));
  const events = Array.from({ length: 30 }, (_, index) =>
    sampleEvent({ id: `${companyId}-${planted}-${index}`, companyId, resourceId: `${index}`, occurredAt: now() }),
  );
  for (const event of events) {
    await ledger.record(event, now());
    await ledger.markHandled(aboutEvent(event), now());
    await ledger.recordFailure(aboutEvent(event), sampleTries());
  }
  const [event = sampleEvent()] = events;
  const marks = dynamoDbDeliveredMarks(place('Deliveries'));
  for (const projectId of ['1', null]) await marks.mark({ companyId, projectId }, now());
  const { key } = workKey(aboutEvent(event));
  await ledger.noteHealth(key, { watchedUntil: now() + 60 });
  hashedOf.set(companyId, [key]);
  const exchanges = dynamoDbFailedExchanges(place('RateBudget'));
  const calls = [
    { requestHeaders: { 'procore-company-id': companyId } },
    { requestHeaders: {}, url: `https://api.procore.com/rest/v1.0/companies/${companyId}/projects` },
    { requestHeaders: {}, url: `https://api.procore.com/rest/v1.0/projects?company_id=${companyId}` },
  ];
  for (const [index, call] of calls.entries()) {
    const responseHeaders = { 'x-request-id': `call-${companyId}-${planted}-${index}` };
    await exchanges.keep(failed(500, '', { ...call, responseHeaders }));
  }
  await dynamoDbCompanyPauses(place('RateBudget')).write(companyId, {
    until: now() - 1,
    refusals: 1,
    since: now() - 61,
  });
  const later = { request: null, createdAt: 1, nextAt: now() + 86_400 };
  for (const kind of jobKinds.filter((kind) => kind !== 'erase')) {
    await jobs().create({ kind, companyId, ...later });
    await jobs().create({ kind, companyId, subject: 'RFIs', ...later });
  }
  const store = dynamoDbSubscriptionStore(place('Subscriptions'));
  if ((await store.read(companyId)) === undefined) {
    await store.save(sampleSubscription({ companyId, connectionId: 'of-others', hooks: [] }), undefined);
  }
  const message = { kind: 'webhook_event', environment: 'sandbox', event, receivedAt: now() };
  for (const index of [1, 2, 3]) {
    await send('EventsDeadLetter', JSON.stringify({ ...message, n: index }), {
      // Of one group only the first few can be seen, until they are gone.
      MessageGroupId: companyId === erased ? companyId : `${companyId}-${index}`,
      MessageDeduplicationId: `${companyId}-${planted}-${index}`,
    });
    const body = Buffer.from(JSON.stringify({ company_id: Number(companyId), n: index, planted }));
    await send('Quarantine', JSON.stringify(quarantineMessage(body, 'unknown_shape', now())));
  }
}

async function send(queue: string, MessageBody: string, fifo = {}): Promise<void> {
  await system.clients.sqs.send(
    new SendMessageCommand({ QueueUrl: system.output(`Queue${queue}`), MessageBody, ...fifo }),
  );
}

/** Every body that a queue shows, decoded. */
async function bodies(queue: string): Promise<string[]> {
  const found: string[] = [];
  for (let some = 1; some > 0; ) {
    const { Messages = [] } = await system.clients.sqs.send(
      new ReceiveMessageCommand({
        ...{ QueueUrl: system.output(`Queue${queue}`), MaxNumberOfMessages: 10, VisibilityTimeout: 2 },
      }),
    );
    some = Messages.length;
    for (const { Body = '{}' } of Messages) {
      const { bodyBase64 = '' } = JSON.parse(Body);
      found.push(`${Body} ${Buffer.from(bodyBase64, 'base64')}`);
    }
  }
  return found;
}

const naming = (companyId: string, texts: readonly string[]) =>
  texts.filter((text) => new RegExp(`(?<!\\d)${companyId}(?!\\d)`).test(text)).length;

async function workErasure(): Promise<void> {
  const jobId = `erase#${erased}`;
  await system.invoke('CompanyWork', { Records: [wakeUpRecord(jobId)] });
}

const withCommand = (...words: string[]) =>
  runBare([...words, '--environment', 'sandbox', '--local', '--endpoint', system.stack.endpoint]);

// One story, whose chapters build on each other.
describe('the erasure of a company', { timeout: 90_000, shuffle: false }, () => {
  it('leaves no trace of it in tables and visible messages, and touches nothing of another company', async () => {
    await system.connect('acme');
    const applied = ['--company', erased, '--connection', 'acme', '--resources', 'RFIs', '--projects', '23498237'];
    expect(await withCommand('webhooks', 'apply', ...applied)).toMatchObject({ exitCode: 0 });
    await plant(erased);
    await plant(other);
    const before = await tracesOf(other);
    expect((await tracesOf(erased)).length).toBeGreaterThan(40);
    expect(system.standIn.control.hooks()).toHaveLength(1);

    expect(await withCommand('erase', '--company', erased, '--yes')).toMatchObject({ exitCode: 0 });
    // As if the tombstone had stood long enough for everybody to know it.
    await tombstones().place(erased, now() - quietSeconds);
    await workErasure();

    const receipt = await withCommand('erase', '--company', erased, '--status', '--json');
    expect(receipt.json()).toMatchObject({
      ...{
        state: 'done',
        hooks: 1,
        subscriptions: 1,
        events: 30,
        failedCalls: expect.any(Number),
        deadLetters: 3,
        quarantined: 3,
      },
      ...{ disconnected: ['acme'], unrevoked: [], notWhole: [] },
    });
    const left = await tracesOf(erased);
    expect(left.map((text) => /"(erased|erase)#5358233"/.exec(text)?.[1] ?? text).sort()).toEqual(['erase', 'erased']);
    expect((await tracesOf(other)).sort()).toEqual(before.sort());
    expect(system.standIn.control.hooks()).toEqual([]);
    for (const queue of ['EventsDeadLetter', 'Quarantine']) {
      const shown = await bodies(queue);
      expect([queue, naming(erased, shown), naming(other, shown)]).toEqual([queue, 0, 3]);
    }
    const [acme] = (await scan('Connections')).filter(({ connectionId }) => connectionId === 'acme');
    expect(acme).toMatchObject({ status: 'disconnected', companyIds: [] });
    expect(acme).not.toHaveProperty('accessToken');
  });

  it('drops what still comes of it: at intake, and of what waits in the queue of events', async () => {
    const body = webhookBody('01ERASED000000000000000000', { company_id: Number(erased) });
    expect(await system.post(body)).toBe(200);
    await system.log.waitFor('webhook.erased', { eventId: '01ERASED000000000000000000' });
    const event = sampleEvent({ id: '01DRAPPED00000000000000000', companyId: erased });
    await send('Events', JSON.stringify({ kind: 'webhook_event', environment: 'sandbox', event, receivedAt: now() }), {
      MessageGroupId: 'waited',
      MessageDeduplicationId: 'waited',
    });
    await system.log.waitFor('event.erased', { eventId: '01DRAPPED00000000000000000' });
    expect(await tracesOf(erased)).toHaveLength(2);
    expect(await bodies('Events')).toEqual([]);
  });

  it('takes the company in again when the tombstone is lifted, and not before', async () => {
    const applied = ['--company', erased, '--connection', 'acme', '--resources', 'RFIs'];
    const refused = await withCommand('webhooks', 'apply', ...applied);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.err).toContain('erase --lift');
    expect(await withCommand('erase', '--company', erased, '--lift')).toMatchObject({ exitCode: 0 });
    expect(await tombstones().read(erased)).toBeUndefined();
  });

  it.each([1, 2, 3])('goes on wherever it is killed, until nothing is left (seed %i)', async (seed) => {
    const choices = Choices.seeded(seed);
    await plant(erased);
    const before = await tracesOf(other);
    const observer = recordingObserver();
    let kills = 0;
    /** Any call may take effect and then end the process, or end it before. */
    const mortal = <Port extends object>(port: Port): Port =>
      new Proxy(port, {
        get: (target, name) => {
          const method = Reflect.get(target, name) as (...given: unknown[]) => Promise<unknown>;
          return async (...given: unknown[]) => {
            const dies = choices.chance(0.25);
            const first = choices.chance(0.5);
            if (dies && first) throw new KilledError(++kills);
            const answer = await method.apply(target, given);
            if (dies) throw new KilledError(++kills);
            return answer;
          };
        },
      });
    const time = { offset: 0 };
    const clock = () => now() + time.offset;
    const queue = (name: string) =>
      mortal(sqsSetAside({ client: system.clients.sqs, queueUrl: system.output(`Queue${name}`) }));
    const kind = eraseWork({
      tombstones: mortal(tombstones()),
      store: mortal(dynamoDbSubscriptionStore(place('Subscriptions'))),
      hooksOf: () => ({ deleteHook: async () => undefined }),
      disconnect: async () => 'revoked',
      traces: mortal(
        dynamoDbCompanyTraces({
          deliveries: place('Deliveries'),
          rateBudget: place('RateBudget'),
          jobs: place('Jobs'),
        }),
      ),
      deadLetters: queue('EventsDeadLetter'),
      quarantine: queue('Quarantine'),
      clock,
    });
    const request = { connectionIds: [], keptConnectionIds: [] };
    expect(await jobs().create(erasureJob(erased, request, now()))).toBe('created');
    for (let slices = 0; (await jobs().read(`erase#${erased}`))?.state !== 'done'; slices += 1) {
      expect(slices).toBeLessThan(200);
      await workSlice(`erase#${erased}`, {
        ...{ store: mortal(jobs()), kinds: { erase: kind }, clock, observer },
        ...{ randomFraction: () => 0, randomId: () => `slice ${slices}`, remaining: () => 60_000 },
      }).catch((error: unknown) => {
        if (!(error instanceof KilledError)) throw error;
      });
      // A lease that a killed process held is over, and so is the pause after a failure.
      time.offset += 4000;
    }
    const job = await jobs().read(`erase#${erased}`);
    expect(kills).toBeGreaterThan(3);
    expect(job && erasureProgress(job)).toMatchObject({ step: 'done', notWhole: [] });
    expect((await tracesOf(erased)).map((text) => text.slice(0, 200))).toHaveLength(2);
    expect((await tracesOf(other)).sort()).toEqual(before.sort());
    await new Promise((resolve) => setTimeout(resolve, 2500));
    for (const name of ['EventsDeadLetter', 'Quarantine']) expect(naming(erased, await bodies(name))).toBe(0);
  });
});

/** The process ends here. */
class KilledError extends Error {
  override readonly name = 'KilledError';
  constructor(kill: number) {
    super(`kill ${kill}`);
  }
}
