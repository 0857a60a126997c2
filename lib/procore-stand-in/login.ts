import type { StandInCounts } from './control.ts';
import type { Faults } from './faults.ts';
import type { FixtureBook } from './fixtures.ts';
import { type Answer, readParameters, type StandInRequest, textAnswer } from './http-exchange.ts';
import { type OAuthPagesContext, showConsent, takeDecision } from './oauth-pages.ts';
import type { FaultMeans, SufferFault } from './suffer-fault.ts';
import {
  answerRevoke,
  answerTokenCall,
  answerTokenInfo,
  burnThrottled,
  grantTypeOf,
  type TokenEndpointContext,
} from './token-endpoint.ts';

/** What the login origin needs. */
export interface LoginContext extends OAuthPagesContext, TokenEndpointContext {
  readonly counts: StandInCounts;
  readonly faults: Faults;
  /** Pages that Procore shows when all of it is down. */
  readonly apiErrors: FixtureBook;
  /** Lets a call suffer a fault. */
  readonly suffer: SufferFault;
}

const grantCounts = {
  authorization_code: 'tokenExchanges',
  refresh_token: 'tokenRefreshes',
  client_credentials: 'clientCredentialsGrants',
  other: 'otherTokenCalls',
} as const;

/**
 * Answers the login origin: authorize, token, token/info, revoke.
 *
 * @see [PROCORE.md, section 1.2](PROCORE.md#12-endpoints)
 */
export async function answerLogin(request: StandInRequest, context: LoginContext): Promise<Answer | 'cut'> {
  const { counts, errors, faults } = context;
  const means = (act: FaultMeans['act'], onThrottled?: () => void): FaultMeans => ({
    act,
    serverError: () => errors.draw('serverError'),
    unavailable: () => context.apiErrors.draw('down'),
    throttled: (retryAfterSeconds) => {
      onThrottled?.();
      const answer = errors.draw('throttled');
      const retryAfter = retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) };
      return { ...answer, headers: { ...answer.headers, ...retryAfter } };
    },
  });

  switch (`${request.method} ${request.url.pathname}`) {
    case 'GET /oauth/authorize':
      counts.authorizePages += 1;
      return showConsent(request, context);
    case 'POST /oauth/authorize':
      counts.decisions += 1;
      return takeDecision(request, context);
    case 'POST /oauth/token': {
      const parameters = await readParameters(request);
      counts[grantCounts[grantTypeOf(parameters)]] += 1;
      const act = () => answerTokenCall(parameters, context);
      return context.suffer(
        faults.take('token'),
        means(act, () => burnThrottled(parameters, context)),
      );
    }
    case 'GET /oauth/token/info':
      counts.tokenInfos += 1;
      return context.suffer(
        faults.take('tokenInfo'),
        means(() => answerTokenInfo(request, context)),
      );
    case 'POST /oauth/revoke':
      counts.revokes += 1;
      return context.suffer(
        faults.take('revoke'),
        means(() => answerRevoke(request, context)),
      );
    default:
      return textAnswer(
        404,
        '<!DOCTYPE html><html lang="en"><title>Not found</title><h1>Not found</h1></html>',
        'text/html',
      );
  }
}
