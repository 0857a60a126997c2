import { sha256 } from '../sha256.ts';
import { type Exchange, requestIdOf } from './exchange.ts';

/**
 * Keeps calls of Procore that failed for good, so that a support report can be written afterwards. Procore's support
 * asks for query and bodies, which can name a customer's records. So they are kept here, encrypted and for
 * {@link keptSeconds}, and never in a log. An exchange holds no secrets.
 *
 * @see [Getting Help](https://developers.procore.com/documentation/troubleshooting)
 */
export interface FailedExchangeStore {
  /** Keeps an exchange under its {@link referenceIdOf}. */
  keep(exchange: Exchange): Promise<void>;
  /** Finds an exchange. @returns undefined when it was not kept, or its time is over */
  find(referenceId: string): Promise<Exchange | undefined>;
}

/** How long an exchange is kept, in seconds: 14 days, as long as SQS keeps the event whose call failed. */
export const keptSeconds = 14 * 24 * 3600;

/**
 * Gives the id by which an operator finds a failed call. It is Procore's request id, by which Procore's support finds
 * the call as well. Without an answer it is a hash that is always the same for the same exchange.
 *
 * @returns at most 100 characters of letters, digits and `_.:-`
 */
export function referenceIdOf(exchange: Exchange): string {
  const { method, url, startedAt } = exchange;
  const ours = () => sha256(`${startedAt} ${method} ${url}`).slice(0, 12);
  return requestIdOf(exchange) ?? ours();
}
