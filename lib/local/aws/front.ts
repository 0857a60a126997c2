import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { close, listen } from '../../listening.ts';
import { type AwsAnswer, AwsRefusal, jsonAnswer, refusalAnswer } from './answer.ts';
import { answerCloudFormation } from './cloudformation.ts';
import {
  answerInvocation,
  type InvokeFunction,
  type LambdaCall,
  readAccountCall,
  readFunctionName,
} from './lambda-service.ts';
import { createLogs, type LocalLogs } from './logs.ts';
import { type OperatorPolicy, Permissions, type Principal, type UsedPermission } from './permissions.ts';
import { createSecretsManager, type SecretsManager } from './secrets-manager.ts';
import { checkSqsCall } from './sqs-rules.ts';
import { type StandIns, startStandIns } from './stand-ins.ts';

/** The one endpoint for all AWS calls on this machine. */
export interface AwsFront {
  /** Scheme, host and port; what `AWS_ENDPOINT_URL` is set to. */
  readonly endpoint: string;
  /**
   * Says who calls and how functions are invoked, once the template is resolved, which itself needs the endpoint.
   * An access key id that belongs to no function is the operator's and may do everything, unless `limitOperator` says
   * otherwise: nothing here is secret.
   *
   * @param outputs the stack's, by which the command line finds everything
   * @param logs what the functions have written
   */
  serve(
    principals: readonly Principal[],
    invoke: InvokeFunction,
    outputs?: Readonly<Record<string, string>>,
    logs?: LocalLogs,
  ): void;
  /** Says what the operator may do from now on; see Permissions. */
  limitOperator(policy: OperatorPolicy | undefined): void;
  /** Every permission that a function, or a limited operator, made use of so far, each once. */
  usedPermissions(): UsedPermission[];
  /** Closes the endpoint and the stand-ins; their state is gone. */
  stop(): Promise<void>;
}

interface Call extends LambdaCall {
  readonly service: string;
  readonly accessKeyId: string;
}

const host = '127.0.0.1';

// What dynalite does besides is not used by the runner; what it does not do it would partly skip in silence.
const dynamoOperations =
  'BatchGetItem BatchWriteItem CreateTable DeleteItem DescribeTable GetItem ListTables PutItem Query Scan UpdateItem';
const dynamoSkips = 'ReturnValuesOnConditionCheckFailure';

/**
 * Starts the endpoint and the stand-ins behind it: dynalite, fauxqs, and our own for Secrets Manager and Lambda.
 * Signatures are not verified; of each, the front reads the access key id and the service.
 *
 * @param port 0 for any free one
 * @param log gets a line for what a person should know
 */
export async function startAwsFront(port: number, log: (line: string) => void): Promise<AwsFront> {
  const server = createServer();
  // Longer than the SDK's agents keep a socket, so that no call meets one that is just being closed.
  server.keepAliveTimeout = 120_000;
  // The only step that may fail comes first: the port may be taken.
  const endpoint = `http://${host}:${await listen(server, port)}`;
  const standIns = await startStandIns();
  const permissions = new Permissions();
  const secretsManager = createSecretsManager(() => Date.now() / 1000);
  let served: Served = {
    functionNames: new Set(),
    outputs: {},
    logs: createLogs(Date.now),
    invoke: () => Promise.reject(new Error('No functions are served yet.')),
  };

  server.on('request', async (incoming, response) => {
    let service = '';
    let said: AwsAnswer;
    try {
      const call = await readCall(incoming);
      service = call.service;
      said = await answer(call, { endpoint, standIns, permissions, secretsManager, served, log });
    } catch (error) {
      const known = error instanceof AwsRefusal;
      // While the front stops, the long polls under way break off.
      if (!known && server.listening) log(`the local ${service} failed: ${String(error)}`);
      said = refusalAnswer(service, known ? error : new AwsRefusal('InternalFailure', 'The stand-in failed.', 500));
    }
    response.writeHead(said.status, said.headers).end(said.body);
  });

  return {
    endpoint,
    serve(principals, invoke, outputs = {}, logs = createLogs(Date.now)) {
      permissions.serve(principals);
      const callable = principals.flatMap(({ name, aliases }) => [name, ...aliases.map((alias) => `${name}:${alias}`)]);
      served = { functionNames: new Set(callable), outputs, logs, invoke };
    },
    limitOperator: (policy) => permissions.limitOperator(policy),
    usedPermissions: () => permissions.used(),
    async stop() {
      await close(server);
      await standIns.stop();
    },
  };
}

/** What the front serves of a template. */
interface Served {
  readonly functionNames: ReadonlySet<string>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly logs: LocalLogs;
  readonly invoke: InvokeFunction;
}

interface FrontParts {
  readonly endpoint: string;
  readonly standIns: StandIns;
  readonly permissions: Permissions;
  readonly secretsManager: SecretsManager;
  readonly served: Served;
  readonly log: (line: string) => void;
}

async function answer(
  call: Call,
  { endpoint, standIns, permissions, secretsManager, served, log }: FrontParts,
): Promise<AwsAnswer> {
  if (call.service === 'lambda') {
    const { operation, parameters } = readAccountCall(call) ?? {};
    if (operation !== undefined) permissions.authorize(call, operation, parameters);
    const name = readFunctionName(call);
    permissions.authorize(call, 'Invoke', { FunctionName: name });
    return answerInvocation(name, call, served.functionNames, served.invoke, log);
  }
  const { operation, parameters } = readOperation(call);
  permissions.authorize(call, operation, parameters);
  if (call.service === 'cloudformation' && !permissions.isFunction(call.accessKeyId)) {
    return answerCloudFormation(call.body, served.outputs);
  }
  switch (call.service) {
    case 'secretsmanager':
      return jsonAnswer(secretsManager(operation, parameters), '1.1');
    case 'logs':
      return jsonAnswer(served.logs.answer(operation, parameters), '1.1');
    case 'dynamodb':
      checkDynamoCall(operation, parameters);
      return standIns.askDynamoDb(call, call.body);
    case 'sqs': {
      const checked = checkSqsCall(operation, parameters, endpoint);
      if (!checked.forward) return jsonAnswer(checked.answer({}), '1.0');
      const said = await standIns.askSqs(call, JSON.stringify(checked.forward));
      const content = parseBody(said.body);
      if (said.status !== 200) throw standInRefusal(content, said.status);
      return jsonAnswer(checked.answer(content), '1.0');
    }
    default:
      throw new AwsRefusal('UnknownService', `The local AWS has no service ${call.service || 'for unsigned calls'}.`);
  }
}

async function readCall(incoming: IncomingMessage): Promise<Call> {
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  // Credential=KEY/DATE/REGION/SERVICE/aws4_request
  const credential = /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '');
  return {
    service: credential?.[2] ?? '',
    accessKeyId: credential?.[1] ?? '',
    method: incoming.method ?? '',
    url: new URL(incoming.url ?? '/', `http://${host}`),
    headers,
    body: await text(incoming),
  };
}

/** The services name the operation in a header and speak JSON; CloudFormation and SNS speak forms. */
function readOperation({ headers, body }: Call): { readonly operation: string; readonly parameters: unknown } {
  const target = headers['x-amz-target'];
  if (target !== undefined) return { operation: target.split('.').at(-1) ?? '', parameters: parseBody(body) };
  const form = Object.fromEntries(new URLSearchParams(body));
  return { operation: form.Action ?? '', parameters: form };
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body || '{}');
  } catch {
    throw new AwsRefusal('SerializationException', 'The request body is not JSON.');
  }
}

function checkDynamoCall(operation: string, parameters: unknown): void {
  if (!dynamoOperations.split(' ').includes(operation)) {
    throw new AwsRefusal('UnknownOperationException', `The local DynamoDB does not know ${operation}.`);
  }
  if (Object.hasOwn(Object(parameters), dynamoSkips)) {
    throw new AwsRefusal('ValidationException', `The local DynamoDB does not know the parameter ${dynamoSkips}.`);
  }
}

function standInRefusal(content: unknown, status: number): AwsRefusal {
  const { __type: type, message } = Object(content) as { __type?: unknown; message?: unknown };
  return new AwsRefusal(String(type).replace(/^.*#/, ''), String(message), status);
}
