import type { Claimed } from './claim.ts';
import type { Attempt, Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { type Rotation, standing } from './standing.ts';
import { coolDown } from './transitions.ts';

/** How an attempt ends that got neither tokens nor a verdict. */
export interface AttemptEnd {
  /** Why, literally; kept as the connection's failure. */
  readonly code: string;
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
  { code, journal, seconds }: AttemptEnd,
): Promise<Rotation> {
  const now = dependencies.clock();
  const notBefore = now + seconds;
  const failure = { code, at: now, count: (before.failure?.count ?? 0) + 1 };
  const kept = journal === 'suspect' ? journal : journalAfter(before.attempt, journal);
  const write = coolDown(connection, attempt, { journal: kept, failure, notBefore, now });
  if ((await dependencies.store.write(write)) === 'refused') return standing(dependencies, before);
  const { connectionId, generation } = before;
  dependencies.observer.note('rotation.cooling', { connectionId, generation, code, notBefore, count: failure.count });
  return { outcome: 'cooling', connection: afterWrite(connection, write) };
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
