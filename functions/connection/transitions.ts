import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { Attempt, Authorization, Connection, Failure, Grant, ReauthorizationCause } from './connection.ts';
import type { Condition, ConnectionWrite } from './connection-store.ts';
import { finishSeconds, retrySeconds, rotationTime } from './timing.ts';

/*
 * This file has every way in which a stored connection changes, as data: the write and what it requires. No other file
 * builds writes.
 *
 * `rotateAt` is the time when the sweep looks at a connection next, for any reason. Some writes need more work by the
 * same invocation (a claim, tokens that are not checked yet, a revocation). They set `rotateAt` to a time when that
 * invocation is over. So whatever a crash leaves undone comes due.
 */

/**
 * How many access tokens wait for their revocation at most; the newest are kept. The item must stay small, because
 * every vending reads it. Only by mistake does somebody reconnect more often without a disconnect in between.
 */
const mostRevoking = 50;

const generationIs = (connection: Connection): Condition => ({
  condition: 'generationIs',
  generation: connection.generation,
});

const attemptIs = ({ owner, number }: Attempt): Condition => ({ condition: 'attemptIs', owner, number });

const revokingIs = ({ revoking = [] }: Connection): Condition => ({ condition: 'revokingIs', revoking });

function withRevoking({ revoking = [] }: Connection, ...accessTokens: (string | undefined)[]): readonly string[] {
  const added = accessTokens.filter((token) => token !== undefined && !revoking.includes(token)) as string[];
  return [...revoking, ...added].slice(-mostRevoking);
}

/**
 * Claims the right to spend the refresh token of the generation that was read. It is written BEFORE the token is spent.
 *
 * @param attempt the new attempt; its owner must be new, and its number one more than the stored one
 */
export function claim(connection: Connection, attempt: Attempt): ConnectionWrite {
  const now = attempt.startedAt;
  return {
    connectionId: connection.connectionId,
    require: [
      generationIs(connection),
      { condition: 'statusIs', status: 'connected' },
      { condition: 'attemptFreeAt', now },
      { condition: 'coolDownOverAt', now },
      // The verdict will depend on what the attempt before noted, so nobody may have claimed since that was read.
      { condition: 'attemptNumberIs', attemptNumber: connection.attemptNumber },
    ],
    // When the lease ends, the sweep looks whether the holder came back.
    set: { attempt, attemptNumber: attempt.number, rotateAt: attempt.leaseUntil, updatedAt: now },
    remove: ['notBefore'],
  };
}

/**
 * Ends an attempt that got no tokens and no verdict. Nobody may try again before `notBefore`.
 *
 * @param attempt the caller's own
 * @param journal what is remembered of the refresh token: `spendable` removes the attempt, `unanswered` keeps it
 *   without an outcome, as if its holder had died, and the others are outcomes
 */
export function coolDown(
  connection: Connection,
  attempt: Attempt,
  {
    journal,
    failure,
    notBefore,
    now,
  }: {
    readonly journal: 'spendable' | 'unanswered' | 'unknown' | 'suspect';
    readonly failure: Failure;
    readonly notBefore: number;
    readonly now: number;
  },
): ConnectionWrite {
  const { outcome: _, ...bare } = { ...attempt, leaseUntil: now };
  const kept = journal === 'spendable' ? undefined : journal === 'unanswered' ? bare : { ...bare, outcome: journal };
  return {
    connectionId: connection.connectionId,
    require: [generationIs(connection), attemptIs(attempt)],
    set: { ...(kept && { attempt: kept }), failure, notBefore, rotateAt: notBefore, updatedAt: now },
    remove: kept ? [] : ['attempt'],
  };
}

/**
 * Stores the verdict that a person must authorize again. The token set stays, because a late success of the same
 * generation may still be stored. The sweep looks once more, in case the integrator could not be told.
 *
 * @param attempt the caller's own
 */
export function refuse(
  connection: Connection,
  attempt: Attempt,
  { cause, failure, now }: { readonly cause: ReauthorizationCause; readonly failure: Failure; readonly now: number },
): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    require: [generationIs(connection), attemptIs(attempt)],
    set: { status: 'reauthorization_required', cause, failure, rotateAt: now + finishSeconds, updatedAt: now },
    remove: ['attempt', 'notBefore'],
  };
}

/**
 * Notes that the integrator has been told of a connection's end. The connection stays due for the work that is left.
 */
export function noteTold(connection: Connection, now: number): ConnectionWrite {
  const { connectionId, status, generation } = connection;
  return {
    connectionId,
    require: [generationIs(connection), { condition: 'statusIs', status }],
    set: { toldGeneration: generation, updatedAt: now },
    remove: [],
  };
}

/**
 * Takes a connection out of the due index. Nothing is left to do for it until a person authorizes again, and the
 * integrator has been told.
 */
export function leaveIndex(connection: Connection, now: number): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    require: [generationIs(connection), { condition: 'statusIs', status: connection.status }, revokingIs(connection)],
    set: { toldGeneration: connection.generation, updatedAt: now },
    remove: ['rotateAt'],
  };
}

/**
 * Replaces the token set of a generation. The generation is the only condition, so a late success is stored, too, even
 * over a verdict.
 *
 * @param replaced the connection as it was when the refresh token was spent
 * @param fraction which part of the next rotation's jitter to use, 0 to 1
 */
export function replace(
  replaced: Connection,
  tokens: TokenSet,
  { now, fraction }: { readonly now: number; readonly fraction: number },
): ConnectionWrite {
  // A response without a refresh token means that the old one stays good (RFC 6749, section 6).
  const refreshToken = tokens.refreshToken ?? replaced.tokens?.refreshToken;
  const planned = rotationTime(tokens, fraction);
  return {
    connectionId: replaced.connectionId,
    require: [generationIs(replaced)],
    set: {
      status: 'connected',
      tokens: { ...tokens, ...(refreshToken !== undefined && { refreshToken }) },
      generation: replaced.generation + 1,
      rotateAt: replaced.environmentChecked ? planned : Math.min(planned, now + finishSeconds),
      updatedAt: now,
    },
    remove: ['attempt', 'notBefore', 'failure', 'cause'],
  };
}

/** When the sweep first looks at an authorization: soon, because its environment is not checked yet. */
function firstLook(tokens: TokenSet, now: number): number {
  return Math.min(rotationTime(tokens, 1), now + finishSeconds);
}

/** A new authorization, by a person or by the app for its service account. */
export interface NewAuthorization {
  readonly connectionId: string;
  readonly grant: Grant;
  readonly tokens: TokenSet;
  readonly authorizedBy: Authorization;
}

/** Makes the connection of a first authorization. @returns a connection with generation 1, not checked yet */
export function newConnection(
  environment: ProcoreEnvironmentName,
  { connectionId, grant, tokens, authorizedBy }: NewAuthorization,
  now: number,
): Connection {
  return {
    environment,
    connectionId,
    grant,
    status: 'connected',
    tokens,
    generation: 1,
    rotateAt: firstLook(tokens, now),
    attemptNumber: 0,
    authorizedBy,
    environmentChecked: false,
    companyIds: [],
    createdAt: now,
    updatedAt: now,
  };
}

/** Stores a new connection. It requires that there is none under this id. */
export function create({ connectionId, ...set }: Connection): ConnectionWrite {
  return { connectionId, require: [{ condition: 'absent' }], set, remove: [] };
}

/**
 * Stores a new authorization over an older one, with new tokens and a new generation. It removes attempts, failures and
 * cool-downs. The replaced token set waits for its revocation. The write requires a newer link, so it spends the link.
 */
export function reconnect(
  connection: Connection,
  { grant, tokens, authorizedBy }: NewAuthorization,
  now: number,
): ConnectionWrite {
  const revoking = withRevoking(connection, connection.tokens?.accessToken);
  return {
    connectionId: connection.connectionId,
    require: [
      generationIs(connection),
      { condition: 'linkOlderThan', linkIssuedAt: authorizedBy.linkIssuedAt },
      revokingIs(connection),
    ],
    set: {
      grant,
      status: 'connected',
      tokens,
      generation: connection.generation + 1,
      rotateAt: firstLook(tokens, now),
      authorizedBy,
      environmentChecked: false,
      ...(revoking.length > 0 && { revoking }),
      updatedAt: now,
    },
    // The environment check will tell whose account it is now. A service account may have no user at all.
    remove: ['attempt', 'notBefore', 'failure', 'cause', 'procoreUserId'],
  };
}

/** Takes the tokens out of use for good. They wait for their revocation. */
export function disconnect(connection: Connection, now: number): ConnectionWrite {
  const revoking = withRevoking(connection, connection.tokens?.accessToken);
  return {
    connectionId: connection.connectionId,
    require: [generationIs(connection), revokingIs(connection)],
    set: {
      status: 'disconnected',
      generation: connection.generation + 1,
      ...(revoking.length > 0 && { revoking }),
      rotateAt: now + finishSeconds,
      updatedAt: now,
    },
    remove: ['tokens', 'attempt', 'notBefore', 'failure', 'cause'],
  };
}

/** Notes the access token of a token set that came too late to be stored, so that it is revoked. */
export function surrender(connection: Connection, accessToken: string, now: number): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    require: [generationIs(connection), revokingIs(connection)],
    set: {
      revoking: withRevoking(connection, accessToken),
      rotateAt: soonerOf(connection, now + finishSeconds, now),
      updatedAt: now,
    },
    remove: [],
  };
}

/**
 * Removes revoked access tokens from the list. Those that Procore did not confirm are tried again later.
 *
 * @param left what is still to be revoked
 */
export function strikeRevoked(connection: Connection, left: readonly string[], now: number): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    require: [generationIs(connection), revokingIs(connection)],
    set: {
      ...(left.length > 0 && { revoking: left, rotateAt: soonerOf(connection, now + retrySeconds, now) }),
      updatedAt: now,
    },
    remove: left.length > 0 ? [] : ['revoking'],
  };
}

/** When the sweep looks next: at `time`, or at its planned time if that is sooner and not over yet. */
function soonerOf({ rotateAt }: Connection, time: number, now: number): number {
  return rotateAt !== undefined && rotateAt > now ? Math.min(rotateAt, time) : time;
}

/** Notes that Procore's `token/info` named our client id for these tokens, and plans their rotation. */
export function check(
  connection: Connection,
  tokens: TokenSet,
  {
    procoreUserId,
    now,
    fraction,
  }: { readonly procoreUserId: string | undefined; readonly now: number; readonly fraction: number },
): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    require: [
      generationIs(connection),
      { condition: 'statusIs', status: 'connected' },
      // A claim that came in between has its own plan.
      { condition: 'attemptNumberIs', attemptNumber: connection.attemptNumber },
    ],
    set: {
      environmentChecked: true,
      ...(procoreUserId !== undefined && { procoreUserId }),
      // A rotation that is under way or cooling down has its own time.
      ...(!connection.attempt && !connection.failure && { rotateAt: rotationTime(tokens, fraction) }),
      updatedAt: now,
    },
    remove: [],
  };
}

/** Moves the sweep's next look at a connection, unless another write has moved it since. */
export function lookAgainAt(connection: Connection, rotateAt: number, now: number): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    require: [
      generationIs(connection),
      { condition: 'statusIs', status: connection.status },
      ...(connection.rotateAt === undefined
        ? []
        : [{ condition: 'rotateAtIs', rotateAt: connection.rotateAt } satisfies Condition]),
    ],
    set: { rotateAt, updatedAt: now },
    remove: [],
  };
}

/** Stores which companies the account sees. A choice that the account does not see any more is removed. */
export function noteCompanies(connection: Connection, companyIds: readonly string[], now: number): ConnectionWrite {
  const [only] = companyIds;
  const companyId = companyIds.length === 1 ? only : companyIds.find((id) => id === connection.companyId);
  return {
    connectionId: connection.connectionId,
    require: [{ condition: 'sessionIs', sessionId: connection.authorizedBy.sessionId }],
    set: { companyIds, ...(companyId !== undefined && { companyId }), updatedAt: now },
    remove: companyId === undefined ? ['companyId'] : [],
  };
}

/** Stores the company that a person chose. Only the session that authorized the connection may choose. */
export function choose(connection: Connection, companyId: string, sessionId: string, now: number): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    require: [{ condition: 'sessionIs', sessionId }],
    set: { companyId, updatedAt: now },
    remove: [],
  };
}
