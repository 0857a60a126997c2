import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import { ConnectorFunction, type SharedFunctionProps } from './connector-function.ts';
import type { EventQueues } from './event-queue.ts';
import { type ConnectorHttpApi, httpTimeoutSeconds } from './http-api.ts';
import type { Secrets } from './secrets.ts';
import type { Tables } from './tables.ts';

export interface ConnectingProps {
  readonly shared: SharedFunctionProps;
  readonly api: ConnectorHttpApi;
  readonly secrets: Secrets;
  readonly tables: Tables;
  readonly eventQueue: EventQueues;
  readonly returnToOrigins: readonly string[];
}

/** Connecting a Procore account and disconnecting it. */
export class Connecting extends Construct {
  readonly functions: readonly ConnectorFunction[];

  constructor(scope: Construct, id: string, props: ConnectingProps) {
    super(scope, id);
    const { shared, api, secrets, tables, eventQueue } = props;

    const connectLink = new ConnectorFunction(this, 'ConnectLink', {
      ...shared,
      name: 'connect-link',
      description: 'Makes the link by which a person connects one account',
      // One write; what costs time is the SDK's import, which more memory makes faster.
      memoryMebibytes: 512,
      timeoutSeconds: 10,
    });
    connectLink.set('returnToOrigins', props.returnToOrigins.join(','));

    const oauthStart = new ConnectorFunction(this, 'OauthStart', {
      ...shared,
      name: 'oauth-start',
      description: 'Shows the page with the button, and sends the browser to Procore',
      // A person waits: a read and a write, after a cold start.
      memoryMebibytes: 512,
      timeoutSeconds: 10,
    });
    const oauthCallback = new ConnectorFunction(this, 'OauthCallback', {
      ...shared,
      name: 'oauth-callback',
      description: 'Exchanges the authorization code and stores the tokens',
      // A person waits: up to two calls to Procore of 10 s each, or for the first of two equal requests.
      memoryMebibytes: 512,
      timeoutSeconds: httpTimeoutSeconds,
    });
    const oauthCompany = new ConnectorFunction(this, 'OauthCompany', {
      ...shared,
      name: 'oauth-company',
      description: 'Lets the person choose the company of the connection',
      // A person waits, and it asks Procore for the companies: 10 s at most a call.
      memoryMebibytes: 512,
      timeoutSeconds: httpTimeoutSeconds,
    });
    const disconnect = new ConnectorFunction(this, 'Disconnect', {
      ...shared,
      name: 'disconnect',
      description: 'Disconnects an account and revokes its tokens at Procore',
      // Two calls to Procore of 10 s each at most, between writes.
      memoryMebibytes: 512,
      timeoutSeconds: 30,
    });

    const connectServiceAccount = new ConnectorFunction(this, 'ConnectServiceAccount', {
      ...shared,
      name: 'connect-service-account',
      description: "Connects the app's own service account, without a person",
      // Up to four calls to Procore of 10 s each, nearly all of the time waiting.
      memoryMebibytes: 512,
      timeoutSeconds: 60,
    });

    const linking = [connectLink, oauthStart, oauthCallback, oauthCompany, connectServiceAccount];
    for (const each of linking) api.grantOrigin(each);
    tables.grantAuthorizations(connectLink, 'PutItem');
    tables.grantAuthorizations(oauthStart, 'GetItem', 'PutItem');
    tables.grantAuthorizations(oauthCallback, 'GetItem', 'UpdateItem');
    tables.grantAuthorizations(oauthCompany, 'GetItem');
    for (const authorizing of [oauthStart, oauthCallback, disconnect, connectServiceAccount]) {
      secrets.grantOauthClient(authorizing);
    }
    for (const changing of [oauthCallback, disconnect, connectServiceAccount]) tables.grantConnections(changing);
    tables.grantCompanyChoice(oauthCompany);
    for (const announcing of [oauthCallback, disconnect, connectServiceAccount]) {
      eventQueue.grantSend(announcing);
    }

    api.route('/oauth/start', [HttpMethod.GET, HttpMethod.POST], oauthStart);
    api.route('/oauth/callback', [HttpMethod.GET], oauthCallback);
    api.route('/oauth/company', [HttpMethod.GET, HttpMethod.POST], oauthCompany);

    this.functions = [connectLink, oauthStart, oauthCallback, oauthCompany, disconnect, connectServiceAccount];
  }
}
