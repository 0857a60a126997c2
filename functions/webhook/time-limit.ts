import type { Sleep } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';

const timeoutRemedy =
  'Make it faster, pass `signal` on to what it waits for, or raise `timeoutSeconds` in cdk.json, or the prop of that name.';

/** The integrator's code had not finished when the invocation had to end. */
export class HandlerTimeoutError extends ConnectorError {
  override readonly name = 'HandlerTimeoutError';
  readonly code = 'handler_timeout';
  /** What to do. */
  readonly remedy = timeoutRemedy;
  constructor(milliseconds: number) {
    super(
      `on-event.ts had not finished after ${spelled(milliseconds)}, when the invocation had to end. The event comes ` +
        `again. ${timeoutRemedy}`,
    );
  }
}

/** A test may give milliseconds, which are no whole second. */
function spelled(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${Math.round(milliseconds / 1000)} s`;
}

/**
 * Runs a piece of work up to a limit of time. At the limit its signal is aborted and nobody waits for it any longer.
 * JavaScript cannot end it.
 *
 * @returns what the work returns
 * @throws HandlerTimeoutError at the limit, and what the work throws before it
 */
export async function withTimeLimit<Result>(
  milliseconds: number,
  sleep: Sleep,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  let hasEnded = false;
  const limit = sleep(milliseconds).then(() => {
    const error = new HandlerTimeoutError(milliseconds);
    // What the work has left behind with the signal may serve other events by now.
    if (!hasEnded) controller.abort(error);
    throw error;
  });
  // When the work finishes first, nobody waits for the limit any longer.
  limit.catch(() => {});
  try {
    return await Promise.race([work(controller.signal), limit]);
  } finally {
    hasEnded = true;
  }
}
