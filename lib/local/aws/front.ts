import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Kept, keptNowhere } from '../../kept.ts';
import { close, listen } from '../../listening.ts';
import { controlKeyHeader, controlPath } from '../../local-control.ts';
import { type DrawnKey, drawKey, keyFileOf, operatorName as operatorCaller } from '../../local-key.ts';
import { refuseForeignHosts } from '../../loopback-only.ts';
import type { KeptStack } from '../state/kept-stack.ts';
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

/** Answers a call of the command line to the local system itself. @param request parsed JSON @returns what becomes JSON */
export type AnswerControl = (request: unknown) => Promise<unknown>;

/** The one endpoint for all AWS calls on this machine. */
export interface AwsFront {
  /** Scheme, host and port; what `AWS_ENDPOINT_URL` is set to. */
  readonly endpoint: string;
  /**
   * Says who calls and how functions are invoked, once the template is resolved, which itself needs the endpoint.
   * Who signs with the key of the system and is no function is the operator, and may do everything, unless
   * `limitOperator` says otherwise.
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
  /** Takes calls of the command line to the local system itself, from now on. */
  takeControl(answer: AnswerControl): void;
  /** Every permission that a function, or a limited operator, made use of so far, each once. */
  usedPermissions(): UsedPermission[];
  /** Closes the endpoint and the stand-ins; what is not kept is gone. */
  stop(): Promise<void>;
}

interface Call extends LambdaCall {
  readonly service: string;
  /** Who signed: a function's logical id, or anything else for the operator. */
  readonly caller: string;
}

const host = '127.0.0.1';

// What dynalite does besides is not used by the runner; what it does not do it would partly skip in silence.
const dynamoOperations =
  'BatchGetItem BatchWriteItem CreateTable DeleteItem DescribeTable GetItem ListTables PutItem Query Scan UpdateItem';
const dynamoSkips = 'ReturnValuesOnConditionCheckFailure';

/**
 * Starts the endpoint and the stand-ins behind it: dynalite, fauxqs, and our own for Secrets Manager and Lambda.
 * Signatures are not verified; of each, the front reads the service and the access key id, in which the key is that this
 * start has drawn (lib/local-key.ts). Without it nothing is answered.
 *
 * @param port 0 for any free one
 * @param log gets a line for what a person should know
 * @param kept what the last run has left, and where this one keeps what it stores. @default nothing is kept
 */
export async function startAwsFront(port: number, log: (line: string) => void, kept?: KeptStack): Promise<AwsFront> {
  const server = createServer();
  // Longer than the SDK's agents keep a socket, so that no call meets one that is just being closed.
  server.keepAliveTimeout = 120_000;
  // The only step that may fail comes first: the port may be taken.
  const endpoint = `http://${host}:${await listen(server, port)}`;
  const key = drawKey(endpoint);
  const standIns = await startStandIns(kept);
  const permissions = new Permissions();
  const keeps = kept?.state ?? keptNowhere;
  const secretsManager = createSecretsManager(() => Date.now() / 1000, keeps);
  let served: Served = {
    functionNames: new Set(),
    outputs: {},
    logs: createLogs(Date.now),
    invoke: () => Promise.reject(new Error('No functions are served yet.')),
  };

  let answerControl: AnswerControl | undefined;
  server.on('request', async (incoming, response) => {
    let service = '';
    let said: AwsAnswer;
    try {
      const asked = await readCall(incoming);
      service = asked.service;
      const call = { ...asked, caller: requireKey(asked.accessKeyId, key, endpoint) };
      if (answerControl && isControl(call)) said = jsonAnswer(await answerControl(parseBody(call.body)), '1.0');
      else said = await answer(call, { endpoint, standIns, permissions, secretsManager, kept: keeps, served, log });
    } catch (error) {
      const known = error instanceof AwsRefusal;
      // While the front stops, the long polls under way break off.
      if (!known && server.listening) log(`the local ${service} failed: ${String(error)}`);
      said = refusalAnswer(service, known ? error : new AwsRefusal('InternalFailure', 'The stand-in failed.', 500));
    }
    response.writeHead(said.status, said.headers).end(said.body);
  });
  refuseForeignHosts(server);

  return {
    endpoint,
    serve(principals, invoke, outputs = {}, logs = createLogs(Date.now)) {
      permissions.serve(principals);
      const callable = principals.flatMap(({ name, aliases }) => [name, ...aliases.map((alias) => `${name}:${alias}`)]);
      served = { functionNames: new Set(callable), outputs, logs, invoke };
    },
    takeControl: (answer) => {
      answerControl = answer;
    },
    limitOperator: (policy) => permissions.limitOperator(policy),
    usedPermissions: () => permissions.used(),
    async stop() {
      key.forget();
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
  readonly kept: Kept;
  readonly served: Served;
  readonly log: (line: string) => void;
}

async function answer(
  call: Call,
  { endpoint, standIns, permissions, secretsManager, kept, served, log }: FrontParts,
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
  if (call.service === 'cloudformation' && !permissions.isFunction(call.caller)) {
    return answerCloudFormation(call.body, served.outputs);
  }
  switch (call.service) {
    case 'secretsmanager': {
      const said = jsonAnswer(secretsManager(operation, parameters), '1.1');
      await kept.durable();
      return said;
    }
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

/** Functions have the key as well, and no business here. */
function isControl({ url, caller }: Call): boolean {
  return url.pathname === controlPath && caller === operatorCaller;
}

/** @returns who calls @throws AwsRefusal as AWS refuses a key that it does not know */
function requireKey(accessKeyId: string, key: DrawnKey, endpoint: string): string {
  const caller = key.callerOf(accessKeyId);
  if (caller !== undefined) return caller;
  const text =
    'The AWS on this machine takes calls with the key alone that was drawn when it started. It is the access key id ' +
    `local-KEY, and KEY stands in ${keyFileOf(endpoint)} of the folder in which npm start runs.`;
  throw new AwsRefusal('UnrecognizedClientException', text, 403);
}

async function readCall(incoming: IncomingMessage): Promise<Omit<Call, 'caller'> & { readonly accessKeyId: string }> {
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  // Credential=KEY/DATE/REGION/SERVICE/aws4_request
  const credential = /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '');
  return {
    service: credential?.[2] ?? '',
    accessKeyId: credential?.[1] ?? headers[controlKeyHeader] ?? '',
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
