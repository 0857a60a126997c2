import type { TokenSet } from '../oauth/token-endpoint.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { Attempt, Authorization, Connection, Failure, Grant, ReauthorizationCause } from './connection.ts';
import type { Condition, ConnectionWrite } from './connection-store.ts';
import { finishSeconds, retrySeconds, rotationTime } from './timing.ts';

/*
 * Every way in which a stored connection changes, as data: the write and what it requires. Nothing else builds writes.
 *
 * `rotateAt` is when the sweep looks at a connection next, for whatever reason. So each write that an invocation has
 * to follow up (a claim, tokens not yet checked, a revocation) sets it to when that invocation is over: what a crash
 * leaves undone comes due.
 */

/**
 * At most that many access tokens wait for a revocation, the newest: the item must stay small, since every vending reads
 * it, and nobody reconnects more often between two disconnections but by a mistake.
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
 * Claims the right to spend the refresh token of the generation read: written BEFORE the token is spent.
 *
 * @param attempt the new attempt; its owner must be new, its number one more than the stored
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
      // What the predecessor noted was read and will count for the verdict, so nobody may have claimed in between.
      { condition: 'attemptNumberIs', attemptNumber: connection.attemptNumber },
    ],
    // When the lease ends the sweep looks whether the holder came back.
    set: { attempt, attemptNumber: attempt.number, rotateAt: attempt.leaseUntil, updatedAt: now },
    remove: ['notBefore'],
  };
}

/**
 * Ends an attempt that got no tokens and no verdict, and lets nobody try again before `notBefore`.
 *
 * @param attempt the caller's own
 * @param journal what is remembered of the refresh token: `spendable` forgets the attempt, `unanswered` keeps it
 *   without an outcome, as if its holder had died; the others are outcomes
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
 * Notes the verdict that only a person's new authorization helps. The token set stays: a late success of the same
 * generation still lands. The sweep looks once more, in case nobody could be told.
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

/** Notes that the integrator has been told of a connection's end; what else is left to do keeps it due. */
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
 * Takes a connection out of the due index when nothing is left to do for it but a person's authorization, and the
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
 * Replaces the token set of a generation, on no other condition: a late winner lands too, even over a verdict.
 *
 * @param replaced the connection as it was when the refresh token was spent
 * @param fraction jitter of the next rotation, 0 to 1
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

/** When the sweep looks at an authorization first: soon, since its environment is not checked yet. */
function firstLook(tokens: TokenSet, now: number): number {
  return Math.min(rotationTime(tokens, 1), now + finishSeconds);
}

/** A new authorization: what a person, or the app for its service account, brings. */
export interface NewAuthorization {
  readonly connectionId: string;
  readonly grant: Grant;
  readonly tokens: TokenSet;
  readonly authorizedBy: Authorization;
}

/** Makes the connection that a first authorization gives. */
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

/** Stores a new connection where there is none. */
export function create({ connectionId, ...set }: Connection): ConnectionWrite {
  return { connectionId, require: [{ condition: 'absent' }], set, remove: [] };
}

/**
 * Stores a new authorization over an older one: new tokens and generation, and nothing left of attempts, failures and
 * cool-downs. The replaced set waits for its revocation. The newer link is what spends the link.
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
    // Whose account it is now the check tells; a service account may have no user at all.
    remove: ['attempt', 'notBefore', 'failure', 'cause', 'procoreUserId'],
  };
}

/** Takes the tokens away from use, for good, in favour of their revocation. */
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

/** Notes the access token of a set that came too late to be stored, for its revocation. */
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
 * Strikes access tokens that are revoked off the list; those that Procore did not confirm are tried again later.
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

/** When the sweep looks next: at `time`, or when it would anyway if that is sooner and still to come. */
function soonerOf({ rotateAt }: Connection, time: number, now: number): number {
  return rotateAt !== undefined && rotateAt > now ? Math.min(rotateAt, time) : time;
}

/** Notes that `token/info` named our client id for these tokens, and plans their rotation. */
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
      // A claim that came in between has made its own plan.
      { condition: 'attemptNumberIs', attemptNumber: connection.attemptNumber },
    ],
    set: {
      environmentChecked: true,
      ...(procoreUserId !== undefined && { procoreUserId }),
      // A rotation under way, or cooling down, has its own time.
      ...(!connection.attempt && !connection.failure && { rotateAt: rotationTime(tokens, fraction) }),
      updatedAt: now,
    },
    remove: [],
  };
}

/** Moves the sweep's next look at a connection, unless another write has moved it. */
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

/** Notes which companies the account sees; a choice that is not among them any more is dropped. */
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

/** Notes the company that a person chose; only the session that authorized the connection may. */
export function choose(connection: Connection, companyId: string, sessionId: string, now: number): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    require: [{ condition: 'sessionIs', sessionId }],
    set: { companyId, updatedAt: now },
    remove: [],
  };
}
