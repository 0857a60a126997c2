/** At most so many requests in so many seconds. */
export interface RateWindow {
  readonly limit: number;
  readonly seconds: number;
}

/** What requests are measured against. */
export interface RateLimits {
  /** All of them count every request; none means that nothing is limited. */
  readonly windows: readonly RateWindow[];
  /** Other windows, in force in every second period of so many seconds since the limiter was made. */
  readonly alternating?: { readonly everySeconds: number; readonly windows: readonly RateWindow[] };
}

/** What responses tell of the limits. */
export interface RateHeaders {
  /**
   * Which window the headers are about: the nearest to be hit; the longest; the shortest, unless another is nearly used
   * up; none at all unless one is nearly used up; none ever. A refusal names the window that was hit, unless it is `none`.
   */
  readonly shown: 'nearest' | 'longest' | 'shortest-until-nearly-used' | 'when-nearly-used' | 'none';
  /** Whether `X-Rate-Limit-Remaining` is among them. */
  readonly remaining: boolean;
  /** `Retry-After` of a refusal. */
  readonly retryAfter: 'seconds' | 'date' | 'absent';
}

/** How requests are limited. */
export interface RateRules extends RateLimits {
  /** Over what requests are counted. */
  readonly scope: 'app' | 'company' | 'token';
  /** Where windows begin: at a caller's first request after the last one, or at multiples of their length on the clock. @default first request */
  readonly boundary?: 'first-request' | 'clock';
  /** @default the nearest, with what remains, and Retry-After in seconds */
  readonly headers?: RateHeaders;
}

/** Who makes a request; empty where the request does not say. */
export interface RateCaller {
  readonly company: string;
  readonly token: string;
}

/** The verdict on one request, and the headers that its response carries. */
export interface RateVerdict {
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** Counts requests against limits. */
export interface RateLimiter {
  /** Counts one request of a caller; refused ones count as well. */
  count(caller: RateCaller): RateVerdict;
  /** Spends what is left of every caller's longest window: for its whole length from now on, or for an hour where nothing is limited. */
  exhaust(): void;
}

/** One window of a caller at a moment; `endsAt` in epoch milliseconds. */
interface WindowState extends RateWindow {
  readonly left: number;
  readonly endsAt: number;
}

const hour: RateWindow = { limit: 3600, seconds: 3600 };
const nearestWithSeconds: RateHeaders = { shown: 'nearest', remaining: true, retryAfter: 'seconds' };

/**
 * Makes a limiter with fixed windows.
 *
 * @param clock `now` in epoch milliseconds
 * @see [PROCORE.md, section 4](PROCORE.md#4-rate-limits)
 */
export function createRateLimiter(clock: { readonly now: () => number }, rules: RateRules): RateLimiter {
  const { scope, boundary = 'first-request', headers = nearestWithSeconds } = rules;
  const madeAt = clock.now();
  const opened = new Map<string, { endsAt: number; used: number }>();
  let exhausted: { readonly window: RateWindow; readonly endsAt: number } | undefined;

  const windowsAt = (now: number): readonly RateWindow[] => {
    const { windows, alternating } = rules;
    return alternating && Math.floor((now - madeAt) / (alternating.everySeconds * 1000)) % 2 === 1
      ? alternating.windows
      : windows;
  };
  const countIn = ({ limit, seconds }: RateWindow, key: string, now: number): WindowState => {
    const length = seconds * 1000;
    let open = opened.get(key);
    if (!open || open.endsAt <= now) {
      open = { endsAt: (boundary === 'clock' ? now - (now % length) : now) + length, used: 0 };
      opened.set(key, open);
    }
    open.used += 1;
    return { limit, seconds, left: limit - open.used, endsAt: open.endsAt };
  };
  return {
    count: (caller) => {
      const now = clock.now();
      const own = { app: '', company: caller.company, token: caller.token }[scope];
      const states = windowsAt(now).map((window) => countIn(window, `${window.limit}/${window.seconds} ${own}`, now));
      const spent = exhausted && now < exhausted.endsAt && { ...exhausted.window, left: -1, endsAt: exhausted.endsAt };
      return judge(
        spent ? [spent, ...states.filter(({ seconds }) => seconds !== spent.seconds)] : states,
        headers,
        now,
      );
    },
    exhaust: () => {
      const window = windowsAt(clock.now()).reduce((longest, one) => (one.seconds > longest.seconds ? one : longest), {
        ...hour,
        seconds: 0,
      });
      const spent = window.seconds === 0 ? hour : window;
      exhausted = { window: spent, endsAt: clock.now() + spent.seconds * 1000 };
    },
  };
}

function judge(
  states: readonly WindowState[],
  { shown, remaining, retryAfter }: RateHeaders,
  now: number,
): RateVerdict {
  const [hit] = states.filter(({ left }) => left < 0).sort((one, other) => other.endsAt - one.endsAt);
  const named = shown === 'none' ? undefined : (hit ?? windowToShow(states, shown));
  const seconds = hit && Math.ceil((hit.endsAt - now) / 1000);
  return {
    allowed: hit === undefined,
    headers: {
      ...(named && {
        'x-rate-limit-limit': String(named.limit),
        ...(remaining && { 'x-rate-limit-remaining': String(Math.max(0, named.left)) }),
        'x-rate-limit-reset': String(Math.ceil(named.endsAt / 1000)),
      }),
      ...(hit && retryAfter === 'seconds' && { 'retry-after': String(seconds) }),
      ...(hit &&
        retryAfter === 'date' && { 'retry-after': new Date(Math.ceil(hit.endsAt / 1000) * 1000).toUTCString() }),
    },
  };
}

/** Chooses the window that an allowed request's response is about. @see [PROCORE.md, section 4](PROCORE.md#4-rate-limits) */
function windowToShow(states: readonly WindowState[], shown: RateHeaders['shown']): WindowState | undefined {
  const [nearest] = [...states].sort((one, other) => one.left - other.left || other.seconds - one.seconds);
  const byLength = [...states].sort((one, other) => one.seconds - other.seconds);
  const nearlyUsed = byLength.filter(({ left, limit }) => left < limit / 10).at(-1);
  switch (shown) {
    case 'nearest':
      return nearest;
    case 'longest':
      return byLength.at(-1);
    case 'shortest-until-nearly-used':
      return nearlyUsed ?? byLength[0];
    case 'when-nearly-used':
      return nearlyUsed;
    case 'none':
      return undefined;
  }
}
