import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { apiClients, rateBudgetStore, subscriptionStore } from '../../functions/place.ts';
import type { VendedToken } from '../../functions/procore/access-token-source.ts';
import { appScope } from '../../functions/procore/rate-scope.ts';
import { callsAnHour } from '../../functions/procore/rate-windows.ts';
import type { Refusal } from '../../functions/refusal.ts';
import { systemClock } from '../../functions/system.ts';
import { hooksApi } from '../../functions/webhook/hooks-api.ts';
import type { Subscription } from '../../functions/webhook/subscription.ts';
import { pollDeliveries } from './delivery-polling.ts';
import { localPlace } from './local-place.ts';
import type { LocalEnvironment, LocalSystem } from './local-system.ts';
import { clientOptions } from './template/provision.ts';

/** How long the deliveries of one hook may take with all waiting for Procore's rate limit, in milliseconds. */
const patienceMs = 60_000;

/** What {@link pollEnvironment} is given besides the environment. */
interface PollEnvironmentProps {
  /** The front's origin. */
  readonly aws: string;
  readonly invoke: LocalSystem['invoke'];
  /** Gives the header that our webhook URL accepts now. */
  readonly authorization: () => Promise<string>;
  readonly say: (text: string) => void;
}

/**
 * Polls the deliveries of an environment's subscriptions at a Procore that cannot reach this machine, as the functions
 * do it: tokens by `access-token`, rate budget and pauses shared with them.
 *
 * @returns what ends it and waits until it has ended
 */
export function pollEnvironment(
  environment: LocalEnvironment,
  { aws, invoke, authorization, say }: PollEnvironmentProps,
): { stop(): Promise<void> } {
  const { procoreApi, functions, localApi } = environment;
  const ending = new AbortController();
  const { signal } = ending;
  const client = new DynamoDBClient(clientOptions(aws));
  const sleep = async (milliseconds: number) => setTimeout(milliseconds, undefined, { signal });
  const place = localPlace(environment);
  let callsMade = 0;
  let calledAt = 0;
  const { clientFor } = apiClients(place, {
    dynamoDb: client,
    origins: { apiOrigin: procoreApi },
    vend: async (request) => (await invoke(functions.AccessToken ?? '', request)) as VendedToken | Refusal,
    fetch: (input, init) => {
      callsMade += 1;
      calledAt = systemClock();
      return fetch(input, { ...init, signal: AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]) });
    },
    sleep,
  });

  function hooksOf({ connectionId, companyId }: Subscription) {
    calledAt = systemClock();
    // Each call has the whole time: a hook with many pages of deliveries takes longer than one call may.
    const remaining = () => patienceMs - (systemClock() - calledAt) * 1000;
    return hooksApi(clientFor(connectionId, remaining).company(companyId));
  }

  async function deliver(body: string): Promise<number> {
    const headers = { authorization: await authorization(), 'content-type': 'application/json' };
    return (await fetch(`${localApi}/webhooks`, { method: 'POST', headers, body, signal })).status;
  }

  const store = subscriptionStore(place, client);
  const budget = rateBudgetStore(place, client);
  const ended = pollDeliveries({
    subscriptions: () => store.list(),
    hooksOf,
    callsMade: () => callsMade,
    deliver,
    hourlyLimit: async () => callsAnHour(await budget.read(appScope)),
    clock: systemClock,
    sleep,
    say: (text) => {
      if (!signal.aborted) say(text);
    },
  }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    async stop() {
      ending.abort();
      await ended;
      client.destroy();
    },
  };
}
