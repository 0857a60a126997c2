import { type BackOff, type Jitter, jittered, pauseAfter } from '../back-off.ts';
import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { Attempt, Connection } from './connection.ts';

/** How far the clocks of two workers may differ, in seconds. */
export const clockSkewSeconds = 30;

/** What a lease lasts beyond the invocation's own end: the clock skew and 5 s of margin. */
export const leaseSlackSeconds = clockSkewSeconds + 5;

/**
 * The time that an invocation must have left to claim an attempt, in seconds: a token request of 10 s at most, and
 * the write or the escrow after it.
 */
export const claimReserveSeconds = 15;

/** How soon the sweep looks again at what an invocation is about to finish itself, in seconds. */
export const finishSeconds = 120;

/** How soon something that Procore did not confirm (a revocation, whose token it is) is tried again, in seconds. */
export const retrySeconds = 300;

/** A set this young is not replaced because of a 401, in seconds: a storm of 401s is not a reason to rotate on. */
export const youngSetSeconds = 60;

/** A rotation is never planned sooner after the issue, in seconds, so that tiny lifetimes make no loop. */
const rotationFloorSeconds = 60;

/** Longer than a token set usually waits in escrow, in seconds: SQS delivers within a minute, and tries three times. */
const suspectSeconds = 300;

/** Cool-downs are longer by up to a fifth, so that connections which failed together do not come back together. */
const coolDownJitter: Jitter = { from: 1, spread: 0.2 };

/** In seconds. */
const coolDownBackOff: BackOff = { first: 30, most: 1800, jitter: coolDownJitter };

/** Half of a short pause is left to chance. */
export const pauseJitter: Jitter = { from: 0.5, spread: 0.5 };

/** In milliseconds. */
const storeBackOff: BackOff = { first: 50, most: 1000, jitter: pauseJitter };

/** No answer of Procore parks a connection for longer, in seconds; its longest rate limit is an hour. */
const longestAskedSeconds = 3600;

/**
 * Plans the rotation of a token set: at 75 % of the lifetime that the response gave, minus up to 5 % of it as jitter.
 *
 * @param fraction 0 to 1, the jitter; 1 gives the earliest time
 * @returns epoch seconds
 */
export function rotationTime({ issuedAt, expiresAt }: TokenSet, fraction: number): number {
  const lifetime = expiresAt - issuedAt;
  return Math.ceil(issuedAt + Math.max(rotationFloorSeconds, lifetime * (0.75 - 0.05 * fraction)));
}

/**
 * Tells how long a token set will go on working.
 *
 * @returns seconds, negative when it has expired; never more than its lifetime, so that a clock which was set back
 *   does not prolong it
 */
export function validSeconds({ issuedAt, expiresAt }: TokenSet, now: number): number {
  return Math.min(expiresAt - now, expiresAt - issuedAt);
}

/**
 * Tells when a claim's lease ends: when its holder is certainly dead, whatever two clocks say.
 *
 * @param remainingMs what the holder's invocation has left
 * @returns epoch seconds
 */
export function leaseEnd(now: number, remainingMs: number): number {
  return Math.ceil(now + remainingMs / 1000 + leaseSlackSeconds);
}

/**
 * Tells how long nobody tries again after failures in a row: 30 s doubling to 30 min, plus up to 20 % of jitter.
 *
 * @param count which failure in a row this is, from 1
 * @returns seconds
 */
export function coolDownSeconds(count: number, fraction: number): number {
  return pauseAfter(count, coolDownBackOff, fraction);
}

/**
 * Tells how long to wait when Procore asked for it.
 *
 * @param asked what `Retry-After` said, in seconds; absent when it said nothing
 * @returns seconds: what was asked plus up to 20 % of jitter, or the usual cool-down
 */
export function askedCoolDownSeconds(asked: number | undefined, count: number, fraction: number): number {
  if (asked === undefined) return coolDownSeconds(count, fraction);
  return jittered(Math.min(Math.max(asked, 1), longestAskedSeconds), coolDownJitter, fraction);
}

/**
 * Tells how long a refusal is doubted whose predecessor may have had success: see {@link Attempt}'s outcome `suspect`.
 *
 * @returns seconds
 */
export function suspectCoolDownSeconds(fraction: number): number {
  return jittered(suspectSeconds, coolDownJitter, fraction);
}

/**
 * Tells how long to wait before tokens that the store did not take are written again: 50 ms doubling to 1 s, half of it
 * by chance.
 *
 * @param tries how often they were written, from 1
 * @returns milliseconds
 */
export function storePauseMs(tries: number, fraction: number): number {
  return pauseAfter(tries, storeBackOff, fraction);
}

/**
 * Tells whether a connection's refresh token is to be spent now: its planned time has come, or an earlier rotation
 * did not end well.
 */
export function isRotationDue({ status, tokens, attempt, failure, notBefore = 0 }: Connection, now: number): boolean {
  if (status !== 'connected' || tokens === undefined || notBefore > now) return false;
  return attempt !== undefined || failure !== undefined || now >= rotationTime(tokens, 1);
}

/** Tells whether an attempt's holder may still be at work. */
export function isUnderLease(attempt: Attempt | undefined, now: number): boolean {
  return attempt !== undefined && attempt.leaseUntil >= now;
}
