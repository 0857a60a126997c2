import { Stack } from 'aws-cdk-lib';
import { HttpApi, type HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Construct } from 'constructs';
import type { ProcoreEnvironment } from '../../functions/procore/environment.ts';
import type { ConnectorFunction } from './connector-function.ts';

/** API Gateway answers 503 for an integration that takes longer than 30 s. */
export const httpTimeoutSeconds = 29;

export interface ConnectorHttpApiProps {
  readonly procoreEnvironment: ProcoreEnvironment;
}

/** What is reachable from outside: the pages on which a person connects an account, and the webhooks' address. */
export class ConnectorHttpApi extends Construct {
  /** Scheme and host, no trailing slash. */
  readonly origin: string;
  readonly #api: HttpApi;

  constructor(scope: Construct, id: string, { procoreEnvironment }: ConnectorHttpApiProps) {
    super(scope, id);
    this.#api = new HttpApi(this, 'Api', {
      apiName: `${Stack.of(this).stackName}-${procoreEnvironment}`,
      description: `Procore Connector (${procoreEnvironment})`,
    });
    this.origin = this.#api.apiEndpoint;
  }

  /** Where Procore sends a person back to; it must be registered to the character. */
  get callbackUrl(): string {
    return `${this.origin}/oauth/callback`;
  }

  /** Where Procore's webhooks are sent. */
  get webhookUrl(): string {
    return `${this.origin}/webhooks`;
  }

  /** Lets a function know the origin that its links and its redirect URI have. */
  grantOrigin(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('publicOrigin', this.origin);
  }

  /** Hands requests for a path to a function (payload format 2.0). */
  route(path: string, methods: HttpMethod[], connectorFunction: ConnectorFunction): void {
    const integration = new HttpLambdaIntegration(connectorFunction.node.id, connectorFunction.lambda);
    this.#api.addRoutes({ path, methods, integration });
  }
}
