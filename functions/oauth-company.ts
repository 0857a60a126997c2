import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type BrowserResponse, toBrowserResponse } from './connect/browser-answer.ts';
import { readBrowserRequest } from './connect/browser-request.ts';
import { type CompanyDependencies, showCompanies, submitCompany } from './connect/company.ts';
import { orFailedPage } from './connect/failure.ts';
import { atRequestOrigin, type PageOrigins } from './connect/request-origin.ts';
import { observed, observer } from './middleware.ts';
import type { ProcoreEnvironmentName } from './procore/environment.ts';
import { companyDependencies } from './wiring.ts';

/**
 * `GET /oauth/company?session=`: 200 with the companies that the account saw when it was connected.
 * `POST /oauth/company` with `session` and `companyId` in the form: 303 to the page that says so, or to `returnTo`.
 *
 * 400 for another browser, a session that is over, or no company of the list; 403 for a POST that another site sends;
 * 500 for a fault of our own. Every answer but 303 is a page.
 */
export function answerCompany(
  event: APIGatewayProxyEventV2,
  dependencies: CompanyDependencies & PageOrigins & { readonly environment: ProcoreEnvironmentName },
): Promise<BrowserResponse> {
  const use = event.requestContext.http.method === 'POST' ? submitCompany : showCompanies;
  return orFailedPage(dependencies, () => use(atRequestOrigin(event, dependencies), readBrowserRequest(event))).then(
    (answer) => toBrowserResponse(answer, dependencies.environment),
  );
}

const dependencies = companyDependencies(observer);

export const handler = observed((event: APIGatewayProxyEventV2) => answerCompany(event, dependencies));
