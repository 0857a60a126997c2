import { announce, isTold } from './announcing.ts';
import type { Claimed } from './claim.ts';
import type { Attempt, Connection, Failure } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { type Rotation, standing } from './standing.ts';
import { isRefusedForLong } from './timing.ts';
import { coolDown, noteTold } from './transitions.ts';

/** How an attempt ends that got neither tokens nor a verdict. */
export interface AttemptEnd {
  /** Why, literally; kept as the connection's failure. */
  readonly code: string;
  /** What Procore answered with, if it did. */
  readonly status?: number | undefined;
  /** Whether Procore said no for certain. */
  readonly kind?: 'refused';
  /** What is known of the refresh token. */
  readonly journal: 'spendable' | 'unknown' | 'suspect';
  /** How long nobody may try again. */
  readonly seconds: number;
}

/**
 * Ends an attempt that got neither tokens nor a verdict.
 *
 * @param before the connection before the claim; what its own attempt left in the journal is not forgotten
 * @returns `cooling`, or how the connection stands when the attempt is no longer this caller's
 */
export async function endWithoutTokens(
  dependencies: ConnectionDependencies,
  before: Connection,
  { connection, attempt }: Claimed,
  end: AttemptEnd,
): Promise<Rotation> {
  const { code, journal, seconds } = end;
  const now = dependencies.clock();
  const notBefore = now + seconds;
  const failure = failureAfter(before.failure, end, now);
  const kept = journal === 'suspect' ? journal : journalAfter(before.attempt, journal);
  const write = coolDown(connection, attempt, { journal: kept, failure, notBefore, now });
  if ((await dependencies.store.write(write)) === 'refused') return standing(dependencies, before);
  const { connectionId, generation } = before;
  dependencies.observer.note('rotation.cooling', { connectionId, generation, code, notBefore, count: failure.count });
  return { outcome: 'cooling', connection: afterWrite(connection, write) };
}

/**
 * Ends an attempt that Procore refused by another code than `invalid_grant`. That is no verdict: the connection stays
 * `connected` and is tried again, more and more slowly. But when nothing else comes for six hours, and the access token
 * is over, people are told how to connect again.
 *
 * @returns as {@link endWithoutTokens}
 */
export async function endRefused(
  dependencies: ConnectionDependencies,
  before: Connection,
  claimed: Claimed,
  { code, status, seconds }: Pick<AttemptEnd, 'code' | 'status' | 'seconds'>,
): Promise<Rotation> {
  // No token was given, so none was lost.
  const end = { code, status, seconds, kind: 'refused', journal: 'spendable' } as const;
  const ended = await endWithoutTokens(dependencies, before, claimed, end);
  const { connection } = ended;
  const now = dependencies.clock();
  if (ended.outcome !== 'cooling' || !isRefusedForLong(connection, now) || isTold(connection)) return ended;
  dependencies.observer.count('reauthorizationRequired');
  if ((await announce(dependencies, connection, 'reauthorization_required')) === 'unannounced') return ended;
  const write = noteTold(connection, now);
  const isWritten = (await dependencies.store.write(write)) === 'written';
  return isWritten ? { ...ended, connection: afterWrite(connection, write) } : ended;
}

function failureAfter(previous: Failure | undefined, { code, status, kind }: AttemptEnd, now: number): Failure {
  const failure = { code, ...(status !== undefined && { status }), at: now, count: (previous?.count ?? 0) + 1 };
  if (kind === undefined) return failure;
  const isSame = previous?.kind === kind && previous.code === code && previous.status === status;
  return { ...failure, kind, since: (isSame ? previous.since : undefined) ?? now };
}

/**
 * Tells what the journal says after an attempt, given what it said before. A later attempt that was not even sent
 * changes nothing: a refresh token that may be spent does not become unspent by it, and a success that may wait in
 * escrow is not forgotten.
 */
function journalAfter(previous: Attempt | undefined, own: 'spendable' | 'unknown') {
  if (previous === undefined) return own;
  if (previous.outcome === undefined) return 'unanswered';
  return previous.outcome;
}
