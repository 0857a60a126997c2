import { type BackOff, pauseAfter } from '../back-off.ts';
import type { Clock, RandomFraction } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';

/** A pause in the calls to a company that has disconnected the app. */
export interface CompanyPause {
  /** Epoch seconds. */
  readonly until: number;
  /** How often in a row Procore has said so. Each time doubles the pause. */
  readonly refusals: number;
  /** When Procore first said so, epoch seconds. */
  readonly since: number;
}

/** Where pauses are kept, for all invocations of an environment. */
export interface CompanyPauseStore {
  read(companyId: string): Promise<CompanyPause | undefined>;
  write(companyId: string, pause: CompanyPause): Promise<void>;
  remove(companyId: string): Promise<void>;
}

/** The client asks it before a call to a company, and tells it how the call ended. */
export interface CompanyPauses {
  /** Tells how much longer the company is not called, in seconds; 0 means that it may be called. */
  pausedFor(companyId: string): Promise<number>;
  /** Procore said that the app is not connected to the company: pause, doubling from 1 min to 1 h. */
  disconnected(companyId: string): Promise<void>;
  /** A call of the company worked: the app is connected again. */
  worked(companyId: string): Promise<void>;
}

/** In seconds; up to a quarter less by chance, so that companies disconnected together are not asked together. */
const backOff: BackOff = { first: 60, most: 3600, jitter: { from: 1, spread: -0.25 } };
/** How long an answer of the store is used, in seconds. */
const believedSeconds = 15;

/**
 * Stops calls to companies that have disconnected the app. After each pause the next call finds out how it is now, and
 * a success ends the pauses. When the store fails, calls are made.
 *
 * @returns what the client asks and tells; it throws nothing
 * @see [Troubleshooting](https://developers.procore.com/documentation/troubleshooting)
 */
export function companyPauses({
  store,
  clock,
  randomFraction,
  observer,
}: {
  readonly store: CompanyPauseStore;
  readonly clock: Clock;
  readonly randomFraction: RandomFraction;
  readonly observer: Observer;
}): CompanyPauses {
  const known = new Map<string, { readonly pause: CompanyPause | undefined; readonly readAt: number }>();
  const remember = (companyId: string, pause: CompanyPause | undefined) => {
    known.set(companyId, { pause, readAt: clock() });
    return pause;
  };

  async function read(companyId: string): Promise<CompanyPause | undefined> {
    const held = known.get(companyId);
    if (held !== undefined && clock() - held.readAt < believedSeconds) return held.pause;
    return remember(companyId, await orUndefined(store.read(companyId), observer));
  }

  return {
    async pausedFor(companyId) {
      const pause = await read(companyId);
      return pause === undefined ? 0 : Math.max(0, pause.until - clock());
    },
    async disconnected(companyId) {
      const held = await read(companyId);
      // Calls that were under way when the pause began are refused, too, and say nothing new.
      if (held !== undefined && held.until > clock()) return;
      const refusals = (held?.refusals ?? 0) + 1;
      const until = Math.ceil(clock() + pauseAfter(refusals, backOff, randomFraction()));
      observer.count('appDisconnected');
      observer.note('app.disconnected', { companyId, count: refusals, notBefore: until });
      const pause = { until, refusals, since: held?.since ?? Math.floor(clock()) };
      await orUndefined(store.write(companyId, pause), observer);
      remember(companyId, pause);
    },
    async worked(companyId) {
      if ((await read(companyId)) === undefined) return;
      observer.note('app.reconnected', { companyId });
      await orUndefined(store.remove(companyId), observer);
      remember(companyId, undefined);
    },
  };
}

async function orUndefined<Value>(asked: Promise<Value>, observer: Observer): Promise<Value | undefined> {
  try {
    return await asked;
  } catch (error) {
    observer.note('pauses.unavailable', { errorName: errorName(error) });
    return undefined;
  }
}
