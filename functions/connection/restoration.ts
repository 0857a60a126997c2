import { errorName } from '../connector-error.ts';
import { ForeignItemError } from '../procore/foreign-item.ts';
import { announce } from './announcing.ts';
import type { Backup } from './backup.ts';
import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { RotationDependencies } from './dependencies.ts';
import { isOnlyProposed, type RestoredStart, restore, restoredGeneration } from './restoring-writes.ts';
import { rotateConnection } from './rotation.ts';
import { validSeconds } from './timing.ts';

/** What {@link restoreConnections} works with. */
export interface RestorationDependencies extends RotationDependencies {
  readonly backup: Backup;
}

/** Which connections of a backup are wanted; what is left out does not matter. */
export interface RestorationRequest {
  readonly connectionId?: string;
  /** The company that they are for. */
  readonly companyId?: string;
  /** Where an earlier answer ended. */
  readonly cursor?: string;
  /** Whether it is only told what would become of them. */
  readonly dryRun: boolean;
}

/**
 * What became of a connection of a backup. Nothing was changed of those that:
 *
 * - `lives`, `disconnected_since`, `authorized_since`: what is stored is right. A person's disconnection is not undone.
 * - `restored_before`: it has been restored, from this backup or a later one.
 * - `still_ended`: it has ended, and the backup has nothing better.
 * - `foreign`: the item of the backup, or the stored one, is of another environment, or its tokens are another client's.
 * - `unavailable`: Procore did not say whether its token works. Run it again.
 * - `changed_meanwhile`, `failed`: run it again.
 *
 * Of the others, it is:
 *
 * - `vended`: its access token is vended until `until` and not refreshed.
 * - `fetched`: a service account, with a new token; `to_be_fetched`: the sweep asks for it.
 * - `reauthorization_required`: a person must authorize it.
 * - `disconnected`: as it was in the backup.
 */
export type Became =
  | 'lives'
  | 'disconnected_since'
  | 'authorized_since'
  | 'restored_before'
  | 'still_ended'
  | 'foreign'
  | 'unavailable'
  | 'changed_meanwhile'
  | 'failed'
  | 'vended'
  | 'fetched'
  | 'to_be_fetched'
  | 'reauthorization_required'
  | 'disconnected';

/** One line of the report. */
export interface RestoredConnection {
  readonly connectionId: string;
  readonly became: Became;
  /** Epoch seconds; with `vended`. */
  readonly until?: number;
}

/** The answer: what became of each connection that was looked at. */
export interface Restoration {
  readonly connections: readonly RestoredConnection[];
  /** Absent when the backup is worked off. */
  readonly cursor?: string;
}

/** How many connections are looked at side by side. */
const pageSize = 10;

/** So many lines are in one answer at most. */
const mostLines = 2000;

/** With less time left, in milliseconds, no page is begun: a connection takes two calls of Procore and some of the table. */
const pageReserveMs = 35_000;

/**
 * Copies connections out of a backup, where none is stored, or the stored one has ended of itself. It does so page by page
 * until its time is over. Run again, it leaves alone what was restored before.
 *
 * A refresh token of a backup may have been spent since, and a server that sees it a second time may end the living
 * tokens. So none is sent here, nor by anybody after this without a person's word.
 *
 * @returns the report, and where to go on
 * @throws whatever the backup throws
 */
export async function restoreConnections(
  dependencies: RestorationDependencies,
  { connectionId, companyId, dryRun, cursor: begin }: RestorationRequest,
): Promise<Restoration> {
  const { backup } = dependencies;
  const isWanted = (row: Connection) =>
    companyId === undefined || row.companyId === companyId || row.companyIds.includes(companyId);
  if (connectionId !== undefined) {
    const row = await backup.read(connectionId);
    return { connections: row === undefined ? [] : [await restoreRow(dependencies, row, dryRun)] };
  }
  const connections: RestoredConnection[] = [];
  let cursor = begin;
  do {
    const page = await backup.page(pageSize, cursor);
    connections.push(...page.foreign.map((id) => ({ connectionId: id, became: 'foreign' as const })));
    const rows = page.connections.filter(isWanted);
    connections.push(...(await Promise.all(rows.map((row) => restoreRow(dependencies, row, dryRun)))));
    cursor = page.cursor;
  } while (cursor !== undefined && dependencies.remaining() >= pageReserveMs && connections.length < mostLines);
  return { connections, ...(cursor !== undefined && { cursor }) };
}

/** Restores one connection. What fails with it is told in its line, so that the others are restored all the same. */
async function restoreRow(
  dependencies: RestorationDependencies,
  row: Connection,
  dryRun: boolean,
): Promise<RestoredConnection> {
  const { connectionId } = row;
  try {
    const live = await dependencies.store.read(connectionId);
    const ended = live && isOnlyProposed(live) ? undefined : live;
    const judged = obstacleOf(row, live) ?? (await judge(dependencies, row, ended));
    if (typeof judged === 'string') return { connectionId, became: judged };
    const became = dryRun ? judged.became : await carryOut(dependencies, { row, live, ...judged });
    const until = became === 'vended' ? row.tokens?.expiresAt : undefined;
    return { connectionId, became, ...(until !== undefined && { until }) };
  } catch (error) {
    if (error instanceof ForeignItemError) return { connectionId, became: 'foreign' };
    dependencies.observer.note('connection.not_restored', { connectionId, errorName: errorName(error) });
    return { connectionId, became: 'failed' };
  }
}

/** Tells why a connection must be left as it is stored. */
function obstacleOf(row: Connection, live: Connection | undefined): Became | undefined {
  if (live === undefined) return undefined;
  if (isOnlyProposed(live)) return undefined;
  if (live.status === 'disconnected') return 'disconnected_since';
  // A status of a later version is none of our business.
  if (live.status !== 'reauthorization_required') return 'lives';
  if (live.generation >= restoredGeneration(row)) return 'restored_before';
  const isSame =
    live.authorizedBy.sessionId === row.authorizedBy.sessionId &&
    live.authorizedBy.linkIssuedAt === row.authorizedBy.linkIssuedAt;
  return isSame ? undefined : 'authorized_since';
}

interface Judged {
  readonly became: 'vended' | 'to_be_fetched' | 'reauthorization_required' | 'disconnected';
  readonly start: RestoredStart;
}

/** Judges what a connection of a backup is still good for. */
async function judge(
  dependencies: RestorationDependencies,
  row: Connection,
  live: Connection | undefined,
): Promise<Judged | Became> {
  const { grant, status, tokens, cause = 'restored' } = row;
  if (status === 'disconnected')
    return live ? 'still_ended' : { became: 'disconnected', start: { status: 'disconnected' } };
  if (grant === 'client_credentials') return { became: 'to_be_fetched', start: { status: 'connected' } };
  const ended = live
    ? 'still_ended'
    : ({ became: 'reauthorization_required', start: { status: 'reauthorization_required', cause } } as const);
  if (status !== 'connected' || tokens === undefined) return ended;
  if (validSeconds(tokens, dependencies.clock()) <= 0) return ended;
  const info = await dependencies.tokenEndpoint.tokenInfo(tokens.accessToken);
  if (info.outcome === 'unavailable') return 'unavailable';
  if (info.outcome === 'refused') return ended;
  if (info.clientId !== (await dependencies.oauthClient.read({ fresh: true })).clientId) return 'foreign';
  const start = { status: 'connected', rotateAt: tokens.expiresAt, environmentChecked: true } as const;
  return { became: 'vended', start };
}

/** Writes what was judged, and fetches a service account's token. */
async function carryOut(
  dependencies: RestorationDependencies,
  { row, live, became, start }: Judged & { readonly row: Connection; readonly live: Connection | undefined },
): Promise<Became> {
  const { connectionId } = row;
  const now = dependencies.clock();
  const write = restore(row, live, start, now);
  const restored = afterWrite({ ...(live ?? row), connectionId }, write);
  if ((await dependencies.store.write(write)) === 'refused') {
    const stored = await dependencies.store.read(connectionId);
    // The SDK may have repeated a write that took effect.
    const isOurs = stored?.generation === restored.generation && stored.restoredAt === now;
    if (!isOurs) return 'changed_meanwhile';
  }
  const { generation, status } = restored;
  dependencies.observer.note('connection.restored', { connectionId, generation, status });
  if (became !== 'to_be_fetched') {
    // Of an end that was none nobody has heard.
    if (live && !isOnlyProposed(live) && status === 'connected') await announce(dependencies, restored, 'connected');
    return became;
  }
  const rotation = await rotateConnection(dependencies, restored);
  if (rotation.outcome !== 'rotated' && rotation.outcome !== 'escrowed') {
    return rotation.outcome === 'ended' ? 'reauthorization_required' : became;
  }
  if (live && !isOnlyProposed(live)) await announce(dependencies, rotation.connection, 'connected');
  return 'fetched';
}
