import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { dynamoDbClient } from './aws/clients.ts';
import { dynamoDbAuthorizationStore } from './aws/dynamodb-authorization-store.ts';
import { dynamoDbConnectionStore } from './aws/dynamodb-connection-store.ts';
import { type BrowserResponse, toBrowserResponse } from './connect/browser-answer.ts';
import { readBrowserRequest } from './connect/browser-request.ts';
import { type CompanyDependencies, showCompanies, submitCompany } from './connect/company.ts';
import { orFailedPage } from './connect/failure.ts';
import { observed, observer } from './middleware.ts';
import { readEnvironment, readSetting } from './settings.ts';
import { systemClock, systemRandomId } from './system.ts';

const environment = readEnvironment();

/**
 * `GET /oauth/company?session=`: 200 with the companies that the account saw when it was connected.
 * `POST /oauth/company` with `session` and `companyId` in the form: 303 to the page that says so, or to `returnTo`.
 *
 * 400 for another browser, a session that is over, or no company of the list; 403 for a POST that another site sends;
 * 500 for a fault of our own. Every answer but 303 is a page.
 */
export function answerCompany(
  event: APIGatewayProxyEventV2,
  dependencies: CompanyDependencies,
): Promise<BrowserResponse> {
  const use = event.requestContext.http.method === 'POST' ? submitCompany : showCompanies;
  return orFailedPage(dependencies, () => use(dependencies, readBrowserRequest(event))).then((answer) =>
    toBrowserResponse(answer, environment),
  );
}

const client = dynamoDbClient();
const dependencies: CompanyDependencies = {
  authorizations: dynamoDbAuthorizationStore({ client, table: readSetting('authorizationsTable'), environment }),
  store: dynamoDbConnectionStore({ client, table: readSetting('connectionsTable'), environment }),
  clock: systemClock,
  randomId: systemRandomId,
  observer,
  publicOrigin: readSetting('publicOrigin'),
};

export const handler = observed((event: APIGatewayProxyEventV2) => answerCompany(event, dependencies));
