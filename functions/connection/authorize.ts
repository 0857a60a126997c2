import { ForeignItemError } from '../procore/foreign-item.ts';
import { announce } from './announcing.ts';
import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { finishRevoking, surrenderTokens } from './revocation.ts';
import { storePauseMs } from './timing.ts';
import { create, type NewAuthorization, newConnection, reconnect } from './transitions.ts';

/** How a new authorization ended. */
export type AuthorizeOutcome =
  /** The connection has these tokens, or tokens that have replaced them since. */
  | { readonly outcome: 'authorized'; readonly connection: Connection }
  /**
   * This link, or a newer one, was spent before, or the connection was disconnected since the link was issued. The tokens
   * were given up for revocation.
   */
  | { readonly outcome: 'superseded' };

/** How much time an authorization leaves for the answer when the store refuses, in milliseconds. */
const answerReserveMs = 3000;

/**
 * Stores the tokens of a new authorization in ONE write, for a new connection or over an older authorization, and
 * announces `connected`. The write holds the time of the link, and it requires that the stored tokens come from an
 * older link. So the write spends the link.
 *
 * If the process dies between the exchange and this write, the grant is lost and the person starts again.
 *
 * @returns the connection, or `superseded` when a newer authorization was stored first
 * @throws whatever the store throws, after tries for as long as the invocation lasts
 */
export function authorizeConnection(
  dependencies: ConnectionDependencies,
  authorization: NewAuthorization,
): Promise<AuthorizeOutcome> {
  return patiently(dependencies, () => tryToAuthorize(dependencies, authorization));
}

/**
 * Tries again what the store has failed at, as long as the invocation lasts: what is to be stored exists nowhere else.
 *
 * @throws what the store threw last; ForeignItemError at once
 */
export async function patiently<Result>(
  dependencies: Pick<ConnectionDependencies, 'remaining' | 'sleep' | 'randomFraction'>,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof ForeignItemError || dependencies.remaining() < answerReserveMs) throw error;
      await dependencies.sleep(storePauseMs(tries, dependencies.randomFraction()));
    }
  }
}

async function tryToAuthorize(
  dependencies: ConnectionDependencies,
  authorization: NewAuthorization,
): Promise<AuthorizeOutcome> {
  const { connectionId, authorizedBy } = authorization;
  for (;;) {
    const stored = await dependencies.store.read(connectionId);
    if (stored?.authorizedBy.sessionId === authorizedBy.sessionId) {
      // The answer to our write was lost, or the SDK repeated the write. The stored authorization is ours all the same.
      if (stored.status === 'disconnected') return { outcome: 'superseded' };
      return finishAuthorizing(dependencies, stored);
    }
    if (stored && stored.authorizedBy.linkIssuedAt >= authorizedBy.linkIssuedAt) {
      await surrenderTokens(dependencies, authorization);
      return { outcome: 'superseded' };
    }
    const now = dependencies.clock();
    if (!stored) {
      const connection = newConnection(dependencies.store.environment, authorization, now);
      if ((await dependencies.store.write(create(connection))) === 'written')
        return finishAuthorizing(dependencies, connection);
      continue;
    }
    const write = reconnect(stored, authorization, now);
    if ((await dependencies.store.write(write)) === 'written')
      return finishAuthorizing(dependencies, afterWrite(stored, write));
  }
}

/**
 * Does what follows when a token set has become the live one by an authorization: it is announced, and the one before is
 * revoked if that is allowed.
 */
export async function finishAuthorizing(
  dependencies: ConnectionDependencies,
  connection: Connection,
): Promise<Extract<AuthorizeOutcome, { outcome: 'authorized' }>> {
  const { connectionId, generation, grant } = connection;
  dependencies.observer.note('connection.authorized', { connectionId, generation, grant });
  dependencies.observer.count('connectionAuthorized');
  await announce(dependencies, connection, 'connected');
  return { outcome: 'authorized', connection: await finishRevoking(dependencies, connection) };
}
