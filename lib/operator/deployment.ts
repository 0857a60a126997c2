import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  type FilterLogEventsCommandInput,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, GetItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import {
  type ProcoreEnvironmentName,
  type ProcoreOrigins,
  procoreEnvironmentNames,
  procoreOrigins,
} from '../../functions/procore/environment.ts';
import { system } from '../../functions/system.ts';
import { untilNotThrottled } from '../../functions/throttled-function.ts';
import { localCredentials } from '../local-key.ts';
import {
  alarmTopicOutput,
  type EnvironmentOutput,
  type FunctionOutput,
  type LogOutput,
  outputName,
  type QueueOutput,
  type SecretOutput,
  type TableOutput,
} from '../stack-outputs.ts';
import { type AlarmSubscribers, countAlarmSubscribers } from './aws/alarm-subscribers.ts';
import { type AwsSignIn, createAwsSignIn } from './aws/client-settings.ts';
import { readStackResources, readTagged } from './aws/tagged-resources.ts';
import { exitCodes, OperatorError } from './exit-codes.ts';
import { readInvocation, withoutRefusal } from './invocation.ts';
import type { Findings } from './leftovers.ts';

/** Which stack is meant, and where. */
export interface DeploymentChoice {
  readonly stackName: string;
  readonly region?: string;
  readonly profile?: string;
  /** The account that it must be in. */
  readonly account?: string;
  /** The AWS of a system on this machine; it has one stack, whose name does not matter. */
  readonly localEndpoint?: string;
}

/** A stack that runs, on AWS or on this machine. */
export interface Deployment {
  readonly stackName: string;
  readonly local: boolean;
  readonly environments: readonly DeployedEnvironment[];
  /** Does what was left for the end of the command. */
  end(): Promise<void>;
  /** How the stack stands, in CloudFormation's words, and since when (epoch seconds); absent on this machine. */
  readonly deployed?: { readonly status: string; readonly at: number | undefined };
  /** Counts who hears of alarms; absent on this machine, where there are none, and without a topic. */
  readonly alarmSubscribers?: () => Promise<AlarmSubscribers>;
}

/** Which lines of a log are meant. Times are in epoch milliseconds, both included. */
export interface LogSelection {
  readonly since: number;
  readonly until: number;
  /** A field of our structured lines, and the value that it must have: letters, digits and `._:-` alone. */
  readonly field: readonly [name: string, value: string];
}

/** One line of a log; `id` is never given twice. */
export interface LoggedLine {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly text: string;
}

/** Clients for adapters of functions/aws; they sign as the operator. */
export interface OperatorClients {
  readonly cloudWatch: CloudWatchClient;
  readonly dynamoDb: DynamoDBClient;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly secretsManager: SecretsManagerClient;
  readonly sqs: SQSClient;
}

/** One Procore environment of a stack. */
export interface DeployedEnvironment {
  readonly name: ProcoreEnvironmentName;
  readonly stackName: string;
  readonly local: boolean;
  readonly clients: OperatorClients;
  /** Procore's own, or the stand-in's of a local system. */
  readonly procore: ProcoreOrigins;
  /** The redirect URI, as it must be registered at Procore. */
  readonly callbackUrl: string;
  readonly webhookUrl: string;
  /** Whether our own worker takes the events. With `worker: false` a consumer of the integrator's does. */
  readonly hasWorker: boolean;
  /** Where hooks deliver to: `webhookUrl`, unless Procore cannot reach it and deliveries are fetched. */
  readonly webhookDestination: string;
  /** @throws OperatorError (as do the next three) when the deployed version has none of the name */
  functionName(name: FunctionOutput): string;
  queueUrl(name: QueueOutput): string;
  tableName(name: TableOutput): string;
  secretArn(name: SecretOutput): string;
  /**
   * Invokes a function and waits for its answer.
   *
   * @returns the answer, which may be a refusal (`{"error": {code, message}}`)
   * @throws OperatorError with the function's own code and text when it fails
   */
  ask(name: FunctionOutput, payload: unknown): Promise<unknown>;
  /**
   * Invokes a function and waits for its answer.
   *
   * @throws OperatorError with the function's own code and text when it refuses or fails
   */
  invoke(name: FunctionOutput, payload: unknown): Promise<unknown>;
  /** Reads some attributes of one item, strongly consistent. @returns undefined when there is no such item */
  readItem(table: TableOutput, key: Item, attributes: readonly string[]): Promise<Item | undefined>;
  /** Reads some attributes of every item of a table, page by page: an operator may, no function does. */
  scan(table: TableOutput, attributes: readonly string[]): AsyncGenerator<Item>;
  /** @returns the secret's text, which the caller conceals; undefined for a binary one */
  readSecret(name: SecretOutput): Promise<string | undefined>;
  /**
   * Reads what a function has logged, in the order of the log.
   *
   * @param name of a stack on AWS, one of those that have an output; on this machine, of any function
   * @param since epoch milliseconds
   * @param containing only lines with this text in them, which has no quotation mark
   * @param mostPages so many answers of CloudWatch at most. @default all there are
   */
  readLog(name: FunctionOutput, since: number, containing?: string, mostPages?: number): AsyncGenerator<LoggedLine>;
  /**
   * Reads the structured lines of a function that have a value in a field, page by page, so that the caller can stop. A
   * page may be empty.
   */
  readLogPages(name: LogOutput, selection: LogSelection): AsyncGenerator<readonly LoggedLine[]>;
  writeSecret(name: SecretOutput, text: string): Promise<void>;
  /** Has something done that throws nothing when the command ends, however it ends. */
  atEnd(done: () => Promise<void>): void;
}

/** An item's attributes by name. */
export type Item = Readonly<Record<string, unknown>>;

/**
 * Finds a deployed stack, or the local one, by its outputs.
 *
 * @param signIn of a program that asks for a code; default is one that cannot ask
 * @throws OperatorError when there is none, or it is not ours; errors of AWS as they come
 */
export async function findDeployment(
  choice: DeploymentChoice,
  signIn: AwsSignIn = createAwsSignIn(undefined),
): Promise<Deployment> {
  const { stackName, localEndpoint } = choice;
  const local = localEndpoint !== undefined;
  const options = clientOptions(choice, signIn);
  const stack = await describeStack(new CloudFormationClient(options), local ? undefined : stackName);
  if (!stack) throw noStack(choice);
  refuseOtherAccount(choice, stack);
  const clients = {
    cloudWatch: new CloudWatchClient(options),
    dynamoDb: new DynamoDBClient(options),
    lambda: new LambdaClient(options),
    logs: new CloudWatchLogsClient(options),
    secretsManager: new SecretsManagerClient(options),
    // A queue's URL names its host; on this machine that is the endpoint anyway.
    sqs: new SQSClient(options),
  };
  const name = stack.StackName ?? stackName;
  const outputs = new Map(
    (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue] as const),
  );
  const atTheEnd: (() => Promise<void>)[] = [];
  const atEnd = (done: () => Promise<void>) => void atTheEnd.push(done);
  const environments = procoreEnvironmentNames
    .filter((environment) => outputs.has(outputName(environment, 'CallbackUrl')))
    .map((environment) => deployedEnvironment({ environment, stackName: name, local, outputs, clients, atEnd }));
  if (environments.length === 0) {
    throw new OperatorError(
      'not_our_stack',
      `The stack "${name}" has none of Procore Connector's outputs (status ${stack.StackStatus}). Give the right one ` +
        'with --stack, or wait until its deployment has ended.',
      exitCodes.notFound,
    );
  }
  const topicArn = outputs.get(alarmTopicOutput);
  const alarmSubscribers = () => countAlarmSubscribers(new SNSClient(options), topicArn ?? '');
  const end = async () => void (await Promise.all(atTheEnd.splice(0).map((done) => done())));
  return {
    ...{ stackName: name, local, environments, end },
    ...(!local && { deployed: deployedAt(stack) }),
    ...(!local && topicArn !== undefined && { alarmSubscribers }),
  };
}

/**
 * Finds what stayed behind of stacks of one name, whether there is one now or not.
 *
 * @throws errors of AWS as they come
 */
export async function findLeftovers(choice: DeploymentChoice, signIn: AwsSignIn): Promise<Findings> {
  const { stackName, profile } = choice;
  const options = clientOptions(choice, signIn);
  const cloudFormation = new CloudFormationClient(options);
  const stack = await describeStack(cloudFormation, stackName);
  return {
    stackName,
    tagged: await readTagged(new ResourceGroupsTaggingAPIClient(options)),
    inStack: stack && (await readStackResources(cloudFormation, stackName)),
    profile,
  };
}

function clientOptions({ region, profile, localEndpoint }: DeploymentChoice, signIn: AwsSignIn) {
  return {
    ...signIn.clientSettings(profile),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(localEndpoint !== undefined && {
      endpoint: localEndpoint,
      region: 'us-east-1',
      credentials: localCredentials(localEndpoint),
      maxAttempts: 1,
    }),
  };
}

async function describeStack(client: CloudFormationClient, StackName: string | undefined): Promise<Stack | undefined> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand(StackName === undefined ? {} : { StackName }));
    return Stacks[0];
  } catch (error) {
    // This is how CloudFormation says that the stack does not exist.
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) return;
    throw error;
  }
}

function noStack({ stackName, region, profile }: DeploymentChoice): OperatorError {
  const where = `${region ? ` in ${region}` : " in the SDK's own region"}${profile ? ` (profile ${profile})` : ''}`;
  return new OperatorError(
    'stack_not_found',
    `There is no stack "${stackName}"${where}. Deploy it (npm run deploy), name it with --stack, choose --region and ` +
      '--profile, or use --local for the one that `npm start` runs.',
    exitCodes.notFound,
  );
}

function deployedAt({ StackStatus: status, LastUpdatedTime: updated, CreationTime: created }: Stack) {
  const at = updated ?? created;
  return { status: status ?? 'unknown', at: at && at.getTime() / 1000 };
}

/** A profile that leads elsewhere would show another company's data under the name that was asked for. */
function refuseOtherAccount({ stackName, account, profile }: DeploymentChoice, { StackId = '' }: Stack): void {
  const [, , , , found] = StackId.split(':');
  if (account === undefined || found === undefined || found === account) return;
  throw new OperatorError(
    'wrong_account',
    `cdk.json says that "${stackName}" is in account ${account}; the credentials${profile ? ` of profile ${profile}` : ''} ` +
      `lead to ${found}. Sign in to ${account}, or choose another --profile.`,
    exitCodes.aws,
  );
}

function deployedEnvironment({
  environment,
  stackName,
  local,
  outputs,
  clients,
  atEnd,
}: {
  readonly environment: ProcoreEnvironmentName;
  readonly stackName: string;
  readonly local: boolean;
  readonly outputs: ReadonlyMap<string, string>;
  readonly clients: OperatorClients;
  readonly atEnd: DeployedEnvironment['atEnd'];
}): DeployedEnvironment {
  const output = (name: EnvironmentOutput): string => {
    const value = outputs.get(outputName(environment, name));
    if (value !== undefined) return value;
    throw new OperatorError(
      'output_missing',
      `The stack "${stackName}" has no output ${outputName(environment, name)}: it was deployed by another version of ` +
        'Procore Connector. Deploy again (npm run deploy).',
    );
  };
  const functionName = (name: FunctionOutput) => output(`Function${name}`);
  const tableName = (name: TableOutput) => output(`Table${name}`);
  const secretArn = (name: SecretOutput) => output(`Secret${name}`);
  const loginOrigin = outputs.get(outputName(environment, 'ProcoreLogin'));
  const apiOrigin = outputs.get(outputName(environment, 'ProcoreApi'));

  return {
    name: environment,
    stackName,
    local,
    clients,
    // Only a system on this machine can have another Procore: on AWS an output cannot send credentials elsewhere.
    procore: procoreOrigins(environment, local && loginOrigin && apiOrigin ? { loginOrigin, apiOrigin } : {}),
    callbackUrl: output('CallbackUrl'),
    webhookUrl: output('WebhookUrl'),
    hasWorker: outputs.has(outputName(environment, 'FunctionWebhookWorker')),
    // As above: on AWS an output cannot send a company's events elsewhere.
    webhookDestination: (local && outputs.get(outputName(environment, 'WebhookDestination'))) || output('WebhookUrl'),
    functionName,
    queueUrl: (name) => output(`Queue${name}`),
    tableName,
    secretArn,
    ...functionCalls(clients, functionName),
    ...itemReads(clients, tableName),
    ...secretCalls(clients, secretArn),
    readLog: (name, since, containing, mostPages) =>
      readLog(clients, output(`Log${name}`), since, containing, mostPages),
    readLogPages: (name, { since, until, field: [field, value] }) =>
      readLogPages(clients, {
        logGroupName: output(`Log${name}`),
        startTime: since,
        endTime: until,
        filterPattern: `{ $.${field} = "${value}" }`,
      }),
    atEnd,
  };
}

function functionCalls(
  { lambda }: OperatorClients,
  functionName: DeployedEnvironment['functionName'],
): Pick<DeployedEnvironment, 'ask' | 'invoke'> {
  const ask = async (name: FunctionOutput, payload: unknown) => {
    const command = new InvokeCommand({ FunctionName: functionName(name), Payload: JSON.stringify(payload) });
    const { Payload, FunctionError } = await untilNotThrottled(() => lambda.send(command), system);
    return readInvocation(name, new TextDecoder().decode(Payload), FunctionError !== undefined);
  };
  return { ask, invoke: async (name, payload) => withoutRefusal(await ask(name, payload)) };
}

function itemReads(
  { dynamoDb }: OperatorClients,
  tableName: DeployedEnvironment['tableName'],
): Pick<DeployedEnvironment, 'readItem' | 'scan'> {
  return {
    async readItem(table, key, attributes) {
      const { Item } = await dynamoDb.send(
        new GetItemCommand({
          TableName: tableName(table),
          Key: marshall(key),
          ConsistentRead: true,
          ...projection(attributes),
        }),
      );
      return Item && unmarshall(Item);
    },

    async *scan(table, attributes) {
      const pages = paginateScan({ client: dynamoDb }, { TableName: tableName(table), ...projection(attributes) });
      for await (const { Items = [] } of pages) yield* Items.map((item) => unmarshall(item));
    },
  };
}

function secretCalls(
  { secretsManager }: OperatorClients,
  secretArn: DeployedEnvironment['secretArn'],
): Pick<DeployedEnvironment, 'readSecret' | 'writeSecret'> {
  return {
    async readSecret(name) {
      const { SecretString } = await secretsManager.send(new GetSecretValueCommand({ SecretId: secretArn(name) }));
      return SecretString;
    },

    async writeSecret(name, text) {
      await secretsManager.send(new PutSecretValueCommand({ SecretId: secretArn(name), SecretString: text }));
    },
  };
}

async function* readLog(
  clients: OperatorClients,
  logGroupName: string,
  since: number,
  containing: string | undefined,
  mostPages = Number.POSITIVE_INFINITY,
): AsyncGenerator<LoggedLine> {
  let pagesRead = 0;
  const filter = containing === undefined ? {} : { filterPattern: `"${containing}"` };
  for await (const page of readLogPages(clients, { logGroupName, startTime: since, ...filter })) {
    yield* page;
    pagesRead += 1;
    if (pagesRead >= mostPages) return;
  }
}

async function* readLogPages(
  { logs }: OperatorClients,
  wanted: FilterLogEventsCommandInput,
): AsyncGenerator<readonly LoggedLine[]> {
  for await (const { events = [] } of paginateFilterLogEvents({ client: logs }, wanted)) {
    yield events.map(({ eventId = '', timestamp = 0, message = '' }) => ({
      ...{ id: eventId, at: timestamp, text: message.trimEnd() },
    }));
  }
}

/** Only the named attributes reach this machine, so that tokens never do. */
/** @param attributes names, or paths such as `unconfirmed.expiresAt` */
function projection(attributes: readonly string[]) {
  const names = [...new Set(attributes.flatMap((path) => path.split('.')))];
  const placeholder = (name: string) => `#a${names.indexOf(name)}`;
  return {
    ProjectionExpression: attributes.map((path) => path.split('.').map(placeholder).join('.')).join(', '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [placeholder(name), name])),
  };
}
