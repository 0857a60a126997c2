import type { Authorization, Connection, ReauthorizationCause } from './connection.ts';
import type { Condition, ConnectionWrite, RemovableField } from './connection-store.ts';
import { finishSeconds } from './timing.ts';
import { restoredFields, withRevoking } from './transitions.ts';

/**
 * How far a restored connection's generation is ahead of the backup's: more than any connection has rotated since. So no
 * rotation, and no token set in escrow, that began before lands on it by chance, and no integrator has heard of it.
 */
const generationLeap = 2 ** 20;

/** Gives the generation that a connection of a backup has when it is restored. */
export function restoredGeneration({ generation }: Connection): number {
  return generation + generationLeap;
}

/** Tells whether a token set that was won before the restoring is newer than the restored one, which it may replace. */
export function isNewerThanRestored(escrowed: Pick<Connection, 'generation'>, stored: Connection): boolean {
  return stored.restoredGeneration === stored.generation && escrowed.generation >= stored.generation - generationLeap;
}

/**
 * Tells whether an item has never been a connection: it was made, after the table was lost, for a token set that waits or
 * waited for its confirmation. Nobody has disconnected it.
 */
export function isOnlyProposed({
  generation,
  authorizedBy,
}: Pick<Connection, 'generation'> & { readonly authorizedBy: Pick<Authorization, 'linkIssuedAt'> }): boolean {
  return generation === 0 && authorizedBy.linkIssuedAt === 0;
}

/** What a restored connection begins with. */
export type RestoredStart =
  /** Procore honours its access token, which is vended to its end. */
  | { readonly status: 'connected'; readonly rotateAt: number; readonly environmentChecked: true }
  /** A service account: its next token needs no predecessor. */
  | { readonly status: 'connected' }
  | { readonly status: 'reauthorization_required'; readonly cause: ReauthorizationCause }
  | { readonly status: 'disconnected' };

const removable: readonly RemovableField[] = [
  ...(['tokens', 'rotateAt', 'notBefore', 'attempt', 'failure', 'cause', 'revoking', 'procoreUserId'] as const),
  ...(['companyId', 'companyChosenAt', 'companiesCount', 'companiesReadAt', 'companiesFor'] as const),
  ...(['formerCompanyId', ...restoredFields] as const),
];

/**
 * Copies a connection of a backup, without attempt, failure and cool-down. The refresh token moves where nobody sends it.
 *
 * @param row as the backup has it
 * @param live what is stored, which must have ended and still be so; undefined when there is nothing
 */
export function restore(
  row: Connection,
  live: Connection | undefined,
  start: RestoredStart,
  now: number,
): ConnectionWrite {
  const { connectionId, attempt: _, notBefore: __, failure: ___, rotateAt: ____, tokens: stored, ...kept } = row;
  const { refreshToken = row.restoredRefreshToken, ...tokens } = stored ?? {};
  const revoking = revokingAfter(row, live);
  // A set that waited for its confirmation may have been confirmed and spent since. One that waits now is the live item's.
  const { cause: _____, revoking: ______, unconfirmed: _______, ...fields } = kept;
  const set: ConnectionWrite['set'] = {
    ...fields,
    ...(stored && { tokens: tokens as Connection['tokens'] & object }),
    ...(revoking.length > 0 && { revoking }),
    // What is left to do (to tell, to revoke) the sweep finishes, whatever becomes of this invocation.
    rotateAt: now + finishSeconds,
    ...start,
    generation: restoredGeneration(row),
    restoredAt: now,
    restoredGeneration: restoredGeneration(row),
    ...(refreshToken !== undefined && { restoredRefreshToken: refreshToken }),
    updatedAt: now,
  };
  const require: Condition[] = live
    ? [
        { condition: 'generationIs', generation: live.generation },
        { condition: 'statusIs', status: live.status },
        { condition: 'revokingIs', revoking: live.revoking ?? [] },
        // A disconnection of one that was disconnected already changes its link alone.
        ...(isOnlyProposed(live) ? [{ condition: 'linkOlderThan', linkIssuedAt: 1 } as const] : []),
      ]
    : [{ condition: 'absent' }];
  return { connectionId, require, set, remove: removable.filter((field) => !Object.hasOwn(set, field)) };
}

/** What must be revoked is known by the living item best; its own access token goes where that of a reconnect goes. */
function revokingAfter(row: Connection, live: Connection | undefined): readonly string[] {
  if (!live) return row.revoking ?? [];
  if (isOnlyProposed(live)) return withRevoking(row, live.unconfirmed, ...(live.revoking ?? []));
  const replaced = live.tokens?.accessToken;
  return replaced === row.tokens?.accessToken ? (live.revoking ?? []) : withRevoking(live, live.unconfirmed, replaced);
}

/** Stores that a restored connection's access token is over. Its refresh token stays apart, for a person's word. */
export function expireRestored(connection: Connection, now: number): ConnectionWrite {
  const { connectionId, generation } = connection;
  return {
    connectionId,
    require: [
      { condition: 'generationIs', generation },
      { condition: 'statusIs', status: 'connected' },
    ],
    set: { status: 'reauthorization_required', cause: 'restored', rotateAt: now + finishSeconds, updatedAt: now },
    remove: ['attempt', 'notBefore', 'failure'],
  };
}

/**
 * Makes a restored refresh token one like any other, on a person's word. It counts as a generation, so that a repetition
 * of this write cannot give the word a second time.
 *
 * @param refreshToken the connection's `restoredRefreshToken`
 */
export function release(connection: Connection, refreshToken: string, now: number): ConnectionWrite {
  const { connectionId, generation, status, tokens } = connection;
  return {
    connectionId,
    require: [
      { condition: 'generationIs', generation },
      { condition: 'statusIs', status },
    ],
    set: {
      status: 'connected',
      ...(tokens && { tokens: { ...tokens, refreshToken } }),
      generation: generation + 1,
      rotateAt: now + finishSeconds,
      updatedAt: now,
    },
    remove: ['attempt', 'notBefore', 'failure', 'cause', ...restoredFields],
  };
}
