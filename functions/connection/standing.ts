import type { Connection } from './connection.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { ConnectionNotFoundError } from './refusals.ts';
import { isCoolingDown, isRestored, isUnderLease } from './timing.ts';

/** What became of a rotation; `connection` is the connection as it is now. */
export type Rotation =
  /** This call has replaced the tokens, and the new ones are durable: in the store, or in escrow. */
  | { readonly outcome: 'rotated' | 'escrowed'; readonly connection: Connection }
  /** Somebody else has replaced the tokens. */
  | { readonly outcome: 'current'; readonly connection: Connection }
  /** Somebody else holds the attempt. */
  | { readonly outcome: 'elsewhere'; readonly connection: Connection }
  /** Nobody may try before `connection.notBefore`; `connection.failure` says why. */
  | { readonly outcome: 'cooling'; readonly connection: Connection }
  /** It has ended, or it came out of a backup: Procore is not asked any more. */
  | { readonly outcome: 'ended'; readonly connection: Connection }
  /** This invocation ends too soon to begin. */
  | { readonly outcome: 'out_of_time'; readonly connection: Connection };

/**
 * Tells how a connection stands for a caller whose claim, or whose write on a generation, was refused.
 *
 * @param before the connection that the refused write was built from
 * @param known the connection as just read; it is read here when absent
 * @throws ConnectionNotFoundError when the item is gone
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

/**
 * Tells why the refresh token of a generation must not be spent now.
 *
 * @param now epoch seconds
 * @returns undefined when it may be spent
 */
export function obstacleTo(connection: Connection, generation: number, now: number): Rotation | undefined {
  if (connection.status !== 'connected') return { outcome: 'ended', connection };
  if (connection.generation !== generation) return { outcome: 'current', connection };
  if (isRestored(connection)) return { outcome: 'ended', connection };
  if (isUnderLease(connection.attempt, now)) return { outcome: 'elsewhere', connection };
  if (isCoolingDown(connection, now)) return { outcome: 'cooling', connection };
  return undefined;
}
