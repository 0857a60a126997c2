import { ConnectorError } from '../connector-error.ts';
import { type Diagnosis, diagnose } from './diagnosis.ts';
import { type Exchange, requestIdOf } from './exchange.ts';
import { referenceIdOf } from './failed-exchanges.ts';

/** A call of Procore that failed for good: what is wrong, what to do, and the exchange for a support report. */
export class ProcoreApiError extends ConnectorError {
  override readonly name = 'ProcoreApiError';
  /** The diagnosis, e.g. `tool_disabled`. */
  readonly code: string;
  readonly diagnosis: Diagnosis;
  /** Absent when there was no answer. */
  readonly status: number | undefined;
  /** By which Procore's support finds the call. */
  readonly requestId: string | undefined;
  /** By which `procore support-report` finds the call. */
  readonly referenceId: string;
  /** When Procore, or a pause of ours, lets the call be made; absent when waiting does not help. */
  readonly retryAfterSeconds: number | undefined;
  /** Not enumerable: its bodies are for a support report, not for a log. */
  declare readonly exchange: Exchange;

  constructor(exchange: Exchange, options: { diagnosis?: Diagnosis; retryAfterSeconds?: number | undefined } = {}) {
    const diagnosis = options.diagnosis ?? diagnose(exchange);
    // What Procore said stays out of the text: it can quote a record, and this text reaches logs and queues.
    const answer = exchange.status === undefined ? (exchange.failure ?? 'not sent') : `status ${exchange.status}`;
    super(`${exchange.method} ${pathOf(exchange.url)}: ${answer}. ${diagnosis.cause} ${diagnosis.remedy}`);
    this.code = diagnosis.id;
    this.diagnosis = diagnosis;
    this.status = exchange.status;
    this.requestId = requestIdOf(exchange);
    this.referenceId = referenceIdOf(exchange);
    this.retryAfterSeconds = options.retryAfterSeconds;
    for (const [field, value] of Object.entries({ exchange, diagnosis })) {
      Object.defineProperty(this, field, { value, enumerable: false });
    }
  }
}

/**
 * Gives a URL's path for people and logs, without the query, which may hold what a customer typed.
 *
 * @returns the path; anything but letters, digits and `/._-` in it becomes `*`
 */
export function pathOf(url: string): string {
  return new URL(url).pathname.replace(/[^\w/.-]+/g, '*').slice(0, 200);
}
