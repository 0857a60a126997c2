/** A limit as Procore may have it. */
export interface WorldWindow {
  readonly limit: number;
  readonly seconds: number;
}

/** What no document says of Procore's limits, drawn at random. */
export interface WorldDraw {
  /** A window opens with the first call after the last one, or by the clock, whoever calls. */
  readonly opens: 'with_call' | 'by_clock';
  /** How the reset is made a whole second. */
  readonly rounding: 'up' | 'down';
  /** What "likely to be hit first" means: the fewest calls left, or the smallest share. */
  readonly nearest: 'calls' | 'share';
  /** Which window the headers tell of. A 429 tells of the one that was hit. */
  readonly headers: 'nearest' | 'longest';
  /** Whether the headers say how many calls remain. @default told */
  readonly remaining?: 'told' | 'untold';
}

interface Instance {
  readonly start: number;
  used: number;
  /** Calls that were refused because it was used up. */
  refused: number;
}

/** Windows of one limit that followed each other, of one key. */
export interface History {
  readonly window: WorldWindow;
  readonly instances: Instance[];
}

/** Procore's limiter, to which every call is shown. */
export interface WorldLimiter {
  /** Counts a call. @param now epoch seconds on Procore's clock */
  call(key: string, now: number): { readonly status: 200 | 429; readonly headers: Readonly<Record<string, string>> };
  /** Replaces the limits; counts begin anew. */
  change(windows: readonly WorldWindow[]): void;
  /** All windows that there were under the present limits, for each key. */
  histories(): readonly History[];
}

/** @param phase from 0 to 1: where windows by the clock begin */
export function worldLimiter(first: readonly WorldWindow[], draw: WorldDraw, phase: () => number): WorldLimiter {
  let windows = first;
  let keys = new Map<string, { readonly history: History; readonly offset: number }[]>();

  function current({ history, offset }: { history: History; offset: number }, now: number): Instance {
    const { instances, window } = history;
    const last = instances.at(-1);
    if (last !== undefined && now < last.start + window.seconds) return last;
    const start =
      draw.opens === 'with_call' ? now : Math.floor((now - offset) / window.seconds) * window.seconds + offset;
    const next = { start, used: 0, refused: 0 };
    instances.push(next);
    return next;
  }

  return {
    call(key, now) {
      let entries = keys.get(key);
      if (entries === undefined) {
        entries = windows.map((window) => ({
          history: { window, instances: [] },
          offset: phase() * window.seconds,
        }));
        keys.set(key, entries);
      }
      const live = entries.map((entry) => ({ window: entry.history.window, instance: current(entry, now) }));
      const hit = live.filter(({ window, instance }) => instance.used >= window.limit);
      const isRefused = hit.length > 0;
      if (!isRefused) for (const { instance } of live) instance.used += 1;
      for (const { instance } of hit) instance.refused += 1;
      const date = new Date(Math.floor(now) * 1000).toUTCString();
      if (live.length === 0) return { status: 200, headers: { date } };
      const end = ({ window, instance }: (typeof live)[number]) => instance.start + window.seconds;
      const left = ({ window, instance }: (typeof live)[number]) =>
        (window.limit - instance.used) / (draw.nearest === 'calls' ? 1 : window.limit);
      // A refusal names what was hit.
      const named = (isRefused ? hit : live).reduce((one, other) => {
        if (isRefused) return end(other) > end(one) ? other : one;
        if (draw.headers === 'longest') return other.window.seconds > one.window.seconds ? other : one;
        return left(other) < left(one) ? other : one;
      });
      const headers = {
        date,
        'x-rate-limit-limit': String(named.window.limit),
        ...(draw.remaining !== 'untold' && {
          'x-rate-limit-remaining': String(named.window.limit - named.instance.used),
        }),
        'x-rate-limit-reset': String(draw.rounding === 'up' ? Math.ceil(end(named)) : Math.floor(end(named))),
      };
      return { status: isRefused ? 429 : 200, headers };
    },
    change(next) {
      windows = next;
      keys = new Map();
    },
    histories: () => [...keys.values()].flatMap((entries) => entries.map(({ history }) => history)),
  };
}
