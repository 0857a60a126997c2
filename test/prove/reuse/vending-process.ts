import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoDbConnectionStore } from '../../../functions/aws/dynamodb-connection-store.ts';
import type { ConnectionStore } from '../../../functions/connection/connection-store.ts';
import { vendAccessToken } from '../../../functions/connection/vending.ts';
import { procoreTokenEndpoint } from '../../../functions/oauth/procore-token-endpoint.ts';
import { silentObserver } from '../../../functions/observer.ts';
import { system, systemRandomId } from '../../../functions/system.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';
import { answerQuestions } from '../../bench/processes.ts';

/**
 * What goes wrong in a process in one round:
 *
 * - `claim_unanswered`, `write_unanswered`: DynamoDB takes the claim, or the new tokens, and its answer is lost.
 * - `dies_claimed`: killed when the claim is stored, before the refresh token is sent.
 * - `dies_stored`: killed when the new tokens are stored, before anybody has them.
 * - `dies_waiting`: killed at a moment drawn at random, if it has not sent the refresh token.
 */
export type Mishap = 'none' | 'claim_unanswered' | 'write_unanswered' | 'dies_claimed' | 'dies_stored' | 'dies_waiting';

/** One call of a round. */
export interface Wish {
  readonly endpoint: string;
  readonly table: string;
  readonly origin: string;
  readonly connectionId: string;
  /** How far this process's clock leads, in seconds. */
  readonly leadSeconds: number;
  /** Epoch milliseconds. */
  readonly startAt: number;
  readonly mishap: Mishap;
}

/** How much faster an invocation's time passes, so that nobody waits half a minute for a process that was killed. */
const hurry = 5;

/** What came of it: a generation, or the code of a refusal. */
export type Vended = { readonly generation: number } | { readonly code: string };

/** Loses answers of the table, or the process itself, at the moment that the mishap names. */
function mishapping(store: ConnectionStore, mishap: Mishap): ConnectionStore {
  return {
    ...store,
    async write(write) {
      const answer = await store.write(write);
      if (answer === 'refused') return answer;
      const isClaim = write.set.attempt !== undefined && write.set.failure === undefined;
      const isTokens = write.set.tokens !== undefined;
      if ((isClaim && mishap === 'dies_claimed') || (isTokens && mishap === 'dies_stored')) {
        process.kill(process.pid, 'SIGKILL');
        await sleep(10_000);
      }
      const isLost = (isClaim && mishap === 'claim_unanswered') || (isTokens && mishap === 'write_unanswered');
      if (isLost) throw new Error('the answer was lost');
      return answer;
    },
  };
}

answerQuestions<Wish, Vended>(async (wish) => {
  const { endpoint, table, origin, connectionId, leadSeconds, startAt, mishap } = wish;
  const dynamoDb = new DynamoDBClient(clientOptions(endpoint));
  const elapsedMs = () => (Date.now() - startAt) * hurry;
  const clock = () => (startAt + elapsedMs()) / 1000 + leadSeconds;
  const tokenEndpoint = procoreTokenEndpoint({ origins: { loginOrigin: origin, apiOrigin: origin }, fetch, clock });
  let hasSent = false;
  const unused = () => Promise.reject(new Error('not used here'));
  const dependencies = {
    ...system,
    clock,
    store: mishapping(dynamoDbConnectionStore({ client: dynamoDb, table, environment: 'sandbox' }), mishap),
    tokenEndpoint: {
      ...tokenEndpoint,
      redeemRefreshToken(...call: Parameters<typeof tokenEndpoint.redeemRefreshToken>) {
        hasSent = true;
        return tokenEndpoint.redeemRefreshToken(...call);
      },
    },
    oauthClient: { read: async () => ({ clientId: 'client-1', clientSecret: 'secret-1' }) },
    escrow: { deposit: unused },
    changes: { announce: async () => {} },
    remaining: () => 30_000 - elapsedMs(),
    randomId: systemRandomId,
    observer: silentObserver,
    keepReplaced: true,
    apiOrigin: origin,
  };
  await sleep(Math.max(0, startAt - Date.now()));
  if (mishap === 'dies_waiting') {
    setTimeout(() => hasSent || process.kill(process.pid, 'SIGKILL'), Math.random() * 60);
  }
  try {
    return { generation: (await vendAccessToken(dependencies, { connectionId })).generation };
  } catch (error) {
    return { code: String((error as { readonly code?: unknown }).code ?? error) };
  } finally {
    dynamoDb.destroy();
  }
});
