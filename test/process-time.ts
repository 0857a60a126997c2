/**
 * Measures how long something takes by the turns of a timer that goes off every 10 ms. While a busy machine gives this
 * process no processor, nothing goes off. So an upper bound of it says what the code waits for, and not what the machine
 * does besides.
 *
 * @returns the milliseconds, some hundredths too few, as timers are a little late
 */
export async function processMilliseconds(work: Promise<unknown>): Promise<number> {
  const turnMs = 10;
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, turnMs);
  await work.catch(() => {});
  clearInterval(timer);
  return turns * turnMs;
}
