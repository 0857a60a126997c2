import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { type BrowserResponse, toBrowserResponse } from './connect/browser-answer.ts';
import { readBrowserRequest } from './connect/browser-request.ts';
import { answerCallback } from './connect/callback.ts';
import type { CodeExchangeDependencies } from './connect/code-exchange.ts';
import { searchCompanies } from './connect/company-search.ts';
import { orFailedPage } from './connect/failure.ts';
import { choosePageLanguage } from './connect/page-language.ts';
import type { PageSite } from './connect/page-site.ts';
import { atRequestOrigin, type PageOrigins } from './connect/request-origin.ts';
import { observed, observer } from './middleware.ts';
import { callbackDependencies } from './wiring.ts';

/**
 * `GET /oauth/callback?code&state`, or `?error&state`: where Procore sends the browser back to.
 * `GET /oauth/search?session&q`: 303 to the companies that match, where the account sees too many to keep.
 *
 * 303 when connected: to `returnTo`, or to the page that says so or lets the person choose a company, at an address without
 * code and state. 200 for the person's own denial; 400 for a state that is
 * unknown, expired or another browser's, and for a refused code; 409 when connected meanwhile; 502 when Procore refuses
 * our client or names another; 503 when Procore is down, or the first of two calls is still at work or died; 500 for a
 * fault of our own. Every answer but 303 is a page.
 */
export function answerOAuthCallback(
  event: APIGatewayProxyEventV2,
  dependencies: CodeExchangeDependencies & PageOrigins & { readonly site: PageSite },
): Promise<BrowserResponse> {
  const language = choosePageLanguage(event.headers['accept-language']);
  const use = event.routeKey === 'GET /oauth/search' ? searchCompanies : answerCallback;
  return orFailedPage(dependencies, () => use(atRequestOrigin(event, dependencies), readBrowserRequest(event))).then(
    (answer) => toBrowserResponse(answer, { ...dependencies.site, language }),
  );
}

const dependencies = callbackDependencies(observer);

export const handler = observed((event: APIGatewayProxyEventV2, context: Context) =>
  answerOAuthCallback(event, { ...dependencies, remaining: () => context.getRemainingTimeInMillis() }),
);
