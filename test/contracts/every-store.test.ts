import { type DynamoDBClient, ProvisionedThroughputExceededException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { dynamoDbAuthorizationStore } from '../../functions/aws/dynamodb-authorization-store.ts';
import { dynamoDbClientId } from '../../functions/aws/dynamodb-client-id.ts';
import { dynamoDbConnectionStore } from '../../functions/aws/dynamodb-connection-store.ts';
import { dynamoDbDeliveredMarks } from '../../functions/aws/dynamodb-delivered-marks.ts';
import { dynamoDbFailedExchanges } from '../../functions/aws/dynamodb-failed-exchanges.ts';
import { dynamoDbJobStore } from '../../functions/aws/dynamodb-job-store.ts';
import { dynamoDbKnownIds } from '../../functions/aws/dynamodb-known-ids.ts';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { dynamoDbPreviousUse } from '../../functions/aws/dynamodb-previous-use.ts';
import { dynamoDbCompanyPauses, dynamoDbRateBudget } from '../../functions/aws/dynamodb-rate-budget.ts';
import { dynamoDbSubscriptionStore } from '../../functions/aws/dynamodb-subscription-store.ts';
import { dynamoDbTombstones } from '../../functions/aws/dynamodb-tombstones.ts';
import type { EnvironmentTable } from '../../functions/aws/environment-table.ts';
import type { Clock } from '../../functions/clock.ts';
import type { ConnectionStore } from '../../functions/connection/connection-store.ts';
import { dueShardOf } from '../../functions/connection/connection-store.ts';
import { create } from '../../functions/connection/transitions.ts';
import { jobShardOf } from '../../functions/jobs/job.ts';
import type { JobStore } from '../../functions/jobs/job-store.ts';
import { referenceIdOf } from '../../functions/procore/failed-exchanges.ts';
import { noCounts } from '../../functions/procore/rate-windows.ts';
import { acceptDelivery } from '../../functions/webhook/acceptance.ts';
import type { KnownIds } from '../../functions/webhook/known-ids.ts';
import type { Ledger, LedgerReader } from '../../functions/webhook/ledger.ts';
import { dynamoDbLedgerReader } from '../../lib/operator/aws/dynamodb-ledger-reader.ts';
import { sampleDue, sampleJob } from '../jobs/sample-job.ts';
import { memoryAuthorizationStore } from '../memory/authorization-store.ts';
import { memoryClientId } from '../memory/client-id.ts';
import { memoryConnectionStore } from '../memory/connection-store.ts';
import { memoryDeliveredMarks } from '../memory/delivered-marks.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryFailedExchanges } from '../memory/failed-exchanges.ts';
import { memoryJobStore } from '../memory/job-store.ts';
import { memoryKnownIds } from '../memory/known-ids.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { type PortFaults, ThrottledError } from '../memory/port.ts';
import { memoryPreviousUse } from '../memory/previous-use.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { memoryCompanyPauses, memoryRateBudget } from '../memory/rate-budget.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { memoryTombstones } from '../memory/tombstones.ts';
import { failed } from '../procore/failed-exchange.ts';
import { sampleWindow } from '../procore/sample-window.ts';
import { aboutEvent, recordingObserver, sampleEvent, sampleTime, sampleTries } from '../webhook/sample-events.ts';
import { sampleSubscription } from '../webhook/sample-subscription.ts';
import { storedConnection } from './connection-store.ts';
import type { TableName } from './table-definition.ts';
import { type StoredItem, type UsedTable, useTable } from './use-table.ts';

// What holds for every operation of every store. Whatever it is asked to do, an item of another environment stays as it
// is, byte for byte, at the first and at every later touch, and nothing is concluded from it. And while it is throttled
// it throws: a refusal for now is no answer. And what a later version has stored beside our own attributes stays: two
// versions work the same tables while a deployment goes on.

type Place = EnvironmentTable & { readonly clock: Clock };
type Methods<Store> = {
  [Name in keyof Store as Store[Name] extends (...parameters: never[]) => unknown ? Name : never]: Store[Name];
};

/** What an operation comes to when it meets a foreign item: the one error, or an answer that concludes nothing. */
interface Operation<Store> {
  readonly run: (store: Store) => unknown;
  /** Absent: throws ForeignItemError. */
  readonly answers?: unknown;
  /** What is done with an item of one's own, where that takes other parameters. */
  readonly withOwn?: (store: Store) => unknown;
  /** Why an item is written whole, so that nothing of an earlier one is left. */
  readonly writesWhole?: string;
}

interface StoreUnderTest<Store> {
  readonly table: TableName;
  readonly make: (place: Place) => Store;
  readonly inMemory: (faults: PortFaults) => Store;
  /** Writes as the other environment every item that the operations below will meet. */
  readonly plant: (foreign: Store) => Promise<unknown>;
  /** Every operation of the store; the compiler misses none. */
  readonly operations: { readonly [Name in keyof Methods<Store>]: Operation<Store> };
}

/** Later than the planted event, so that no condition but the guard's can refuse a write. */
const event = sampleEvent({ occurredAt: sampleTime + 5 });
const session = {
  sessionId: 'b'.repeat(64),
  browserHash: 'c'.repeat(64),
  linkHash: 'a'.repeat(64),
  linkIssuedAt: 1,
  connectionId: 'acme',
  expiresAt: 2_000_000_000,
  keptUntil: 2_000_000_000,
};
const link = { linkHash: session.linkHash, connectionId: 'acme', issuedAt: 1, expiresAt: 2_000_000_000 };
const exchange = failed(500, '', { responseHeaders: { 'x-request-id': 'one' } });
const clock = () => sampleTime;
const manyCompanies = Array.from({ length: 201 }, (_, index) => String(index));
const spike = sampleWindow({ resetAt: sampleTime + 100 });
const companyId = sampleSubscription().companyId;
const knownList = { companyId: '8089', resourceName: 'RFIs', projectId: '1', of: 'known' } as const;
const jobLease = { jobId: 'audit#8089', owner: 'one', until: sampleDue + 120 };

function storeUnderTest<Store>(name: string, described: StoreUnderTest<Store>): void {
  const { make, inMemory, plant, operations } = described;
  const everyOperation = Object.entries(operations) as [string, Operation<Store>][];
  describe(`the ${name} and an item of another environment`, () => {
    const used = useTable(described.table);
    beforeEach(used.empty);
    const placeOf = (environment: 'sandbox' | 'production'): Place => ({
      client: used.client,
      table: used.table,
      environment,
      clock,
    });

    describe.each([
      ['one that its own environment wrote', async () => {}],
      ['a bare one, of which every other condition holds', () => strip(used)],
    ] as const)('%s', (_, change) => {
      it.each(everyOperation)('%s', async (_, { run, answers }) => {
        await plant(make(placeOf('production')));
        await change();
        const planted = await used.items();
        expect(planted.length).toBeGreaterThan(0);
        for (const touch of ['first', 'second']) {
          const outcome = outcomeOf(run(make(placeOf('sandbox'))));
          expect(await outcome, touch).toEqual(answers === undefined ? 'foreign_item' : { answers });
          const foreign = (await used.items()).filter((item) => item.environment?.S !== 'sandbox');
          expect(foreign, touch).toEqual(planted);
        }
      });
    });
  });

  describe(`the ${name} and an item with attributes of a later version`, () => {
    const used = useTable(described.table);
    beforeEach(used.empty);
    const placeOf = (): Place => ({ client: used.client, table: used.table, environment: 'sandbox', clock });

    it.each(everyOperation)('%s', async (_, { run, withOwn = run, writesWhole }) => {
      await plant(make(placeOf()));
      const later = { ofALaterVersion: { M: { kept: { S: 'yes' } } } };
      for (const item of await used.items()) {
        await used.client.send(new PutItemCommand({ TableName: used.table, Item: { ...item, ...later } }));
      }
      const planted = new Set((await used.items()).map((item) => JSON.stringify(used.keyOf(item))));
      await withOwn(make(placeOf()));
      const known = (await used.items()).filter((item) => planted.has(JSON.stringify(used.keyOf(item))));
      const lost = known.filter((item) => JSON.stringify(item).includes(JSON.stringify(later).slice(1, -1)) === false);
      expect(lost.length).toBe(writesWhole === undefined ? 0 : 1);
    });
  });

  describe(`the ${name} while it is throttled`, () => {
    const place = { client: throttledDynamoDb, table: 'any', environment: 'sandbox', clock } as const;

    it.each(everyOperation)('throws in DynamoDB: %s', async (_, { run }) => {
      await expect(async () => run(make(place))).rejects.toThrow(ProvisionedThroughputExceededException);
    });

    it.each(everyOperation)('throws in memory: %s', async (_, { run }) => {
      await expect(async () => run(inMemory(() => 'throttled'))).rejects.toThrow(ThrottledError);
    });
  });
}

/** A client of a DynamoDB that throttles every call. */
const throttledDynamoDb = {
  send: () => Promise.reject(new ProvisionedThroughputExceededException({ message: 'Rate exceeded', $metadata: {} })),
} as unknown as DynamoDBClient;

/** Leaves of every item its key and its environment. */
async function strip(used: UsedTable): Promise<void> {
  for (const item of await used.items()) {
    const bare: StoredItem = { ...used.keyOf(item), ...(item.environment && { environment: item.environment }) };
    await used.client.send(new PutItemCommand({ TableName: used.table, Item: bare }));
  }
}

async function listedArrivals(reader: LedgerReader): Promise<readonly unknown[]> {
  const listed: unknown[] = [];
  for await (const entry of reader.arrivals(sampleTime - 9, sampleTime + 9)) listed.push(entry);
  return listed;
}

async function listedAttention(reader: LedgerReader): Promise<readonly unknown[]> {
  const listed: unknown[] = [];
  for await (const entry of reader.attention('failing')) listed.push(entry);
  return listed;
}

async function outcomeOf(answer: unknown): Promise<unknown> {
  try {
    return { answers: await answer };
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.code;
    throw error;
  }
}

storeUnderTest<ConnectionStore>('connection store', {
  table: 'Connections',
  make: dynamoDbConnectionStore,
  inMemory: (faults) => memoryConnectionStore('sandbox', faults),
  plant: async (foreign) => {
    await foreign.write(create(storedConnection({ environment: foreign.environment, rotateAt: 1 })));
    await foreign.keepCompanies('acme', 'session-1', manyCompanies);
  },
  operations: {
    read: { run: (store) => store.read('acme') },
    // Whoever is refused reads next.
    write: {
      run: (store) => store.write({ connectionId: 'acme', require: [], set: { updatedAt: 1 }, remove: [] }),
      answers: 'refused',
    },
    // An index of keys: whoever acts on one reads the item.
    due: { run: (store) => store.due(dueShardOf('acme'), 5, 9).then(() => 'listed'), answers: 'listed' },
    keepCompanies: { run: (store) => store.keepCompanies('acme', 'session-1', manyCompanies) },
    companies: { run: (store) => store.companies('acme', 'session-1') },
  },
});

storeUnderTest('authorization store', {
  table: 'Authorizations',
  make: dynamoDbAuthorizationStore,
  inMemory: (faults) => memoryAuthorizationStore(clock, faults),
  plant: async (foreign) => {
    await foreign.putLink(link);
    await foreign.putSession(session);
    await foreign.keepCompanies(session, 'found', []);
  },
  operations: {
    putLink: { run: (store) => store.putLink(link), writesWhole: 'a link is new, and its id is random' },
    readLink: { run: (store) => store.readLink(link.linkHash) },
    spendLink: { run: (store) => store.spendLink(link.linkHash) },
    countSession: { run: (store) => store.countSession(link.linkHash) },
    putSession: { run: (store) => store.putSession(session), writesWhole: 'a session is new, and its id is random' },
    readSession: { run: (store) => store.readSession(session.sessionId) },
    claimSession: { run: (store) => store.claimSession(session.sessionId, { owner: 'me', leaseUntil: 3 }) },
    settleSession: {
      run: (store) => store.settleSession(session.sessionId, { outcome: 'connected', companies: [] }),
    },
    keepCompanies: { run: (store) => store.keepCompanies(session, 'found', [{ companyId: '1', name: 'One' }]) },
    readCompanies: { run: (store) => store.readCompanies(session.sessionId, 'found') },
  },
});

storeUnderTest<Ledger & LedgerReader>('ledger', {
  table: 'Deliveries',
  make: (place) => ({ ...dynamoDbLedger({ ...place, callMs: 20_000 }), ...dynamoDbLedgerReader(place) }),
  inMemory: (faults) => memoryLedger(clock, faults),
  plant: async (foreign) => {
    await foreign.markHandled(aboutEvent(sampleEvent()), sampleTime);
    await foreign.recordFailure(aboutEvent(sampleEvent()), sampleTries());
    await foreign.noteHealth('k', { succeededAt: 5 });
  },
  operations: {
    find: { run: (store) => store.find(event.id) },
    record: { run: (store) => store.record(event, sampleTime) },
    history: { run: (store) => store.history(event) },
    markHandled: { run: (store) => store.markHandled(aboutEvent(event), sampleTime) },
    tries: { run: (store) => store.tries(aboutEvent(event)) },
    keepTries: { run: (store) => store.keepTries(aboutEvent(event), sampleTries()) },
    recordFailure: { run: (store) => store.recordFailure(aboutEvent(event), sampleTries()) },
    health: { run: (store) => store.health('k') },
    noteHealth: { run: (store) => store.noteHealth('k', { succeededAt: 6 }) },
    show: { run: (store) => store.show(event.id) },
    // A list of this environment's events leaves it out.
    showAll: { run: (store) => store.showAll([event.id]), answers: [] },
    arrivals: { run: listedArrivals, answers: [] },
    attention: { run: listedAttention, answers: [] },
  },
});

storeUnderTest('previous use', {
  table: 'Deliveries',
  make: dynamoDbPreviousUse,
  inMemory: (faults) => memoryPreviousUse(clock, faults),
  plant: (foreign) => foreign.note('0123456789abcdef', 5),
  operations: {
    note: { run: (store) => store.note('0123456789abcdef', 6) },
    last: { run: (store) => store.last('0123456789abcdef') },
  },
});

storeUnderTest('tombstones', {
  table: 'Deliveries',
  make: dynamoDbTombstones,
  inMemory: (faults) => memoryTombstones(clock, faults),
  plant: (foreign) => foreign.place(companyId, sampleTime),
  operations: {
    read: { run: (store) => store.read(companyId) },
    place: { run: (store) => store.place(companyId, sampleTime + 1) },
    lift: { run: (store) => store.lift(companyId) },
  },
});

storeUnderTest('marks of delivering hooks', {
  table: 'Deliveries',
  make: dynamoDbDeliveredMarks,
  inMemory: (faults) => memoryDeliveredMarks(faults),
  plant: (foreign) => foreign.mark({ companyId, projectId: '19' }, 5),
  operations: {
    mark: { run: (store) => store.mark({ companyId, projectId: '19' }, 6) },
    markedAt: { run: (store) => store.markedAt({ companyId, projectId: '19' }) },
  },
});

storeUnderTest('rate budget', {
  table: 'RateBudget',
  make: dynamoDbRateBudget,
  inMemory: (faults) => memoryRateBudget(clock, faults),
  plant: (foreign) => foreign.write('app', { seen: 0, change: { windows: [spike], set: { 1: noCounts } } }),
  operations: {
    read: { run: (store) => store.read('app') },
    // Whoever is refused reads next.
    write: { run: (store) => store.write('app', { seen: 1, add: { 1: { used: 1 } } }), answers: 'refused' },
    pauseUntil: { run: (store) => store.pauseUntil('app', sampleTime + 60, 429) },
    replaceScope: { run: (store) => store.replaceScope(undefined, 'company') },
  },
});

storeUnderTest('company pauses', {
  table: 'RateBudget',
  make: dynamoDbCompanyPauses,
  inMemory: (faults) => memoryCompanyPauses(clock, faults),
  plant: (foreign) => foreign.write(companyId, { until: 1, refusals: 1, since: 1 }),
  operations: {
    read: { run: (store) => store.read(companyId) },
    write: { run: (store) => store.write(companyId, { until: 2, refusals: 2, since: 1 }) },
    remove: { run: (store) => store.remove(companyId) },
  },
});

storeUnderTest('client id', {
  table: 'RateBudget',
  make: dynamoDbClientId,
  inMemory: (faults) => memoryClientId(undefined, faults),
  plant: (foreign) => foreign.write('another-client'),
  operations: {
    read: { run: (store) => store.read() },
    write: { run: (store) => store.write('our-client') },
  },
});

storeUnderTest('failed exchanges', {
  table: 'RateBudget',
  make: dynamoDbFailedExchanges,
  inMemory: (faults) => memoryFailedExchanges(clock, faults),
  plant: (foreign) => foreign.keep(exchange),
  operations: {
    keep: { run: (store) => store.keep({ ...exchange, durationMs: 99 }) },
    find: { run: (store) => store.find(referenceIdOf(exchange)) },
  },
});

// The environment is the partition key: the same company of another environment is another item.
storeUnderTest('subscription store', {
  table: 'Subscriptions',
  make: dynamoDbSubscriptionStore,
  inMemory: (faults) => memorySubscriptionStore([], faults),
  plant: (foreign) => foreign.save(sampleSubscription({ environment: 'production' }), undefined),
  operations: {
    read: { run: async (store) => (await store.read(companyId)) ?? 'none', answers: 'none' },
    list: { run: (store) => store.list(), answers: [] },
    page: { run: async (store) => (await store.page(5)).subscriptions, answers: [] },
    save: {
      run: async (store) => typeof (await store.save(sampleSubscription(), undefined)),
      answers: 'number',
      withOwn: (store) => store.save(sampleSubscription({ silenceHours: 5 }), 1),
    },
    remove: { run: (store) => store.remove(companyId, 1), answers: 'removed' },
  },
});

// The environment is the partition key: the same job of another environment is another item.
storeUnderTest<JobStore>('job store', {
  table: 'Jobs',
  make: dynamoDbJobStore,
  inMemory: (faults) => memoryJobStore(faults),
  plant: async (foreign) => {
    await foreign.create(sampleJob());
    await foreign.claim(jobLease, sampleDue);
  },
  operations: {
    read: { run: async (store) => (await store.read(jobLease.jobId)) ?? 'none', answers: 'none' },
    create: {
      run: (store) => store.create(sampleJob()).then(() => 'created'),
      answers: 'created',
      withOwn: async (store) => {
        await store.change(jobLease.jobId, 'cancel', sampleDue);
        await store.create(sampleJob());
      },
      writesWhole: 'a job that begins has nothing of the one that has ended',
    },
    claim: {
      run: (store) => store.claim({ ...jobLease, owner: 'two' }, sampleDue - 1).then(() => 'refused'),
      answers: 'refused',
      withOwn: (store) => store.claim({ ...jobLease, owner: 'two' }, jobLease.until),
    },
    checkpoint: { run: (store) => store.checkpoint(jobLease, 5), answers: 'lost' },
    finish: { run: (store) => store.finish(jobLease, { state: 'done', failures: 0 }), answers: 'lost' },
    // An index of keys: whoever acts on one reads the item.
    due: { run: async (store) => (await store.due(jobShardOf(jobLease.jobId), 9e9, 9)).jobs, answers: [] },
    change: { run: (store) => store.change(jobLease.jobId, 'pause', sampleDue), answers: 'absent' },
    list: { run: async (store) => (await store.list({}, 9)).jobs, answers: [] },
    remove: {
      run: (store) => store.remove(jobLease.jobId).then(() => 'removed'),
      answers: 'removed',
      withOwn: (store) => store.remove('audit#none'),
    },
  },
});

// The environment is the partition key here, too.
storeUnderTest<KnownIds>('known ids', {
  table: 'Jobs',
  make: dynamoDbKnownIds,
  inMemory: (faults) => memoryKnownIds(faults),
  plant: (foreign) => foreign.write(knownList, new Set([1n])),
  operations: {
    read: { run: async (store) => (await store.read(knownList)).size, answers: 0 },
    write: {
      run: (store) => store.write(knownList, new Set([2n])).then(() => 'written'),
      answers: 'written',
      writesWhole: 'the ids of a list are written in place of those before',
    },
    forget: {
      run: (store) => store.forget(knownList.companyId).then(() => 'forgotten'),
      answers: 'forgotten',
      withOwn: (store) => store.forget('8090'),
    },
  },
});

describe('acceptance and a ledger item of another environment', () => {
  const used = useTable('Deliveries');

  it.each([
    ['young', 5],
    ['old', 3600],
  ])('never calls the event a duplicate: a %s one is accepted at every delivery', async (_, age) => {
    await used.empty();
    const time = { now: sampleTime + age };
    const clock = () => time.now;
    const place = { client: used.client, table: used.table, clock, callMs: 20_000 } as const;
    await dynamoDbLedger({ ...place, environment: 'production' }).record(sampleEvent({ id: 'copied' }), sampleTime);
    const planted = await used.items();
    const queue = memoryEventQueue(clock);
    const observer = recordingObserver();
    const body = Buffer.from(
      JSON.stringify({
        id: 'copied',
        timestamp: new Date(sampleTime * 1000).toISOString(),
        reason: 'update',
        company_id: '8',
        resource_type: 'RFIs',
        resource_id: '379913',
      }),
    );
    const dependencies = {
      environment: 'sandbox',
      queue,
      ledger: dynamoDbLedger({ ...place, environment: 'sandbox' }),
      quarantine: memoryQuarantine(clock),
      clock,
      observer,
    } as const;
    expect(await acceptDelivery(body, dependencies)).toBe('accepted');
    time.now += 301;
    expect(await acceptDelivery(body, dependencies)).toBe('accepted');
    expect(queue.messages).toHaveLength(2);
    expect(observer.notes).toContainEqual([
      'webhook.ledger_unwritten',
      { eventId: 'copied', errorName: 'ForeignItemError' },
    ]);
    expect(await used.items()).toEqual(planted);
  });
});
