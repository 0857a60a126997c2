import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { keyEvidence } from '../../functions/webhook/evidence.ts';
import { Choices } from '../simulation/choices.ts';
import type { Fate } from '../simulation/worker/fates.ts';
import { judgeEnd } from '../simulation/worker/run-worker-schedule.ts';
import { type Arrival, plainArrival, type Scenario, startTime } from '../simulation/worker/scenario.ts';
import * as useCases from '../simulation/worker/use-cases.ts';
import { WorkerSimulation } from '../simulation/worker/worker-simulation.ts';
import { sampleEvent } from '../webhook/sample-events.ts';
import type { Bench, BenchSize, Figures } from './bench.ts';
import { startInstantAws } from './intake/instant-aws.ts';

const never = [0, 0] as const;

/** A stack as it is by default, in which nothing goes wrong but what a part says. */
const asDeployed: Omit<Scenario, 'arrivals' | 'outages'> = {
  ...{ subject: 'storm', faults: 0, ledgerOutage: never, ledgerReadOutage: never, queueOutage: never },
  ...{ crashes: 0, undeleted: 0, recycled: 0 },
  throttled: { from: 0, until: 0, share: 0 },
  ...{ giveUpAfterHours: 72, slots: 10, batch: 10, lookAhead: 120_000 },
};

/** The real worker over a simulated queue, on a virtual clock. */
export const bench: Bench = {
  about:
    'one company hangs at 55 s a call while 50 others send 20 events a second; an outage of 6 hours with 50,000 events ' +
    'waiting; writes of the ledger for an event that is handled',
  mustBeZero: ['lost', 'deadLettered'],
  async run(_flags, size) {
    return { ...(await measureNeighbours(size)), ...(await measureOutage(size)), ...(await measureWrites()) };
  },
};

async function simulate(scenario: Pick<Scenario, 'arrivals' | 'outages'>): Promise<WorkerSimulation> {
  const simulation = new WorkerSimulation(useCases, Choices.seeded(1), { ...asDeployed, ...scenario }, 0);
  await simulation.run();
  judgeEnd(simulation);
  return simulation;
}

/**
 * All companies send as much, 0.4 events a second, and company 1 hangs all the time. Each event is of a resource of its
 * own. In the first minute nobody knows yet that it hangs.
 */
async function measureNeighbours(size: BenchSize): Promise<Figures> {
  const seconds = size === 'smoke' ? 120 : 3600;
  const arrivals = Array.from({ length: seconds * 20.4 }, (_, index): Arrival => {
    const company = String(1 + (index % 51));
    return { ...plainArrival, id: `event-${index}`, company, resourceId: `${index}`, sentAt: [index / 20.4] };
  });
  const { watch } = await simulate({
    arrivals,
    outages: [{ from: 0, until: seconds, company: '1', way: 'hangs', share: 1 }],
  });
  const others = watch.fates.filter(({ arrival }) => arrival.company !== '1');
  const early = others.filter(({ firstSentAt = 0 }) => firstSentAt < startTime + 60);
  return {
    othersEvents: others.length,
    othersP50Seconds: waited(others, 0.5),
    othersP99Seconds: waited(others, 0.99),
    othersFirstMinuteP99Seconds: waited(early, 0.99),
    othersSlowestSeconds: waited(others, 1),
    lost: watch.fates.filter(({ handledAt }) => handledAt === undefined).length,
  };
}

/** How long events waited, all but the longest share of them; seconds. */
function waited(fates: readonly Fate[], share: number): number {
  const waits = fates
    .map(({ firstSentAt = 0, handledAt = Number.POSITIVE_INFINITY }) => handledAt - firstSentAt)
    .sort((one, other) => one - other);
  return waits[Math.min(Math.floor(waits.length * share), waits.length - 1)] ?? 0;
}

/** Everything fails for six hours. A tenth of the events come in the first five of them, the others in the last. */
async function measureOutage(size: BenchSize): Promise<Figures> {
  const hours = 6;
  const events = size === 'smoke' ? 500 : 50_000;
  const until = hours * 3600;
  const arrivals = Array.from({ length: events }, (_, index): Arrival => {
    const company = String(1 + (index % 50));
    const share = index / events;
    const sentAt = [share < 0.1 ? share * 10 * (until - 3600) : until - 3600 + ((share - 0.1) / 0.9) * 3600];
    return { ...plainArrival, id: `event-${index}`, company, resourceId: `${index}`, sentAt };
  });
  const { watch, invocations } = await simulate({
    arrivals,
    outages: [{ from: 0, until, way: 'throws', share: 1 }],
  });
  const handled = watch.fates.map(({ handledAt = Number.POSITIVE_INFINITY }) => handledAt);
  const end = (watch.calmSince ?? 0) - 600;
  return {
    outageEvents: events,
    deadLettered: watch.fates.filter(({ deadFor }) => deadFor.length > 0).length,
    drainMinutes: (handled.reduce((latest, at) => Math.max(latest, at), 0) - end) / 60,
    outageInvocations: invocations.length,
  };
}

/** What DynamoDB's adapter writes for a thousand events that are handled at once. */
async function measureWrites(): Promise<Figures> {
  const aws = await startInstantAws('');
  const client = new DynamoDBClient({
    ...{ endpoint: aws.endpoint, region: 'us-east-1', credentials: { accessKeyId: 'any', secretAccessKey: 'any' } },
  });
  try {
    const clock = () => Date.now() / 1000;
    const ledger = dynamoDbLedger({ client, table: 'deliveries', environment: 'sandbox', clock });
    const evidence = keyEvidence({ ledger, clock });
    const events = 200;
    for (let index = 0; index < events; index += 1) {
      const event = sampleEvent({ id: `event-${index}`, resourceId: `${index}` });
      await ledger.history(event);
      await ledger.markHandled({ kind: 'webhook_event', event }, clock());
      await evidence.succeeded('key', clock());
    }
    const count = (...names: string[]) => names.reduce((sum, name) => sum + (aws.calls.get(name) ?? 0), 0);
    return {
      writesPerHealthyEvent: count('UpdateItem', 'PutItem', 'DeleteItem', 'TransactWriteItems') / events,
      readsPerHealthyEvent: count('GetItem', 'Query') / events,
    };
  } finally {
    client.destroy();
    await aws.stop();
  }
}
