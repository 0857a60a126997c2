import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type BrowserAnswer, type BrowserResponse, toBrowserResponse } from './connect/browser-answer.ts';
import { readBrowserRequest } from './connect/browser-request.ts';
import { type CompanyDependencies, showCompanies, submitCompany } from './connect/company.ts';
import { orFailedPage } from './connect/failure.ts';
import { showOther } from './connect/other-path.ts';
import { choosePageLanguage } from './connect/page-language.ts';
import type { PageSite } from './connect/page-site.ts';
import { atRequestOrigin, type PageOrigins } from './connect/request-origin.ts';
import { observed, observer } from './middleware.ts';
import { companyDependencies } from './wiring.ts';

/**
 * `GET /oauth/company?session=`: 200 with the page that says that an account is connected, or with the companies that it
 * saw then, where there are several; `q` searches them.
 * `POST /oauth/company` with `session` and `companyId` in the form: 303 to the page that says so, or to `returnTo`.
 *
 * Every path that has no route of its own (`$default`): 200 at `/`, else 404.
 *
 * 400 for another browser, a session that is over, or no company of the list; 403 for a POST that another site sends;
 * 500 for a fault of our own. Every answer but 303 is a page.
 */
export function answerCompany(
  event: APIGatewayProxyEventV2,
  dependencies: CompanyDependencies & PageOrigins & { readonly site: PageSite },
): Promise<BrowserResponse> {
  const language = choosePageLanguage(event.headers['accept-language']);
  return orFailedPage(dependencies, () => answerPath(event, dependencies)).then((answer) =>
    toBrowserResponse(answer, { ...dependencies.site, language }),
  );
}

async function answerPath(
  event: APIGatewayProxyEventV2,
  dependencies: CompanyDependencies & PageOrigins,
): Promise<BrowserAnswer> {
  if (event.routeKey === '$default') return showOther(event.rawPath);
  const use = event.requestContext.http.method === 'POST' ? submitCompany : showCompanies;
  return use(atRequestOrigin(event, dependencies), readBrowserRequest(event));
}

const dependencies = companyDependencies(observer);

export const handler = observed((event: APIGatewayProxyEventV2) => answerCompany(event, dependencies));
