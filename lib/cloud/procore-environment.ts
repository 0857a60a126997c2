import { CfnOutput } from 'aws-cdk-lib';
import type { IAlarm, IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { accessTokenFunctionVariable } from '../../functions/settings.ts';
import { type Bundles, type FunctionName, packagedBundles } from './bundle/bundle.ts';
import { Connecting } from './connecting.ts';
import type { LogLevel } from './connector-function.ts';
import type { Domain } from './domain.ts';
import { EncryptionKey } from './encryption-key.ts';
import { EscrowQueue } from './escrow-queue.ts';
import { EventQueues } from './event-queue.ts';
import { ConnectorHttpApi } from './http-api.ts';
import { Monitoring, metricNamespace } from './monitoring.ts';
import { QuarantineQueue } from './quarantine-queue.ts';
import { RotationQueues } from './rotation-queue.ts';
import { Secrets } from './secrets.ts';
import { Tables } from './tables.ts';
import { Tokens } from './tokens.ts';
import { Webhooks } from './webhooks.ts';

/** The functions whose logs the command line reads: what they log carries reference ids, and on-event.ts logs in one. */
const readLogs: readonly FunctionName[] = [
  'oauth-start',
  'oauth-callback',
  'oauth-company',
  'webhook-worker',
  'subscription-audit',
];

export interface ProcoreEnvironmentProps {
  /** Which Procore it serves. */
  readonly procoreEnvironment: ProcoreEnvironmentName;
  /** The file, TypeScript or JavaScript, that exports `onEvent` and `onConnectionChange`. @default logs each event */
  readonly onEventEntry?: string;
  /** Bare origins that a person may be sent back to after connecting. @default none */
  readonly returnToOrigins?: readonly string[];
  /** Whether our worker takes the events; without it the queue is yours to consume. @default true */
  readonly worker?: boolean;
  /** How many batches of ten events are worked at a time, 2 to 1000. @default 10 */
  readonly workerConcurrency?: number;
  /**
   * Whether token sets that a reconnect replaced are revoked at once. Whether Procore then spares the new set of the
   * same user is not known; otherwise they are revoked with the disconnect. @default false
   */
  readonly revokeReplacedTokens?: boolean;
  /** One of the periods that CloudWatch Logs has. @default 90 (days) */
  readonly logRetentionDays?: number;
  /** How much the functions log; the alarms' log queries need `info`. @default info */
  readonly logLevel?: LogLevel | undefined;
  /** A host of your own. @default the one that API Gateway draws */
  readonly domain?: Domain | undefined;
  /** Bundles made already, so that several environments share them; `onEventEntry` is then left out. @default made */
  readonly bundles?: Bundles;
}

/** Everything that serves one Procore environment; two of them share nothing. Usable in any CDK app. */
export class ProcoreEnvironment extends Construct {
  /** The FIFO queue of events, for a consumer of your own when `worker` is false. */
  readonly eventQueue: IQueue;
  /** The events that nobody could handle. */
  readonly eventDeadLetterQueue: IQueue;
  /** The redirect URI, to be registered at Procore to the character. */
  readonly callbackUrl: string;
  /** Where Procore's webhooks are sent. */
  readonly webhookUrl: string;
  readonly #name: ProcoreEnvironmentName;
  readonly #tokens: Tokens;
  readonly #monitoring: Monitoring;

  constructor(scope: Construct, id: string, props: ProcoreEnvironmentProps) {
    super(scope, id);
    const { procoreEnvironment, onEventEntry, logRetentionDays = 90 } = props;
    const encryptionKey = new EncryptionKey(this, 'EncryptionKey');
    const shared = {
      procoreEnvironment,
      bundles: props.bundles ?? packagedBundles(onEventEntry),
      encryptionKey,
      logRetentionDays,
      logLevel: props.logLevel ?? 'info',
    };
    const secrets = new Secrets(this, 'Secrets', { procoreEnvironment, encryptionKey });
    const tables = new Tables(this, 'Tables', {
      encryptionKey,
      revokeReplacedTokens: props.revokeReplacedTokens ?? false,
    });
    const eventQueue = new EventQueues(this, 'EventQueue');
    const quarantineQueue = new QuarantineQueue(this, 'QuarantineQueue');
    const rotationQueue = new RotationQueues(this, 'RotationQueue');
    const escrowQueue = new EscrowQueue(this, 'EscrowQueue');
    const api = new ConnectorHttpApi(this, 'HttpApi', {
      procoreEnvironment,
      encryptionKey,
      logRetentionDays,
      domain: props.domain,
      metricNamespace,
    });
    const connecting = new Connecting(this, 'Connecting', {
      shared,
      api,
      secrets,
      tables,
      eventQueue,
      returnToOrigins: props.returnToOrigins ?? [],
    });
    const tokens = new Tokens(this, 'Tokens', { shared, secrets, tables, eventQueue, rotationQueue, escrowQueue });
    const webhooks = new Webhooks(this, 'Webhooks', {
      shared,
      api,
      secrets,
      tables,
      eventQueue,
      quarantineQueue,
      tokens,
      worker: props.worker ?? true,
      workerConcurrency: props.workerConcurrency ?? 10,
    });

    this.eventQueue = eventQueue.queue;
    this.eventDeadLetterQueue = eventQueue.deadLetters;
    this.callbackUrl = api.callbackUrl;
    this.webhookUrl = api.webhookUrl;
    this.#name = procoreEnvironment;
    this.#tokens = tokens;
    this.#monitoring = new Monitoring(this, 'Monitoring', {
      procoreEnvironment,
      functions: { connecting: connecting.functions, tokens: tokens.functions, webhooks: webhooks.functions },
      queues: {
        events: eventQueue.queue,
        eventsDeadLetter: eventQueue.deadLetters,
        rotationDeadLetter: rotationQueue.deadLetters,
        quarantine: quarantineQueue.queue,
        escrow: escrowQueue.queue,
      },
      accessLogs: api.accessLogs,
    });

    this.#expose(pascalCase(procoreEnvironment), {
      CallbackUrl: api.callbackUrl,
      WebhookUrl: api.webhookUrl,
      ApiEndpoint: api.origin,
      ...(api.domainTarget !== undefined && { DomainTarget: api.domainTarget }),
      // The ARNs: every command and call that takes a secret's name takes them.
      SecretOauthClient: secrets.oauthClient.secretArn,
      SecretWebhookAuthorization: secrets.webhookAuthorization.secretArn,
      QueueEvents: eventQueue.queue.queueUrl,
      QueueEventsDeadLetter: eventQueue.deadLetters.queueUrl,
      QueueQuarantine: quarantineQueue.queue.queueUrl,
      QueueRotation: rotationQueue.queue.queueUrl,
      QueueRotationDeadLetter: rotationQueue.deadLetters.queueUrl,
      QueueEscrow: escrowQueue.queue.queueUrl,
      TableConnections: tables.connections.tableName,
      TableAuthorizations: tables.authorizations.tableName,
      TableDeliveries: tables.deliveries.tableName,
      TableSubscriptions: tables.subscriptions.tableName,
      TableRateBudget: tables.rateBudget.tableName,
      ...Object.fromEntries(
        [...connecting.functions, ...webhooks.functions]
          .filter(({ name }) => readLogs.includes(name))
          .map(({ name, logGroup }) => [`Log${pascalCase(name)}`, logGroup.logGroupName]),
      ),
      ...Object.fromEntries(
        [...connecting.functions, ...tokens.functions, ...webhooks.functions].map((connectorFunction) => [
          `Function${pascalCase(connectorFunction.name)}`,
          connectorFunction.lambda.functionName,
        ]),
      ),
    });
  }

  /**
   * Lets a function of yours ask for access tokens of this environment's connections; no refresh token is ever given.
   * `procore-connector/client` finds the way by the variable that this sets.
   */
  grantAccessTokens(yourFunction: LambdaFunction): void {
    const accessToken = this.#tokens.accessToken.lambda;
    yourFunction.addEnvironment(accessTokenFunctionVariable(this.#name), accessToken.functionName);
    yourFunction.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [accessToken.functionArn] }),
    );
  }

  /** Fires with any alarm that somebody should be woken for: for your pager. */
  get pagingAlarm(): IAlarm {
    return this.#monitoring.pagingAlarm;
  }

  /** Adds what every alarm of this environment does when it fires, e.g. an `SnsAction`. */
  addAlarmAction(action: IAlarmAction): void {
    this.#monitoring.addAlarmAction(action);
  }

  /** Scripts and the command line find everything by these outputs, whose names therefore carry no hash. */
  #expose(prefix: string, values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) {
      new CfnOutput(this, name, { value }).overrideLogicalId(`${prefix}${name}`);
    }
  }
}

/**
 * Turns a hyphenated name into the form that logical ids and outputs have.
 *
 * @returns e.g. `MonthlySandbox` for `monthly-sandbox`
 */
export function pascalCase(hyphenated: string): string {
  return hyphenated
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
