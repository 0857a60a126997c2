import type { OAuthClient, TokenOutcome } from '../oauth/token-endpoint.ts';
import { endWithoutTokens } from './attempt-end.ts';
import { type Claimed, claimAttempt } from './claim.ts';
import type { Connection } from './connection.ts';
import type { RotationDependencies } from './dependencies.ts';
import { landTokens } from './landing.ts';
import { obstacleTo, type Rotation, standing } from './standing.ts';
import { askedCoolDownSeconds, claimReserveSeconds, coolDownSeconds } from './timing.ts';
import { judgeInvalidGrant } from './verdict.ts';

/**
 * Replaces a connection's tokens by redeeming its refresh token, or by asking for a service account's next token. It
 * does so at most once across all concurrent callers.
 *
 * The caller that claims the attempt calls the token endpoint. The others learn that somebody else does it. The claim
 * is written before the refresh token is spent, so it is also the journal: if a holder died or got no answer, the next
 * claimant knows that the refresh token may be spent. A process that dies between Procore's answer and the first
 * durable write loses the new tokens. That is the only window of loss.
 *
 * @param connection as just read with strong consistency; its generation is the one to replace
 * @returns what became of the rotation, and the connection as it is now
 * @throws whatever store, secret and changes throw; ConnectionNotFoundError when the item is gone
 * @see [RFC 6749, section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6), [RFC 9700, section 4.14](https://www.rfc-editor.org/rfc/rfc9700#section-4.14)
 */
export async function rotateConnection(dependencies: RotationDependencies, connection: Connection): Promise<Rotation> {
  const obstacle = obstacleTo(connection, connection.generation, dependencies.clock());
  if (obstacle) return obstacle;
  // The secret is read before the claim, so that no attempt is left behind when it cannot be read.
  const client = await dependencies.oauthClient.read();
  if (dependencies.remaining() < claimReserveSeconds * 1000) return { outcome: 'out_of_time', connection };

  const claimed = await claimAttempt(dependencies, connection);
  if ('outcome' in claimed) return claimed;
  const answer = await spend(dependencies, claimed.connection, client);
  return settle(dependencies, connection, claimed, answer);
}

/** Asks Procore. After a refusal it reads the client once more: somebody may just have changed the secret. */
async function spend(
  dependencies: RotationDependencies,
  { grant, tokens }: Connection,
  client: OAuthClient,
): Promise<TokenOutcome | { readonly outcome: 'no_refresh_token' }> {
  const ask = (asked: OAuthClient) =>
    grant === 'client_credentials'
      ? dependencies.tokenEndpoint.requestClientCredentials(asked)
      : dependencies.tokenEndpoint.redeemRefreshToken(asked, tokens?.refreshToken ?? '');
  if (grant !== 'client_credentials' && tokens?.refreshToken === undefined) return { outcome: 'no_refresh_token' };
  const answer = await ask(client);
  // Procore answers invalid_grant to another client that it knows, for example one that we remember from before a
  // correction (RFC 6749, section 5.2). That says nothing about the connection.
  const mayBeOldClient = answer.outcome === 'invalid_client' || answer.outcome === 'invalid_grant';
  if (!mayBeOldClient || dependencies.remaining() < claimReserveSeconds * 1000) return answer;
  // If the secret cannot be read now, the refusal stands.
  const fresh = await dependencies.oauthClient.read({ fresh: true }).catch(() => client);
  const isChanged = fresh.clientId !== client.clientId || fresh.clientSecret !== client.clientSecret;
  return isChanged ? ask(fresh) : answer;
}

/** Judges what came back: the table of outcomes in functions/connection/README.md, row by row. */
async function settle(
  dependencies: RotationDependencies,
  before: Connection,
  claimed: Claimed,
  answer: Awaited<ReturnType<typeof spend>>,
): Promise<Rotation> {
  const { connectionId, generation, failure } = before;
  const count = (failure?.count ?? 0) + 1;
  const usual = () => coolDownSeconds(count, dependencies.randomFraction());
  const fields = { connectionId, generation, attemptNumber: claimed.attempt.number };
  switch (answer.outcome) {
    case 'tokens': {
      const landing = await landTokens(dependencies, claimed.connection, answer.tokens);
      return landing.outcome === 'too_late' ? standing(dependencies, before, landing.connection) : landing;
    }
    case 'not_sent':
      dependencies.observer.note('rotation.not_sent', fields);
      dependencies.observer.count('rotationNotSent');
      return endWithoutTokens(dependencies, before, claimed, {
        code: 'not_sent',
        journal: 'spendable',
        seconds: usual(),
      });
    case 'unknown':
      dependencies.observer.note('rotation.unknown', { ...fields, status: answer.status });
      dependencies.observer.count('rotationUnknown');
      return endWithoutTokens(dependencies, before, claimed, { code: 'unknown', journal: 'unknown', seconds: usual() });
    case 'throttled': {
      dependencies.observer.note('rotation.throttled', { ...fields, status: answer.status });
      dependencies.observer.count('rotationThrottled');
      const seconds = askedCoolDownSeconds(answer.retryAfterSeconds, count, dependencies.randomFraction());
      return endWithoutTokens(dependencies, before, claimed, { code: 'throttled', journal: 'unknown', seconds });
    }
    case 'invalid_client':
      dependencies.observer.note('rotation.client_refused', { ...fields, status: answer.status });
      dependencies.observer.count('clientCredentialsRefused');
      // RFC 6749, section 5.2: the client is judged before the grant is looked at, so nothing is spent.
      return endWithoutTokens(dependencies, before, claimed, {
        code: 'invalid_client',
        journal: 'spendable',
        seconds: usual(),
      });
    case 'invalid_grant':
    case 'no_refresh_token':
      return judgeInvalidGrant(dependencies, before, claimed, answer.outcome);
  }
}
