import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { atATime } from './at-a-time.ts';
import {
  dynamoDbClient,
  impatientSecretsManagerClient,
  lambdaClient,
  secretsManagerClient,
  sqsClient,
} from './aws/clients.ts';
import { dynamoDbAuthorizationStore } from './aws/dynamodb-authorization-store.ts';
import { dynamoDbConnectionStore } from './aws/dynamodb-connection-store.ts';
import { lambdaAccessTokens } from './aws/lambda-access-tokens.ts';
import { sdkInvocation } from './aws/sdk-invocation.ts';
import { secretsManagerOAuthClient } from './aws/secrets-manager-oauth-client.ts';
import { secretsManagerWebhookAuthorization } from './aws/secrets-manager-webhook-authorization.ts';
import { sqsEscrow, sqsWaitingEscrow } from './aws/sqs-escrow.ts';
import { sqsEventWorkQueue } from './aws/sqs-event-queue.ts';
import { sqsRotationQueue } from './aws/sqs-rotation-queue.ts';
import { bundleSources } from './bundle-sources.ts';
import type { RemainingTime } from './clock.ts';
import { parseReturnToOrigins } from './connect/return-to.ts';
import type { ConnectionDependencies, RotationDependencies } from './connection/dependencies.ts';
import { ConnectorError } from './connector-error.ts';
import { procoreTokenEndpoint } from './oauth/procore-token-endpoint.ts';
import { redirectUri } from './oauth/redirect-uri.ts';
import type { Observer } from './observer.ts';
import {
  acceptanceDependencies,
  apiClients,
  authorizationKeeper,
  eventQueue,
  failedExchangeStore,
  ledger,
  type Place,
  previousUse,
  subscriptionStore,
  tableOf,
} from './place.ts';
import { listCompanies } from './procore/companies.ts';
import type { ConnectionClients } from './procore/connection-clients.ts';
import { isProcoreEnvironmentName, procoreOrigins } from './procore/environment.ts';
import { readOptionalSetting, readProcoreOriginOverrides, readSetting, settingNames } from './settings.ts';
import { system, systemClock, systemRandomId } from './system.ts';
import { acceptDelivery } from './webhook/acceptance.ts';
import { createAuthenticator } from './webhook/authenticate.ts';
import { keyBreaker } from './webhook/breaker.ts';
import { cachedSubscriptions } from './webhook/cached-subscriptions.ts';
import { companyClients } from './webhook/event-client.ts';
import { keyEvidence } from './webhook/evidence.ts';
import { sourceFrame } from './webhook/source-frame.ts';

// The composition root: what each function is made of, from its settings and once per cold start. A handler adds the
// time that is left. A bundle holds what its function uses of this file, and nothing else.

/** The environment variable that names the Procore environment holds something else. */
export class UnknownEnvironmentError extends ConnectorError {
  override readonly name = 'UnknownEnvironmentError';
  readonly code = 'unknown_environment';
  constructor(value: string) {
    super(
      `${settingNames.environment} is "${value}". This is not a Procore environment. Deploy again, and do not edit the ` +
        'environment of functions by hand.',
    );
  }
}

/** Reads which environment this function serves. @throws MissingSettingError, UnknownEnvironmentError */
function placeOfFunction(observer: Observer): Place {
  const environment = readSetting('environment');
  if (!isProcoreEnvironmentName(environment)) throw new UnknownEnvironmentError(environment);
  return { environment, nameOf: readSetting, observer };
}

/** Reads where Procore is. */
const originsOf = ({ environment }: Place) => procoreOrigins(environment, readProcoreOriginOverrides());

const authorizationStore = (place: Place, client: DynamoDBClient) =>
  dynamoDbAuthorizationStore(tableOf(place, client, 'authorizationsTable'));

const connectionStore = (place: Place, client: DynamoDBClient) =>
  dynamoDbConnectionStore(tableOf(place, client, 'connectionsTable'));

/** The secret is not read before it is needed. */
const oauthClient = ({ environment, nameOf, observer }: Place) =>
  secretsManagerOAuthClient({
    client: secretsManagerClient(),
    secretId: nameOf('oauthClientSecret'),
    environment,
    clock: systemClock,
    observer,
  });

const webhookAuthorization = ({ environment, nameOf, observer }: Place, client: SecretsManagerClient) =>
  secretsManagerWebhookAuthorization({
    client,
    secretId: nameOf('webhookAuthorizationSecret'),
    environment,
    clock: systemClock,
    observer,
  });

function connectionDependenciesOf(place: Place, dynamoDb: DynamoDBClient): Omit<ConnectionDependencies, 'remaining'> {
  const { observer } = place;
  return {
    ...system,
    randomId: systemRandomId,
    observer,
    store: connectionStore(place, dynamoDb),
    tokenEndpoint: procoreTokenEndpoint({ origins: originsOf(place), fetch, clock: systemClock }),
    oauthClient: oauthClient(place),
    changes: eventQueue(place, sqsClient()),
    keepReplaced: readSetting('revokeReplacedTokens') !== 'true',
  };
}

/** Makes what `disconnect` needs. @returns everything but the remaining time */
export const connectionDependencies = (observer: Observer) =>
  connectionDependenciesOf(placeOfFunction(observer), dynamoDbClient());

/** Makes what `token-recovery` needs. @returns everything but the remaining time; `waiting` is what lies in escrow */
export const recoveryDependencies = (observer: Observer) => ({
  ...connectionDependencies(observer),
  waiting: sqsWaitingEscrow({ client: sqsClient(), queueUrl: readSetting('escrowQueue') }),
});

/** Makes what `token-rotation` needs. @returns everything but the remaining time */
export function rotationDependencies(observer: Observer): Omit<RotationDependencies, 'remaining'> {
  const escrow = sqsEscrow({ client: sqsClient(), queueUrl: readSetting('escrowQueue') });
  return { ...connectionDependencies(observer), escrow };
}

/** Makes what `access-token` needs. @returns everything but the remaining time */
export function vendingDependencies(observer: Observer) {
  return { ...rotationDependencies(observer), apiOrigin: originsOf(placeOfFunction(observer)).apiOrigin };
}

/** Makes what `rotation-sweep` needs. @returns everything but the remaining time */
export const sweepDependencies = (observer: Observer) => ({
  store: connectionStore(placeOfFunction(observer), dynamoDbClient()),
  queue: sqsRotationQueue({ client: sqsClient(), queueUrl: readSetting('rotationQueue') }),
  clock: systemClock,
  observer,
});

/** Makes what `connect-service-account` needs. @returns everything but the remaining time */
export function serviceAccountDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const origins = originsOf(place);
  return {
    ...connectionDependenciesOf(place, dynamoDbClient()),
    listCompanies: (accessToken: string, companyId: string) =>
      listCompanies({ origins, fetch, companyId }, accessToken),
    redirectUri: redirectUri(readSetting('publicOrigin')),
  };
}

/** Makes what `connect-link` needs. */
export const connectLinkDependencies = (observer: Observer) => ({
  clock: systemClock,
  randomId: systemRandomId,
  observer,
  authorizations: authorizationStore(placeOfFunction(observer), dynamoDbClient()),
  publicOrigin: readSetting('publicOrigin'),
  returnToOrigins: parseReturnToOrigins(readSetting('returnToOrigins')),
});

/** Reads the origins at which the connect pages answer. */
const pageOrigins = () => ({
  publicOrigin: readSetting('publicOrigin'),
  otherOrigin: readOptionalSetting('otherOrigin'),
});

/** Makes what `oauth-start` needs. */
export function startDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  return {
    environment: place.environment,
    clock: systemClock,
    randomId: systemRandomId,
    observer,
    authorizations: authorizationStore(place, dynamoDbClient()),
    oauthClient: oauthClient(place),
    ...pageOrigins(),
    loginOrigin: originsOf(place).loginOrigin,
  };
}

/** Makes what `oauth-callback` needs. @returns everything but the remaining time */
export function callbackDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const origins = originsOf(place);
  const client = dynamoDbClient();
  return {
    ...connectionDependenciesOf(place, client),
    environment: place.environment,
    authorizations: authorizationStore(place, client),
    ...pageOrigins(),
    listCompanies: (accessToken: string, timeoutMs: number) =>
      listCompanies({ origins, fetch, timeoutMs }, accessToken),
  };
}

/** Makes what `oauth-company` needs. */
export function companyDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const client = dynamoDbClient();
  return {
    environment: place.environment,
    clock: systemClock,
    randomId: systemRandomId,
    observer,
    authorizations: authorizationStore(place, client),
    store: connectionStore(place, client),
    ...pageOrigins(),
  };
}

/** Makes what `webhook-intake` needs: the check of the header, and what {@link acceptDelivery} needs. */
export function intakeDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const client = dynamoDbClient();
  const authenticate = createAuthenticator({
    source: webhookAuthorization(place, impatientSecretsManagerClient()),
    previousUse: previousUse(place, client),
    clock: systemClock,
    observer,
  });
  return { authenticate, acceptance: acceptanceDependencies(place, client, sqsClient()) };
}

/** Tokens come from `access-token`; calls that fail for good are kept for a support report. */
function functionApiClients(place: Place, dynamoDb: DynamoDBClient): ConnectionClients {
  const ask = lambdaAccessTokens({
    invoke: sdkInvocation(lambdaClient()),
    functionName: readSetting('accessTokenFunction'),
  });
  const vend = atATime(Number(readSetting('accessTokenCalls')), ask);
  const origins = readProcoreOriginOverrides();
  return apiClients(place, { dynamoDb, vend, origins, failures: failedExchangeStore(place, dynamoDb) });
}

/**
 * Makes what `webhook-worker` needs, with what its process remembers of failures and successes.
 *
 * @returns everything but the integrator's functions and the remaining time
 */
export function workerDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const { environment } = place;
  const client = dynamoDbClient();
  const subscriptions = cachedSubscriptions(subscriptionStore(place, client), systemClock);
  const events = ledger(place, client);
  // The function's own bundle, of which this file is a part.
  const sourceOf = bundleSources(import.meta.url);
  return {
    ...system,
    environment,
    observer,
    evidence: keyEvidence({ ledger: events, clock: systemClock }),
    breaker: keyBreaker(system),
    frameOf: (error: Error) => sourceFrame(error, sourceOf),
    giveUpAfterHours: Number(readSetting('giveUpAfterHours')),
    queue: sqsEventWorkQueue({
      client: sqsClient(),
      queueUrl: readSetting('eventQueue'),
      deadLetterQueueUrl: readSetting('eventDeadLetterQueue'),
    }),
    ledger: events,
    subscriptions,
    companyClient: companyClients({
      environment,
      subscriptions,
      clientForConnection: functionApiClients(place, client).clientFor,
    }),
    oauthClient: oauthClient(place),
  };
}

/** Makes what `reconciliation` needs. @returns everything but the remaining time; it makes no call itself */
export function reconciliationDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const { environment } = place;
  const client = dynamoDbClient();
  return {
    ...acceptanceDependencies(place, client, sqsClient()),
    companyClient: companyClients({
      environment,
      subscriptions: subscriptionStore(place, client),
      clientForConnection: functionApiClients(place, client).clientFor,
    }),
  };
}

/** No call of the audit waits for Procore's rate limit until less than this is left, so that what was done is stored; milliseconds. */
const auditReserveMs = 10_000;

/** Makes what `subscription-audit` needs. @returns everything but the remaining time */
export function auditDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const { environment } = place;
  const client = dynamoDbClient();
  const secrets = secretsManagerClient();
  const { clientFor } = functionApiClients(place, client);
  const acceptance = acceptanceDependencies(place, client, sqsClient());
  const shared = {
    environment,
    clock: systemClock,
    observer,
    store: subscriptionStore(place, client),
    source: webhookAuthorization(place, secrets),
    keeper: authorizationKeeper(place, secrets),
    use: previousUse(place, client),
    accept: (body: Uint8Array) => acceptDelivery(body, acceptance, 'recovered'),
  };
  return (remaining: RemainingTime) => ({
    ...shared,
    remaining,
    clientFor: ({ companyId, connectionId }: { readonly companyId: string; readonly connectionId: string }) =>
      clientFor(connectionId, () => remaining() - auditReserveMs).company(companyId),
  });
}
