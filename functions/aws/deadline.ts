/**
 * Gives a call so many milliseconds, all tries of the SDK together. Its timer ends with the call: one that is left to
 * fire, as that of `AbortSignal.timeout`, costs more than the whole rest of a fast call's bookkeeping.
 *
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
