import { Aws, Fn, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnRoute,
  type CfnStage,
  DomainName,
  HttpApi,
  type HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type IFilterPattern, LogGroup, MetricFilter, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct, type IConstruct } from 'constructs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { acknowledge } from './acknowledge.ts';
import type { ConnectorFunction } from './connector-function.ts';
import type { Domain } from './domain.ts';
import type { EncryptionKey } from './encryption-key.ts';
import { retained } from './retained.ts';

/** API Gateway answers 503 for an integration that takes longer than 30 s. */
export const httpTimeoutSeconds = 29;

/**
 * One edit in Procore can send 2,000 webhooks at once: twice as many fit into the burst. A stranger who sends more is
 * cut off before he uses up the functions of the account.
 */
export const throttle = { burstLimit: 4000, rateLimit: 2000 };

/**
 * Each route of people has a throttle of its own, since an anonymous request costs as much as a webhook, and nobody needs so
 * many: ten people a second, and a hundred at once after a mailing. A stranger can use it up. Then people get 429 until he
 * stops, and webhooks go on.
 */
export const peopleThrottle = { burstLimit: 100, rateLimit: 10 };

export interface ConnectorHttpApiProps {
  readonly procoreEnvironment: ProcoreEnvironmentName;
  readonly encryptionKey: EncryptionKey;
  readonly logRetention: RetentionDays;
  /** Default is the host that API Gateway draws. */
  readonly domain?: Domain | undefined;
  /** The namespace of the metrics that are made of access logs. */
  readonly metricNamespace: string;
}

/** What is reachable from outside: the pages on which a person connects an account, and the webhooks' address. */
export class ConnectorHttpApi extends Construct {
  /** Scheme and host, no trailing slash. */
  readonly origin: string;
  readonly accessLogs: LogGroup;
  /** Where the custom domain's DNS record must point to, if there is one. */
  readonly domainTarget: string | undefined;
  /** The host that answers, too, and is not in use. */
  readonly #otherOrigin: string | undefined;
  readonly #api: HttpApi;
  readonly #stage: CfnStage;

  constructor(scope: Construct, id: string, props: ConnectorHttpApiProps) {
    super(scope, id);
    const { procoreEnvironment, domain } = props;
    this.#api = new HttpApi(this, 'Api', {
      apiName: `${Stack.of(this).stackName}-${procoreEnvironment}`,
      description: `Procore Connector (${procoreEnvironment})`,
      createDefaultStage: false,
    });
    this.accessLogs = new LogGroup(this, 'AccessLogs', {
      logGroupName: accessLogsName(procoreEnvironment),
      retention: props.logRetention,
      encryptionKey: props.encryptionKey.key,
      removalPolicy: retained,
    });
    const customDomain =
      domain &&
      new DomainName(this, 'Domain', {
        domainName: domain.name,
        certificate: domain.certificate,
      });
    const stage = new HttpStage(this, 'DefaultStage', {
      httpApi: this.#api,
      autoDeploy: true,
      throttle,
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLogs),
        format: accessLogFormat(Stack.of(this).stackName, procoreEnvironment),
      },
      ...(customDomain && { domainMapping: { domainName: customDomain } }),
    });
    this.#stage = stage.node.defaultChild as CfnStage;
    this.#measureWebhooks(props.metricNamespace);
    this.domainTarget = customDomain?.regionalDomainName;
    const ofDomain = domain && `https://${domain.name}`;
    const [origin, otherOrigin] = domain?.inUse ? [ofDomain, this.#api.apiEndpoint] : [this.#api.apiEndpoint, ofDomain];
    this.origin = origin ?? this.#api.apiEndpoint;
    this.#otherOrigin = otherOrigin;
  }

  /** Where Procore sends a person back to; it must be registered to the character. */
  get callbackUrl(): string {
    return `${this.origin}/oauth/callback`;
  }

  /** Where Procore's webhooks are sent. */
  get webhookUrl(): string {
    return `${this.origin}/webhooks`;
  }

  /** API Gateway's own count of this API, which comes whatever becomes of the access logs. */
  metric(name: '5xx'): Metric {
    return { '5xx': this.#api.metricServerError({ statistic: 'Sum' }) }[name];
  }

  /** Lets a function know the origin that its links and its redirect URI have. */
  grantOrigin(connectorFunction: ConnectorFunction): void {
    connectorFunction.set('publicOrigin', this.origin);
  }

  /** Lets a function that shows pages know both origins: a sign-in ends at the host at which it began. */
  grantPageOrigins(connectorFunction: ConnectorFunction): void {
    this.grantOrigin(connectorFunction);
    if (this.#otherOrigin !== undefined) connectorFunction.set('otherOrigin', this.#otherOrigin);
  }

  /**
   * Hands requests for a path to a function (payload format 2.0). An HTTP API takes `/path/` for another path than `/path`,
   * and no route that ends with a slash: `/path/{proxy+}` catches it.
   *
   * @see https://github.com/storacha/w3infra/pull/166
   */
  route(path: string, methods: HttpMethod[], connectorFunction: ConnectorFunction): readonly HttpRoute[] {
    const routes = this.#api.addRoutes({ path, methods, integration: integrationOf(connectorFunction) });
    for (const route of routes) open(route, whyOpen(path));
    return routes;
  }

  /** Hands requests that people's browsers make for a path to a function, as many as {@link peopleThrottle} lets through. */
  peopleRoute(path: string, methods: HttpMethod[], connectorFunction: ConnectorFunction): void {
    const routes = this.route(path, methods, connectorFunction);
    for (const [index, route] of routes.entries()) this.#throttle(route, `${methods[index]} ${path}`);
  }

  /**
   * Hands a function the requests that no other route takes, as many as {@link peopleThrottle} lets through: people mistype
   * addresses, and shorten them.
   */
  routeOthers(connectorFunction: ConnectorFunction): void {
    const routeKey = HttpRouteKey.DEFAULT;
    const integration = integrationOf(connectorFunction);
    const route = new HttpRoute(this, 'Others', { httpApi: this.#api, routeKey, integration });
    open(route, 'The default route shows a page that holds nothing and does nothing.');
    this.#throttle(route, routeKey.key);
  }

  #throttle(route: HttpRoute, routeKey: string): void {
    // As CloudFormation spells it: what the CDK hands on here is plain JSON.
    const { burstLimit, rateLimit } = peopleThrottle;
    const limits = { ThrottlingBurstLimit: burstLimit, ThrottlingRateLimit: rateLimit };
    this.#stage.routeSettings = { ...this.#stage.routeSettings, [routeKey]: limits };
    // API Gateway refuses settings of a route that it does not have yet.
    this.#stage.node.addDependency(route.node.defaultChild as CfnRoute);
  }

  /**
   * Measures what Procore sees, which no function can: cold starts, throttling and crashes included. API Gateway's own
   * metrics would mix webhooks with pages, or cost as much again for every route.
   */
  #measureWebhooks(metricNamespace: string): void {
    const webhook = FilterPattern.stringValue('$.routeKey', '=', 'POST /webhooks*');
    const unanswered = FilterPattern.any(
      FilterPattern.numberValue('$.status', '=', 429),
      FilterPattern.numberValue('$.status', '>=', 500),
    );
    const measure = (metricName: string, filterPattern: IFilterPattern, metricValue: string) =>
      new MetricFilter(this, metricName, {
        logGroup: this.accessLogs,
        filterPattern,
        metricNamespace,
        metricName,
        metricValue,
        dimensions: { stack: '$.stack', environment: '$.environment' },
      });
    measure('webhookAnswerMs', webhook, '$.answerMs');
    measure('webhookUnanswered', FilterPattern.all(webhook, unanswered), '1');
  }
}

/**
 * Names the group of access logs. Of a group outside `/aws/vendedlogs/` API Gateway notes the ARN in a resource policy
 * that the whole account shares, which takes 5,120 characters and is never cleaned. The GUID at the end of the stack's id
 * makes the name differ from that of an earlier stack of the same name, whose group was retained.
 *
 * @see [API Gateway's log groups](https://github.com/anomalyco/sst/issues/125),
 *   [log delivery](https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html)
 */
function accessLogsName(environment: ProcoreEnvironmentName): string {
  const guid = Fn.select(2, Fn.split('/', Aws.STACK_ID));
  return `/aws/vendedlogs/procore/${guid}/${environment}`;
}

const integrationOf = ({ node, target }: ConnectorFunction) => new HttpLambdaIntegration(node.id, target);

function open(route: IConstruct, reason: string): void {
  acknowledge(route, { id: 'AwsSolutions::AwsSolutions-APIG4', reason });
}

/** API Gateway can check neither a browser that Procore sends back nor Procore's own header: our functions do. */
function whyOpen(path: string): string {
  return path.startsWith('/webhooks')
    ? `Procore cannot sign in at the route ${path}: webhook-intake checks the Authorization header that its hooks send.`
    : `The route ${path} is opened by a person's browser: the one-time link, the state and the cookie authorize it.`;
}

/** One line of JSON a request. The route stands for the path, and no query string: that holds codes and states. */
function accessLogFormat(stack: string, environment: ProcoreEnvironmentName): AccessLogFormat {
  // CloudWatch Logs keeps the time itself, and each byte is paid for with every webhook.
  const texts = {
    requestId: '$context.requestId',
    sourceIp: '$context.identity.sourceIp',
    routeKey: '$context.routeKey',
    integrationError: '$context.integrationErrorMessage',
    stack,
    environment,
  };
  // Unquoted, since metric filters compare and add up numbers only.
  const numbers = '"status":$context.status,"answerMs":$context.responseLatency';
  return AccessLogFormat.custom(JSON.stringify(texts).replace(/}$/, `,${numbers}}`));
}
