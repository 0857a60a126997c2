import type { StoredConnection } from '../stored-connection.ts';
import type { TimelineRow } from './timeline.ts';

/** The life of one generation of a connection's tokens, as far as log and table tell it. Times are in epoch seconds. */
export interface Generation {
  readonly generation: number;
  /** Absent when it began before what was read. */
  readonly beganAt?: number;
  /** Absent while it lasts, or when nothing tells its end. */
  readonly endedAt?: number;
  /** In words. */
  readonly began: string;
  /** In words; absent while it lasts. */
  readonly ended?: string;
  /** Whether its access token is the one that is vended. */
  readonly isCurrent: boolean;
}

/** The lines with which a generation begins, in words. */
const beginnings: Readonly<Record<string, string>> = {
  'rotation.replaced': 'rotated',
  'rotation.recovered': 'came out of escrow',
  'connection.authorized': 'connected',
  'connection.confirmed': 'confirmed',
  'connection.restored': 'came out of a backup',
  'connection.refresh_token_released': "the backup's refresh token was sent",
};

/** The lines with which one ends although no other begins, in words. */
const endings: Readonly<Record<string, string>> = {
  'rotation.refused': 'refused by Procore',
  'connection.restored_over': 'the restored token was over',
  'connection.wrong_environment': 'of another environment',
  'connection.disconnected': 'disconnected',
};

interface Open {
  readonly generation: number;
  readonly beganAt?: number;
  readonly began: string;
  endedAt?: number;
  ended?: string;
}

function endBy(last: Open, next: Open): string {
  if (next.generation <= last.generation) return 'removed before it was connected again';
  const isNext = next.generation === last.generation + 1;
  return isNext ? `replaced by generation ${next.generation}` : `replaced before generation ${next.generation}`;
}

const before = 'before what was read';

/**
 * Tells when each generation of a connection began and ended, and why.
 *
 * @param rows of its log, the oldest first
 * @param stored how it is now
 * @returns the oldest first
 */
export function generationsOf(
  rows: readonly TimelineRow[],
  { generation, status, issuedAt }: Pick<StoredConnection, 'generation' | 'status' | 'issuedAt'>,
): readonly Generation[] {
  const found: Open[] = [];
  const begin = (next: Open, at: number | undefined) => {
    const last = found.at(-1);
    if (last !== undefined && last.ended === undefined) {
      // With others in between, nothing tells when it ended.
      if (at !== undefined && next.generation <= last.generation + 1) last.endedAt = at;
      last.ended = endBy(last, next);
    }
    found.push(next);
  };
  for (const { event, at, generation: of } of rows) {
    if (of === undefined) continue;
    const last = found.at(-1);
    const began = beginnings[event];
    // The id of one that was removed begins anew; what comes late of an older one begins nothing.
    const isNewer = last === undefined || of > last.generation || (event === 'connection.authorized' && of === 1);
    if (began !== undefined && of !== last?.generation && isNewer) begin({ generation: of, beganAt: at, began }, at);
    else if (last === undefined && of > 0) found.push({ generation: of, began: before });
    const ended = endings[event];
    const current = found.at(-1);
    if (ended !== undefined && current?.generation === of && current.ended === undefined) {
      Object.assign(current, { endedAt: at, ended });
    }
  }
  const isLive = status === 'connected';
  if (isLive && found.at(-1)?.generation !== generation) {
    begin({ generation, ...(issuedAt !== undefined && { beganAt: issuedAt }), began: 'as it is stored' }, issuedAt);
  }
  return found.map((one) => ({ ...one, isCurrent: isLive && one.generation === generation && one === found.at(-1) }));
}
