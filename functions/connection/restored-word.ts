import { ConnectorError } from '../connector-error.ts';
import { announce } from './announcing.ts';
import { afterWrite } from './connection-store.ts';
import type { RotationDependencies } from './dependencies.ts';
import { ConnectionNotFoundError } from './refusals.ts';
import { release } from './restoring-writes.ts';
import { rotateConnection } from './rotation.ts';
import type { Rotation } from './standing.ts';
import { isRestored } from './timing.ts';

/** A person wants a refresh token sent that no restored connection has. */
export class NotRestoredError extends ConnectorError {
  override readonly name = 'NotRestoredError';
  readonly code = 'not_restored';
  constructor(connectionId: string) {
    super(
      `Connection "${connectionId}" has no restored refresh token that waits for a word: it was never restored, its token ` +
        'was sent before, or it was connected again since. Look at it: npm run procore -- connections show ' +
        `${connectionId}`,
    );
  }
}

/**
 * Sends the refresh token of a restored connection, because a person wants it. When it has not been spent since the
 * backup, the connection is one like any other again. Else Procore refuses it, and may end the tokens that came of it.
 *
 * @returns what became of the rotation; a refusal is a verdict as any other is
 * @throws ConnectionNotFoundError, NotRestoredError, and whatever {@link rotateConnection} throws
 */
export async function sendRestoredRefreshToken(
  dependencies: RotationDependencies,
  connectionId: string,
): Promise<Rotation['outcome']> {
  const stored = await dependencies.store.read(connectionId);
  if (!stored) throw new ConnectionNotFoundError(connectionId);
  const { restoredRefreshToken, generation } = stored;
  if (restoredRefreshToken === undefined || !stored.tokens || !isRestored(stored))
    throw new NotRestoredError(connectionId);
  const write = release(stored, restoredRefreshToken, dependencies.clock());
  if ((await dependencies.store.write(write)) === 'refused') {
    const after = await dependencies.store.read(connectionId);
    // The SDK may have repeated a write that took effect. It is another's if somebody gave the same word at this moment.
    if (after?.generation !== generation + 1) throw new NotRestoredError(connectionId);
    return (await rotateConnection(dependencies, after)).outcome;
  }
  dependencies.observer.note('connection.refresh_token_released', { connectionId, generation: generation + 1 });
  const { outcome, connection } = await rotateConnection(dependencies, afterWrite(stored, write));
  if (outcome === 'rotated' || outcome === 'escrowed') await announce(dependencies, connection, 'connected');
  return outcome;
}
