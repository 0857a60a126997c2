/**
 * Limits the time of a call, for all tries of the SDK together. The timer is cleared when the call ends: a timer that
 * is left to fire, like that of `AbortSignal.timeout`, costs more than all other bookkeeping of a fast call.
 *
 * @returns what the call returns
 * @throws what the call throws; an `AbortError` when its time is over
 */
export async function withinMs<Result>(
  milliseconds: number,
  call: (abortSignal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), milliseconds);
  try {
    return await call(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
