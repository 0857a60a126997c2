import { randomBytes } from 'node:crypto';
import type { Clock, RandomFraction, RandomId, Sleep } from './clock.ts';

/** The machine's clock. Lambda keeps it within a second or so of true time; the design allows 30 s between workers. */
export const systemClock: Clock = () => Date.now() / 1000;

/** Waits by a real timer. */
export const systemSleep: Sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Jitter from the engine's own generator. */
export const systemRandomFraction: RandomFraction = () => Math.random();

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Makes an identifier of 48 letters and digits from the system's secure generator: 285 bits, within the
 * "alphanumeric value" that Procore documents for `state`.
 *
 * @see https://developers.procore.com/documentation/oauth-endpoints
 */
export const systemRandomId: RandomId = () => {
  let id = '';
  while (id.length < 48) {
    // Bytes from 248 on would favour the first letters of the alphabet: 248 is the last multiple of 62.
    for (const byte of randomBytes(64)) if (byte < 248 && id.length < 48) id += alphabet[byte % 62];
  }
  return id;
};

/** Time and chance of the machine, as domain code takes them. */
export const system = { clock: systemClock, sleep: systemSleep, randomFraction: systemRandomFraction };
