import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { Authorization, Connection, Unconfirmed } from './connection.ts';
import { type Condition, type ConnectionWrite, mostCompanyIds } from './connection-store.ts';
import { finishSeconds, linkTime } from './timing.ts';
import {
  generationIs,
  type NewAuthorization,
  reconnect,
  revokingIs,
  type SeenCompanies,
  soonerOf,
  unconfirmedIs,
  withRevoking,
} from './transitions.ts';

// What becomes of a token set that waits for its confirmation, as data. Until it is confirmed, no write here touches the
// live token set, its generation, or its rotation.

/** The token set of a person, as it comes to wait. */
export type NewUnconfirmed = Pick<NewAuthorization, 'connectionId' | 'tokens'> & {
  readonly authorizedBy: Authorization & { readonly referenceHash: string };
};

function waiting({ tokens, authorizedBy }: NewUnconfirmed, expiresAt: number): Unconfirmed {
  return { tokens, authorizedBy, referenceHash: authorizedBy.referenceHash, expiresAt };
}

/** Makes the item of a connection that has never been: a token set that waits, and nothing that could be vended. */
export function newUnconfirmed(
  environment: ProcoreEnvironmentName,
  authorization: NewUnconfirmed,
  { now, expiresAt }: { readonly now: number; readonly expiresAt: number },
): Connection {
  return {
    environment,
    connectionId: authorization.connectionId,
    grant: 'authorization_code',
    status: 'disconnected',
    generation: 0,
    // Nobody need be told that it is disconnected.
    toldGeneration: 0,
    rotateAt: expiresAt,
    attemptNumber: 0,
    authorizedBy: { sessionId: '', linkIssuedAt: 0 },
    unconfirmed: waiting(authorization, expiresAt),
    environmentChecked: false,
    companyIds: [],
    createdAt: now,
    updatedAt: now,
  };
}

/**
 * Lets a token set wait beside the live one. It takes the place of one that waits since the same link or an older one, which
 * is given up for revocation. The link is not spent by it: a stranger to whom it was forwarded must not use it up.
 */
export function propose(
  connection: Connection,
  authorization: NewUnconfirmed,
  { now, expiresAt }: { readonly now: number; readonly expiresAt: number },
): ConnectionWrite {
  const unconfirmed = waiting(authorization, expiresAt);
  const before = connection.unconfirmed?.tokens.accessToken;
  const revoking = withRevoking(connection, unconfirmed, before);
  return {
    connectionId: connection.connectionId,
    require: [
      generationIs(connection),
      { condition: 'linkOlderThan', linkIssuedAt: authorization.authorizedBy.linkIssuedAt },
      unconfirmedIs(connection),
      revokingIs(connection),
    ],
    set: {
      unconfirmed,
      ...(revoking.length > 0 && { revoking }),
      rotateAt: soonerOf(connection, expiresAt, now),
      updatedAt: now,
    },
    remove: [],
  };
}

const accountIs = ({ account }: Unconfirmed): Condition => ({
  condition: 'unconfirmedAccountIs',
  changedAt: account?.changedAt,
});

/** Notes what the account of the token set that waits sees. A choice that was made is kept if it sees that company. */
export function describeUnconfirmed(
  connection: Connection,
  unconfirmed: Unconfirmed,
  seen: SeenCompanies,
  now: number,
): ConnectionWrite {
  const chosen = unconfirmed.account?.companyId;
  const isListed = seen !== 'too_many' && seen.length <= mostCompanyIds;
  const companyId = isListed && seen.length === 1 ? seen[0] : chosen;
  const account = { ...(isListed && { companyIds: seen }), ...(companyId !== undefined && { companyId }) };
  return changeAccount(connection, unconfirmed, account, now);
}

/** Notes the company that the person chose for the token set that waits. */
export function chooseUnconfirmed(
  connection: Connection,
  unconfirmed: Unconfirmed,
  companyId: string,
  now: number,
): ConnectionWrite {
  return changeAccount(connection, unconfirmed, { ...unconfirmed.account, companyId }, now);
}

function changeAccount(
  connection: Connection,
  unconfirmed: Unconfirmed,
  account: Omit<NonNullable<Unconfirmed['account']>, 'changedAt'>,
  now: number,
): ConnectionWrite {
  return {
    connectionId: connection.connectionId,
    // A repetition of this write must not undo a later choice.
    require: [unconfirmedIs(connection), accountIs(unconfirmed)],
    set: { unconfirmed: { ...unconfirmed, account: { ...account, changedAt: now } }, updatedAt: now },
    remove: [],
  };
}

/**
 * Makes the token set that waits the live one, as a reconnect does. The write requires that the same one waits still, so a
 * reference confirms what the person of that browser allowed, and nothing else.
 */
export function confirm(connection: Connection, unconfirmed: Unconfirmed, now: number): ConnectionWrite {
  const { tokens, authorizedBy, account } = unconfirmed;
  const { companyIds, companyId } = account ?? {};
  const write = reconnect(
    // Companies that are not listed yet are listed by the sweep. Then the choice is made again, if the account sees it.
    companyIds === undefined ? withFormer(connection, companyId) : connection,
    {
      connectionId: connection.connectionId,
      grant: 'authorization_code',
      tokens,
      authorizedBy,
      ...(companyIds && { companies: { companyIds, companyId: companyId ?? kept(connection, companyIds) } }),
    },
    now,
  );
  return { ...write, require: [...write.require, accountIs(unconfirmed)] };
}

function withFormer(connection: Connection, companyId: string | undefined): Connection {
  return companyId === undefined ? connection : { ...connection, companyId };
}

/** The company that was chosen before, if the account that connects now sees it as well. */
function kept({ companyId, formerCompanyId }: Connection, companyIds: readonly string[]): string | undefined {
  return [companyId, formerCompanyId].find((id) => id !== undefined && companyIds.includes(id));
}

/** Gives up the token set that waits. It goes to those that wait for their revocation. */
export function endUnconfirmed(connection: Connection, now: number): ConnectionWrite {
  const revoking = withRevoking(connection, undefined, connection.unconfirmed?.tokens.accessToken);
  return {
    connectionId: connection.connectionId,
    require: [generationIs(connection), unconfirmedIs(connection), revokingIs(connection)],
    set: {
      // What is left to revoke is work for the sweep, also of a connection that has left the index.
      ...(connection.unconfirmed && { revoking, rotateAt: soonerOf(connection, now + finishSeconds, now) }),
      updatedAt: now,
    },
    remove: ['unconfirmed'],
  };
}

/** Lets no link that was issued before now connect a connection that is disconnected already. */
export function closeLinks(connection: Connection, now: number): ConnectionWrite {
  const write = endUnconfirmed(connection, now);
  return {
    ...write,
    require: [...write.require, { condition: 'statusIs', status: 'disconnected' }],
    set: {
      ...write.set,
      authorizedBy: { ...connection.authorizedBy, linkIssuedAt: linkTime(connection, now) },
    },
  };
}
