import type { Observer } from '../observer.ts';
import { readEnvironment, readSetting } from '../settings.ts';
import { systemClock } from '../system.ts';
import { companyClients } from '../webhook/event-client.ts';
import { dynamoDbClient, sqsClient } from './clients.ts';
import { dynamoDbLedger } from './dynamodb-ledger.ts';
import { dynamoDbSubscriptionStore } from './dynamodb-subscription-store.ts';
import { procoreClients } from './procore-clients.ts';
import { sqsEventQueue } from './sqs-event-queue.ts';
import { sqsQuarantine } from './sqs-quarantine.ts';

/** Builds what a reconciliation needs from its settings, once per cold start; it makes no call itself. */
export function reconciliationDependencies(observer: Observer) {
  const environment = readEnvironment();
  const client = dynamoDbClient();
  const sqs = sqsClient();
  const shared = { environment, clock: systemClock, observer };
  return {
    ...shared,
    queue: sqsEventQueue({ client: sqs, queueUrl: readSetting('eventQueue') }),
    quarantine: sqsQuarantine({ client: sqs, queueUrl: readSetting('quarantineQueue') }),
    ledger: dynamoDbLedger({ client, table: readSetting('deliveriesTable'), ...shared }),
    companyClient: companyClients({
      environment,
      subscriptions: dynamoDbSubscriptionStore({ client, table: readSetting('subscriptionsTable'), environment }),
      clientForConnection: procoreClients(observer),
    }),
  };
}
