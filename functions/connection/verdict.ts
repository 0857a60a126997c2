import { announce, isTold } from './announcing.ts';
import { endWithoutTokens } from './attempt-end.ts';
import type { Claimed } from './claim.ts';
import type { Attempt, Connection, ReauthorizationCause } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { isRevocationAllowed } from './revocation.ts';
import { type Rotation, standing } from './standing.ts';
import { suspectCoolDownSeconds, validSeconds } from './timing.ts';
import { leaveIndex, noteTold, refuse } from './transitions.ts';

/**
 * Judges a refused refresh token. There are three possibilities:
 *
 * - Somebody has replaced the generation meanwhile. There is no verdict: the new tokens count.
 * - The attempt before this one has no outcome. Its holder died, and its success may wait in escrow. The refusal is
 *   suspect, and Procore is asked once more after a cool-down.
 * - Otherwise a person must authorize again. Procore is not asked again until then.
 *
 * @param before the connection before the claim
 * @returns what became of the rotation
 */
export async function judgeInvalidGrant(
  dependencies: ConnectionDependencies,
  before: Connection,
  claimed: Claimed,
  refusal: 'invalid_grant' | 'no_refresh_token',
): Promise<Rotation> {
  const { connectionId, generation, grant, attempt: previous } = before;
  const stored = await dependencies.store.read(connectionId);
  if (stored?.generation !== generation || stored.attempt?.owner !== claimed.attempt.owner) {
    return standing(dependencies, before, stored);
  }
  const mayBeInEscrow = grant !== 'client_credentials' && previous !== undefined && !isKnownOutcome(previous);
  if (refusal === 'invalid_grant' && mayBeInEscrow) {
    const seconds = suspectCoolDownSeconds(dependencies.randomFraction());
    dependencies.observer.note('rotation.suspect', { connectionId, generation, attemptNumber: claimed.attempt.number });
    return endWithoutTokens(dependencies, before, claimed, { code: refusal, journal: 'suspect', seconds });
  }
  const cause = refusal === 'no_refresh_token' ? refusal : await causeOf(dependencies, before);
  return passVerdict(dependencies, before, claimed, { cause, code: refusal });
}

/** An outcome of a later version is doubted like none: what it says about the refresh token is not known here. */
function isKnownOutcome({ outcome }: Attempt): boolean {
  return outcome === 'unknown' || outcome === 'suspect';
}

async function passVerdict(
  dependencies: ConnectionDependencies,
  before: Connection,
  { connection, attempt }: Claimed,
  { cause, code }: { readonly cause: ReauthorizationCause; readonly code: string },
): Promise<Rotation> {
  const now = dependencies.clock();
  const failure = { code, at: now, count: (before.failure?.count ?? 0) + 1 };
  const write = refuse(connection, attempt, { cause, failure, now });
  let refused = afterWrite(connection, write);
  if ((await dependencies.store.write(write)) === 'refused') {
    const stored = await dependencies.store.read(before.connectionId);
    // The SDK may have repeated a verdict that took effect.
    const isMine = stored?.generation === before.generation && stored.status === 'reauthorization_required';
    if (!isMine) return standing(dependencies, before, stored);
    refused = stored;
  }
  const { connectionId, generation } = refused;
  dependencies.observer.note('rotation.refused', { connectionId, generation, attemptNumber: attempt.number, cause });
  dependencies.observer.count('reauthorizationRequired');
  return { outcome: 'ended', connection: await announceVerdict(dependencies, refused) };
}

/**
 * Tells the integrator that a person must authorize again, and takes the connection out of the due index. It stays in
 * the index, and the sweep tries again, as long as the queue refuses or Procore has not confirmed a revocation.
 *
 * @param connection with the status `reauthorization_required`
 * @returns the connection as it is after that
 */
export async function announceVerdict(
  dependencies: Pick<ConnectionDependencies, 'store' | 'changes' | 'clock' | 'observer' | 'keepReplaced'>,
  connection: Connection,
): Promise<Connection> {
  const wasTold = isTold(connection);
  if (!wasTold && (await announce(dependencies, connection, 'reauthorization_required')) === 'unannounced')
    return connection;
  const mustRevoke = connection.revoking !== undefined && isRevocationAllowed(connection, dependencies.keepReplaced);
  if (mustRevoke && wasTold) return connection;
  const write = mustRevoke ? noteTold(connection, dependencies.clock()) : leaveIndex(connection, dependencies.clock());
  return (await dependencies.store.write(write)) === 'written' ? afterWrite(connection, write) : connection;
}

/**
 * Tells why Procore refused, as far as that is known. While the access token still works, Procore says more about it.
 */
async function causeOf(
  { tokenEndpoint, clock }: ConnectionDependencies,
  { attempt, grant, tokens }: Connection,
): Promise<ReauthorizationCause> {
  // A service account spends no refresh token, so a lost answer cannot be the cause.
  if (grant === 'client_credentials') return 'revoked';
  if (attempt !== undefined) return 'response_lost';
  if (tokens === undefined || validSeconds(tokens, clock()) <= 0) return 'revoked';
  const info = await tokenEndpoint.tokenInfo(tokens.accessToken);
  return info.outcome === 'info' ? 'used_elsewhere' : 'revoked';
}
