import type { Clock } from '../../../functions/clock.ts';
import {
  MalformedSecretError,
  PlaceholderSecretError,
  WrongEnvironmentError,
} from '../../../functions/oauth/client-secret.ts';
import { rateBudgetStore } from '../../../functions/place.ts';
import { appScope } from '../../../functions/procore/rate-scope.ts';
import { systemClock } from '../../../functions/system.ts';
import type { Attended, LedgerReader } from '../../../functions/webhook/ledger.ts';
import type { StoredSubscription } from '../../../functions/webhook/subscription.ts';
import type { QueueOutput } from '../../stack-outputs.ts';
import { readFiringAlarms, readOldestMessageAge } from '../aws/cloudwatch-state.ts';
import { readQueueDepth } from '../aws/queue-depths.ts';
import { jobsOf, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment, Deployment, OperatorClients } from '../deployment.ts';
import { ledgerOf } from '../event-queues.ts';
import { readStoredOAuthClient } from '../oauth-client.ts';
import { placeOf } from '../place.ts';
import { companiesOf, stoppedCompanies } from '../stopped-companies.ts';
import { listConnections, type MalformedConnection, type StoredConnection } from '../stored-connection.ts';
import type { Terminal } from '../terminal.ts';
import type { Beginning, EnvironmentFacts, QueueDepth, Reading, StoredClient } from './facts.ts';
import { isFailing } from './hook-problems.ts';
import { lookAtHooks } from './hooks.ts';

/** What decides how much is read. */
export interface GatherOptions extends Pick<Deployment, 'deployed'> {
  /** `stored` reads what we store alone: neither Procore is asked how hooks stand, nor CloudWatch. */
  readonly reads: 'all' | 'stored';
  /** Facts whose connections and subscriptions are taken over, so that a scan is not repeated. */
  readonly earlier?: Pick<EnvironmentFacts, 'connections' | 'malformed' | 'subscriptions' | 'scannedAt'> | undefined;
  /** @default that of this machine */
  readonly clock?: Clock;
}

/** So many entries of a list are read: enough to say what is worst, whatever waits behind them. */
const mostRead = 100;
const aDay = 86_400;

const queues = [
  ...(['Events', 'EventsDeadLetter', 'Quarantine', 'Rotation', 'RotationDeadLetter', 'Escrow'] as const),
  'CompanyWork',
] as const satisfies readonly QueueOutput[];

/**
 * Reads how an environment stands. Each part is read by itself: one that cannot be read is told, and hides no other.
 *
 * @returns what could be read; never throws
 */
export async function gatherFacts(
  environment: DeployedEnvironment,
  terminal: Terminal,
  { deployed, reads, earlier, clock = systemClock }: GatherOptions,
): Promise<EnvironmentFacts> {
  const { name, stackName, local, clients, queueUrl } = environment;
  const now = clock();
  // A system on this machine has no CloudWatch.
  const cloudWatch = local || reads === 'stored' ? undefined : clients.cloudWatch;
  const ledger = ledgerOf(environment);
  const malformed: MalformedConnection[] = [...(earlier?.malformed ?? [])];
  const [client, connections, depths, failing, dead, subscriptions, failedJobs, budget, alarms, oldestEvent] =
    await Promise.all([
      reading(() => readClient(environment, terminal)),
      earlier?.connections ??
        reading(() =>
          listConnections(
            environment,
            () => {},
            (one) => malformed.push(one),
          ),
        ),
      reading(() => readQueues(environment)),
      reading(() => beginningOf(ledger.attention('failing'))),
      reading(() => beginningOf(ledger.attention('dead'))),
      earlier?.subscriptions ?? reading(() => subscriptionsOf(environment).list()),
      reading(() => readFailedJobs(environment)),
      reading(() => rateBudgetStore(placeOf(environment), clients.dynamoDb).read(appScope)),
      cloudWatch && reading(() => readFiringAlarms(cloudWatch, `${stackName}/${name}`)),
      reading(async () =>
        reads === 'stored' ? undefined : readOldestEvent(ledger, now, cloudWatch, queueUrl('Events')),
      ),
    ]);
  const known = {
    failing: whatWasRead(failing)?.first ?? [],
    subscriptions: whatWasRead(subscriptions) ?? [],
    connections: whatWasRead(connections) ?? [],
  };
  const [hooks, stopped] = await Promise.all([
    reading(async () => {
      if ('unread' in subscriptions) throw new Error(subscriptions.unread);
      if (reads === 'stored') return { companies: 0, ofCompanies: subscriptions.value.length, disabled: [] };
      return lookAtHooks(environment, terminal, subscriptions.value, known.connections);
    }),
    reading(() => stoppedCompanies(environment, companiesToAskFor(known))),
  ]);
  const read = { client, connections, malformed, queues: depths, oldestEvent, failing, dead, subscriptions };
  const scannedAt = earlier?.scannedAt ?? now;
  return {
    environment: name,
    stackName,
    local,
    now,
    scannedAt,
    deployed,
    ...read,
    failedJobs,
    hooks,
    stopped,
    budget,
    alarms,
  };
}

/** A part that fails is told by its error's text, which our own errors and those of AWS write for people. */
async function reading<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (!(error instanceof Error)) return { unread: 'unknown' };
    const { code } = error as { readonly code?: unknown };
    return { unread: `${error.name}: ${error.message}`, code: typeof code === 'string' ? code : error.name };
  }
}

function whatWasRead<T>(read: Reading<T>): T | undefined {
  return 'value' in read ? read.value : undefined;
}

/** Each company costs a read: those that are in trouble, or that somebody has subscribed to, come first. */
function companiesToAskFor(known: {
  readonly failing: readonly Attended[];
  readonly subscriptions: readonly StoredSubscription[];
  readonly connections: readonly StoredConnection[];
}): readonly string[] {
  const failing = known.failing.flatMap(({ subject }) =>
    subject.kind === 'webhook_event' ? [subject.event.companyId] : [],
  );
  const subscribed = known.subscriptions.map(({ companyId }) => companyId);
  return [...new Set([...failing, ...subscribed, ...known.connections.flatMap(companiesOf)])].slice(0, mostRead);
}

async function readClient(environment: DeployedEnvironment, terminal: Terminal): Promise<StoredClient> {
  try {
    await readStoredOAuthClient(environment, terminal);
    return 'set';
  } catch (error) {
    if (error instanceof PlaceholderSecretError) return 'missing';
    if (error instanceof WrongEnvironmentError) return 'other_environment';
    if (error instanceof MalformedSecretError) return 'malformed';
    throw error;
  }
}

async function readQueues({
  clients,
  queueUrl,
}: DeployedEnvironment): Promise<Readonly<Record<QueueOutput, QueueDepth>>> {
  const depths = await Promise.all(
    queues.map(async (name) => [name, await readQueueDepth(clients.sqs, queueUrl(name))] as const),
  );
  return Object.fromEntries(depths) as Record<QueueOutput, QueueDepth>;
}

/**
 * On AWS the queue's own measure tells it. A system on this machine has none, and few events: there the ledger tells it.
 */
async function readOldestEvent(
  ledger: LedgerReader,
  now: number,
  cloudWatch: OperatorClients['cloudWatch'] | undefined,
  queueUrl: string,
): Promise<number | undefined> {
  if (cloudWatch !== undefined) {
    const age = await readOldestMessageAge(cloudWatch, queueUrl, now);
    return age === undefined ? undefined : now - age;
  }
  for await (const { arrivedAt, handledAt, deadLettered } of ledger.arrivals(now - aDay, now)) {
    if (handledAt === undefined && deadLettered === undefined) return arrivedAt;
  }
  return undefined;
}

async function readFailedJobs(environment: DeployedEnvironment) {
  const store = jobsOf(environment);
  return beginningOf(
    (async function* () {
      let cursor: string | undefined;
      do {
        const page = await store.list({}, mostRead, cursor);
        yield* page.jobs.filter(isFailing);
        cursor = page.cursor;
      } while (cursor !== undefined);
    })(),
  );
}

async function beginningOf<T>(entries: AsyncIterable<T>): Promise<Beginning<T>> {
  const first: T[] = [];
  for await (const entry of entries) {
    if (first.length === mostRead) return { first, more: true };
    first.push(entry);
  }
  return { first, more: false };
}
