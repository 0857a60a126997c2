import type { Observer } from '../observer.ts';
import { readEnvironment, readSetting } from '../settings.ts';
import { systemClock, systemRandomFraction, systemSleep } from '../system.ts';
import { cachedSubscriptions } from '../webhook/cached-subscriptions.ts';
import { companyClients } from '../webhook/event-client.ts';
import type { WorkDependencies } from '../webhook/work.ts';
import { dynamoDbClient, secretsManagerClient, sqsClient } from './clients.ts';
import { dynamoDbLedger } from './dynamodb-ledger.ts';
import { dynamoDbSubscriptionStore } from './dynamodb-subscription-store.ts';
import { procoreClients } from './procore-clients.ts';
import { secretsManagerOAuthClient } from './secrets-manager-oauth-client.ts';
import { sqsEventWorkQueue } from './sqs-event-queue.ts';

/**
 * Builds what the worker needs from its settings, once per cold start.
 *
 * @returns everything but the integrator's functions and the invocation's remaining time
 */
export function workerDependencies(observer: Observer): Omit<WorkDependencies, 'handlers' | 'remaining'> {
  const environment = readEnvironment();
  const shared = {
    environment,
    clock: systemClock,
    randomFraction: systemRandomFraction,
    sleep: systemSleep,
    observer,
  };
  const client = dynamoDbClient();
  const subscriptions = cachedSubscriptions(
    dynamoDbSubscriptionStore({ client, table: readSetting('subscriptionsTable'), environment }),
    systemClock,
  );
  return {
    ...shared,
    queue: sqsEventWorkQueue({
      client: sqsClient(),
      queueUrl: readSetting('eventQueue'),
      deadLetterQueueUrl: readSetting('eventDeadLetterQueue'),
    }),
    ledger: dynamoDbLedger({ client, table: readSetting('deliveriesTable'), ...shared }),
    subscriptions,
    companyClient: companyClients({ environment, subscriptions, clientForConnection: procoreClients(observer) }),
    oauthClient: secretsManagerOAuthClient({
      client: secretsManagerClient(),
      secretId: readSetting('oauthClientSecret'),
      ...shared,
    }),
  };
}
