/** A group of endpoints that can be made to fail. */
export type FaultRoute = 'token' | 'tokenInfo' | 'revoke' | 'api';

/** A path of the API, whose calls alone are meant: others may call at the same time. */
export type FaultPath = `/rest/${string}`;

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
  /** A 503 with an HTML page, without effect; with or without Retry-After. */
  | { readonly kind: 'unavailable' }
  /** The right answer, late. */
  | { readonly kind: 'slow'; readonly milliseconds: number };

/** Faults waiting to happen. */
export interface Faults {
  /** Makes the next calls of a route fail, after those already arranged. */
  failNext(route: FaultRoute | FaultPath, fault: Fault, times?: number): void;
  /** Takes the fault that the call now arriving must suffer, if any. @param path of the API, without its query */
  take(route: FaultRoute, path?: string): Fault | undefined;
  /** How many calls of each route are to fail. */
  waiting(): Readonly<Record<FaultRoute, number>>;
  /** Makes nothing fail that has not failed yet. */
  forget(): void;
  /** Lets calls of the API, as long as no other fault waits for them, suffer those of a schedule; undefined ends that. */
  schedule(next: (() => Fault | undefined) | undefined): void;
}

/** A fault that is to be suffered once: by any call of its route, or by one of its path. */
interface Waiting {
  readonly fault: Fault;
  readonly path?: FaultPath;
}

function isPath(route: FaultRoute | FaultPath): route is FaultPath {
  return route.startsWith('/');
}

/** Makes an empty list of faults. */
export function createFaults(): Faults {
  const waiting: Record<FaultRoute, Waiting[]> = { token: [], tokenInfo: [], revoke: [], api: [] };
  let scheduled: (() => Fault | undefined) | undefined;
  return {
    failNext: (route, fault, times = 1) => {
      const [of, one] = isPath(route) ? (['api', { fault, path: route }] as const) : ([route, { fault }] as const);
      for (let time = 0; time < times; time++) waiting[of].push(one);
    },
    take: (route, path) => {
      const index = waiting[route].findIndex((one) => one.path === undefined || one.path === path);
      const [taken] = index < 0 ? [] : waiting[route].splice(index, 1);
      return taken?.fault ?? (route === 'api' ? scheduled?.() : undefined);
    },
    waiting: () => ({
      token: waiting.token.length,
      tokenInfo: waiting.tokenInfo.length,
      revoke: waiting.revoke.length,
      api: waiting.api.length,
    }),
    forget: () => {
      for (const faults of Object.values(waiting)) faults.length = 0;
    },
    schedule: (next) => {
      scheduled = next;
    },
  };
}
