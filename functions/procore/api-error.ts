import { ConnectorError, isConnectorError } from '../connector-error.ts';
import type { Diagnosis } from './diagnosis.ts';
import { type Exchange, requestIdOf } from './exchange.ts';
import { referenceIdOf } from './failed-exchanges.ts';
import type { PageRefusal } from './page-size.ts';

/**
 * A call of Procore failed for good. The error says what is wrong and what to do, and has the exchange for a report.
 */
export class ProcoreApiError extends ConnectorError {
  override readonly name = 'ProcoreApiError';
  /** The diagnosis, e.g. `not_visible`. */
  readonly code: string;
  readonly diagnosis: Diagnosis;
  /** What to do, as the diagnosis has it. */
  declare readonly remedy: string;
  /** undefined when there was no answer. */
  readonly status: number | undefined;
  /** The id by which Procore's support finds the call. */
  readonly requestId: string | undefined;
  /** The id by which `procore support-report` finds the call. */
  readonly referenceId: string;
  /** After how long the call can be made; undefined when waiting does not help. */
  readonly retryAfterSeconds: number | undefined;
  /** Not enumerable, because its bodies belong in a support report and not in a log. */
  declare readonly exchange: Exchange;

  /** True also for an error of another copy of this class: the worker's bundle has one, what on-event.ts imports another. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isConnectorError(value) && value.name === 'ProcoreApiError';
  }

  /**
   * @param options.diagnosis that of the exchange, made by whoever throws: on-event.ts imports this class to catch errors, and
   *   would bring all that diagnoses into its bundle
   */
  constructor(exchange: Exchange, options: { diagnosis: Diagnosis; retryAfterSeconds?: number | undefined }) {
    const { diagnosis } = options;
    // The text repeats nothing that Procore said: that can quote a record, and this text reaches logs and queues.
    const answer = exchange.status === undefined ? (exchange.failure ?? 'not sent') : `status ${exchange.status}`;
    super(`${exchange.method} ${pathOf(exchange.url)}: ${answer}. ${diagnosis.cause} ${diagnosis.remedy}`);
    this.code = diagnosis.id;
    this.diagnosis = diagnosis;
    this.status = exchange.status;
    this.requestId = requestIdOf(exchange);
    this.referenceId = referenceIdOf(exchange);
    this.retryAfterSeconds = options.retryAfterSeconds;
    for (const [field, value] of Object.entries({ exchange, diagnosis, remedy: diagnosis.remedy })) {
      Object.defineProperty(this, field, { value, enumerable: false });
    }
  }
}

/** Gives what Procore answered to a call that failed. @returns undefined when there was no answer, or another failure */
export function refusalOf(error: unknown): PageRefusal | undefined {
  if (!(error instanceof ProcoreApiError) || error.status === undefined) return undefined;
  return { status: error.status, text: error.exchange.responseBody ?? '' };
}

/**
 * Gives the path of a URL for people and logs. The query is left out, because it may hold what a customer typed.
 *
 * @returns the path; anything but letters, digits and `/._-` in it becomes `*`
 */
export function pathOf(url: string): string {
  return new URL(url).pathname.replace(/[^\w/.-]+/g, '*').slice(0, 200);
}
