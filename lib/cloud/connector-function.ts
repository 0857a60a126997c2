import { Duration, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { type Conditions, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Alias,
  ApplicationLogLevel,
  Architecture,
  Code,
  EventSourceMapping,
  type IFunction,
  type IVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  RuntimeFamily,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { type Setting, settingNames } from '../../functions/settings.ts';
import type { HandlerName } from '../handler-names.ts';
import type { Bundles } from './bundle/bundle.ts';
import type { LogLevel } from './environment-options.ts';
import { retained } from './retained.ts';

/** What all functions of an environment have in common. */
export interface SharedFunctionProps {
  readonly procoreEnvironment: ProcoreEnvironmentName;
  readonly bundles: Bundles;
  /** Its logs are encrypted with it. */
  readonly encryptionKey: { readonly key: IKey };
  readonly logRetention: RetentionDays;
  readonly logLevel: LogLevel;
}

/** Where in a VPC a function runs. */
export interface FunctionNetwork {
  readonly vpc: IVpc;
  /** @default the subnets that have a way out */
  readonly vpcSubnets?: SubnetSelection;
  /** @default a new one, which lets everything out */
  readonly securityGroups?: readonly ISecurityGroup[];
}

export interface ConnectorFunctionProps extends SharedFunctionProps {
  readonly name: HandlerName;
  /** Shown in Lambda's console. */
  readonly description: string;
  /** Lambda gives processor time in proportion: 1,769 MiB is one processor. */
  readonly memoryMebibytes: number;
  readonly timeoutSeconds: number;
  /**
   * Where in a VPC it runs.
   *
   * @default in none
   */
  readonly network?: FunctionNetwork | undefined;
  /**
   * Whether callers reach it by the alias `live`, which stays with one published version until a deployment moves it.
   *
   * @default false: callers reach what was deployed last
   */
  readonly isVersioned?: boolean;
}

/**
 * Lambda's own lines of invocations that went well are a quarter of what a webhook logs, and its metrics say the same.
 * It leaves them out only in this format, and still tells of time-outs and crashes. Our own lines are JSON anyway. They
 * would be judged by the level, too, and lines of metrics have none: so this is not for the level `error`.
 *
 * @see [System log level event mapping](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html)
 */
const quietLambda = {
  loggingFormat: LoggingFormat.JSON,
  systemLogLevelV2: SystemLogLevel.WARN,
  applicationLogLevelV2: ApplicationLogLevel.INFO,
};

/** What the bundles are made for. An app may have an aws-cdk-lib that does not name it yet; what AWS runs is the name. */
const runtimeOfBundles =
  (Runtime.NODEJS_24_X as Runtime | undefined) ?? new Runtime('nodejs24.x', RuntimeFamily.NODEJS);

/** The alias by which everything reaches a versioned function. Its name is part of what integrators store. */
const liveAlias = 'live';

/**
 * What Lambda needs of a function's role to put it into a VPC.
 *
 * @see [Execution role permissions](https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html)
 */
const networkActions = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
] as const;

function networkProps(network: FunctionNetwork | undefined) {
  if (network === undefined) return {};
  const { vpc, vpcSubnets, securityGroups } = network;
  return { vpc, ...(vpcSubnets && { vpcSubnets }), ...(securityGroups && { securityGroups: [...securityGroups] }) };
}

/** One function with its own log group and its own role, which may nothing but write that log. */
export class ConnectorFunction extends Construct {
  readonly name: HandlerName;
  readonly lambda: LambdaFunction;
  /** What is invoked: permissions, routes, event sources and outputs name this, never `lambda`. */
  readonly target: IFunction;
  /** The alias `live` of a versioned function. */
  readonly live: Alias | undefined;
  readonly role: Role;
  readonly logGroup: LogGroup;
  readonly #permissions = new PolicyDocument({ minimize: true });

  constructor(scope: Construct, id: string, props: ConnectorFunctionProps) {
    super(scope, id);
    this.name = props.name;
    this.logGroup = new LogGroup(this, 'LogGroup', {
      retention: props.logRetention,
      encryptionKey: props.encryptionKey.key,
      // The logs outlive a tear-down; what is in them ends with the retention.
      removalPolicy: retained,
    });
    // Not the role that CDK would make: its managed policy may write every log group of the account.
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      // Inline: the role never exists without its permissions, and a stack's resources are counted.
      inlinePolicies: { Function: this.#permissions },
    });
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [this.logGroup.logGroupArn]);
    if (props.network !== undefined) this.allow([...networkActions], ['*']);
    this.lambda = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: runtimeOfBundles,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(props.bundles[props.name]),
      handler: 'index.handler',
      memorySize: props.memoryMebibytes,
      timeout: Duration.seconds(props.timeoutSeconds),
      role: this.role,
      logGroup: this.logGroup,
      ...networkProps(props.network),
      ...(props.logLevel === 'info' && quietLambda),
      // An older version has calls in hand for a minute after its last one, and a person may want to go back to it. It
      // goes with its function; one that a failed deployment made goes with the deployment, else it could not be made
      // again.
      currentVersionOptions: { removalPolicy: retained },
      environment: {
        [settingNames.environment]: props.procoreEnvironment,
        [settingNames.stack]: Stack.of(this).stackName,
        [settingNames.logLevel]: props.logLevel.toUpperCase(),
      },
    });
    // CDK's own classes do not keep exactOptionalPropertyTypes.
    this.live = props.isVersioned
      ? new Alias(this, 'Live', { aliasName: liveAlias, version: this.lambda.currentVersion as IVersion })
      : undefined;
    this.target = (this.live as IFunction | undefined) ?? this.lambda;
  }

  /** What callers give as the function's name: its name, or the ARN of its alias, which every call takes as well. */
  get calledName(): string {
    return this.live?.functionArn ?? this.lambda.functionName;
  }

  /** Adds a statement to the function's role. */
  allow(actions: string[], resources: string[], conditions?: Conditions): void {
    this.#permissions.addStatements(new PolicyStatement({ actions, resources, ...(conditions && { conditions }) }));
  }

  /** Sets an environment variable by the name that `functions/settings.ts` reads. */
  set(setting: Setting, value: string): void {
    this.lambda.addEnvironment(settingNames[setting], value);
  }

  /** Lets the function take a queue's messages, and whatever feeds it with them. */
  allowToConsume(queue: IQueue): void {
    this.allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [queue.queueArn]);
  }

  /**
   * Lets the function work a queue in batches of ten, of which it may report single messages as failed.
   *
   * @param maxConcurrency how many batches are worked at a time, 2 or more
   */
  consume(queue: IQueue, maxConcurrency: number): void {
    this.allowToConsume(queue);
    const mapping = new EventSourceMapping(this, 'EventSource', {
      target: this.target,
      eventSourceArn: queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency,
    });
    // Lambda tries the permission out when it creates the mapping.
    mapping.node.addDependency(this.role);
  }
}
