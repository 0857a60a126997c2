import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { dynamoDbClient, secretsManagerClient } from './aws/clients.ts';
import { dynamoDbAuthorizationStore } from './aws/dynamodb-authorization-store.ts';
import { secretsManagerOAuthClient } from './aws/secrets-manager-oauth-client.ts';
import { type BrowserResponse, toBrowserResponse } from './connect/browser-answer.ts';
import { readBrowserRequest } from './connect/browser-request.ts';
import { orFailedPage } from './connect/failure.ts';
import { begin, type StartDependencies, showStart } from './connect/start.ts';
import { observed, observer } from './middleware.ts';
import { procoreOrigins } from './procore/environment.ts';
import { readEnvironment, readProcoreOriginOverrides, readSetting } from './settings.ts';
import { systemClock, systemRandomId } from './system.ts';

const environment = readEnvironment();

/**
 * `GET /oauth/start?link=`: 200 with the page that has the button; it changes nothing.
 * `POST /oauth/start` with `link` or `again` in the form: 303 to Procore.
 *
 * 400 for a link that is unknown, expired or used, or without the cookie; 403 for a POST that another site sends; 502
 * while no usable client id and secret are stored; 500 for a fault of our own. Every answer but 303 is a page.
 */
export function answerStart(event: APIGatewayProxyEventV2, dependencies: StartDependencies): Promise<BrowserResponse> {
  const use = event.requestContext.http.method === 'POST' ? begin : showStart;
  return orFailedPage(dependencies, () => use(dependencies, readBrowserRequest(event))).then((answer) =>
    toBrowserResponse(answer, environment),
  );
}

const dependencies: StartDependencies = {
  authorizations: dynamoDbAuthorizationStore({
    client: dynamoDbClient(),
    table: readSetting('authorizationsTable'),
    environment,
  }),
  oauthClient: secretsManagerOAuthClient({
    client: secretsManagerClient(),
    secretId: readSetting('oauthClientSecret'),
    environment,
    clock: systemClock,
    observer,
  }),
  clock: systemClock,
  randomId: systemRandomId,
  observer,
  publicOrigin: readSetting('publicOrigin'),
  loginOrigin: procoreOrigins(environment, readProcoreOriginOverrides()).loginOrigin,
};

export const handler = observed((event: APIGatewayProxyEventV2) => answerStart(event, dependencies));
