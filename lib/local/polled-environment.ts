import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoDbCompanyPauses, dynamoDbRateBudget } from '../../functions/aws/dynamodb-rate-budget.ts';
import { dynamoDbSubscriptionStore } from '../../functions/aws/dynamodb-subscription-store.ts';
import {
  type AccessTokenRequest,
  accessTokenSource,
  type VendedToken,
  type VendingRefusal,
} from '../../functions/procore/access-token-source.ts';
import { procoreClient } from '../../functions/procore/client.ts';
import { companyPauses } from '../../functions/procore/company-pauses.ts';
import { sharedRateBudget } from '../../functions/procore/rate-budget.ts';
import { systemClock, systemRandomFraction } from '../../functions/system.ts';
import { hooksApi } from '../../functions/webhook/hooks-api.ts';
import type { Subscription } from '../../functions/webhook/subscription.ts';
import { pollDeliveries } from './delivery-polling.ts';
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
  { name, procoreApi, functions, tables, localApi }: LocalEnvironment,
  { aws, invoke, authorization, say }: PollEnvironmentProps,
): { stop(): Promise<void> } {
  const ending = new AbortController();
  const { signal } = ending;
  const client = new DynamoDBClient(clientOptions(aws));
  const sleep = async (milliseconds: number) => setTimeout(milliseconds, undefined, { signal });
  // What it notes is for CloudWatch; a person gets what polling says.
  const observer = { note() {}, count() {} };
  const shared = { clock: systemClock, sleep, randomFraction: systemRandomFraction, observer };
  const table = { client, table: tables.RateBudget ?? '', environment: name, clock: systemClock };
  const budgetStore = dynamoDbRateBudget(table);
  const budget = sharedRateBudget({ store: budgetStore, ...shared });
  const pauses = companyPauses({ store: dynamoDbCompanyPauses(table), ...shared });
  const vend = async (request: AccessTokenRequest) =>
    (await invoke(functions.AccessToken ?? '', request)) as VendedToken | VendingRefusal;
  const sources = new Map<string, ReturnType<typeof tokensOf>>();
  const tokensOf = (connectionId: string) =>
    accessTokenSource({ environment: name, connectionId, vend, clock: systemClock });

  let callsMade = 0;
  const countedFetch: typeof fetch = (input, init) => {
    callsMade += 1;
    return fetch(input, { ...init, signal: AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]) });
  };

  function hooksOf({ connectionId, companyId }: Subscription) {
    const tokens = sources.get(connectionId) ?? tokensOf(connectionId);
    sources.set(connectionId, tokens);
    const startedAt = systemClock();
    const procore = procoreClient({
      environment: name,
      origins: { apiOrigin: procoreApi },
      tokens,
      fetch: countedFetch,
      remaining: () => patienceMs - (systemClock() - startedAt) * 1000,
      budget,
      pauses,
      ...shared,
    });
    return hooksApi(procore.company(companyId));
  }

  async function deliver(body: string): Promise<number> {
    const headers = { authorization: await authorization(), 'content-type': 'application/json' };
    return (await fetch(`${localApi}/webhooks`, { method: 'POST', headers, body, signal })).status;
  }

  const store = dynamoDbSubscriptionStore({ client, table: tables.Subscriptions ?? '', environment: name });
  const ended = pollDeliveries({
    subscriptions: () => store.list(),
    hooksOf,
    callsMade: () => callsMade,
    deliver,
    hourlyLimit: async () => (await budgetStore.read()).hour?.limit,
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
