import { setTimeout as sleep } from 'node:timers/promises';
import { rotationDependencies } from '../../../functions/aws/connection-dependencies.ts';
import type { ConnectionWrite } from '../../../functions/connection/connection-store.ts';
import { vendAccessToken } from '../../../functions/connection/vending.ts';
import { answerQuestions } from './processes.ts';

/** So many callers of one connection, who all begin at once. */
export interface Round {
  readonly connectionId: string;
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

/** The real vending code with the real SDK, as in as many invocations of access-token as there are callers. */
answerQuestions<Round, RoundReport>(async ({ connectionId, callers, startAt }) => {
  window = undefined;
  const waits: number[] = [];
  const generations: number[] = [];
  const refusals: string[] = [];
  await sleep(startAt - Date.now());
  await Promise.all(
    Array.from({ length: callers }, async () => {
      const began = performance.now();
      const remaining = () => 30_000 - (performance.now() - began);
      try {
        const { generation } = await vendAccessToken({ ...measured, remaining }, { connectionId });
        waits.push(performance.now() - began);
        generations.push(generation);
      } catch (error) {
        refusals.push(String((error as { code?: unknown }).code ?? error));
      }
    }),
  );
  return { waits, generations, refusals, ...(window !== undefined && { window }) };
});
