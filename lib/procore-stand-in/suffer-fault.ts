import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { Answer } from './http-exchange.ts';

/** How a call that suffers a fault is answered. */
export interface FaultMeans {
  /** Does what the call asks for. */
  readonly act: () => Answer | Promise<Answer>;
  /** A 5xx of this origin. */
  readonly serverError: () => Answer;
  /** A 503 of this origin. */
  readonly unavailable: () => Answer;
  /** A 429 of this origin. */
  readonly throttled: (retryAfterSeconds: number | undefined) => Answer;
}

/** Lets a call suffer a fault; without one it is answered as it should be. `cut` breaks the connection off. */
export type SufferFault = (fault: Fault | undefined, means: FaultMeans) => Promise<Answer | 'cut'>;

/**
 * Makes calls suffer faults.
 *
 * @param stopping ends the waits of slow answers when the stand-in stops
 */
export function sufferFaults(stopping: AbortSignal): SufferFault {
  return async (fault, means) => {
    switch (fault?.kind) {
      case undefined:
        return means.act();
      case 'slow':
        await sleep(fault.milliseconds, undefined, { signal: stopping });
        return means.act();
      case 'throttled':
        return means.throttled(fault.retryAfterSeconds);
      case 'unreadable': {
        const answer = await means.act();
        return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
      }
      case 'lost-response':
        if (fault.effect) await means.act();
        return 'cut';
      case 'unavailable':
        return means.unavailable();
      case 'server-error':
        if (fault.effect) await means.act();
        return means.serverError();
    }
  };
}
