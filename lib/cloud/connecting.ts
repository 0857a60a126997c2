import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import { ConnectorFunction, type SharedFunctionProps } from './connector-function.ts';
import type { EventQueues } from './event-queue.ts';
import { type ConnectorHttpApi, httpTimeoutSeconds } from './http-api.ts';
import type { Secrets } from './secrets.ts';
import type { Tables } from './tables.ts';

/** Properties for defining {@link Connecting}. */
export interface ConnectingProps {
  readonly shared: SharedFunctionProps;
  readonly api: ConnectorHttpApi;
  readonly secrets: Secrets;
  readonly tables: Tables;
  readonly eventQueue: EventQueues;
  /** Bare origins that a person may be sent back to; none means that nobody is sent back. */
  readonly returnToOrigins: readonly string[];
}

/** Connecting a Procore account and disconnecting it. */
export class Connecting extends Construct {
  readonly functions: readonly ConnectorFunction[];

  constructor(scope: Construct, id: string, props: ConnectingProps) {
    super(scope, id);
    this.functions = [
      this.#connectLink(props),
      this.#oauthStart(props),
      this.#oauthCallback(props),
      this.#oauthCompany(props),
      this.#disconnect(props),
      this.#connectServiceAccount(props),
    ];
  }

  #connectLink({ shared, api, tables, returnToOrigins }: ConnectingProps): ConnectorFunction {
    const connectLink = new ConnectorFunction(this, 'ConnectLink', {
      ...shared,
      name: 'connect-link',
      description: 'Makes the link by which a person connects one account',
      // One write; what costs time is the SDK's import, which more memory makes faster.
      memoryMebibytes: 512,
      timeoutSeconds: 10,
    });
    connectLink.set('returnToOrigins', returnToOrigins.join(','));
    api.grantOrigin(connectLink);
    tables.grantAuthorizations(connectLink, 'PutItem');
    return connectLink;
  }

  #oauthStart({ shared, api, secrets, tables }: ConnectingProps): ConnectorFunction {
    const oauthStart = new ConnectorFunction(this, 'OauthStart', {
      ...shared,
      name: 'oauth-start',
      description: 'Shows the page with the button, and sends the browser to Procore',
      // A person waits: a read and a write, after a cold start.
      memoryMebibytes: 512,
      timeoutSeconds: 10,
    });
    api.grantPageOrigins(oauthStart);
    tables.grantAuthorizations(oauthStart, 'GetItem', 'PutItem');
    secrets.grantOauthClient(oauthStart);
    api.route('/oauth/start', [HttpMethod.GET, HttpMethod.POST], oauthStart);
    return oauthStart;
  }

  #oauthCallback({ shared, api, secrets, tables, eventQueue }: ConnectingProps): ConnectorFunction {
    const oauthCallback = new ConnectorFunction(this, 'OauthCallback', {
      ...shared,
      name: 'oauth-callback',
      description: 'Exchanges the authorization code and stores the tokens',
      // A person waits: up to two calls to Procore of 10 s each, or for the first of two equal requests.
      memoryMebibytes: 512,
      timeoutSeconds: httpTimeoutSeconds,
    });
    api.grantPageOrigins(oauthCallback);
    tables.grantAuthorizations(oauthCallback, 'GetItem', 'UpdateItem');
    tables.grantConnections(oauthCallback);
    secrets.grantOauthClient(oauthCallback);
    eventQueue.grantSend(oauthCallback);
    api.route('/oauth/callback', [HttpMethod.GET], oauthCallback);
    return oauthCallback;
  }

  #oauthCompany({ shared, api, tables }: ConnectingProps): ConnectorFunction {
    const oauthCompany = new ConnectorFunction(this, 'OauthCompany', {
      ...shared,
      name: 'oauth-company',
      description: 'Lets the person choose the company of the connection',
      // A person waits, and it asks Procore for the companies: 10 s at most a call.
      memoryMebibytes: 512,
      timeoutSeconds: httpTimeoutSeconds,
    });
    api.grantPageOrigins(oauthCompany);
    tables.grantAuthorizations(oauthCompany, 'GetItem');
    tables.grantCompanyChoice(oauthCompany);
    api.route('/oauth/company', [HttpMethod.GET, HttpMethod.POST], oauthCompany);
    return oauthCompany;
  }

  #disconnect({ shared, secrets, tables, eventQueue }: ConnectingProps): ConnectorFunction {
    const disconnect = new ConnectorFunction(this, 'Disconnect', {
      ...shared,
      name: 'disconnect',
      description: 'Disconnects an account and revokes its tokens at Procore',
      // Two calls to Procore of 10 s each at most, between writes.
      memoryMebibytes: 512,
      timeoutSeconds: 30,
    });
    secrets.grantOauthClient(disconnect);
    tables.grantConnections(disconnect);
    eventQueue.grantSend(disconnect);
    return disconnect;
  }

  #connectServiceAccount({ shared, api, secrets, tables, eventQueue }: ConnectingProps): ConnectorFunction {
    const connectServiceAccount = new ConnectorFunction(this, 'ConnectServiceAccount', {
      ...shared,
      name: 'connect-service-account',
      description: "Connects the app's own service account, without a person",
      // Up to four calls to Procore of 10 s each, nearly all of the time waiting.
      memoryMebibytes: 512,
      timeoutSeconds: 60,
    });
    api.grantOrigin(connectServiceAccount);
    secrets.grantOauthClient(connectServiceAccount);
    tables.grantConnections(connectServiceAccount);
    eventQueue.grantSend(connectServiceAccount);
    return connectServiceAccount;
  }
}
