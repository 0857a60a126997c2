import type { TokenSet } from '../oauth/token-endpoint.ts';
import { mostCompanies } from '../procore/companies.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type {
  Attempt,
  Authorization,
  Connection,
  Failure,
  Grant,
  ReauthorizationCause,
  Unconfirmed,
} from './connection.ts';
import { type Condition, type ConnectionWrite, mostCompanyIds } from './connection-store.ts';
import { areCompaniesListed, finishSeconds, linkTime, retrySeconds, rotationTime } from './timing.ts';

/*
 * This file has every way in which a stored connection changes, as data: the write and what it requires. What concerns a
 * token set that waits for its confirmation is in unconfirmed-transitions.ts, and those of a restored connection are in
 * restoring-writes.ts. No other file builds writes.
 *
 * `rotateAt` is the time when the sweep looks at a connection next, for any reason. Some writes need more work by the
 * same invocation (a claim, tokens that are not checked yet, a revocation). They set `rotateAt` to a time when that
 * invocation is over. So whatever a crash leaves undone comes due.
 */

/**
 * How many access tokens wait for their revocation at most, and how many characters they have together; the newest are
 * kept. The item must stay small, because every vending reads it. Only by mistake does somebody reconnect more often
 * without a disconnect in between.
 */
const mostRevoking = 50;
const mostRevokingCharacters = 49_152;

/** Requires that no token set has replaced the one that was read. */
export const generationIs = (connection: Connection): Condition => ({
  condition: 'generationIs',
  generation: connection.generation,
});

const attemptIs = ({ owner, number }: Attempt): Condition => ({ condition: 'attemptIs', owner, number });

const sessionIs = (sessionId: string): Condition => ({ condition: 'sessionIs', sessionId });

const companiesAre = ({ companiesReadAt, companyId, companyChosenAt }: Connection): Condition => ({
  condition: 'companiesAre',
  companiesReadAt,
  companyId,
  companyChosenAt,
});

/** Requires that the list of tokens to revoke is the one that was read. */
export const revokingIs = ({ revoking = [] }: Connection): Condition => ({ condition: 'revokingIs', revoking });

/** Requires that the same token set waits for its confirmation as when the item was read, or none. */
export const unconfirmedIs = ({ unconfirmed }: Connection): Condition => ({
  condition: 'unconfirmedIs',
  referenceHash: unconfirmed?.referenceHash,
});

/** How many characters of the item the tokens of a set take that waits for its confirmation. */
function charactersOf(unconfirmed: Unconfirmed | undefined): number {
  if (unconfirmed === undefined) return 0;
  const { accessToken, refreshToken = '' } = unconfirmed.tokens;
  return accessToken.length + refreshToken.length;
}

/**
 * Adds access tokens to those that wait for their revocation.
 *
 * @param unconfirmed what waits for its confirmation beside them, and takes of their room
 */
export function withRevoking(
  { revoking = [] }: Pick<Connection, 'revoking'>,
  unconfirmed: Unconfirmed | undefined,
  ...accessTokens: (string | undefined)[]
): readonly string[] {
  const room = mostRevokingCharacters - charactersOf(unconfirmed);
  const added = accessTokens.filter((token) => token !== undefined && !revoking.includes(token)) as string[];
  const newest = [...revoking, ...added].slice(-mostRevoking).reverse();
  let characters = 0;
  const kept = newest.filter((token) => {
    characters += token.length;
    return characters <= room;
  });
  return kept.reverse();
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
 * integrator has been told. While a token set waits for its confirmation, its end is left to look at.
 */
export function leaveIndex(connection: Connection, now: number): ConnectionWrite {
  const { unconfirmed } = connection;
  return {
    connectionId: connection.connectionId,
    require: [
      generationIs(connection),
      { condition: 'statusIs', status: connection.status },
      revokingIs(connection),
      unconfirmedIs(connection),
    ],
    set: {
      toldGeneration: connection.generation,
      ...(unconfirmed && { rotateAt: Math.max(unconfirmed.expiresAt, now) + 1 }),
      updatedAt: now,
    },
    remove: unconfirmed ? [] : ['rotateAt'],
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
  const planned = beforeUnconfirmedEnds(replaced, rotationTime(tokens, fraction), now);
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
    remove: ['attempt', 'notBefore', 'failure', 'cause', ...restoredFields],
  };
}

/** The fields of a connection that came out of a backup. New tokens, and a disconnection, make it one like any other. */
export const restoredFields = ['restoredAt', 'restoredGeneration', 'restoredRefreshToken'] as const;

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
  /** The companies that the account sees and the one that is chosen, where they are known before. */
  readonly companies?: { readonly companyIds: readonly string[]; readonly companyId: string | undefined };
}

/** The companies that an account sees; `too_many` when there are more than are read. */
export type SeenCompanies = readonly string[] | 'too_many';

/** What is stored of an account's companies when they are listed. */
function listed(sessionId: string, seen: SeenCompanies, companyId: string | undefined, now: number) {
  return {
    companyIds: seen === 'too_many' ? [] : seen.slice(0, mostCompanyIds),
    ...(companyId !== undefined && { companyId }),
    companiesCount: seen === 'too_many' ? mostCompanies + 1 : seen.length,
    companiesReadAt: now,
    companiesFor: sessionId,
  };
}

/** Makes the connection of a first authorization. @returns a connection with generation 1, not checked yet */
export function newConnection(
  environment: ProcoreEnvironmentName,
  { connectionId, grant, tokens, authorizedBy, companies }: NewAuthorization,
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
    ...(companies
      ? listed(authorizedBy.sessionId, companies.companyIds, companies.companyId, now)
      : { companyIds: [] }),
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
 * cool-downs. The replaced token set waits for its revocation, and so does one that waited for its confirmation since an
 * older link. The write requires a newer link, so it spends the link.
 *
 * It may be another account that connects now. So the same write removes all that describes the former one: its user, and
 * the companies that it saw. They must never be vended with the new account's tokens.
 */
export function reconnect(
  connection: Connection,
  { grant, tokens, authorizedBy, companies }: NewAuthorization,
  now: number,
): ConnectionWrite {
  const { unconfirmed } = connection;
  const isOlder = unconfirmed !== undefined && unconfirmed.authorizedBy.linkIssuedAt <= authorizedBy.linkIssuedAt;
  const ended = isOlder && unconfirmed.tokens.accessToken !== tokens.accessToken ? unconfirmed : undefined;
  const kept = isOlder ? undefined : unconfirmed;
  const revoking = withRevoking(connection, kept, connection.tokens?.accessToken, ended?.tokens.accessToken);
  const formerCompanyId = connection.companyId ?? connection.formerCompanyId;
  return {
    connectionId: connection.connectionId,
    require: [
      generationIs(connection),
      { condition: 'linkOlderThan', linkIssuedAt: authorizedBy.linkIssuedAt },
      revokingIs(connection),
      unconfirmedIs(connection),
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
      ...(companies
        ? listed(authorizedBy.sessionId, companies.companyIds, companies.companyId, now)
        : { companyIds: [], ...(formerCompanyId !== undefined && { formerCompanyId }) }),
      updatedAt: now,
    },
    // The environment check will tell whose account it is now. A service account may have no user at all.
    remove: [
      ...(['attempt', 'notBefore', 'failure', 'cause', 'procoreUserId'] as const),
      ...restoredFields,
      ...(companies ? (['formerCompanyId', 'companyChosenAt'] as const) : notListed),
      ...(companies && companies.companyId === undefined ? (['companyId'] as const) : []),
      ...(isOlder ? (['unconfirmed'] as const) : []),
    ],
  };
}

/** The fields that are absent while an account's companies are not known. */
const notListed = ['companyId', 'companyChosenAt', 'companiesCount', 'companiesReadAt', 'companiesFor'] as const;

/**
 * Takes the tokens out of use for good, and those that wait for their confirmation. They wait for their revocation. No link
 * that was issued before connects any more.
 */
export function disconnect(connection: Connection, now: number): ConnectionWrite {
  const { tokens, unconfirmed, authorizedBy } = connection;
  const revoking = withRevoking(connection, undefined, tokens?.accessToken, unconfirmed?.tokens.accessToken);
  return {
    connectionId: connection.connectionId,
    require: [generationIs(connection), revokingIs(connection), unconfirmedIs(connection)],
    set: {
      authorizedBy: { ...authorizedBy, linkIssuedAt: linkTime(connection, now) },
      status: 'disconnected',
      generation: connection.generation + 1,
      ...(revoking.length > 0 && { revoking }),
      rotateAt: now + finishSeconds,
      updatedAt: now,
    },
    remove: ['tokens', 'unconfirmed', 'attempt', 'notBefore', 'failure', 'cause', ...restoredFields],
  };
}

/**
 * Forgets whose account a disconnected connection was. What stays keeps old links and late token sets out: its generation,
 * and who authorized it.
 */
export function forgetAccount(connection: Connection, now: number): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    require: [generationIs(connection)],
    set: { companyIds: [], updatedAt: now },
    remove: [
      ...(['procoreUserId', 'companyId', 'companyChosenAt', 'companiesCount'] as const),
      ...(['companiesReadAt', 'companiesFor', 'formerCompanyId'] as const),
    ],
  };
}

/** Notes the access token of a token set that came too late to be stored, so that it is revoked. */
export function surrender(connection: Connection, accessToken: string, now: number): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    require: [generationIs(connection), revokingIs(connection), unconfirmedIs(connection)],
    set: {
      revoking: withRevoking(connection, connection.unconfirmed, accessToken),
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

/** Tells when the sweep looks next: at `time`, or at its planned time if that is sooner and not over yet. */
export function soonerOf({ rotateAt }: Connection, time: number, now: number): number {
  return rotateAt !== undefined && rotateAt > now ? Math.min(rotateAt, time) : time;
}

/**
 * Lets the sweep come by when a token set that waits for its confirmation has waited too long, if that is sooner than what
 * is planned. One that came to wait after the connection was read is found at the planned time; nobody can confirm it then.
 */
function beforeUnconfirmedEnds({ unconfirmed }: Connection, planned: number, now: number): number {
  return unconfirmed === undefined ? planned : Math.min(planned, Math.max(unconfirmed.expiresAt, now) + 1);
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
  const planned = beforeUnconfirmedEnds(connection, rotationTime(tokens, fraction), now);
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
      // A rotation that is under way or cooling down has its own time. Companies that are not listed yet are work that
      // the sweep must come to.
      ...(!connection.attempt &&
        !connection.failure && {
          rotateAt: areCompaniesListed(connection) ? planned : Math.min(planned, now + finishSeconds),
        }),
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

/**
 * Stores which companies the account sees. A choice that the account does not see any more is removed; one from before a
 * reconnect is made again if the account sees it.
 *
 * The write requires that nobody has noted or chosen companies since the connection was read. So neither a repetition by
 * the SDK nor a slow listing can erase a choice that was made meanwhile.
 */
export function noteCompanies(
  connection: Connection,
  seen: SeenCompanies,
  { now, fraction }: { readonly now: number; readonly fraction: number },
): ConnectionWrite {
  const { connectionId, authorizedBy, attempt, failure, revoking, tokens, environmentChecked, attemptNumber } =
    connection;
  const companyId = chosenAmong(connection, seen);
  // What else the sweep must come to has its own time.
  const isAtRest = environmentChecked && !attempt && !failure && !revoking;
  return {
    connectionId,
    require: [
      generationIs(connection),
      { condition: 'statusIs', status: 'connected' },
      sessionIs(authorizedBy.sessionId),
      companiesAre(connection),
      { condition: 'attemptNumberIs', attemptNumber },
      revokingIs(connection),
    ],
    set: {
      ...listed(authorizedBy.sessionId, seen, companyId, now),
      ...(isAtRest &&
        tokens && {
          rotateAt: beforeUnconfirmedEnds(connection, Math.max(rotationTime(tokens, fraction), now + 1), now),
        }),
      updatedAt: now,
    },
    remove: [...(companyId === undefined ? (['companyId'] as const) : []), 'formerCompanyId'],
  };
}

/** The only company, or the choice that the account still sees. Of too many the choice stays as it is. */
function chosenAmong({ companyId, formerCompanyId }: Connection, seen: SeenCompanies): string | undefined {
  if (seen === 'too_many') return companyId;
  const [only] = seen;
  return seen.length === 1 ? only : [companyId, formerCompanyId].find((id) => id !== undefined && seen.includes(id));
}

/** Stores the company that a person chose. Only the session that authorized the connection may choose. */
export function choose(connection: Connection, companyId: string, sessionId: string, now: number): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    // A repetition of this write must not undo a later choice, be it of what was chosen before this one.
    require: [sessionIs(sessionId), companiesAre(connection)],
    set: { companyId, companyChosenAt: now, updatedAt: now },
    remove: [],
  };
}
