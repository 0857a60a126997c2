import { dynamoDbSubscriptionStore } from '../../functions/aws/dynamodb-subscription-store.ts';
import type { RemainingTime } from '../../functions/clock.ts';
import type { Observer } from '../../functions/observer.ts';
import { accessTokenSource, type VendedToken } from '../../functions/procore/access-token-source.ts';
import { type ProcoreClient, procoreClient } from '../../functions/procore/client.ts';
import { systemClock, systemRandomFraction, systemSleep } from '../../functions/system.ts';
import { type HooksApi, hooksApi } from '../../functions/webhook/hooks-api.ts';
import type { SubscriptionStore } from '../../functions/webhook/subscription.ts';
import { parseWebhookAuthorization, type WebhookAuthorization } from '../../functions/webhook/webhook-authorization.ts';
import type { DeployedEnvironment } from './deployment.ts';
import type { Terminal } from './terminal.ts';

/** What the functions log is for CloudWatch; the command line says what it found itself. */
const nobody: Observer = { note() {}, count() {} };

/** How long one command may wait for Procore's rate limit, in milliseconds. */
const patienceMs = 15 * 60_000;

/** Gives Procore's webhook endpoints for a company, called as the connection, with tokens that `access-token` vends. */
export function companyHooks(
  environment: DeployedEnvironment,
  terminal: Terminal,
  connectionId: string,
  companyId: string,
): HooksApi {
  const startedAt = systemClock();
  const remaining = () => patienceMs - (systemClock() - startedAt) * 1000;
  const client = connectionClient(environment, terminal, connectionId, remaining);
  return hooksApi(client.company(companyId));
}

/** Gives a client of Procore's API for a connection, with tokens that `access-token` vends. */
export function connectionClient(
  environment: DeployedEnvironment,
  terminal: Terminal,
  connectionId: string,
  remaining: RemainingTime,
): ProcoreClient {
  const tokens = accessTokenSource({
    environment: environment.name,
    connectionId,
    clock: systemClock,
    async vend(request) {
      const token = (await environment.invoke('AccessToken', request)) as VendedToken;
      terminal.conceal(token.accessToken);
      return token;
    },
  });
  return procoreClient({
    environment: environment.name,
    origins: environment.procore,
    tokens,
    fetch,
    clock: systemClock,
    sleep: systemSleep,
    randomFraction: systemRandomFraction,
    remaining,
    observer: nobody,
  });
}

/** Gives an environment's subscriptions. */
export function subscriptionsOf(environment: DeployedEnvironment): SubscriptionStore {
  return dynamoDbSubscriptionStore({
    client: environment.clients.dynamoDb,
    table: environment.tableName('Subscriptions'),
    environment: environment.name,
  });
}

/** Reads the webhook authorization and conceals its values. @throws what {@link parseWebhookAuthorization} throws */
export async function readWebhookAuthorization(
  environment: DeployedEnvironment,
  terminal: Terminal,
): Promise<WebhookAuthorization> {
  const authorization = parseWebhookAuthorization(
    await environment.readSecret('WebhookAuthorization'),
    environment.name,
  );
  for (const value of [authorization.current, authorization.previous ?? '']) terminal.conceal(value);
  return authorization;
}
