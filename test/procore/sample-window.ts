import type { RateWindow } from '../../functions/procore/rate-windows.ts';

/** A window that an answer has told: 25 calls in 10 seconds. */
export function sampleWindow(more: Partial<RateWindow> = {}): RateWindow {
  return {
    slot: 1,
    limit: 25,
    seconds: 10,
    gap: 0,
    resetAt: 1011,
    toldReset: 1010,
    isTold: true,
    openedIn: 1,
    scouts: 0,
    expected: 0,
    ...more,
  };
}
