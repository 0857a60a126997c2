import { ForeignItemError } from '../procore/foreign-item.ts';
import { announce } from './announcing.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import type { EscrowedTokenSet } from './escrow.ts';
import { isSameAuthorization, surrenderTokens } from './revocation.ts';
import { replace } from './transitions.ts';

/** What became of an escrowed token set. */
export type Recovery =
  /** It is stored now, or was before. */
  | 'recovered'
  /** Its generation is gone; it was given up for revocation where its authorization is over. */
  | 'too_late';

/**
 * Lands a token set out of escrow: on the generation that it replaces and nothing else, so that it lands even over a
 * verdict, which it thereby proves wrong.
 *
 * @throws whatever the store throws: the token set then stays in escrow
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
  // Generations begin anew where somebody has removed the item: the authorization must be the same one, too.
  const isReplaced =
    stored?.generation === escrowed.generation && isSameAuthorization(stored.authorizedBy, escrowed.authorizedBy);
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
  if (stored.status === 'reauthorization_required') await announce(dependencies, recovered, 'connected');
  return 'recovered';
}
