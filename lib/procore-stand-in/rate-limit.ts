import type { MovableClock } from './clock.ts';

const hourSeconds = 3600;
const spikeSeconds = 10;

/** The verdict on one request, and the headers that every response carries. */
export interface RateVerdict {
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds until the limit that was hit, or is nearest, resets. */
  readonly resetInSeconds: number;
}

/** Counts requests against the hourly and the 10-second limit. */
export interface RateLimiter {
  /** Counts one request of a caller; refused ones count as well. */
  count(caller: string): RateVerdict;
  /** Spends what is left of a caller's hour. */
  exhaust(): void;
}

interface Window {
  startedAt: number;
  used: number;
}

/**
 * Makes a limiter with fixed windows that start at a caller's first request.
 *
 * @see [PROCORE.md, section 4](PROCORE.md#4-rate-limits): the headers report whichever limit is likely to be hit first
 */
export function createRateLimiter(
  clock: MovableClock,
  limits: { readonly hourly: number; readonly spike: number },
): RateLimiter {
  const kinds = [
    { seconds: hourSeconds, limit: limits.hourly },
    { seconds: spikeSeconds, limit: limits.spike },
  ] as const;
  const windows = new Map<string, Window>();
  let exhaustedUntil = 0;

  return {
    count: (caller) => {
      const now = Math.floor(clock.now() / 1000);
      const states = kinds.map(({ seconds, limit }) => {
        const key = `${seconds} ${caller}`;
        let window = windows.get(key);
        if (!window || window.startedAt + seconds <= now) {
          window = { startedAt: now, used: 0 };
          windows.set(key, window);
        }
        window.used += 1;
        const spent = seconds === hourSeconds && now < exhaustedUntil;
        return {
          limit,
          left: spent ? -1 : limit - window.used,
          resetAt: spent ? exhaustedUntil : window.startedAt + seconds,
        };
      });
      const nearest = states.reduce((least, state) => (state.left < least.left ? state : least));
      return {
        allowed: nearest.left >= 0,
        resetInSeconds: Math.max(0, nearest.resetAt - now),
        headers: {
          'x-rate-limit-limit': String(nearest.limit),
          'x-rate-limit-remaining': String(Math.max(0, nearest.left)),
          'x-rate-limit-reset': String(nearest.resetAt),
        },
      };
    },
    exhaust: () => {
      exhaustedUntil = Math.floor(clock.now() / 1000) + hourSeconds;
    },
  };
}
