import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { dynamoDbClient, impatientSecretsManagerClient, sqsClient } from './aws/clients.ts';
import { dynamoDbLedger } from './aws/dynamodb-ledger.ts';
import { dynamoDbPreviousUse } from './aws/dynamodb-previous-use.ts';
import { secretsManagerWebhookAuthorization } from './aws/secrets-manager-webhook-authorization.ts';
import { sqsEventQueue } from './aws/sqs-event-queue.ts';
import { sqsQuarantine } from './aws/sqs-quarantine.ts';
import { observed, observer } from './middleware.ts';
import { readEnvironment, readSetting } from './settings.ts';
import { systemClock } from './system.ts';
import { type Acceptance, acceptDelivery } from './webhook/acceptance.ts';
import { type Authenticate, createAuthenticator } from './webhook/authenticate.ts';

/**
 * `POST /webhooks`: takes one delivery from Procore, of any content type and size.
 *
 * 401 without the right `Authorization`. 200 for everything else that is safe: accepted, a duplicate, or kept in
 * quarantine, since any failure pauses all later deliveries. 503 only when the queue (or, for a body that is no event,
 * the quarantine) is not available: Procore sends it again. Bodies are empty: hook owners see them at Procore.
 */
export async function answerDelivery(
  request: Pick<APIGatewayProxyEventV2, 'headers' | 'body' | 'isBase64Encoded'>,
  authenticate: Authenticate,
  accept: (body: Uint8Array) => Promise<Acceptance>,
): Promise<APIGatewayProxyStructuredResultV2> {
  if ((await authenticate(request.headers.authorization)) !== 'authenticated') return { statusCode: 401 };
  const acceptance = await accept(Buffer.from(request.body ?? '', request.isBase64Encoded ? 'base64' : 'utf8'));
  return { statusCode: acceptance === 'unavailable' ? 503 : 200 };
}

const shared = { environment: readEnvironment(), clock: systemClock, observer };
const secret = { client: impatientSecretsManagerClient(), secretId: readSetting('webhookAuthorizationSecret') };
const client = sqsClient();
const deliveries = { client: dynamoDbClient(), table: readSetting('deliveriesTable'), ...shared };
const authenticate = createAuthenticator({
  source: secretsManagerWebhookAuthorization({ ...secret, ...shared }),
  previousUse: dynamoDbPreviousUse(deliveries),
  ...shared,
});
const dependencies = {
  ...shared,
  queue: sqsEventQueue({ client, queueUrl: readSetting('eventQueue') }),
  ledger: dynamoDbLedger(deliveries),
  quarantine: sqsQuarantine({ client, queueUrl: readSetting('quarantineQueue') }),
};

export const handler = observed((request: APIGatewayProxyEventV2) =>
  answerDelivery(request, authenticate, (body) => acceptDelivery(body, dependencies)),
);
