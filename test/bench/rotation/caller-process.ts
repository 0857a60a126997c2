import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionWrite } from '../../../functions/connection/connection-store.ts';
import { vendAccessToken } from '../../../functions/connection/vending.ts';
import { accessTokenSource } from '../../../functions/procore/access-token-source.ts';
import { systemClock } from '../../../functions/system.ts';
import { rotationDependencies } from '../../../functions/wiring.ts';
import { answerQuestions } from '../processes.ts';

/** So many callers of one connection, who all begin at once. */
export interface Round {
  readonly connectionId: string;
  /**
   * `consumer`: one process of a consumer, whose callers share an AccessTokenSource, as the API client's do.
   * `invocations`: each caller is an invocation of access-token of its own.
   */
  readonly callersAre: 'consumer' | 'invocations';
  readonly callers: number;
  /** Epoch milliseconds. */
  readonly startAt: number;
}

/** What one process saw of a round. */
export interface RoundReport {
  /** How long each served caller waited, in milliseconds. */
  readonly waits: readonly number[];
  readonly generations: readonly number[];
  /** Why callers were not served, by code. */
  readonly refusals: readonly string[];
  /** From Procore's answer to the answered write of its tokens, in milliseconds; of the winner's process only. */
  readonly window?: number;
}

const observer = { note: () => {}, count: () => {} };
const dependencies = { ...rotationDependencies(observer), apiOrigin: 'http://localhost' };
const { store, tokenEndpoint } = dependencies;
let answeredAt: number | undefined;
let window: number | undefined;

const measured = {
  ...dependencies,
  tokenEndpoint: {
    ...tokenEndpoint,
    async redeemRefreshToken(...call: Parameters<typeof tokenEndpoint.redeemRefreshToken>) {
      const outcome = await tokenEndpoint.redeemRefreshToken(...call);
      answeredAt = performance.now();
      return outcome;
    },
  },
  store: {
    ...store,
    async write(write: ConnectionWrite) {
      const answer = await store.write(write);
      if (write.set.tokens && answeredAt !== undefined) window = performance.now() - answeredAt;
      return answer;
    },
  },
};

/** The real vending code with the real SDK. */
answerQuestions<Round, RoundReport>(async ({ connectionId, callersAre, callers, startAt }) => {
  window = undefined;
  const waits: number[] = [];
  const generations: number[] = [];
  const refusals: string[] = [];
  const invoke = () => {
    const endsAt = performance.now() + 30_000;
    return vendAccessToken({ ...measured, remaining: () => endsAt - performance.now() }, { connectionId });
  };
  const source = accessTokenSource({ environment: 'sandbox', connectionId, vend: invoke, clock: systemClock });
  const vend = callersAre === 'consumer' ? () => source.current() : invoke;
  await sleep(startAt - Date.now());
  await Promise.all(
    Array.from({ length: callers }, async () => {
      const began = performance.now();
      try {
        const { generation } = await vend();
        waits.push(performance.now() - began);
        generations.push(generation);
      } catch (error) {
        refusals.push(String((error as { code?: unknown }).code ?? error));
      }
    }),
  );
  return { waits, generations, refusals, ...(window !== undefined && { window }) };
});
