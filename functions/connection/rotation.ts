import { announce, isToldToReconnect } from './announcing.ts';
import { type AttemptEnd, endRefused, endWithoutTokens } from './attempt-end.ts';
import { type Claimed, claimAttempt } from './claim.ts';
import type { Connection } from './connection.ts';
import type { RotationDependencies } from './dependencies.ts';
import { landTokens } from './landing.ts';
import { isTimeToSpend, type Spending, spend } from './spending.ts';
import { obstacleTo, type Rotation, standing } from './standing.ts';
import { askedCoolDownSeconds, coolDownSeconds } from './timing.ts';
import { judgeInvalidGrant } from './verdict.ts';

/**
 * Replaces a connection's tokens by redeeming its refresh token, or by asking for a service account's next token. It
 * does so at most once across all concurrent callers.
 *
 * The caller that claims the attempt calls the token endpoint. The others learn that somebody else does it. The claim
 * is written before the refresh token is spent, so it is also the journal: if a holder died or got no answer, the next
 * claimant knows that the refresh token may be spent. A process that dies between Procore's answer and the first
 * durable write loses the new tokens. That is the only window of loss. So nothing is sent with less time left than its
 * answer needs, also when the claim took long: then the claim is given back.
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
  if (!isTimeToSpend(dependencies)) return { outcome: 'out_of_time', connection };

  const claimed = await claimAttempt(dependencies, connection);
  if ('outcome' in claimed) return claimed;
  const answer = await spend(dependencies, claimed.connection, client);
  return settle(dependencies, connection, claimed, answer);
}

/** Judges what came back: the table of outcomes in functions/connection/README.md, row by row. */
async function settle(
  dependencies: RotationDependencies,
  before: Connection,
  claimed: Claimed,
  answer: Spending,
): Promise<Rotation> {
  const { connectionId, generation, failure } = before;
  const { observer } = dependencies;
  const count = (failure?.count ?? 0) + 1;
  const status = 'status' in answer ? answer.status : undefined;
  const fields = {
    connectionId,
    generation,
    attemptNumber: claimed.attempt.number,
    ...(status !== undefined && { status }),
  };
  const end = (
    code: string,
    journal: AttemptEnd['journal'],
    seconds = coolDownSeconds(count, dependencies.randomFraction()),
  ) => endWithoutTokens(dependencies, before, claimed, { code, status, journal, seconds });
  switch (answer.outcome) {
    case 'tokens': {
      const landing = await landTokens(dependencies, claimed.connection, answer.tokens);
      if (landing.outcome === 'too_late') return standing(dependencies, before, landing.connection);
      // People were told that it must be connected again, and it need not.
      if (landing.outcome === 'rotated' && isToldToReconnect(before)) {
        await announce(dependencies, landing.connection, 'connected');
      }
      return landing;
    }
    case 'not_sent':
      observer.note('rotation.not_sent', fields);
      observer.count('rotationNotSent');
      return end('not_sent', 'spendable');
    case 'unknown':
      observer.note('rotation.unknown', { ...fields, status });
      observer.count('rotationUnknown');
      return end('unknown', 'unknown');
    case 'throttled':
      observer.note('rotation.throttled', fields);
      observer.count('rotationThrottled');
      return end(
        'throttled',
        'unknown',
        askedCoolDownSeconds(answer.retryAfterSeconds, count, dependencies.randomFraction()),
      );
    case 'unjudged':
      observer.note('rotation.unjudged', fields);
      observer.count('rotationUnknown');
      return end('unjudged', 'spendable');
    case 'refused': {
      const { code } = answer;
      observer.note('rotation.not_granted', { ...fields, code });
      observer.count('rotationUnknown');
      const seconds = coolDownSeconds(count, dependencies.randomFraction());
      return endRefused(dependencies, before, claimed, { code, status, seconds });
    }
    case 'invalid_client':
      observer.note('rotation.client_refused', fields);
      observer.count('clientCredentialsRefused');
      // RFC 6749, section 5.2: the client is judged before the grant is looked at, so nothing is spent.
      return end('invalid_client', 'spendable');
    case 'invalid_grant':
    case 'no_refresh_token':
      return judgeInvalidGrant(dependencies, before, claimed, answer.outcome);
  }
}
