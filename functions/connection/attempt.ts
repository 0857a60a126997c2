import type { Attempt, Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { readPatiently } from './patient-read.ts';
import { ConnectionNotFoundError } from './refusals.ts';
import { isUnderLease, leaseEnd } from './timing.ts';
import { claim, coolDown } from './transitions.ts';

/** What became of a rotation; `connection` is the connection as it is now. */
export type Rotation =
  /** The tokens are new, by this call, and durable: in the store, or in escrow. */
  | { readonly outcome: 'rotated' | 'escrowed'; readonly connection: Connection }
  /** Somebody else has replaced them. */
  | { readonly outcome: 'current'; readonly connection: Connection }
  /** Somebody else holds the attempt. */
  | { readonly outcome: 'elsewhere'; readonly connection: Connection }
  /** Nobody may try before `connection.notBefore`; `connection.failure` says why. */
  | { readonly outcome: 'cooling'; readonly connection: Connection }
  /** `reauthorization_required` or `disconnected`: Procore is not asked any more. */
  | { readonly outcome: 'ended'; readonly connection: Connection }
  /** This invocation ends too soon to begin. */
  | { readonly outcome: 'out_of_time'; readonly connection: Connection };

/** A connection with the attempt that this call holds on it. */
export interface Claimed {
  readonly connection: Connection;
  readonly attempt: Attempt;
}

/**
 * Claims the attempt for a connection's generation, as it was read.
 *
 * @returns the claim, or how the connection stands when somebody else was faster
 */
export async function claimAttempt(
  dependencies: ConnectionDependencies,
  connection: Connection,
): Promise<Claimed | Rotation> {
  const { connectionId, generation } = connection;
  const now = dependencies.clock();
  const attempt: Attempt = {
    owner: dependencies.randomId(),
    number: connection.attemptNumber + 1,
    startedAt: now,
    leaseUntil: leaseEnd(now, dependencies.remaining()),
  };
  const write = claim(connection, attempt);
  let fault: unknown;
  const answer = await dependencies.store.write(write).catch((error: unknown) => {
    fault = error;
    return 'unanswered' as const;
  });
  if (answer !== 'written') {
    // The SDK may have repeated a claim that took effect, or its answer was lost: then the owner is this one.
    const stored = await readPatiently(dependencies, connectionId);
    if (stored?.attempt?.owner !== attempt.owner) {
      // In a crowd DynamoDB throttles claims of the one item: whoever sees another's has lost, and need not fail.
      const obstacle = stored && obstacleTo(stored, generation, dependencies.clock());
      if (answer === 'unanswered' && !obstacle) throw fault;
      return obstacle ?? standing(dependencies, connection, stored);
    }
  }
  dependencies.observer.note('rotation.claimed', { connectionId, generation, attemptNumber: attempt.number });
  dependencies.observer.count('rotationClaimed');
  if (connection.attempt) {
    const { outcome = 'unanswered' } = connection.attempt;
    dependencies.observer.note('rotation.replayed', {
      connectionId,
      generation,
      attemptNumber: attempt.number,
      outcome,
    });
    dependencies.observer.count('rotationReplayed');
  }
  return { connection: afterWrite(connection, write), attempt };
}

/** How an attempt without tokens and verdict ends. */
export interface AttemptEnd {
  /** Why, literally; kept as the connection's failure. */
  readonly code: string;
  readonly journal: 'spendable' | 'unknown' | 'suspect';
  readonly seconds: number;
}

/**
 * Ends an attempt that got neither tokens nor a verdict.
 *
 * @param before the connection before the claim; what its own attempt left in the journal is not forgotten
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
 * Tells what the journal says after an attempt, given what it said before: a refresh token that may be spent does not
 * become unspent, and a success that may wait in escrow is not forgotten, because a later attempt was not even sent.
 */
function journalAfter(previous: Attempt | undefined, own: 'spendable' | 'unknown') {
  if (previous === undefined) return own;
  if (previous.outcome === undefined) return 'unanswered';
  return previous.outcome;
}

/**
 * Tells how a connection stands for somebody whose claim or write on a generation was refused.
 *
 * @param before the connection that the refused write was built from
 * @param known the connection as just read; read when absent
 */
export async function standing(
  dependencies: Pick<ConnectionDependencies, 'store' | 'clock'>,
  before: Connection,
  known?: Connection,
): Promise<Rotation> {
  const stored = known ?? (await dependencies.store.read(before.connectionId));
  if (!stored) throw new ConnectionNotFoundError(before.connectionId);
  return obstacleTo(stored, before.generation, dependencies.clock()) ?? { outcome: 'elsewhere', connection: stored };
}

/** Tells why a generation's refresh token is not to be spent now; undefined when it may be. */
export function obstacleTo(connection: Connection, generation: number, now: number): Rotation | undefined {
  if (connection.status !== 'connected') return { outcome: 'ended', connection };
  if (connection.generation !== generation) return { outcome: 'current', connection };
  if (isUnderLease(connection.attempt, now)) return { outcome: 'elsewhere', connection };
  if (connection.notBefore !== undefined && connection.notBefore > now) return { outcome: 'cooling', connection };
  return undefined;
}
