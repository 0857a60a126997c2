import { announce } from './announcing.ts';
import type { Connection } from './connection.ts';
import { afterWrite, ForeignConnectionError } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { finishRevoking, isSameAuthorization, surrenderTokens } from './revocation.ts';
import { create, type NewAuthorization, newConnection, reconnect } from './transitions.ts';

/** What became of a new authorization. */
export type AuthorizeOutcome =
  /** The connection has these tokens, or those that have replaced them since. */
  | { readonly outcome: 'authorized'; readonly connection: Connection }
  /** The link was spent before, or a newer one was: the tokens were given up for revocation. */
  | { readonly outcome: 'superseded' };

/** What an authorization leaves of its invocation when the store refuses, in milliseconds. */
const answerReserveMs = 3000;

/**
 * Stores the tokens of a new authorization in ONE write, for a new connection or over an older authorization, and
 * announces `connected`. The link's time in it spends the link: what is stored must be of an older link.
 *
 * A process that dies between the exchange and this write loses the grant; the person starts again.
 *
 * @throws whatever the store throws, after tries for as long as the invocation lasts
 */
export async function authorizeConnection(
  deps: ConnectionDependencies,
  authorization: NewAuthorization,
): Promise<AuthorizeOutcome> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await tryToAuthorize(deps, authorization);
    } catch (error) {
      if (error instanceof ForeignConnectionError || deps.remaining() < answerReserveMs) throw error;
      await deps.sleep(Math.min(50 * 2 ** tries, 1000) * (0.5 + 0.5 * deps.randomFraction()));
    }
  }
}

async function tryToAuthorize(
  deps: ConnectionDependencies,
  authorization: NewAuthorization,
): Promise<AuthorizeOutcome> {
  const { connectionId, authorizedBy } = authorization;
  for (;;) {
    const stored = await deps.store.read(connectionId);
    if (stored && isSameAuthorization(stored.authorizedBy, authorizedBy)) {
      // The answer to the write was lost, or the SDK repeated it: it is ours all the same.
      if (stored.status === 'disconnected') return { outcome: 'superseded' };
      return finishAuthorizing(deps, stored);
    }
    if (stored && stored.authorizedBy.linkIssuedAt >= authorizedBy.linkIssuedAt) {
      await surrenderTokens(deps, authorization);
      return { outcome: 'superseded' };
    }
    const now = deps.clock();
    if (!stored) {
      const connection = newConnection(deps.store.environment, authorization, now);
      if ((await deps.store.write(create(connection))) === 'written') return finishAuthorizing(deps, connection);
      continue;
    }
    const write = reconnect(stored, authorization, now);
    if ((await deps.store.write(write)) === 'written') return finishAuthorizing(deps, afterWrite(stored, write));
  }
}

async function finishAuthorizing(deps: ConnectionDependencies, connection: Connection): Promise<AuthorizeOutcome> {
  const { connectionId, generation, grant } = connection;
  deps.observer.note('connection.authorized', { connectionId, generation, grant });
  deps.observer.count('connectionAuthorized');
  await announce(deps, connection, 'connected');
  return { outcome: 'authorized', connection: await finishRevoking(deps, connection) };
}
