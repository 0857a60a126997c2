import { type DynamoDBClient, ProvisionedThroughputExceededException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { dynamoDbAuthorizationStore } from '../../functions/aws/dynamodb-authorization-store.ts';
import { dynamoDbConnectionStore } from '../../functions/aws/dynamodb-connection-store.ts';
import { dynamoDbFailedExchanges } from '../../functions/aws/dynamodb-failed-exchanges.ts';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { dynamoDbPreviousUse } from '../../functions/aws/dynamodb-previous-use.ts';
import { dynamoDbCompanyPauses, dynamoDbRateBudget } from '../../functions/aws/dynamodb-rate-budget.ts';
import { dynamoDbSubscriptionStore } from '../../functions/aws/dynamodb-subscription-store.ts';
import type { EnvironmentTable } from '../../functions/aws/environment-table.ts';
import type { Clock } from '../../functions/clock.ts';
import type { ConnectionStore } from '../../functions/connection/connection-store.ts';
import { dueShardOf } from '../../functions/connection/connection-store.ts';
import { create } from '../../functions/connection/transitions.ts';
import { referenceIdOf } from '../../functions/procore/failed-exchanges.ts';
import { acceptDelivery } from '../../functions/webhook/acceptance.ts';
import type { Ledger, LedgerReader } from '../../functions/webhook/ledger.ts';
import { dynamoDbLedgerReader } from '../../lib/operator/aws/dynamodb-ledger-reader.ts';
import { memoryAuthorizationStore } from '../memory/authorization-store.ts';
import { memoryConnectionStore } from '../memory/connection-store.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryFailedExchanges } from '../memory/failed-exchanges.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { type PortFaults, ThrottledError } from '../memory/port.ts';
import { memoryPreviousUse } from '../memory/previous-use.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { memoryCompanyPauses, memoryRateBudget } from '../memory/rate-budget.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { failed } from '../procore/failed-exchange.ts';
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
const spike = { limit: 25, resetAt: sampleTime + 100, used: 0 };
const companyId = sampleSubscription().companyId;

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
  plant: (foreign) => foreign.write(create(storedConnection({ environment: foreign.environment, rotateAt: 1 }))),
  operations: {
    read: { run: (store) => store.read('acme') },
    // Whoever is refused reads next.
    write: {
      run: (store) => store.write({ connectionId: 'acme', require: [], set: { updatedAt: 1 }, remove: [] }),
      answers: 'refused',
    },
    // An index of keys: whoever acts on one reads the item.
    due: { run: (store) => store.due(dueShardOf('acme'), 5, 9).then(() => 'listed'), answers: 'listed' },
  },
});

storeUnderTest('authorization store', {
  table: 'Authorizations',
  make: dynamoDbAuthorizationStore,
  inMemory: (faults) => memoryAuthorizationStore(clock, faults),
  plant: async (foreign) => {
    await foreign.putLink(link);
    await foreign.putSession(session);
  },
  operations: {
    putLink: { run: (store) => store.putLink(link), writesWhole: 'a link is new, and its id is random' },
    readLink: { run: (store) => store.readLink(link.linkHash) },
    spendLink: { run: (store) => store.spendLink(link.linkHash) },
    putSession: { run: (store) => store.putSession(session), writesWhole: 'a session is new, and its id is random' },
    readSession: { run: (store) => store.readSession(session.sessionId) },
    claimSession: { run: (store) => store.claimSession(session.sessionId, { owner: 'me', leaseUntil: 3 }) },
    settleSession: {
      run: (store) => store.settleSession(session.sessionId, { outcome: 'connected', companies: [] }),
    },
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

storeUnderTest('rate budget', {
  table: 'RateBudget',
  make: dynamoDbRateBudget,
  inMemory: (faults) => memoryRateBudget(clock, faults),
  plant: (foreign) => foreign.replaceWindow('spike', undefined, spike),
  operations: {
    read: { run: (store) => store.read() },
    // Whoever is refused reads next.
    take: { run: (store) => store.take({ spike }, 1, sampleTime), answers: 'refused' },
    replaceWindow: { run: (store) => store.replaceWindow('spike', spike, { ...spike, used: 5 }), answers: 'refused' },
    raiseUsed: { run: (store) => store.raiseUsed('spike', spike.resetAt, 7) },
    pauseUntil: { run: (store) => store.pauseUntil(sampleTime + 60) },
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
    save: {
      run: async (store) => typeof (await store.save(sampleSubscription(), undefined)),
      answers: 'number',
      withOwn: (store) => store.save(sampleSubscription({ silenceHours: 5 }), 1),
    },
    remove: { run: (store) => store.remove(companyId, 1), answers: 'removed' },
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
