import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import dynalite from 'dynalite';
import { buildApp } from 'fauxqs';
import { close, listen } from '../../listening.ts';
import { evaluate, type Permission, requiredPermissions, type Statement } from '../template/policy.ts';
import { type AwsAnswer, AwsRefusal, jsonAnswer, refusalAnswer } from './answer.ts';
import { answerCloudFormation } from './cloudformation.ts';
import { sessionArn } from './identity.ts';
import { answerInvocation, type InvokeFunction, type LambdaCall, readFunctionName } from './lambda-service.ts';
import { createLogs, type LocalLogs } from './logs.ts';
import { createSecretsManager } from './secrets-manager.ts';
import { checkSqsCall } from './sqs-rules.ts';

/** A function as the front knows it: it signs with its logical id as access key id, and may do what its role's statements allow. */
export interface Principal {
  readonly logicalId: string;
  readonly name: string;
  readonly roleStatements: readonly Statement[];
}

/** A permission that a function made use of. */
export interface UsedPermission extends Permission {
  readonly functionName: string;
  /** How often. */
  readonly calls: number;
}

/** The one endpoint for all AWS calls on this machine. */
export interface AwsFront {
  /** Scheme, host and port; what `AWS_ENDPOINT_URL` is set to. */
  readonly endpoint: string;
  /**
   * Says who calls and how functions are invoked, once the template is resolved, which itself needs the endpoint.
   * An access key id that is none of the functions' is the operator's and may do everything: nothing here is secret.
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
  /** Every permission that a function made use of so far, each once. */
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
  const dynamo = dynalite({ createTableMs: 0 });
  const dynamoPort = await listen(dynamo, 0);
  const sqs = buildApp({ logger: false });
  const sqsPort = Number(new URL(await sqs.listen({ port: 0, host })).port);
  const agent = new Agent({ keepAlive: true });
  const secretsManager = createSecretsManager(() => Date.now() / 1000);
  /** DynamoDB's calls under way: dynalite dies of one that is not done when its store is closed. */
  const underWay = new Set<Promise<AwsAnswer>>();
  const forwardToDynamo = (call: Call) => {
    const said = forward(agent, dynamoPort, call, call.body);
    underWay.add(said);
    return said.finally(() => underWay.delete(said));
  };

  let principals = new Map<string, Principal>();
  let functionNames = new Set<string>();
  let stackOutputs: Readonly<Record<string, string>> = {};
  let servedLogs = createLogs(Date.now);
  let invokeFunction: InvokeFunction = () => Promise.reject(new Error('No functions are served yet.'));
  const used = new Map<string, UsedPermission>();

  const authorize = (call: Call, operation: string, parameters: unknown) => {
    const principal = principals.get(call.accessKeyId);
    if (!principal) return;
    const { name: functionName, roleStatements } = principal;
    for (const permission of requiredPermissions(call.service, operation, parameters)) {
      const verdict = evaluate(roleStatements, permission);
      if (verdict !== 'allowed') throw accessDenied(call.service, functionName, permission, verdict);
      const key = [functionName, permission.action, permission.resource].join(' ');
      used.set(key, { functionName, ...permission, calls: (used.get(key)?.calls ?? 0) + 1 });
    }
  };

  const answer = async (call: Call): Promise<AwsAnswer> => {
    if (call.service === 'lambda') {
      const name = readFunctionName(call);
      authorize(call, 'Invoke', { FunctionName: name });
      return answerInvocation(name, call, functionNames, invokeFunction, log);
    }
    if (call.service === 'cloudformation' && !principals.has(call.accessKeyId)) {
      return answerCloudFormation(call.body, stackOutputs);
    }
    const operation = call.headers['x-amz-target']?.split('.').at(-1) ?? '';
    const parameters = parseBody(call.body);
    authorize(call, operation, parameters);
    switch (call.service) {
      case 'secretsmanager':
        return jsonAnswer(secretsManager(operation, parameters), '1.1');
      case 'logs':
        return jsonAnswer(servedLogs.answer(operation, parameters), '1.1');
      case 'dynamodb':
        checkDynamoCall(operation, parameters);
        return forwardToDynamo(call);
      case 'sqs': {
        const checked = checkSqsCall(operation, parameters, endpoint);
        if (!checked.forward) return jsonAnswer(checked.answer({}), '1.0');
        const said = await forward(agent, sqsPort, call, JSON.stringify(checked.forward));
        const content = parseBody(said.body);
        if (said.status !== 200) throw standInRefusal(content, said.status);
        return jsonAnswer(checked.answer(content), '1.0');
      }
      default:
        throw new AwsRefusal('UnknownService', `The local AWS has no service ${call.service || 'for unsigned calls'}.`);
    }
  };

  server.on('request', async (incoming, response) => {
    let service = '';
    let said: AwsAnswer;
    try {
      const call = await readCall(incoming);
      service = call.service;
      said = await answer(call);
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
    serve(given, invoke, outputs = {}, logs = createLogs(Date.now)) {
      servedLogs = logs;
      principals = new Map(given.map((principal) => [principal.logicalId, principal]));
      functionNames = new Set(given.map(({ name }) => name));
      invokeFunction = invoke;
      stackOutputs = outputs;
    },
    usedPermissions: () => [...used.values()],
    async stop() {
      await close(server);
      await Promise.allSettled(underWay);
      agent.destroy();
      await sqs.close();
      await close(dynamo);
    },
  };
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

/** Sends a call on; the stand-in gets it whole even if the caller is gone, because dynalite dies of cut requests. */
async function forward(agent: Agent, port: number, call: Call, body: string): Promise<AwsAnswer> {
  const { connection: _hop, 'content-length': _length, expect: _expect, ...headers } = call.headers;
  const outgoing = request({ agent, host, port, method: 'POST', path: '/', headers });
  const answered: Promise<IncomingMessage[]> = once(outgoing, 'response');
  outgoing.end(body);
  const [response] = await answered;
  if (!response) throw new Error('A stand-in did not answer.');
  const kept = Object.entries(response.headers).filter(([name]) => /^(content-type|x-amz)/.test(name));
  return {
    status: response.statusCode ?? 500,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    body: await text(response),
  };
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

function accessDenied(
  service: string,
  functionName: string,
  { action, resource }: Permission,
  verdict: string,
): AwsRefusal {
  const because =
    verdict === 'explicitly denied'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  const message = `User: ${sessionArn(functionName)} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
  const status = service === 'lambda' || service === 'sqs' ? 403 : 400;
  return new AwsRefusal('AccessDeniedException', message, status);
}
