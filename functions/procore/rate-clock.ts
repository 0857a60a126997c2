import type { Clock } from '../clock.ts';
import { httpDateSeconds } from './retry-after.ts';

/** Procore's clock, as far as the answers have shown it. Epoch seconds. */
export interface ProcoreClock {
  /** It is at least so late at Procore. */
  earliest(): number;
  /** It is at most so late at Procore. */
  latest(): number;
  /** In the middle of the two. */
  likely(): number;
  /**
   * Learns from an answer's `Date`.
   *
   * @param sentAt when the call was sent, on our clock
   */
  learn(headers: Pick<Headers, 'get'>, sentAt: number): void;
  /** Learns that it is at least so late at Procore, from what others have seen there: our own clock may be behind. */
  learnAtLeast(time: number): void;
}

/** How far apart two clocks may be, in seconds, before an answer has told. */
const assumedDifference = 1;

/**
 * Bounds the difference between our clock and Procore's. `Date` is a whole second: Procore's time was in that second,
 * after we sent the call and before we got the answer. Each answer narrows the bounds. When they cross, a clock was set.
 */
export function procoreClock(clock: Clock): ProcoreClock {
  // Our clock is ahead of Procore's by at least `least` and at most `most`.
  let least = -assumedDifference;
  let most = assumedDifference;
  let isAssumed = true;
  return {
    earliest: () => clock() - most,
    latest: () => clock() - least,
    likely: () => clock() - (least + most) / 2,
    learn(headers, sentAt) {
      const date = httpDateSeconds(headers.get('date'));
      if (date === undefined) return;
      const [low, high] = [sentAt - date - 1, clock() - date];
      if (isAssumed || low > most || high < least) [least, most] = [low, high];
      else [least, most] = [Math.max(least, low), Math.min(most, high)];
      isAssumed = false;
    },
    learnAtLeast(time) {
      most = Math.min(most, clock() - time);
      // How much later is not known: the next answer tells.
      least = Math.min(least, most);
    },
  };
}
