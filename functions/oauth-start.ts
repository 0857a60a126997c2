import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type BrowserResponse, toBrowserResponse } from './connect/browser-answer.ts';
import { readBrowserRequest } from './connect/browser-request.ts';
import { orFailedPage } from './connect/failure.ts';
import { choosePageLanguage } from './connect/page-language.ts';
import type { PageSite } from './connect/page-site.ts';
import { atRequestOrigin, type PageOrigins } from './connect/request-origin.ts';
import { begin, type StartDependencies, showStart } from './connect/start.ts';
import { observed, observer } from './middleware.ts';
import { startDependencies } from './wiring.ts';

/**
 * `GET /oauth/start?link=`: 200 with the page that has the button; it changes nothing.
 * `POST /oauth/start` with `link` or `again` in the form: 303 to Procore.
 *
 * 400 for a link that is unknown, expired or used, or without the cookie; 403 for a POST that another site sends; 502
 * while no usable client id and secret are stored; 500 for a fault of our own. Every answer but 303 is a page.
 */
export function answerStart(
  event: APIGatewayProxyEventV2,
  dependencies: StartDependencies & PageOrigins & { readonly site: PageSite },
): Promise<BrowserResponse> {
  const use = event.requestContext.http.method === 'POST' ? begin : showStart;
  const language = choosePageLanguage(event.headers['accept-language']);
  return orFailedPage(dependencies, () => use(atRequestOrigin(event, dependencies), readBrowserRequest(event))).then(
    (answer) => toBrowserResponse(answer, { ...dependencies.site, language }),
  );
}

const dependencies = startDependencies(observer);

export const handler = observed((event: APIGatewayProxyEventV2) => answerStart(event, dependencies));
