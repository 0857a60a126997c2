import { createHash } from 'node:crypto';
import { type Exchange, requestIdOf } from './exchange.ts';

/**
 * Keeps calls of Procore that failed for good, so that a support report can be written afterwards. What "Getting Help"
 * asks for (query, bodies) can name a customer's records, so it is kept here, encrypted and for {@link keptSeconds}, and
 * never in a log; secrets are left out of an exchange before it gets here.
 *
 * @see https://developers.procore.com/documentation/troubleshooting ("Getting Help")
 */
export interface FailedExchangeStore {
  /** Keeps an exchange under its {@link referenceIdOf}. */
  keep(exchange: Exchange): Promise<void>;
  /** Finds one that was kept. @returns undefined when there is none, or its time is over */
  find(referenceId: string): Promise<Exchange | undefined>;
}

/** As long as SQS keeps the event over which the call failed: 14 days. */
export const keptSeconds = 14 * 24 * 3600;

/**
 * Gives the id by which an operator finds a failed call: Procore's own request id, so that Procore's support finds it by
 * the same; without an answer a hash, the same whenever it is asked for.
 *
 * @returns at most 100 characters of letters, digits and `_.:-`
 */
export function referenceIdOf(exchange: Exchange): string {
  const { method, url, startedAt } = exchange;
  const ours = () => createHash('sha256').update(`${startedAt} ${method} ${url}`).digest('hex').slice(0, 12);
  return requestIdOf(exchange) ?? ours();
}
