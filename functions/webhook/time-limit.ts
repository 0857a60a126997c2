import type { Sleep } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';

/** The integrator's code was still at work when the invocation had to end. */
export class HandlerTimeoutError extends ConnectorError {
  override readonly name = 'HandlerTimeoutError';
  readonly code = 'handler_timeout';
  constructor(milliseconds: number) {
    super(
      `on-event.ts had not finished after ${Math.round(milliseconds / 1000)} s, when the invocation had to end. The ` +
        'event comes again. Make it faster, pass `signal` on to what it waits for, or raise the time-out of the worker.',
    );
  }
}

/**
 * Runs a piece of work for so long at most. Work that goes on beyond that is told by its signal and no longer waited
 * for; JavaScript cannot end it.
 *
 * @throws HandlerTimeoutError at the limit, and what the work throws before
 */
export async function withTimeLimit<Result>(
  milliseconds: number,
  sleep: Sleep,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const limit = sleep(milliseconds).then(() => {
    const error = new HandlerTimeoutError(milliseconds);
    controller.abort(error);
    throw error;
  });
  // When the work is first, nobody listens to the limit any more.
  limit.catch(() => {});
  return Promise.race([work(controller.signal), limit]);
}
