import { ConnectorError } from '../connector-error.ts';
import type { EventHandlers } from './event-handlers.ts';

const notLoadedRemedy = 'Correct the file and deploy again, or go back to the version before.';

/** The integrator's file could not be loaded. The cause says why. */
export class OnEventNotLoadedError extends ConnectorError {
  override readonly name = 'OnEventNotLoadedError';
  readonly code = 'on_event_not_loaded';
  /** What to do. */
  readonly remedy = notLoadedRemedy;
  constructor(cause: unknown) {
    super(
      `on-event.ts could not be loaded: it, or what it imports, threw. Every event waits and none is lost. ${notLoadedRemedy}`,
      { cause },
    );
  }
}

/**
 * Loads the integrator's file when the first event needs it. So an error of it is an error of a try, which is recorded,
 * and not of the function's start, about which an event says nothing.
 *
 * @returns a function that throws OnEventNotLoadedError, from then on each time: a module is evaluated once
 */
export function loadOnce(load: () => Promise<EventHandlers>): () => Promise<EventHandlers> {
  let loaded: Promise<EventHandlers> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      throw new OnEventNotLoadedError(error);
    });
    return loaded;
  };
}

/**
 * Fails an invocation in which nothing was done because the integrator's file cannot be loaded. That is no event's fault:
 * the tries are recorded and the messages put off. But the alarm on errors has to ring, and a gradual deployment to go
 * back.
 *
 * @throws OnEventNotLoadedError
 */
export async function failIfNotLoaded(handlers: () => Promise<EventHandlers>): Promise<void> {
  await handlers();
}

/**
 * Ends the process after an invocation that failed because the integrator's file could not be loaded. It may have failed
 * for a moment only, e.g. while it read its configuration; but a process evaluates a module once, and would fail every
 * event that it gets as long as it lives, which is hours. All that the invocation had to keep is kept by then, and Lambda
 * counts the error all the same.
 *
 * @param end ends the process
 * @returns what the invocation answers
 * @throws what the invocation throws, where `end` returns
 */
export async function endIfNotLoaded<Answer>(invocation: Promise<Answer>, end: () => void): Promise<Answer> {
  try {
    return await invocation;
  } catch (error) {
    if (error instanceof OnEventNotLoadedError) end();
    throw error;
  }
}
