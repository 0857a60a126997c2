import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import { ConnectorFunction, type SharedFunctionProps } from './connector-function.ts';
import type { EventQueues } from './event-queue.ts';
import { type ConnectorHttpApi, httpTimeoutSeconds } from './http-api.ts';
import { type PageOptions, pageSiteSetting } from './page-settings.ts';
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
  /** What the pages show of whoever asks for an account. */
  readonly pages: PageOptions;
}

/** Connecting a Procore account and disconnecting it. */
export class Connecting extends Construct {
  readonly functions: readonly ConnectorFunction[];
  /** What an integrator's backend invokes: for a link, to confirm a connection, and to end one. */
  readonly connectLink: ConnectorFunction;
  readonly confirmConnection: ConnectorFunction;
  readonly disconnect: ConnectorFunction;

  constructor(scope: Construct, id: string, props: ConnectingProps) {
    super(scope, id);
    this.disconnect = this.#disconnect(props);
    this.confirmConnection = this.#confirmConnection(props);
    this.connectLink = this.#connectLink(props);
    this.functions = [
      this.connectLink,
      this.#oauthStart(props),
      this.#oauthCallback(props),
      this.#oauthCompany(props),
      this.confirmConnection,
      this.disconnect,
      this.#connectServiceAccount(props),
    ];
  }

  /** Lets a function end connections. */
  grantDisconnect(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('disconnectFunction', this.disconnect.calledName);
    connectorFunction.allow(['lambda:InvokeFunction'], [this.disconnect.target.functionArn]);
  }

  #connectLink({ shared, api, tables, returnToOrigins }: ConnectingProps): ConnectorFunction {
    const connectLink = new ConnectorFunction(this, 'ConnectLink', {
      ...shared,
      name: 'connect-link',
      description: 'Makes the link by which a person connects one account',
      // A read and a write; what costs time is the SDK's import, which more memory makes faster.
      memoryMebibytes: 512,
      timeoutSeconds: 10,
    });
    connectLink.set('returnToOrigins', returnToOrigins.join(','));
    api.grantOrigin(connectLink);
    tables.grantAuthorizations(connectLink, 'PutItem');
    tables.grantReadConnections(connectLink);
    return connectLink;
  }

  #oauthStart({ shared, api, secrets, tables, pages }: ConnectingProps): ConnectorFunction {
    const oauthStart = new ConnectorFunction(this, 'OauthStart', {
      ...shared,
      name: 'oauth-start',
      description: 'Shows the page with the button, and sends the browser to Procore',
      // A person waits: a read and two writes, after a cold start.
      memoryMebibytes: 512,
      timeoutSeconds: 10,
    });
    this.#setUpPages(oauthStart, api, pages);
    tables.grantAuthorizations(oauthStart, 'GetItem', 'PutItem', 'UpdateItem');
    secrets.grantOauthClient(oauthStart);
    api.peopleRoute('/oauth/start', [HttpMethod.GET, HttpMethod.POST], oauthStart);
    return oauthStart;
  }

  #oauthCallback({ shared, api, secrets, tables, eventQueue, pages }: ConnectingProps): ConnectorFunction {
    const oauthCallback = new ConnectorFunction(this, 'OauthCallback', {
      ...shared,
      name: 'oauth-callback',
      description: 'Exchanges the authorization code and stores the tokens',
      // A person waits: up to two calls to Procore of 10 s each, or for the first of two equal requests.
      memoryMebibytes: 512,
      timeoutSeconds: httpTimeoutSeconds,
    });
    this.#setUpPages(oauthCallback, api, pages);
    tables.grantAuthorizations(oauthCallback, 'GetItem', 'UpdateItem');
    tables.grantConnections(oauthCallback);
    secrets.grantOauthClient(oauthCallback);
    eventQueue.grantSend(oauthCallback);
    api.peopleRoute('/oauth/callback', [HttpMethod.GET], oauthCallback);
    // It may read tokens, and the function that shows the companies may not.
    api.peopleRoute('/oauth/search', [HttpMethod.GET], oauthCallback);
    return oauthCallback;
  }

  #oauthCompany({ shared, api, tables, pages }: ConnectingProps): ConnectorFunction {
    const oauthCompany = new ConnectorFunction(this, 'OauthCompany', {
      ...shared,
      name: 'oauth-company',
      description: 'Says that an account is connected, and lets the person choose the company',
      // A person waits: a few reads and a write.
      memoryMebibytes: 512,
      timeoutSeconds: httpTimeoutSeconds,
    });
    this.#setUpPages(oauthCompany, api, pages);
    tables.grantAuthorizations(oauthCompany, 'GetItem');
    tables.grantCompanyChoice(oauthCompany);
    api.peopleRoute('/oauth/company', [HttpMethod.GET, HttpMethod.POST], oauthCompany);
    api.routeOthers(oauthCompany);
    return oauthCompany;
  }

  /** Lets a function show pages. */
  #setUpPages(connectorFunction: ConnectorFunction, api: ConnectorHttpApi, pages: PageOptions): void {
    api.grantPageOrigins(connectorFunction);
    const site = pageSiteSetting(pages);
    if (site !== undefined) connectorFunction.set('pageSite', site);
  }

  #confirmConnection({ shared, secrets, tables, eventQueue }: ConnectingProps): ConnectorFunction {
    const confirmConnection = new ConnectorFunction(this, 'ConfirmConnection', {
      ...shared,
      name: 'confirm-connection',
      description: "Makes the tokens that wait the connection's own, on the word of a backend",
      // A person waits. Where replaced tokens are revoked at once, two calls to Procore of 10 s each at most.
      memoryMebibytes: 512,
      timeoutSeconds: 30,
    });
    secrets.grantOauthClient(confirmConnection);
    tables.grantConnections(confirmConnection);
    eventQueue.grantSend(confirmConnection);
    return confirmConnection;
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
