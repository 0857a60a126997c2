import { ForeignItemError } from '../procore/foreign-item.ts';
import { announce, isToldToReconnect } from './announcing.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import type { EscrowedTokenSet } from './escrow.ts';
import { isNewerThanRestored } from './restoring-writes.ts';
import { isSameAuthorization, surrenderTokens } from './revocation.ts';
import { replace } from './transitions.ts';

/** How the recovery of an escrowed token set ended. */
export type Recovery =
  /** It is stored now, or it was stored before. */
  | 'recovered'
  /** Another token set has replaced its generation. It was given up for revocation if its authorization is over. */
  | 'too_late';

/**
 * Stores a token set that comes out of escrow. It is stored only over the generation that it replaces. That is its only
 * condition, so it is stored even over a verdict, which it proves wrong.
 *
 * @returns whether the connection has the token set
 * @throws whatever the store throws: the token set then stays in escrow; ForeignItemError when it belongs to another
 *   environment
 */
export async function recoverTokens(
  dependencies: ConnectionDependencies,
  escrowed: EscrowedTokenSet,
): Promise<Recovery> {
  const { connectionId, tokens, environment } = escrowed;
  if (environment !== dependencies.store.environment) {
    throw new ForeignItemError('escrow queue', environment, dependencies.store.environment);
  }
  const stored = await dependencies.store.read(connectionId);
  if (stored?.tokens?.accessToken === tokens.accessToken) return 'recovered';
  // Generations start from 1 again after somebody has removed the item. So the authorization must be the same, too.
  const isReplaced =
    stored !== undefined &&
    (stored.generation === escrowed.generation || isNewerThanRestored(escrowed, stored)) &&
    isSameAuthorization(stored.authorizedBy, escrowed.authorizedBy);
  if (!isReplaced) {
    await surrenderTokens(dependencies, escrowed);
    return 'too_late';
  }
  const write = replace(stored, tokens, { now: dependencies.clock(), fraction: dependencies.randomFraction() });
  if ((await dependencies.store.write(write)) === 'refused') {
    const settled = await surrenderTokens(dependencies, escrowed);
    if (settled?.tokens?.accessToken !== tokens.accessToken) return 'too_late';
  }
  const recovered = afterWrite(stored, write);
  const { generation, rotateAt } = recovered;
  dependencies.observer.note('rotation.recovered', { connectionId, generation, rotateAt });
  dependencies.observer.count('rotationRecovered');
  if (isToldToReconnect(stored)) await announce(dependencies, recovered, 'connected');
  return 'recovered';
}
