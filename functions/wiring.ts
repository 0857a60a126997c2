import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { atATime } from './at-a-time.ts';
import { cachedSecret } from './aws/cached-secret.ts';
import {
  dynamoDbClient,
  impatientSecretsManagerClient,
  lambdaClient,
  secretsManagerClient,
  sqsClient,
} from './aws/clients.ts';
import { dynamoDbAuthorizationStore } from './aws/dynamodb-authorization-store.ts';
import { dynamoDbBackup } from './aws/dynamodb-backup.ts';
import { dynamoDbCompanyTraces } from './aws/dynamodb-company-traces.ts';
import { dynamoDbConnectionStore } from './aws/dynamodb-connection-store.ts';
import { lambdaAccessTokens } from './aws/lambda-access-tokens.ts';
import { lambdaDisconnection } from './aws/lambda-disconnection.ts';
import { sdkInvocation } from './aws/sdk-invocation.ts';
import { secretsManagerOAuthClient } from './aws/secrets-manager-oauth-client.ts';
import { secretsManagerWebhookAuthorization } from './aws/secrets-manager-webhook-authorization.ts';
import { sqsEscrow, sqsWaitingEscrow } from './aws/sqs-escrow.ts';
import { sqsEventWorkQueue, sqsWaitingEvents } from './aws/sqs-event-queue.ts';
import { sqsRotationQueue } from './aws/sqs-rotation-queue.ts';
import { sqsSetAside } from './aws/sqs-set-aside.ts';
import { sqsWakeUps } from './aws/sqs-wake-ups.ts';
import { bundleSources } from './bundle-sources.ts';
import { readPageSite } from './connect/page-site.ts';
import { parseReturnToOrigins } from './connect/return-to.ts';
import type { AttentionDependencies, ConnectionDependencies, RotationDependencies } from './connection/dependencies.ts';
import { ConnectorError } from './connector-error.ts';
import { type NoteClientIdDependencies, noteClientId, rememberedClientId } from './oauth/client-id.ts';
import { procoreTokenEndpoint } from './oauth/procore-token-endpoint.ts';
import { redirectUri } from './oauth/redirect-uri.ts';
import type { Observer } from './observer.ts';
import {
  acceptanceDependencies,
  apiClients,
  authorizationKeeper,
  clientIdStore,
  deliveredMarks,
  erasedIn,
  eventQueue,
  failedExchangeStore,
  jobStore,
  knownIds,
  ledger,
  type Place,
  previousUse,
  subscriptionStore,
  tableOf,
  tombstones,
} from './place.ts';
import { processReads } from './process-reads.ts';
import { type FindCompaniesProps, findCompanies, listCompanies } from './procore/companies.ts';
import type { ConnectionClients } from './procore/connection-clients.ts';
import { isProcoreEnvironmentName, procoreOrigins } from './procore/environment.ts';
import { settledScope } from './procore/rate-limit-scope.ts';
import { concealSecret } from './redact.ts';
import {
  readOptionalSetting,
  readProcoreOriginOverrides,
  readSetting,
  restoredTableSuffix,
  settingNames,
} from './settings.ts';
import { system, systemClock, systemRandomId } from './system.ts';
import { acceptDelivery } from './webhook/acceptance.ts';
import { auditAdmission } from './webhook/audit-admission.ts';
import { createAuthenticator } from './webhook/authenticate.ts';
import { backfillWork } from './webhook/backfill.ts';
import { keyBreaker } from './webhook/breaker.ts';
import { cachedSubscriptions } from './webhook/cached-subscriptions.ts';
import { applyWork, auditWork, type CompanyJobsDependencies } from './webhook/company-jobs.ts';
import { deliveredCounter } from './webhook/delivered.ts';
import { type ErasureDependencies, eraseWork } from './webhook/erase-company.ts';
import { companyClients } from './webhook/event-client.ts';
import { keyEvidence } from './webhook/evidence.ts';
import { hooksApi } from './webhook/hooks-api.ts';
import { ownSecrets, type ReadOwnSecret, textOfSecret } from './webhook/own-secrets.ts';
import { reconcileWork } from './webhook/reconcile-work.ts';
import { sourceFrame } from './webhook/source-frame.ts';
import { unlessErased } from './webhook/unless-erased.ts';

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

/** Makes what `disconnect` and `confirm-connection` need. @returns everything but the remaining time */
export const connectionDependencies = (observer: Observer) =>
  connectionDependenciesOf(placeOfFunction(observer), dynamoDbClient());

/** Makes what `token-recovery` needs. @returns everything but the remaining time; `waiting` is what lies in escrow */
export const recoveryDependencies = (observer: Observer) => ({
  ...connectionDependencies(observer),
  waiting: sqsWaitingEscrow({ client: sqsClient(), queueUrl: readSetting('escrowQueue') }),
});

function spendingDependencies(observer: Observer): Omit<RotationDependencies, 'remaining'> {
  const escrow = sqsEscrow({ client: sqsClient(), queueUrl: readSetting('escrowQueue') });
  return { ...connectionDependencies(observer), escrow };
}

/** Makes what `token-rotation` needs. @returns everything but the remaining time */
export function rotationDependencies(observer: Observer): Omit<AttentionDependencies, 'remaining'> {
  const origins = originsOf(placeOfFunction(observer));
  return {
    ...spendingDependencies(observer),
    listCompanies: (accessToken, companyId) =>
      listCompanies({ origins, fetch, ...(companyId !== undefined && { companyId }) }, accessToken),
  };
}

/** Makes what `access-token` needs. @returns everything but the remaining time */
export function vendingDependencies(observer: Observer) {
  return { ...spendingDependencies(observer), apiOrigin: originsOf(placeOfFunction(observer)).apiOrigin };
}

/** Makes what `restore-connections` needs. @returns everything but the remaining time; `backupIn` reads a restored table */
export function restorationDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const client = dynamoDbClient();
  return {
    ...spendingDependencies(observer),
    backupTable: place.nameOf('connectionsTable') + restoredTableSuffix,
    backupIn: (table: string) => dynamoDbBackup({ ...tableOf(place, client, 'connectionsTable'), table }),
  };
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
export function connectLinkDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const client = dynamoDbClient();
  return {
    clock: systemClock,
    randomId: systemRandomId,
    observer,
    authorizations: authorizationStore(place, client),
    store: connectionStore(place, client),
    publicOrigin: readSetting('publicOrigin'),
    returnToOrigins: parseReturnToOrigins(readSetting('returnToOrigins')),
  };
}

/** Reads at which origins the connect pages answer, and what they show of whoever asks. */
const pageSettings = ({ environment }: Place) => ({
  site: readPageSite(environment, readOptionalSetting('pageSite')),
  publicOrigin: readSetting('publicOrigin'),
  otherOrigin: readOptionalSetting('otherOrigin'),
});

/** Makes what `oauth-start` needs. */
export function startDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  return {
    clock: systemClock,
    randomId: systemRandomId,
    observer,
    authorizations: authorizationStore(place, dynamoDbClient()),
    oauthClient: oauthClient(place),
    ...pageSettings(place),
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
    authorizations: authorizationStore(place, client),
    ...pageSettings(place),
    listCompanies: (accessToken: string, timeoutMs: number) =>
      listCompanies({ origins, fetch, timeoutMs }, accessToken),
    findCompanies: (accessToken: string, search: Pick<FindCompaniesProps, 'isWanted' | 'most' | 'timeoutMs'>) =>
      findCompanies({ origins, fetch, ...search }, accessToken),
  };
}

/** Makes what `oauth-company` needs. */
export function companyDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const client = dynamoDbClient();
  return {
    clock: systemClock,
    randomId: systemRandomId,
    observer,
    authorizations: authorizationStore(place, client),
    store: connectionStore(place, client),
    ...pageSettings(place),
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
  const countDelivered = deliveredCounter({ marks: deliveredMarks(place, client), clock: systemClock, observer });
  return { authenticate, acceptance: { ...acceptanceDependencies(place, client, sqsClient()), countDelivered } };
}

/** Tokens come from `access-token`; calls that fail for good are kept for a support report. */
function functionApiClients(place: Place, dynamoDb: DynamoDBClient): ConnectionClients {
  const ask = lambdaAccessTokens({
    invoke: sdkInvocation(lambdaClient()),
    functionName: readSetting('accessTokenFunction'),
  });
  const vend = atATime(Number(readSetting('accessTokenCalls')), ask);
  const origins = readProcoreOriginOverrides();
  const rateLimitScope = settledScope(readOptionalSetting('rateLimitScope'));
  return apiClients(place, {
    ...{ dynamoDb, vend, origins, rateLimitScope },
    failures: failedExchangeStore(place, dynamoDb),
  });
}

/** Makes what gives the integrator's code its own secrets. Where there are none no client is made. */
function ownSecretsOf(observer: Observer): ReadOwnSecret {
  const ids: Readonly<Record<string, string>> = JSON.parse(readOptionalSetting('ownSecrets') ?? '{}');
  let client: SecretsManagerClient | undefined;
  const readers = Object.entries(ids).map(([name, secretId]) => {
    client ??= secretsManagerClient();
    return [name, cachedSecret({ client, secretId, clock: systemClock, observer }, textOfSecret)] as const;
  });
  return ownSecrets({ readers: new Map(readers), clock: systemClock, conceal: concealSecret });
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
  const clients = functionApiClients(place, client);
  const visibility = readOptionalSetting('eventVisibility');
  return {
    ...system,
    environment,
    observer,
    evidence: keyEvidence({ ledger: events, clock: systemClock }),
    breaker: keyBreaker(system),
    unmarked: new Map(),
    frameOf: (error: Error) => sourceFrame(error, sourceOf),
    secret: ownSecretsOf(observer),
    ...(visibility !== undefined && { visibilitySeconds: Number(visibility) }),
    giveUpAfterHours: Number(readSetting('giveUpAfterHours')),
    queue: sqsEventWorkQueue({
      client: sqsClient(),
      queueUrl: readSetting('eventQueue'),
      deadLetterQueueUrl: readSetting('eventDeadLetterQueue'),
    }),
    ledger: events,
    isErased: erasedIn(place, client),
    reads: processReads,
    subscriptions,
    companyClient: companyClients({ environment, subscriptions, clientForConnection: clients.clientFor }),
    release: clients.release,
    ownClientId: rememberedClientId(clientIdStore(place, client), systemClock),
  };
}

/** Makes what erasing a company needs. */
function erasureDependencies(
  place: Place,
  client: DynamoDBClient,
  { store, clock, clientFor }: Pick<CompanyJobsDependencies, 'store' | 'clock' | 'clientFor'>,
): ErasureDependencies {
  const queue = (name: 'eventDeadLetterQueue' | 'quarantineQueue') =>
    sqsSetAside({ client: sqsClient(), queueUrl: place.nameOf(name) });
  return {
    store,
    clock,
    tombstones: tombstones(place, client),
    hooksOf: (subscription, remaining) => hooksApi(clientFor(subscription, remaining)),
    disconnect: lambdaDisconnection({
      invoke: sdkInvocation(lambdaClient()),
      functionName: readSetting('disconnectFunction'),
    }),
    traces: dynamoDbCompanyTraces({
      deliveries: tableOf(place, client, 'deliveriesTable'),
      rateBudget: tableOf(place, client, 'rateBudgetTable'),
      jobs: tableOf(place, client, 'jobsTable'),
    }),
    deadLetters: queue('eventDeadLetterQueue'),
    quarantine: queue('quarantineQueue'),
  };
}

/** Makes what {@link noteClientId} needs, for a function that may read the OAuth client's secret. */
function clientIdDependencies(observer: Observer): NoteClientIdDependencies {
  const place = placeOfFunction(observer);
  return { observer, oauthClient: oauthClient(place), clientIds: clientIdStore(place, dynamoDbClient()) };
}

/** Makes what `company-work` needs. @returns everything but the remaining time; no `wakeUps` where no queue feeds it */
export function companyWorkDependencies(observer: Observer) {
  const place = placeOfFunction(observer);
  const { environment } = place;
  const client = dynamoDbClient();
  const secrets = secretsManagerClient();
  const { clientFor, backgroundRoom, release } = functionApiClients(place, client);
  const acceptance = acceptanceDependencies(place, client, sqsClient());
  const { isErased } = acceptance;
  const queueUrl = readOptionalSetting('companyWorkQueue');
  const jobs = jobStore(place, client);
  const webhooks: CompanyJobsDependencies = {
    clock: systemClock,
    observer,
    jobs,
    store: subscriptionStore(place, client),
    source: webhookAuthorization(place, secrets),
    keeper: authorizationKeeper(place, secrets),
    use: previousUse(place, client),
    delivered: deliveredMarks(place, client),
    backgroundRoom,
    noteClientId: () => noteClientId(clientIdDependencies(observer)),
    accept: (body) => acceptDelivery(body, acceptance, 'recovered'),
    clientFor: ({ companyId, connectionId }, remaining) =>
      clientFor(connectionId, remaining, 'background').company(companyId),
  };
  return {
    ...system,
    environment,
    randomId: systemRandomId,
    observer,
    store: jobs,
    admission: auditAdmission({ backgroundRoom, clock: systemClock }),
    kinds: {
      erase: eraseWork(erasureDependencies(place, client, webhooks)),
      audit: unlessErased(isErased, auditWork(webhooks)),
      apply: unlessErased(isErased, applyWork(webhooks)),
      reconcile: unlessErased(
        isErased,
        reconcileWork({ ...webhooks, ...acceptance, knownIds: knownIds(place, client) }),
      ),
      backfill: unlessErased(
        isErased,
        backfillWork({
          ...webhooks,
          sleep: system.sleep,
          acceptBackfilled: (body) => acceptDelivery(body, acceptance, 'backfilled'),
          waitingEvents: sqsWaitingEvents({ client: sqsClient(), queueUrl: place.nameOf('eventQueue') }),
        }),
      ),
    },
    release,
    ...(queueUrl !== undefined && { wakeUps: sqsWakeUps({ client: sqsClient(), queueUrl }) }),
  };
}
