import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { silentObserver } from '../../functions/observer.ts';
import {
  apiClients,
  type Place,
  type ResourceSetting,
  rateBudgetStore,
  subscriptionStore,
} from '../../functions/place.ts';
import type { VendedToken, VendingRefusal } from '../../functions/procore/access-token-source.ts';
import { systemClock } from '../../functions/system.ts';
import { companyCalls } from '../../functions/webhook/api-call.ts';
import { hooksApi } from '../../functions/webhook/hooks-api.ts';
import type { Subscription } from '../../functions/webhook/subscription.ts';
import { pollDeliveries } from './delivery-polling.ts';
import type { LocalEnvironment, LocalSystem } from './local-system.ts';
import { clientOptions } from './template/provision.ts';

/** So long one call may wait for Procore's rate limit and its retries, in milliseconds. */
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
  { name, procoreApi, functions, tables, localApi }: LocalEnvironment,
  { aws, invoke, authorization, say }: PollEnvironmentProps,
): { stop(): Promise<void> } {
  const ending = new AbortController();
  const { signal } = ending;
  const client = new DynamoDBClient(clientOptions(aws));
  const sleep = async (milliseconds: number) => setTimeout(milliseconds, undefined, { signal });
  const names: Partial<Record<ResourceSetting, string>> = {
    rateBudgetTable: tables.RateBudget ?? '',
    subscriptionsTable: tables.Subscriptions ?? '',
  };
  // What it notes is for CloudWatch; a person gets what polling says.
  const place: Place = { environment: name, nameOf: (resource) => names[resource] ?? '', observer: silentObserver };
  const { clientFor } = apiClients(place, {
    dynamoDb: client,
    origins: { apiOrigin: procoreApi },
    vend: async (request) => (await invoke(functions.AccessToken ?? '', request)) as VendedToken | VendingRefusal,
    fetch: (input, init) =>
      fetch(input, { ...init, signal: AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]) }),
    sleep,
  });

  function hooksOf({ connectionId, companyId }: Subscription, onCall: () => void) {
    let startedAt = 0;
    const remaining = () => patienceMs - (systemClock() - startedAt) * 1000;
    const call = companyCalls(clientFor(connectionId, remaining).company(companyId));
    return hooksApi((request) => {
      onCall();
      startedAt = systemClock();
      return call(request);
    }, companyId);
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
    deliver,
    hourlyLimit: async () => (await budget.read()).hour?.limit,
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
