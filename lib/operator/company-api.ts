import type { RemainingTime } from '../../functions/clock.ts';
import type { JobStore } from '../../functions/jobs/job-store.ts';
import { apiClients, failedExchangeStore, jobStore, subscriptionStore } from '../../functions/place.ts';
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
  return timeFromNow(patienceMs);
}

function timeFromNow(milliseconds: number): RemainingTime {
  const startedAt = systemClock();
  return () => milliseconds - (systemClock() - startedAt) * 1000;
}

/**
 * Gives API clients for an environment's connections, with tokens that `access-token` vends. They count in the rate
 * budget that the functions share.
 *
 * A company that has disconnected the app is called all the same: a person who asks wants to know how it is now.
 *
 * Calls that fail for good are kept, so that `support-report` finds them by the reference that a command shows.
 *
 * What they have taken of the budget and not used is given back when the command ends.
 *
 * @param purpose with `looking` nothing else is written down but the budget; with `acting` a call that works also ends the
 *   functions' pause of its company
 * @param budgetPatienceMs how long one call may wait for the budget; default is as long as the call may take
 */
export function clientsOf(
  environment: DeployedEnvironment,
  terminal: Terminal,
  purpose: 'looking' | 'acting',
  budgetPatienceMs?: number,
): ConnectionClients {
  const place = placeOf(environment);
  const { dynamoDb } = environment.clients;
  const clients = apiClients(place, {
    dynamoDb,
    ...(budgetPatienceMs !== undefined && { budgetTime: () => timeFromNow(budgetPatienceMs) }),
    failures: failedExchangeStore(place, dynamoDb),
    origins: environment.procore,
    pauses: purpose === 'looking' ? 'ignored' : 'called',
    async vend(request) {
      const answer = (await environment.ask('AccessToken', request)) as VendedToken | Refusal;
      if ('accessToken' in answer) terminal.conceal(answer.accessToken);
      return answer;
    },
  });
  environment.atEnd(clients.release);
  return clients;
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

/** Gives an environment's jobs. */
export function jobsOf(environment: DeployedEnvironment): JobStore {
  return jobStore(placeOf(environment), environment.clients.dynamoDb);
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
