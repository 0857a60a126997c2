import type { Fault } from './faults.ts';
import type { Randomness } from './randomness.ts';

/** How many calls pass between outages, and how many one lasts. */
const calm = { least: 3, most: 30 };
const outage = { least: 1, most: 3 };

const kinds: readonly Fault[] = [
  { kind: 'server-error', effect: false },
  { kind: 'server-error', effect: true },
  { kind: 'unavailable' },
  { kind: 'lost-response', effect: false },
  { kind: 'lost-response', effect: true },
  { kind: 'slow', milliseconds: 20 },
];

/**
 * Draws a schedule of short outages. It counts calls, not seconds, so that it is the same whatever the clock does.
 *
 * @returns the fault that the next call must suffer, if any
 */
export function drawOutages(randomness: Randomness): () => Fault | undefined {
  const between = ({ least, most }: typeof calm) => least + randomness.below(most - least + 1);
  let callsUntil = between(calm);
  let callsLeft = 0;
  let fault: Fault | undefined;
  return () => {
    if (callsLeft === 0) {
      if (callsUntil > 0) {
        callsUntil -= 1;
        return undefined;
      }
      callsUntil = between(calm);
      callsLeft = between(outage);
      fault = randomness.pick(kinds);
    }
    callsLeft -= 1;
    return fault;
  };
}
