import { MalformedSecretError, WrongEnvironmentError } from '../../../functions/oauth/client-secret.ts';
import { procoreTokenEndpoint } from '../../../functions/oauth/procore-token-endpoint.ts';
import type { OAuthClient } from '../../../functions/oauth/token-endpoint.ts';
import { failedExchangeStore } from '../../../functions/place.ts';
import {
  AccessTokenRefusedError,
  askPatiently,
  type VendedToken,
} from '../../../functions/procore/access-token-source.ts';
import type { ProcoreClient } from '../../../functions/procore/client.ts';
import type { ConnectionClients } from '../../../functions/procore/connection-clients.ts';
import { systemClock, systemSleep } from '../../../functions/system.ts';
import type { StoredSubscription } from '../../../functions/webhook/subscription.ts';
import { clientsOf, readWebhookAuthorization, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { readLogged } from '../logged.ts';
import { placeOf } from '../place.ts';
import { statusPageOf } from '../status-page.ts';
import { companiesOf } from '../stopped-companies.ts';
import { findConnection, listConnections, readConnection, type StoredConnection } from '../stored-connection.ts';
import type { Terminal } from '../terminal.ts';
import { examineAccount } from './account.ts';
import { examineCredentials, examineRedirect } from './credentials.ts';
import type { Evidence, SeenConnection } from './evidence.ts';
import { readFailures } from './failed-calls.ts';
import type { Narrowed } from './probes.ts';
import { problemOf, seenProblem } from './refusals.ts';
import { examineStops } from './stops.ts';
import { examineHooks, examineIntake, type SeenHooks } from './webhooks.ts';
import { describeSeen } from './went-well.ts';

/** What a doctor was asked to look at. */
export interface DoctorQuestions {
  /** @default one that serves a subscription, else the first that is connected */
  readonly connectionId?: string | undefined;
  /** @default those that the connection and its subscriptions name */
  readonly companyId?: string | undefined;
  /** The redirect URI as the Developer Portal shows it. */
  readonly registered?: string | undefined;
}

/** What a doctor has gathered. */
export interface Gathered {
  readonly evidence: Evidence;
  /** The connection as which Procore was called; undefined when there is none. */
  readonly connection: StoredConnection | undefined;
  readonly subscriptions: readonly StoredSubscription[];
}

/** One call waits no longer than this for Procore, in milliseconds: a doctor says that it must wait, and goes on. */
const patienceMs = 15_000;
/** For the rate budget one call waits longer: until the next of windows up to a minute begins. */
const budgetPatienceMs = 65_000;
const aDay = 86_400;

/**
 * Gathers what can be known of an environment: its secrets, connections, Procore's answers to one of them, hooks, the
 * log of failed calls, Procore's status page. It changes nothing but that a token which is due is replaced.
 *
 * @param say told what is being looked at
 * @throws OperatorError when the connection that was asked for is not there; errors of AWS as they come
 */
export async function gatherEvidence(
  environment: DeployedEnvironment,
  terminal: Terminal,
  asked: DoctorQuestions,
  say: (text: string) => void,
): Promise<Gathered> {
  const now = systemClock();
  const clients = clientsOf(environment, terminal, 'looking', budgetPatienceMs);

  say('Trying the client id and secret');
  const tried = await examineCredentials(environment, terminal);
  const { credentials, client: oauthClient } = tried;
  const redirect = await examineRedirect(environment, credentials === 'accepted' ? oauthClient : undefined, asked);

  say('Reading connections and subscriptions');
  // The status, which the doctor begins with, names one that cannot be read.
  const stored = await listConnections(environment, say, () => {});
  const subscriptions = (await subscriptionsOf(environment).list()).filter(
    ({ companyId }) => asked.companyId === undefined || companyId === asked.companyId,
  );
  const connection = await chooseConnection(environment, stored, subscriptions, asked);

  say('Calling Procore');
  const account =
    connection && (await examineConnection(environment, clients, connection, subscriptions, asked, oauthClient, now));
  const companyIds = asked.companyId === undefined ? namedCompanies(connection, subscriptions) : [asked.companyId];
  const stops = await examineStops(environment, companyIds, account?.installation?.connected ?? [], now);

  say('Looking at the hooks');
  const webhooks = await examineWebhooks(environment, terminal, clients, subscriptions, now);

  say('Reading the log of calls that failed');
  const failedExchanges = failedExchangeStore(placeOf(environment), environment.clients.dynamoDb);
  const caller = account?.accepted && connection ? clientOf(clients, connection.connectionId) : undefined;
  const failures = await readFailures(environment, failedExchanges, caller, { companyId: asked.companyId, now });

  const refusals = onceEach(tried, redirect, account, stops, webhooks, failures);
  const statusPage = await statusPageOf(environment);
  const { refusals: _, accepted, ...seenOfAccount } = account ?? {};
  const connections = await describeConnections(environment, stored, connection, accepted);
  const refusedCodes = await countRefusedCodes(environment, stored, now);
  const lists = account?.listsRead ?? [];
  const seen = { connection, stored, oauthClient, accepted, lists, hasLog: failures !== undefined };
  return {
    connection,
    subscriptions,
    evidence: {
      environment: environment.name,
      now,
      ...(credentials && { credentials }),
      ...(redirect.agrees && { redirectUriAgrees: true }),
      ...(refusedCodes !== undefined && { refusedCodes }),
      connections,
      ...seenOfAccount,
      refusals,
      hooks: webhooks.hooks,
      hooksUnseen: webhooks.unseen,
      ...(webhooks.intakeAnswers && { intakeAnswers: true }),
      ...(failures && { failedCalls: failures.failedCalls, throttled: failures.throttled }),
      ...(statusPage && { statusPage }),
      seen: { ...describeSeen(environment, seen), ...stops.seen },
    },
  };
}

function namedCompanies(
  connection: StoredConnection | undefined,
  subscriptions: readonly StoredSubscription[],
): readonly string[] {
  return [...(connection ? companiesOf(connection) : []), ...subscriptions.map(({ companyId }) => companyId)];
}

async function chooseConnection(
  environment: DeployedEnvironment,
  stored: readonly StoredConnection[],
  subscriptions: readonly StoredSubscription[],
  { connectionId, companyId }: DoctorQuestions,
): Promise<StoredConnection | undefined> {
  if (connectionId !== undefined) return readConnection(environment, connectionId);
  const connected = stored.filter(({ status }) => status === 'connected');
  return (
    connected.find((one) => subscriptions.some((subscription) => subscription.connectionId === one.connectionId)) ??
    connected.find((one) => companyId !== undefined && one.companyIds.includes(companyId)) ??
    connected[0]
  );
}

async function examineConnection(
  environment: DeployedEnvironment,
  clients: ConnectionClients,
  connection: StoredConnection,
  subscriptions: readonly StoredSubscription[],
  { companyId }: DoctorQuestions,
  oauthClient: OAuthClient | undefined,
  now: number,
) {
  const { connectionId } = connection;
  const client = clientOf(clients, connectionId);
  try {
    const token = await tokenOf(clients, connectionId);
    // A rotation that is under way says nothing about the account.
    if (token === undefined) return undefined;
    const tokenEndpoint = procoreTokenEndpoint({ origins: environment.procore, fetch, clock: systemClock });
    const info = await tokenEndpoint.tokenInfo(token.accessToken);
    const foreign =
      info.outcome === 'info' && oauthClient !== undefined && info.clientId !== oauthClient.clientId
        ? [seenProblem('wrong_environment', `Procore says that the token of "${connectionId}" is another client's.`)]
        : [];
    const served = subscriptions.filter((subscription) => subscription.connectionId === connectionId);
    const seen = await examineAccount({ connection, client, subscriptions: served, companyId, now });
    return { ...seen, refusals: [...foreign, ...seen.refusals] };
  } catch (error) {
    return { refusals: [await problemOf(error, client)] };
  }
}

function clientOf(clients: ConnectionClients, connectionId: string): ProcoreClient {
  return clients.clientFor(connectionId, () => patienceMs);
}

/** Asks for a connection's token. @returns undefined when it is still being replaced at the end of our patience */
async function tokenOf(clients: ConnectionClients, connectionId: string): Promise<VendedToken | undefined> {
  const tokens = clients.tokensOf(connectionId);
  const startedAt = systemClock();
  const remaining = () => patienceMs - (systemClock() - startedAt) * 1000;
  try {
    return await askPatiently(() => tokens.current(), { sleep: systemSleep, remaining });
  } catch (error) {
    if (error instanceof AccessTokenRefusedError && error.code === 'rotation_pending') return undefined;
    throw error;
  }
}

async function isBeingReplaced(clients: ConnectionClients, connectionId: string): Promise<boolean> {
  try {
    return (await tokenOf(clients, connectionId)) === undefined;
  } catch {
    // The first call for the hooks meets the same refusal, and there it is named.
    return false;
  }
}

/** Looks at the hooks of subscriptions, and whether our own intake answers. */
async function examineWebhooks(
  environment: DeployedEnvironment,
  terminal: Terminal,
  clients: ConnectionClients,
  subscriptions: readonly StoredSubscription[],
  now: number,
) {
  const seen = await examineSubscriptions(environment, terminal, clients, subscriptions, now);
  const intake = await examineIntake(environment.webhookUrl);
  if (intake === undefined) return { ...seen, intakeAnswers: true };
  const refusals = [...seen.refusals, seenProblem('webhooks_not_delivered', intake)];
  return { ...seen, refusals, intakeAnswers: false };
}

async function examineSubscriptions(
  environment: DeployedEnvironment,
  terminal: Terminal,
  clients: ConnectionClients,
  subscriptions: readonly StoredSubscription[],
  now: number,
) {
  let current: string;
  try {
    current = (await readWebhookAuthorization(environment, terminal)).current;
  } catch (error) {
    if (error instanceof WrongEnvironmentError) {
      return { hooks: [], unseen: 0, refusals: [seenProblem('wrong_environment', error.message)] };
    }
    if (!(error instanceof MalformedSecretError)) throw error;
    return { hooks: [], unseen: 0, refusals: [seenProblem('webhooks_not_delivered', error.message)] };
  }
  const seen: SeenHooks[] = [];
  // One after the other: all at once they would only wait for Procore's rate limit together.
  for (const subscription of subscriptions) {
    const { connectionId, hooks } = subscription;
    if (await isBeingReplaced(clients, connectionId)) {
      seen.push({ hooks: [], refusals: [], unseen: Math.max(1, hooks.length) });
      continue;
    }
    const client = clientOf(clients, connectionId);
    seen.push(await examineHooks(environment, client, subscription, current, now));
  }
  return {
    hooks: seen.flatMap(({ hooks }) => hooks),
    refusals: seen.flatMap(({ refusals }) => refusals),
    unseen: seen.reduce((sum, { unseen }) => sum + unseen, 0),
  };
}

async function describeConnections(
  environment: DeployedEnvironment,
  stored: readonly StoredConnection[],
  examined: StoredConnection | undefined,
  accepted: boolean | undefined,
): Promise<readonly SeenConnection[]> {
  // Whatever was due has been replaced by asking for it.
  const now = examined && (await findConnection(environment, examined.connectionId));
  return stored
    .map((one) => (one.connectionId === now?.connectionId ? now : one))
    .map(({ connectionId, status, cause, expiresAt, environmentChecked }) => ({
      connectionId,
      status,
      environmentChecked,
      ...(cause !== undefined && { cause }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(connectionId === examined?.connectionId && accepted !== undefined && { accepted }),
    }));
}

/** Refusals older than the last link that connected an account are over. */
async function countRefusedCodes(
  environment: DeployedEnvironment,
  stored: readonly StoredConnection[],
  now: number,
): Promise<number | undefined> {
  // A disconnection moves that time without that anybody connected.
  const connected = stored.filter(({ status }) => status !== 'disconnected');
  const lastSuccess = Math.max(0, ...connected.map(({ authorizedBy }) => authorizedBy.linkIssuedAt));
  const since = Math.max(now - aDay, lastSuccess) * 1000;
  const lines = await readLogged(environment, ['OauthCallback'], since, 'oauth.not_connected');
  const refused = ['code_refused', 'authorization_refused'];
  return lines?.filter(({ fields }) => refused.includes(String(fields.outcome))).length;
}

/** Account, hooks and log may meet the same problem. */
function onceEach(...parts: readonly ({ readonly refusals: readonly Narrowed[] } | undefined)[]): readonly Narrowed[] {
  const refusals = parts.flatMap((part) => part?.refusals ?? []);
  const keyOf = ({ diagnosis, evidence }: Narrowed) => `${diagnosis.id} ${evidence.join(' ')}`;
  return [...new Map(refusals.map((refusal) => [keyOf(refusal), refusal])).values()];
}
