import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { type BrowserResponse, toBrowserResponse } from './connect/browser-answer.ts';
import { readBrowserRequest } from './connect/browser-request.ts';
import { answerCallback } from './connect/callback.ts';
import type { CodeExchangeDependencies } from './connect/code-exchange.ts';
import { orFailedPage } from './connect/failure.ts';
import { atRequestOrigin, type PageOrigins } from './connect/request-origin.ts';
import { observed, observer } from './middleware.ts';
import type { ProcoreEnvironmentName } from './procore/environment.ts';
import { callbackDependencies } from './wiring.ts';

/**
 * `GET /oauth/callback?code&state`, or `?error&state`: where Procore sends the browser back to.
 *
 * 200 connected, or the person's own denial; 303 to `returnTo` or to the choice of a company; 400 for a state that is
 * unknown, expired or another browser's, and for a refused code; 409 when connected meanwhile; 502 when Procore refuses
 * our client or names another; 503 when Procore is down, or the first of two calls is still at work or died; 500 for a
 * fault of our own. Every answer but 303 is a page.
 */
export function answerOAuthCallback(
  event: APIGatewayProxyEventV2,
  dependencies: CodeExchangeDependencies & PageOrigins & { readonly environment: ProcoreEnvironmentName },
): Promise<BrowserResponse> {
  return orFailedPage(dependencies, () =>
    answerCallback(atRequestOrigin(event, dependencies), readBrowserRequest(event)),
  ).then((answer) => toBrowserResponse(answer, dependencies.environment));
}

const dependencies = callbackDependencies(observer);

export const handler = observed((event: APIGatewayProxyEventV2, context: Context) =>
  answerOAuthCallback(event, { ...dependencies, remaining: () => context.getRemainingTimeInMillis() }),
);
