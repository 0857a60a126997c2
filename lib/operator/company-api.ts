import type { RemainingTime } from '../../functions/clock.ts';
import { apiClients, failedExchangeStore, subscriptionStore } from '../../functions/place.ts';
import type { VendedToken } from '../../functions/procore/access-token-source.ts';
import type { ConnectionClients } from '../../functions/procore/connection-clients.ts';
import type { Refusal } from '../../functions/refusal.ts';
import { systemClock } from '../../functions/system.ts';
import { type HooksApi, hooksApi } from '../../functions/webhook/hooks-api.ts';
import type { SubscriptionStore } from '../../functions/webhook/subscription.ts';
import { parseWebhookAuthorization, type WebhookAuthorization } from '../../functions/webhook/webhook-authorization.ts';
import type { DeployedEnvironment } from './deployment.ts';
import { placeOf } from './place.ts';
import type { Terminal } from './terminal.ts';

/** How long one command may wait for Procore's rate limit or for a token that is being replaced, in milliseconds. */
const patienceMs = 15 * 60_000;

/** Tells how much is left of {@link patienceMs} from now on. */
export function commandTime(): RemainingTime {
  const startedAt = systemClock();
  return () => patienceMs - (systemClock() - startedAt) * 1000;
}

/**
 * Gives API clients for an environment's connections, with tokens that `access-token` vends. They count in the rate
 * budget that the functions share.
 *
 * A company that has disconnected the app is called all the same: a person who asks wants to know how it is now.
 *
 * Calls that fail for good are kept, so that `support-report` finds them by the reference that a command shows.
 *
 * @param purpose with `looking` nothing else is written down but the budget; with `acting` a call that works also ends the
 *   functions' pause of its company
 */
export function clientsOf(
  environment: DeployedEnvironment,
  terminal: Terminal,
  purpose: 'looking' | 'acting',
): ConnectionClients {
  const place = placeOf(environment);
  const { dynamoDb } = environment.clients;
  return apiClients(place, {
    dynamoDb,
    failures: failedExchangeStore(place, dynamoDb),
    origins: environment.procore,
    pauses: purpose === 'looking' ? 'ignored' : 'called',
    async vend(request) {
      const answer = (await environment.ask('AccessToken', request)) as VendedToken | Refusal;
      if ('accessToken' in answer) terminal.conceal(answer.accessToken);
      return answer;
    },
  });
}

/** Gives Procore's webhook endpoints for companies of an environment, called as the connection that serves them. */
export function companyHooks(
  environment: DeployedEnvironment,
  terminal: Terminal,
): (connectionId: string, companyId: string) => HooksApi {
  const { clientFor } = clientsOf(environment, terminal, 'acting');
  return (connectionId, companyId) => hooksApi(clientFor(connectionId, commandTime()).company(companyId));
}

/** Gives an environment's subscriptions. */
export function subscriptionsOf(environment: DeployedEnvironment): SubscriptionStore {
  return subscriptionStore(placeOf(environment), environment.clients.dynamoDb);
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
