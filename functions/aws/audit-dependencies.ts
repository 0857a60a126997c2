import type { Observer } from '../observer.ts';
import { readEnvironment, readSetting } from '../settings.ts';
import { systemClock } from '../system.ts';
import { acceptDelivery } from '../webhook/acceptance.ts';
import { companyCalls } from '../webhook/api-call.ts';
import type { AuditDependencies } from '../webhook/audit.ts';
import { dynamoDbClient, secretsManagerClient, sqsClient } from './clients.ts';
import { dynamoDbLedger } from './dynamodb-ledger.ts';
import { dynamoDbPreviousUse } from './dynamodb-previous-use.ts';
import { dynamoDbSubscriptionStore } from './dynamodb-subscription-store.ts';
import { procoreClients } from './procore-clients.ts';
import { secretsManagerAuthorizationKeeper } from './secrets-manager-authorization-keeper.ts';
import { secretsManagerWebhookAuthorization } from './secrets-manager-webhook-authorization.ts';
import { sqsEventQueue } from './sqs-event-queue.ts';
import { sqsQuarantine } from './sqs-quarantine.ts';

/** No call waits for Procore's rate limit longer than this before the end, so that what was done is stored; milliseconds. */
const endReserve = 10_000;

/**
 * Builds what the audit needs from its settings, once per cold start.
 *
 * @returns a function that adds the invocation's remaining time
 */
export function auditDependencies(observer: Observer): (remaining: () => number) => AuditDependencies {
  const environment = readEnvironment();
  const shared = { environment, clock: systemClock, observer };
  const client = dynamoDbClient();
  const sqs = sqsClient();
  const secret = { client: secretsManagerClient(), secretId: readSetting('webhookAuthorizationSecret'), environment };
  const deliveries = { client, table: readSetting('deliveriesTable'), ...shared };
  const clientFor = procoreClients(observer);
  const acceptance = {
    ...shared,
    queue: sqsEventQueue({ client: sqs, queueUrl: readSetting('eventQueue') }),
    ledger: dynamoDbLedger(deliveries),
    quarantine: sqsQuarantine({ client: sqs, queueUrl: readSetting('quarantineQueue') }),
  };
  return (remaining) => ({
    ...shared,
    store: dynamoDbSubscriptionStore({ client, table: readSetting('subscriptionsTable'), environment }),
    source: secretsManagerWebhookAuthorization({ ...secret, ...shared }),
    keeper: secretsManagerAuthorizationKeeper(secret),
    use: dynamoDbPreviousUse(deliveries),
    callFor: ({ companyId, connectionId }) =>
      companyCalls(clientFor(connectionId, () => remaining() - endReserve).company(companyId)),
    accept: (body) => acceptDelivery(body, acceptance),
    remaining: remaining,
  });
}
