/** A group of endpoints that can be made to fail. */
export type FaultRoute = 'token' | 'tokenInfo' | 'revoke' | 'api';

/**
 * A way to fail. `effect` says whether the call took effect before it failed: a refresh then burned its token and made
 * new ones that nobody received.
 */
export type Fault =
  /** The connection is cut without a response. */
  | { readonly kind: 'lost-response'; readonly effect: boolean }
  /** A 5xx with a drawn body: empty, JSON or a gateway's HTML page. */
  | { readonly kind: 'server-error'; readonly effect: boolean }
  /** A 200 whose body breaks off in the middle. */
  | { readonly kind: 'unreadable'; readonly effect: true }
  /** A 429; without `retryAfterSeconds` no Retry-After. Whether it burns a refresh token is one of the unknowns. */
  | { readonly kind: 'throttled'; readonly retryAfterSeconds?: number }
  /** The right answer, late. */
  | { readonly kind: 'slow'; readonly milliseconds: number };

/** Faults waiting to happen. */
export interface Faults {
  /** Makes the next calls of a route fail, after those already arranged. */
  failNext(route: FaultRoute, fault: Fault, times?: number): void;
  /** Takes the fault that the call now arriving must suffer, if any. */
  take(route: FaultRoute): Fault | undefined;
}

/** Makes an empty list of faults. */
export function createFaults(): Faults {
  const waiting: Record<FaultRoute, Fault[]> = { token: [], tokenInfo: [], revoke: [], api: [] };
  return {
    failNext: (route, fault, times = 1) => {
      for (let time = 0; time < times; time++) waiting[route].push(fault);
    },
    take: (route) => waiting[route].shift(),
  };
}
