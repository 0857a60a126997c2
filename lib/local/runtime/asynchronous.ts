import { setTimeout as pause } from 'node:timers/promises';
import { type BackOff, pauseAfter } from '../../../functions/back-off.ts';
import { TooManyExecutionsError } from './invocation.ts';

/** Lambda's own pauses, in seconds. */
const backOff: BackOff = { first: 1, most: 300 };

/**
 * Invokes a function of which nobody waits for the answer. Lambda keeps such an event in a queue of its own: while it is
 * throttled, it tries again after 1 s, doubling to 5 minutes, until the event is too old.
 *
 * @param maximumAgeSeconds of the event; Lambda's own maximum is 6 hours
 * @param sleep waits that many milliseconds; tests give their own
 * @returns the result of the one run that there is
 * @throws TooManyExecutionsError when the event is too old
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export async function invokeWithoutWaiting<Result>(
  invoke: () => Promise<Result>,
  maximumAgeSeconds: number,
  // It keeps no process alive.
  sleep = (milliseconds: number): Promise<void> => pause(milliseconds, undefined, { ref: false }),
): Promise<Result> {
  let age = 0;
  for (let tries = 1; ; tries++) {
    try {
      return await invoke();
    } catch (error) {
      const seconds = pauseAfter(tries, backOff);
      if (!(error instanceof TooManyExecutionsError) || age + seconds > maximumAgeSeconds) throw error;
      age += seconds;
      await sleep(seconds * 1000);
    }
  }
}
