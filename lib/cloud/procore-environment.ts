import { relative, resolve } from 'node:path';
import { Aws, CfnOutput, Stack, Stage, Tags, Token } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IAlarm, IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConnectable, ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Grant, type IGrantable, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  isProcoreEnvironmentName,
  type ProcoreEnvironmentName,
  procoreEnvironmentNames,
} from '../../functions/procore/environment.ts';
import type { RateScope } from '../../functions/procore/rate-limit-scope.ts';
import { type GrantedSetting, grantedVariable, storedFormat } from '../../functions/settings.ts';
import { allowedShares, type ConcurrencyShare, fullShare, isConcurrencyShare } from '../concurrency.ts';
import { wrongValue } from '../configuration-error.ts';
import { type EnvironmentMark, environmentMark } from '../environment-mark.ts';
import type { HandlerName } from '../handler-names.ts';
import { ownerTags } from '../owner-tags.ts';
import { type EnvironmentOutput, outputName, pascalCase, readLogs } from '../stack-outputs.ts';
import { spellFormat } from '../stored-format.ts';
import { type Bundles, packagedBundles } from './bundle/bundle.ts';
import { CompanyWorkQueue } from './company-work-queue.ts';
import { Connecting } from './connecting.ts';
import type { ConnectorFunction, FunctionNetwork } from './connector-function.ts';
import { type Domain, faultOfDomainName } from './domain.ts';
import { EncryptionKey } from './encryption-key.ts';
import {
  completeOptions,
  type EnvironmentOptions,
  type LogLevel,
  type MonitoringLevel,
  topicArnForm,
} from './environment-options.ts';
import { EscrowQueue } from './escrow-queue.ts';
import type { EventHandler, HandlerBelongings } from './event-handler.ts';
import { EventQueues } from './event-queue.ts';
import type { FifoQueueNaming } from './fifo-queue.ts';
import { GradualDeployments } from './gradual-deployments.ts';
import { ConnectorHttpApi } from './http-api.ts';
import { Monitoring, metricNamespace } from './monitoring.ts';
import { checkNames } from './name-check.ts';
import type { AccentColor } from './page-settings.ts';
import { QuarantineQueue } from './quarantine-queue.ts';
import { RotationQueues } from './rotation-queue.ts';
import { Secrets } from './secrets.ts';
import { Tables } from './tables.ts';
import { Tokens } from './tokens.ts';
import { Webhooks } from './webhooks.ts';

/** Properties for defining a {@link ProcoreEnvironment}. */
export interface ProcoreEnvironmentProps {
  /** Which Procore the environment serves. Connections, tokens and events of one Procore never reach another one. */
  readonly procoreEnvironment: ProcoreEnvironmentName;

  /**
   * The file that gets the events, TypeScript or JavaScript. It exports two async functions: `onEvent` and
   * `onConnectionChange`.
   *
   * @default - each event is logged
   */
  readonly onEventEntry?: string;

  /**
   * Bare origins that a person may be sent back to after connecting, e.g. `https://app.example.com`.
   *
   * @default - nobody is sent back: the last page says that the account is connected
   */
  readonly returnToOrigins?: readonly string[];

  /**
   * Who asks for an account, as the connect pages say it, e.g. `Acme Field Reports`. At most 60 characters.
   *
   * @default - the pages say "this integration"
   */
  readonly appName?: string;

  /**
   * The path of a logo for the connect pages: an SVG or PNG file that has at most about 1.6 kB when it is compressed. It is
   * read when the app is synthesized, and stands in the pages themselves.
   *
   * @default - no logo
   */
  readonly logo?: string;

  /**
   * The colours of the buttons and links of the connect pages, each as `#rrggbb`: one on white, one on nearly black. Each
   * needs a contrast of at least 4.5 (WCAG 2.2, level AA).
   *
   * @default - a dark green on light pages, a light green on dark ones
   */
  readonly accentColor?: AccentColor;

  /**
   * Where people get help who are stuck on a connect page: an e-mail address, or an address that begins with `https://`.
   *
   * @default - the pages name nobody
   */
  readonly supportContact?: string;

  /**
   * Whether the worker takes the events and hands them to `onEventEntry`. Without it the queue is left to a consumer of
   * yours.
   *
   * @default true
   */
  readonly worker?: boolean;

  /**
   * How many batches of ten events the worker has in hand at a time, from 2 to 1000. As many processes hold connections
   * to your database at once, or twice as many while a deployment goes over.
   *
   * @default 10
   */
  readonly workerConcurrency?: number;

  /**
   * Environment variables of your own for `onEventEntry`, no secrets: whoever may look at the function sees them. Names that
   * begin with `AWS_`, `LAMBDA_` or `PROCORE_` are refused, and so are those of ours. With ours they may have 4 kB.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;

  /**
   * Secrets of your own in Secrets Manager, by the names that `onEventEntry` asks for: `await context.secret('erp')`. The
   * worker alone is granted to read them, and to decrypt them where the secret knows its KMS key.
   *
   * @default - none
   */
  readonly secrets?: Readonly<Record<string, ISecret>>;

  /**
   * Statements for the role of the worker: what `onEventEntry` may do besides. Our own secrets, tokens and links stay closed
   * to it, whatever they allow. `eventHandler` takes the grants of constructs.
   *
   * @default - none
   */
  readonly policyStatements?: readonly PolicyStatement[];

  /**
   * The memory of the worker in MiB, from 128 to 10240. Processor time comes in proportion: 1,769 MiB is one processor.
   *
   * @default 512
   */
  readonly memoryMebibytes?: number;

  /**
   * The time-out of the worker, from 15 to 900. One event has 5 seconds less. The queue hides a message for six times as
   * long, and for 6 minutes at least.
   *
   * @default 60
   */
  readonly timeoutSeconds?: number;

  /**
   * The VPC that the worker runs in, to reach what is within, e.g. a database. Its subnets need a route to a NAT gateway:
   * the worker calls AWS and Procore. It applies to the worker alone.
   *
   * @default - none: the worker reaches what the internet reaches
   */
  readonly vpc?: IVpc;

  /**
   * The subnets of `vpc` that the worker runs in.
   *
   * @default - those that have a way out
   */
  readonly vpcSubnets?: SubnetSelection;

  /**
   * The security groups of the worker in `vpc`. They must let it out to port 443.
   *
   * @default - a new one, which lets everything out; `eventHandler.connections` opens others for it
   */
  readonly securityGroups?: readonly ISecurityGroup[];

  /**
   * For how many hours a failing event is tried before it becomes a dead letter for its age, from 1 to 216. It has to
   * cover the longest outage of your own systems that you want events to outlast.
   *
   * @default 72
   */
  readonly giveUpAfterHours?: number;

  /**
   * What else runs at once: calls of `access-token` by one worker, batches of rotations, batches of token sets out of
   * escrow, batches of slices of company-wide jobs. Give less in an account that may run few functions at once, so that webhooks find an execution free.
   *
   * @default - 10 calls, 5 batches of rotations, 2 batches out of escrow, 4 batches of slices
   */
  readonly concurrency?: ConcurrencyShare;

  /**
   * Whether token sets that a reconnect replaced are revoked at once. It is not known whether Procore then spares the
   * new token set of the same user; otherwise the replaced ones are revoked with the disconnect.
   *
   * @default false
   */
  readonly revokeReplacedTokens?: boolean;

  /**
   * What Procore counts its rate limits by: `app`, `company` or `token`. Give it only if Procore has told you: with
   * one that is too wide calls wait although they need not, with one that is too narrow Procore refuses some.
   *
   * @default - it is learned from Procore's answers
   */
  readonly rateLimitScope?: RateScope;

  /**
   * How long the logs of functions and of the HTTP API are kept.
   *
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;

  /**
   * How much functions log: their events, or failed invocations alone. The log queries of alarms need the events.
   *
   * @default 'info'
   */
  readonly logLevel?: LogLevel;

  /**
   * How much watches the environment: every alarm and the dashboard, or the most important alarms alone.
   *
   * @default 'full' for production and federal, 'lean' for the sandboxes
   */
  readonly monitoring?: MonitoringLevel;

  /**
   * The SNS topic that wakes somebody, in the region of the stack: the composite alarm `page` goes there when it fires
   * and when it ends.
   *
   * @default - nobody is woken; each alarm does what `addAlarmAction` added
   */
  readonly pagerTopicArn?: string;

  /**
   * Whether a deployment sends new code a tenth of the calls first, and goes back by itself when the new code fails
   * within 5 minutes. It holds for the functions that take webhooks in, work events, and give and rotate tokens.
   *
   * @default true for production and federal, false for the sandboxes
   */
  readonly gradualDeployments?: boolean;

  /**
   * A host of your own for pages and webhooks, e.g. `connect.example.com`. It needs a `certificate`, and a DNS record
   * that points to the output `DomainTarget`.
   *
   * @default - the host that API Gateway draws
   */
  readonly domainName?: string;

  /**
   * The certificate of `domainName`, in the region of the stack.
   *
   * @default - none, which is right without a `domainName`
   */
  readonly certificate?: ICertificate;

  /**
   * Whether redirect URI and webhook URL are at `domainName`. While false it answers, too, and nothing changes: time to
   * make its DNS record and to register its redirect URI at Procore.
   *
   * @default - it is in use as soon as it is deployed
   */
  readonly domainInUse?: boolean;

  /**
   * The beginning of the names of the four FIFO queues, e.g. `acme-procore`; it must be the only one of its kind in account
   * and region. CloudFormation does not shorten the names that it generates for FIFO queues, and SQS takes 80 characters.
   * In a nested stack, whose own name CloudFormation generates, it must be given. Another prefix later means other queues:
   * the events that wait stay in the old ones.
   *
   * @default - CloudFormation names them after the stack: its name and a queue's logical id have 60 characters at most
   */
  readonly queueNamePrefix?: string;

  /**
   * Bundles of the functions that were made before, so that several environments share them. They hold the file that
   * gets the events, so that `onEventEntry` must be left out.
   *
   * @default - the functions are bundled for this environment
   */
  readonly bundles?: Bundles;
}

/** Everything that serves one Procore environment. Two of them share nothing. Usable in any CDK app. */
export class ProcoreEnvironment extends Construct {
  /** The FIFO queue of events, for a consumer of your own when `worker` is false. */
  readonly eventQueue: IQueue;
  /** The events that nobody could handle. */
  readonly eventDeadLetterQueue: IQueue;
  /** The redirect URI, to be registered at Procore to the character. */
  readonly callbackUrl: string;
  /** Where Procore's webhooks are sent. */
  readonly webhookUrl: string;
  /**
   * The environment variables by which `procore-connector/client` finds its way to access tokens, and to the rate budget
   * in which its calls count. `grantAccessTokens` sets them on Lambda functions; give them to anything else that runs with
   * a grantee's role, e.g. a container.
   */
  readonly accessTokenVariables: Readonly<Record<string, string>>;
  readonly #procoreEnvironment: ProcoreEnvironmentName;
  readonly #eventHandler: EventHandler | undefined;
  readonly #connecting: Connecting;
  readonly #tables: Tables;
  readonly #tokens: Tokens;
  readonly #monitoring: Monitoring;

  /** @throws ConfigurationError when a prop has a value that it may not have */
  constructor(scope: Construct, id: string, props: ProcoreEnvironmentProps) {
    super(scope, id);
    const procoreEnvironment = procoreOf(props);
    const { logRetention, logLevel, ...others } = completeOptions(procoreEnvironment, props);
    const { monitoring: level, gradualDeployments, ...options } = others;
    const concurrency = concurrencyOf(props);
    const domain = domainOf(props);
    const encryptionKey = new EncryptionKey(this, 'EncryptionKey');
    const shared = { procoreEnvironment, bundles: bundlesOf(this, props), encryptionKey, logRetention, logLevel };
    const secrets = new Secrets(this, 'Secrets', { procoreEnvironment, encryptionKey });
    const tables = new Tables(this, 'Tables', { encryptionKey, ...options });
    const naming = namingOf(this, props);
    const { timeoutSeconds } = options;
    const eventQueue = new EventQueues(this, 'Events', { ...naming, workerTimeoutSeconds: timeoutSeconds });
    const quarantineQueue = new QuarantineQueue(this, 'QuarantineQueue');
    const rotationQueue = new RotationQueues(this, 'Rotate', naming);
    const escrowQueue = new EscrowQueue(this, 'EscrowQueue');
    const companyWorkQueue = new CompanyWorkQueue(this, 'CompanyWorkQueue');
    const api = new ConnectorHttpApi(this, 'HttpApi', { ...shared, ...(domain && { domain }), metricNamespace });
    const queues = { eventQueue, quarantineQueue, rotationQueue, escrowQueue, companyWorkQueue };
    const stores = { shared, secrets, tables, ...queues };
    const connecting = new Connecting(this, 'Connecting', { ...stores, api, pages: options, ...options });
    const tokens = new Tokens(this, 'Tokens', { ...stores, concurrency });
    const webhooks = new Webhooks(this, 'Webhooks', {
      ...{ ...stores, api, tokens, connecting, concurrency, ...options },
      belongings: belongingsOf(props, options),
      network: networkOf(props),
    });
    this.#eventHandler = webhooks.eventHandler;

    const functions = [...connecting.functions, ...tokens.functions, ...webhooks.functions];
    if (gradualDeployments) new GradualDeployments(this, 'Deployments', { procoreEnvironment, functions });

    this.eventQueue = eventQueue.queue;
    this.eventDeadLetterQueue = eventQueue.deadLetters;
    this.callbackUrl = api.callbackUrl;
    this.webhookUrl = api.webhookUrl;
    this.accessTokenVariables = {
      [grantedVariable(procoreEnvironment, 'accessTokenFunction')]: tokens.accessToken.calledName,
      [grantedVariable(procoreEnvironment, 'rateBudgetTable')]: tables.rateBudget.tableName,
      ...(options.rateLimitScope && {
        [grantedVariable(procoreEnvironment, 'rateLimitScope')]: options.rateLimitScope,
      }),
    };
    this.#procoreEnvironment = procoreEnvironment;
    this.#tables = tables;
    this.#connecting = connecting;
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
        companyWork: companyWorkQueue.queue,
      },
      ...{ api, level, pagerTopic: this.#pagerTopic(props) },
    });
    this.#expose(procoreEnvironment, {
      ...outputsOfStores({ ...stores, api }),
      ...outputsOfFunctions(functions),
    });
    this.#tag(procoreEnvironment);
    this.#mark(props);
    checkNames(Stack.of(this));
  }

  /** Leaves in the cloud assembly what `procore dev` cannot tell from the template, which stays as it is. */
  #mark({ procoreEnvironment, onEventEntry, worker = true, domainName }: ProcoreEnvironmentProps): void {
    const mark: EnvironmentMark = {
      ...{ procoreEnvironment, worker },
      // From the folder in which the app is started: an assembly does not tell of the machine that made it.
      ...(onEventEntry !== undefined && { onEventEntry: relative('', resolve(onEventEntry)) }),
      ...(domainName !== undefined && !Token.isUnresolved(domainName) && { domainName }),
    };
    this.node.addMetadata(environmentMark, mark);
  }

  /** Marks what is retained, so that it is found when the stack is gone. */
  #tag(environment: ProcoreEnvironmentName): void {
    const includeResourceTypes = [...retainedTypes];
    Tags.of(this).add(ownerTags.stack, Aws.STACK_ID, { includeResourceTypes });
    Tags.of(this).add(ownerTags.environment, environment, { includeResourceTypes });
  }

  /**
   * Grants access tokens of this environment's connections, and a share in the rate budget, so that their calls count
   * together with all others. Refresh tokens are never given. Another account gets tokens alone, and is not counted.
   *
   * A Lambda function also gets the `accessTokenVariables`, by which `procore-connector/client` finds its way.
   *
   * @param grantee who may ask for tokens: a function of yours, a role, a user
   */
  grantAccessTokens(grantee: IGrantable): Grant {
    if (grantee instanceof LambdaFunction) {
      for (const [name, value] of Object.entries(this.accessTokenVariables)) grantee.addEnvironment(name, value);
    }
    // The alias alone: whoever may ask for tokens must not be able to ask code that is no longer, or not yet, live.
    const invoke = this.#tokens.accessToken.target.grantInvoke(grantee);
    return invoke.combine(this.#tables.grantRateCounts(grantee));
  }

  /**
   * Lets a backend of yours make links by which people connect their accounts. It invokes the function that the output
   * `FunctionConnectLink` names; a Lambda function is told by a variable, e.g. `PROCORE_SANDBOX_CONNECT_LINK_FUNCTION`.
   *
   * @param grantee who may make links: a function of yours, a role, a user
   */
  grantConnectLinks(grantee: IGrantable): Grant {
    return this.#grantInvocation(grantee, this.#connecting.connectLink, 'connectLinkFunction');
  }

  /**
   * Lets a backend of yours confirm what people connect by links with `confirm: true`. It invokes the function that the
   * output `FunctionConfirmConnection` names; a Lambda function is told by a variable, e.g.
   * `PROCORE_SANDBOX_CONFIRM_CONNECTION_FUNCTION`.
   *
   * @param grantee who may confirm: a function of yours, a role, a user
   */
  grantConfirmConnections(grantee: IGrantable): Grant {
    return this.#grantInvocation(grantee, this.#connecting.confirmConnection, 'confirmConnectionFunction');
  }

  /**
   * Lets a backend of yours end connections. It invokes the function that the output `FunctionDisconnect` names; a Lambda
   * function is told by a variable, e.g. `PROCORE_SANDBOX_DISCONNECT_FUNCTION`.
   *
   * @param grantee who may end connections: a function of yours, a role, a user
   */
  grantDisconnect(grantee: IGrantable): Grant {
    return this.#grantInvocation(grantee, this.#connecting.disconnect, 'disconnectFunction');
  }

  /**
   * Lets whoever has the role run `procore events reconcile` and `procore events backfill`: they look the stack up, read
   * subscriptions and begin jobs. IAM does not tell jobs apart, so the grantee could begin a job of any kind, also the erasure of a company.
   *
   * @param grantee who may begin jobs: the role of a pipeline or of a person, a user
   */
  grantReconcile(grantee: IGrantable): Grant {
    const find = Grant.addToPrincipal({
      grantee,
      actions: ['cloudformation:DescribeStacks'],
      resourceArns: [Stack.of(this).stackId],
    });
    return find.combine(this.#tables.grantBeginJobs(grantee));
  }

  #grantInvocation(grantee: IGrantable, granted: ConnectorFunction, setting: GrantedSetting): Grant {
    if (grantee instanceof LambdaFunction) {
      grantee.addEnvironment(grantedVariable(this.#procoreEnvironment, setting), granted.calledName);
    }
    return granted.target.grantInvoke(grantee);
  }

  /**
   * Who `onEventEntry` is to IAM and, in a VPC, to security groups: `table.grantReadWriteData(environment.eventHandler)`,
   * `database.connections.allowDefaultPortFrom(environment.eventHandler)`.
   *
   * @throws ConfigurationError with `worker: false`: then your own consumer is who has to be granted something
   */
  get eventHandler(): IGrantable & IConnectable {
    if (this.#eventHandler !== undefined) return this.#eventHandler.grantee;
    throw wrongValue('worker', false, 'true for eventHandler; without our worker, grant it to your own consumer');
  }

  /** Fires with any alarm that somebody should be woken for: for your pager. */
  get pagingAlarm(): IAlarm {
    return this.#monitoring.pagingAlarm;
  }

  /** Adds what every alarm of this environment does when it fires and when it ends, e.g. an `SnsAction`. */
  addAlarmAction(action: IAlarmAction): void {
    this.#monitoring.addAlarmAction(action);
  }

  /** @throws ConfigurationError when it is no ARN of a topic */
  #pagerTopic({ pagerTopicArn: arn }: ProcoreEnvironmentProps): ITopic | undefined {
    if (arn === undefined) return undefined;
    if (Token.isUnresolved(arn) || topicArnForm.test(arn)) return Topic.fromTopicArn(this, 'PagerTopic', arn);
    throw wrongValue('pagerTopicArn', arn, 'the ARN of an SNS topic: arn:aws:sns:REGION:ACCOUNT:NAME');
  }

  /** Scripts and the command line find everything by these outputs, whose names therefore carry no hash. */
  #expose(environment: ProcoreEnvironmentName, values: Outputs): void {
    for (const [output, value] of Object.entries(values)) {
      new CfnOutput(this, output, { value }).overrideLogicalId(outputName(environment, output as EnvironmentOutput));
    }
  }
}

/** What is retained, as far as it has tags: policies have none and go with what they belong to. */
const retainedTypes = [
  'AWS::DynamoDB::Table',
  'AWS::KMS::Key',
  'AWS::Logs::LogGroup',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
];

/** Values by output; those that an environment does not have are left out. */
type Outputs = { readonly [Output in EnvironmentOutput]?: string };

/** Which Procore is meant. A program without types may name one that does not exist. @throws ConfigurationError */
function procoreOf({ procoreEnvironment }: ProcoreEnvironmentProps): ProcoreEnvironmentName {
  if (isProcoreEnvironmentName(procoreEnvironment)) return procoreEnvironment;
  throw wrongValue('procoreEnvironment', procoreEnvironment, procoreEnvironmentNames.join(', '));
}

/** What follows the prefix in the longest name, with the suffix of FIFO queues. */
const longestQueueEnding = '-rotate-dead.fifo';
const mostPrefixCharacters = 80 - longestQueueEnding.length;

/** @throws ConfigurationError when names would be too long, or in a nested stack no prefix is given */
function namingOf(scope: Construct, { queueNamePrefix }: ProcoreEnvironmentProps): FifoQueueNaming {
  const allowed = `1 to ${mostPrefixCharacters} letters, digits, hyphens and underscores, which no other queue's name of account and region begins with`;
  if (queueNamePrefix === undefined) {
    if (Stack.of(scope).nestedStackParent === undefined) return {};
    throw wrongValue(
      'queueNamePrefix',
      undefined,
      `${allowed}; in a nested stack CloudFormation's own names are too long for FIFO queues`,
    );
  }
  const fits = new RegExp(`^[\\w-]{1,${mostPrefixCharacters}}$`).test(queueNamePrefix);
  if (fits || Token.isUnresolved(queueNamePrefix)) return { queueNamePrefix };
  throw wrongValue('queueNamePrefix', queueNamePrefix, allowed);
}

/** @throws ConfigurationError when it is not what AWS takes */
function concurrencyOf({ concurrency = fullShare }: ProcoreEnvironmentProps): ConcurrencyShare {
  if (isConcurrencyShare(concurrency)) return concurrency;
  throw wrongValue('concurrency', concurrency, allowedShares);
}

/**
 * Reads the host of one's own and its certificate.
 *
 * @returns undefined where API Gateway draws the host
 * @throws ConfigurationError when one of the two is missing, or the host could never match a redirect URI
 */
function domainOf({ domainName, certificate, domainInUse = true }: ProcoreEnvironmentProps): Domain | undefined {
  if (domainName === undefined && certificate === undefined) return undefined;
  if (domainName === undefined) throw wrongValue('domainName', domainName, 'the host that the certificate is for');
  if (certificate === undefined) throw wrongValue('certificate', certificate, `a certificate for ${domainName}`);
  const fault = Token.isUnresolved(domainName) ? undefined : faultOfDomainName(domainName);
  if (fault === undefined) return { name: domainName, certificate, inUse: domainInUse };
  throw wrongValue('domainName', domainName, `a host alone, e.g. connect.example.com; ${fault}`);
}

function belongingsOf(
  { secrets = {}, policyStatements = [] }: ProcoreEnvironmentProps,
  { environment }: Pick<EnvironmentOptions, 'environment'>,
): HandlerBelongings {
  return { environment, secrets, policyStatements };
}

/** @throws ConfigurationError when subnets or security groups are given without their VPC */
function networkOf({ vpc, vpcSubnets, securityGroups }: ProcoreEnvironmentProps): FunctionNetwork | undefined {
  if (vpc !== undefined) return { vpc, ...(vpcSubnets && { vpcSubnets }), ...(securityGroups && { securityGroups }) };
  if (vpcSubnets === undefined && securityGroups === undefined) return undefined;
  throw wrongValue('vpc', undefined, 'the VPC that vpcSubnets and securityGroups belong to');
}

/** @throws ConfigurationError when there are two files that would get the events, EntryError when there is none */
function bundlesOf(scope: Construct, { bundles, onEventEntry }: ProcoreEnvironmentProps): Bundles {
  if (bundles === undefined) return packagedBundles(outputOf(scope), onEventEntry);
  if (onEventEntry === undefined) return bundles;
  throw wrongValue('onEventEntry', onEventEntry, 'no file beside bundles, which were made with one');
}

/** The folder that the app is synthesized to. @throws ConfigurationError below a construct that is no stack of an app */
function outputOf(scope: Construct): string {
  const directory = Stage.of(scope)?.assetOutdir;
  if (directory !== undefined) return directory;
  throw wrongValue('scope', scope.node.path, 'a construct in a stack of an app');
}

interface Stores {
  readonly shared: { readonly encryptionKey: EncryptionKey };
  readonly api: ConnectorHttpApi;
  readonly secrets: Secrets;
  readonly tables: Tables;
  readonly eventQueue: EventQueues;
  readonly quarantineQueue: QuarantineQueue;
  readonly rotationQueue: RotationQueues;
  readonly escrowQueue: EscrowQueue;
  readonly companyWorkQueue: CompanyWorkQueue;
}

function outputsOfStores(stores: Stores): Outputs {
  const { shared, api, secrets, tables, eventQueue, quarantineQueue, rotationQueue } = stores;
  return {
    CallbackUrl: api.callbackUrl,
    WebhookUrl: api.webhookUrl,
    ApiEndpoint: api.origin,
    StoredFormat: spellFormat(storedFormat),
    ...(api.domainTarget !== undefined && { DomainTarget: api.domainTarget }),
    Key: shared.encryptionKey.key.keyArn,
    SecretOauthClient: secrets.oauthClient.secretArn,
    SecretWebhookAuthorization: secrets.webhookAuthorization.secretArn,
    QueueEvents: eventQueue.queue.queueUrl,
    QueueEventsDeadLetter: eventQueue.deadLetters.queueUrl,
    QueueQuarantine: quarantineQueue.queue.queueUrl,
    QueueRotation: rotationQueue.queue.queueUrl,
    QueueRotationDeadLetter: rotationQueue.deadLetters.queueUrl,
    QueueEscrow: stores.escrowQueue.queue.queueUrl,
    QueueCompanyWork: stores.companyWorkQueue.queue.queueUrl,
    TableConnections: tables.connections.tableName,
    TableAuthorizations: tables.authorizations.tableName,
    TableDeliveries: tables.deliveries.tableName,
    TableSubscriptions: tables.subscriptions.tableName,
    TableRateBudget: tables.rateBudget.tableName,
    TableJobs: tables.jobs.tableName,
  };
}

function outputsOfFunctions(functions: readonly ConnectorFunction[]): Outputs {
  const logged: readonly HandlerName[] = readLogs;
  return Object.fromEntries(
    functions.flatMap(({ name, calledName, logGroup }) => [
      [`Function${pascalCase(name)}`, calledName],
      ...(logged.includes(name) ? [[`Log${pascalCase(name)}`, logGroup.logGroupName]] : []),
    ]),
  );
}
