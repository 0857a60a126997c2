import { type BackOff, type Jitter, jittered, pauseAfter } from '../back-off.ts';
import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { Attempt, Connection } from './connection.ts';

/** How far the clocks of two workers may differ, in seconds. */
export const clockSkewSeconds = 30;

/** How much longer than its invocation a lease lasts, in seconds: the clock skew and 5 s of margin. */
export const leaseSlackSeconds = clockSkewSeconds + 5;

/**
 * How much time an invocation must have left to claim an attempt, and again to send a token request, in seconds: the
 * request takes at most 10 s, and one write of the table or of the escrow, at most 4 s each, comes after it.
 */
export const spendReserveSeconds = 15;

/** How long one refusal must last before people are told of it, in seconds: six hours. */
const refusedLongSeconds = 6 * 3600;

/** How old a list of companies becomes before it is read again, in seconds: a day. */
const companiesAgeSeconds = 86_400;

/** How soon the sweep looks at work that an invocation is about to finish itself, in seconds. */
export const finishSeconds = 120;

/** How long a token set waits for its confirmation, in seconds: 30 minutes. */
export const unconfirmedSeconds = 1800;

/** The least by which a link is newer than what is stored, in seconds. */
const linkStepSeconds = 0.001;

/** How soon something is tried again that Procore did not confirm (a revocation, whose token it is), in seconds. */
export const retrySeconds = 300;

/**
 * A younger token set is not replaced because of a 401, in seconds. A storm of 401s must not cause endless rotations.
 */
export const youngSetSeconds = 60;

/** A rotation is never planned sooner than this after the issue, in seconds, so that tiny lifetimes cause no loop. */
const rotationFloorSeconds = 60;

/** Longer than a token set usually waits in escrow, in seconds: SQS delivers within a minute and tries three times. */
const suspectSeconds = 300;

/** Cool-downs are longer by up to a fifth, so that connections which failed together do not come back together. */
const coolDownJitter: Jitter = { from: 1, spread: 0.2 };

/** In seconds. */
const coolDownBackOff: BackOff = { first: 30, most: 1800, jitter: coolDownJitter };

/** Half of a short pause is left to chance. */
export const pauseJitter: Jitter = { from: 0.5, spread: 0.5 };

/** In milliseconds. */
const storeBackOff: BackOff = { first: 50, most: 1000, jitter: pauseJitter };

/** The longest pause that Procore can ask for, in seconds: its longest rate limit is an hour. */
const longestAskedSeconds = 3600;

/**
 * Plans the rotation of a token set: at 75 % of the lifetime that the response gave, minus up to 5 % of it as jitter.
 *
 * @param fraction which part of the jitter to use, 0 to 1; 1 gives the earliest time
 * @returns epoch seconds
 */
export function rotationTime({ issuedAt, expiresAt }: TokenSet, fraction: number): number {
  const lifetime = expiresAt - issuedAt;
  return Math.ceil(issuedAt + Math.max(rotationFloorSeconds, lifetime * (0.75 - 0.05 * fraction)));
}

/**
 * Tells how long a token set will go on working.
 *
 * @returns seconds, negative when it has expired. Never more than its lifetime: a clock that was set back does not make
 *   it longer.
 */
export function validSeconds({ issuedAt, expiresAt }: TokenSet, now: number): number {
  return Math.min(expiresAt - now, expiresAt - issuedAt);
}

/**
 * Tells when the lease of a claim ends. Its holder is certainly dead then, even if two clocks differ.
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
 * @param fraction which part of the jitter to use, 0 to 1
 * @returns seconds
 */
export function coolDownSeconds(count: number, fraction: number): number {
  return pauseAfter(count, coolDownBackOff, fraction);
}

/**
 * Tells how long to wait after Procore has asked us to wait.
 *
 * @param asked what `Retry-After` said, in seconds; undefined when it said nothing
 * @returns seconds: what was asked plus up to 20 % of jitter, or the usual cool-down
 */
export function askedCoolDownSeconds(asked: number | undefined, count: number, fraction: number): number {
  if (asked === undefined) return coolDownSeconds(count, fraction);
  return jittered(Math.min(Math.max(asked, 1), longestAskedSeconds), coolDownJitter, fraction);
}

/**
 * Tells how long a refusal is doubted when the attempt before may have succeeded. See the outcome `suspect` of
 * {@link Attempt}.
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
 * Tells whether a connection's refresh token should be spent now: its planned time has come, or an earlier rotation did
 * not end well.
 */
export function isRotationDue(connection: Connection, now: number): boolean {
  const { status, tokens, attempt, failure } = connection;
  if (isRestored(connection)) return false;
  if (status !== 'connected' || tokens === undefined || isCoolingDown(connection, now)) return false;
  return attempt !== undefined || failure !== undefined || now >= rotationTime(tokens, 1);
}

/**
 * Tells whether people must hear of a connection that nothing but a person can mend, as it seems: Procore has refused
 * the refresh in the same way for six hours, and the access token has expired.
 */
export function isRefusedForLong({ status, failure, tokens }: Connection, now: number): boolean {
  if (status !== 'connected' || failure?.kind !== 'refused' || failure.since === undefined) return false;
  return now - failure.since >= refusedLongSeconds && (tokens === undefined || validSeconds(tokens, now) <= 0);
}

/** Tells whether Procore has listed the companies of the account that is connected now, be it none. */
export function areCompaniesListed({ companiesReadAt, companiesFor, authorizedBy }: Connection): boolean {
  return companiesReadAt !== undefined && companiesFor === authorizedBy.sessionId;
}

/**
 * Tells whether the companies of a connection's account should be listed: nobody has done it, none was seen, or the list
 * is a day old.
 */
export function areCompaniesDue(connection: Connection, now: number): boolean {
  const { companiesReadAt = 0, companiesCount } = connection;
  return !areCompaniesListed(connection) || companiesCount === 0 || now - companiesReadAt >= companiesAgeSeconds;
}

/**
 * Plans when companies are asked for again that could not be listed: after as long as they have been unknown, but no
 * sooner than after 5 minutes.
 *
 * @returns epoch seconds
 */
export function companiesTime({ authorizedBy }: Connection, now: number): number {
  return now + Math.max(retrySeconds, now - authorizedBy.linkIssuedAt);
}

/**
 * Tells when a link, or what is as good as one, counts as issued: now, but always after the authorizations that are stored,
 * the one that waits for its confirmation included. Else a link by a clock that goes behind could connect nothing, and a
 * disconnection by such a clock would not keep out what it ended.
 *
 * @returns epoch seconds, to the millisecond
 */
export function linkTime(stored: Pick<Connection, 'authorizedBy' | 'unconfirmed'> | undefined, now: number): number {
  const links = [stored, stored?.unconfirmed].map((one) => one && one.authorizedBy.linkIssuedAt + linkStepSeconds);
  return Math.max(now, ...links.filter((time) => time !== undefined));
}

/** Tells whether a token set that waits for its confirmation has waited too long, or a newer link has connected since. */
export function isUnconfirmedOver({ unconfirmed, authorizedBy }: Connection, now: number): boolean {
  if (unconfirmed === undefined) return false;
  return now >= unconfirmed.expiresAt || unconfirmed.authorizedBy.linkIssuedAt <= authorizedBy.linkIssuedAt;
}

/** Tells whether nobody may try yet. */
export function isCoolingDown({ notBefore = 0 }: Pick<Connection, 'notBefore'>, now: number): boolean {
  return notBefore > now;
}

/**
 * Tells whether a person's connection came out of a backup and has had no new tokens since. Its refresh token may be
 * spent, so nobody sends it but on a person's word: a server may end the living tokens for it.
 */
export function isRestored({
  grant,
  generation,
  restoredGeneration,
}: Pick<Connection, 'grant' | 'generation' | 'restoredGeneration'>): boolean {
  return grant === 'authorization_code' && restoredGeneration === generation;
}

/** Tells whether an attempt's holder may still be at work. */
export function isUnderLease(attempt: Attempt | undefined, now: number): boolean {
  return attempt !== undefined && attempt.leaseUntil >= now;
}
