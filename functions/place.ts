import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { dynamoDbClientId } from './aws/dynamodb-client-id.ts';
import { dynamoDbDeliveredMarks } from './aws/dynamodb-delivered-marks.ts';
import { dynamoDbFailedExchanges } from './aws/dynamodb-failed-exchanges.ts';
import { dynamoDbJobStore } from './aws/dynamodb-job-store.ts';
import { dynamoDbKnownIds } from './aws/dynamodb-known-ids.ts';
import { dynamoDbLedger } from './aws/dynamodb-ledger.ts';
import { dynamoDbPreviousUse } from './aws/dynamodb-previous-use.ts';
import { dynamoDbCompanyPauses, dynamoDbRateBudget } from './aws/dynamodb-rate-budget.ts';
import { dynamoDbSubscriptionStore } from './aws/dynamodb-subscription-store.ts';
import { dynamoDbTombstones } from './aws/dynamodb-tombstones.ts';
import { secretsManagerAuthorizationKeeper } from './aws/secrets-manager-authorization-keeper.ts';
import { sqsEventQueue } from './aws/sqs-event-queue.ts';
import { sqsQuarantine } from './aws/sqs-quarantine.ts';
import type { RemainingTime, Sleep } from './clock.ts';
import type { Observer } from './observer.ts';
import { processReads } from './process-reads.ts';
import { companyPauses } from './procore/company-pauses.ts';
import {
  type ConnectionClients,
  type ConnectionClientsProps,
  connectionClients,
} from './procore/connection-clients.ts';
import type { ProcoreEnvironmentName } from './procore/environment.ts';
import { sharedRateBudget } from './procore/rate-budget.ts';
import type { RateScope } from './procore/rate-limit-scope.ts';
import type { Setting } from './settings.ts';
import { system, systemClock } from './system.ts';
import { acceptDelivery } from './webhook/acceptance.ts';
import { erasedCompanies } from './webhook/tombstones.ts';

// What everybody shares who works in a Procore environment: the functions (wiring.ts), the command line and the local
// runner. Each says where the environment's things are and brings AWS clients of its own.

/** A setting that names a table, a queue or a secret. */
export type ResourceSetting = Extract<Setting, `${string}${'Table' | 'Queue' | 'Secret'}`>;

/** One Procore environment of a stack, and who works in it. */
export interface Place {
  readonly environment: ProcoreEnvironmentName;
  /** Gives a table's name, a queue's URL or a secret's ARN. */
  readonly nameOf: (resource: ResourceSetting) => string;
  readonly observer: Observer;
}

/** Names a table for an adapter. */
export function tableOf({ environment, nameOf }: Place, client: DynamoDBClient, resource: ResourceSetting) {
  return { client, table: nameOf(resource), environment, clock: systemClock };
}

/** Gives the environment's subscriptions. */
export const subscriptionStore = (place: Place, client: DynamoDBClient) =>
  dynamoDbSubscriptionStore(tableOf(place, client, 'subscriptionsTable'));

/** Gives the environment's jobs. */
export const jobStore = (place: Place, client: DynamoDBClient) => dynamoDbJobStore(tableOf(place, client, 'jobsTable'));

/** Gives the ids that are known of the environment's records. */
export const knownIds = (place: Place, client: DynamoDBClient) => dynamoDbKnownIds(tableOf(place, client, 'jobsTable'));

/** Gives where the environment's rate budget is kept. */
export const rateBudgetStore = (place: Place, client: DynamoDBClient) =>
  dynamoDbRateBudget(tableOf(place, client, 'rateBudgetTable'));

/** Gives where the environment's pauses of companies are kept. */
export const companyPauseStore = (place: Place, client: DynamoDBClient) =>
  dynamoDbCompanyPauses(tableOf(place, client, 'rateBudgetTable'));

/** Gives the calls of Procore that failed for good in the environment. */
export const failedExchangeStore = (place: Place, client: DynamoDBClient) =>
  dynamoDbFailedExchanges(tableOf(place, client, 'rateBudgetTable'));

/** Gives where the environment's client id stands for those who may not read the secret. */
export const clientIdStore = (place: Place, client: DynamoDBClient) =>
  dynamoDbClientId(tableOf(place, client, 'rateBudgetTable'));

/** Gives the environment's record of events. */
export const ledger = (place: Place, client: DynamoDBClient) =>
  dynamoDbLedger(tableOf(place, client, 'deliveriesTable'));

/** Gives the environment's tombstones of erased companies. */
export const tombstones = (place: Place, client: DynamoDBClient) =>
  dynamoDbTombstones(tableOf(place, client, 'deliveriesTable'));

/** Tells whether companies of the environment have been erased. */
export const erasedIn = (place: Place, client: DynamoDBClient) =>
  erasedCompanies({ store: tombstones(place, client), clock: systemClock, observer: place.observer });

/** Gives the environment's queue of events, for sending. */
export const eventQueue = ({ nameOf }: Place, client: SQSClient) =>
  sqsEventQueue({ client, queueUrl: nameOf('eventQueue') });

/** Gives what changes the environment's webhook authorization. */
export const authorizationKeeper = ({ environment, nameOf }: Place, client: SecretsManagerClient) =>
  secretsManagerAuthorizationKeeper({ client, secretId: nameOf('webhookAuthorizationSecret'), environment });

/** Gives when the previous webhook authorization was used. */
export const previousUse = (place: Place, client: DynamoDBClient) =>
  dynamoDbPreviousUse(tableOf(place, client, 'deliveriesTable'));

/** Gives which of the environment's hooks deliver. */
export const deliveredMarks = (place: Place, client: DynamoDBClient) =>
  dynamoDbDeliveredMarks(tableOf(place, client, 'deliveriesTable'));

/** Gives what {@link acceptDelivery} needs. */
export const acceptanceDependencies = (place: Place, dynamoDb: DynamoDBClient, sqs: SQSClient) => ({
  environment: place.environment,
  clock: systemClock,
  observer: place.observer,
  queue: eventQueue(place, sqs),
  ledger: ledger(place, dynamoDb),
  isErased: erasedIn(place, dynamoDb),
  quarantine: sqsQuarantine({ client: sqs, queueUrl: place.nameOf('quarantineQueue') }),
});

/** What {@link apiClients} is given besides the place. */
interface ApiClientsProps
  extends Pick<ConnectionClientsProps<ProcoreEnvironmentName>, 'vend' | 'failures' | 'origins'> {
  readonly dynamoDb: DynamoDBClient;
  /**
   * What Procore counts its limits by.
   *
   * @default it is learned from the answers
   */
  readonly rateLimitScope?: RateScope | undefined;
  /**
   * What a company that has disconnected the app means to these clients:
   * - `respected`: it is not called while it is paused.
   * - `called`: it is called all the same, and the answer begins or ends the pause for everybody.
   * - `ignored`: it is called, and nothing is written down.
   *
   * @default respected
   */
  readonly pauses?: 'respected' | 'called' | 'ignored';
  /**
   * How long a call may wait for the rate budget.
   *
   * @default as long as the call may take
   */
  readonly budgetTime?: () => RemainingTime;
  /** @default the global one */
  readonly fetch?: typeof fetch;
  /** @default a timer */
  readonly sleep?: Sleep;
}

/**
 * Gives API clients for the environment's connections. The rate budget and the pauses of companies are shared with all
 * others who call Procore in this environment. When the table is out of reach or forbidden, calls go on uncounted.
 *
 * @returns functions that make no call themselves
 */
export function apiClients(
  place: Place,
  { dynamoDb, rateLimitScope: scope, pauses: wanted = 'respected', budgetTime, ...own }: ApiClientsProps,
): ConnectionClients {
  const { environment, observer } = place;
  const shared = { ...system, observer, fetch, ...own };
  const pauses = companyPauses({ store: companyPauseStore(place, dynamoDb), ...shared });
  const budget = sharedRateBudget({ store: rateBudgetStore(place, dynamoDb), ...shared, ...(scope && { scope }) });
  return connectionClients({
    ...shared,
    environment,
    reads: processReads,
    budget: budgetTime
      ? {
          acquire: (call) => budget.acquire(call, budgetTime()),
          learn: (permit, answer) => budget.learn(permit, answer),
          backgroundRoom: () => budget.backgroundRoom(),
          release: () => budget.release(),
        }
      : budget,
    ...(wanted !== 'ignored' && { pauses: wanted === 'called' ? { ...pauses, pausedFor: async () => 0 } : pauses }),
  });
}
