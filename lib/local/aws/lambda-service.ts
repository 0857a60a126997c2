import { randomUUID } from 'node:crypto';
import { invokeWithoutWaiting } from '../runtime/asynchronous.ts';
import { TooManyExecutionsError } from '../runtime/invocation.ts';
import { type AwsAnswer, AwsRefusal } from './answer.ts';
import { functionArn } from './identity.ts';

/** Runs a function; `functionError` tells that the payload is the error it ended with. */
export type InvokeFunction = (
  functionName: string,
  payload: unknown,
) => Promise<{ readonly payload: unknown; readonly functionError?: string }>;

/** For how long Lambda keeps an event that nobody waits for, in seconds: 6 hours, unless the function says less. */
const eventAgeSeconds = 21_600;

// Lambda's limits on payloads: 6 MB when the caller waits, 1 MB when it does not.
const maximumBytes = { RequestResponse: 6_291_556, Event: 1_048_576 } as const;

/** What the front knows of a call to Lambda. */
export interface LambdaCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Reads the function's name from a request to Lambda's Invoke API; names, ARNs and partial ARNs are the same to it.
 *
 * @returns e.g. `Vending`, or `Vending:live` where an alias is called
 * @throws AwsRefusal for every other operation of Lambda, and for log tails and the parameter Qualifier
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function readFunctionName({ method, url, headers }: LambdaCall): string {
  const name = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(url.pathname)?.[1];
  const problem =
    ((method !== 'POST' || name === undefined) && `only knows Invoke, not ${method} ${url.pathname}`) ||
    (headers['x-amz-log-type'] === 'Tail' && 'has no log tails') ||
    (url.searchParams.has('Qualifier') && 'knows an alias only as part of the function name or ARN');
  if (problem) throw new AwsRefusal('UnsupportedOperation', `The local Lambda ${problem}.`);
  return decodeURIComponent(name ?? '').replace(/^.*:function:/, '');
}

/** What `verify` asks Lambda beside invocations: the local Lambda does not answer it, but whether it may be asked is checked. */
const accountCalls: readonly (readonly [RegExp, string])[] = [
  [/^\/2016-08-19\/account-settings\/?$/, 'GetAccountSettings'],
  [/^\/2015-03-31\/event-source-mappings\/?$/, 'ListEventSourceMappings'],
  [/^\/2015-03-31\/functions\/([^/]+)\/configuration$/, 'GetFunctionConfiguration'],
];

/**
 * Reads which question about the account or a function's configuration a request is.
 *
 * @returns undefined for everything else
 */
export function readAccountCall({ method, url }: LambdaCall) {
  for (const [path, operation] of accountCalls) {
    const [whole, name = ''] = path.exec(url.pathname) ?? [];
    if (method !== 'GET' || whole === undefined) continue;
    const FunctionName = decodeURIComponent(name).replace(/^.*:function:/, '');
    return { operation, parameters: { FunctionName } };
  }
  return undefined;
}

/**
 * Answers an invocation as Lambda does.
 *
 * An invocation of type Event is run once and its failure logged; Lambda would try it twice more after minutes.
 *
 * @param calledName a function's name, with an alias or without
 * @param functionNames the functions and aliases that exist
 * @throws AwsRefusal when the function does not exist, the payload is not acceptable or the account has no execution
 *   free
 */
export async function answerInvocation(
  calledName: string,
  { headers: { 'x-amz-invocation-type': type = 'RequestResponse' }, body }: LambdaCall,
  functionNames: ReadonlySet<string>,
  invoke: InvokeFunction,
  log: (line: string) => void,
): Promise<AwsAnswer> {
  if (!functionNames.has(calledName)) {
    throw new AwsRefusal('ResourceNotFoundException', `Function not found: ${functionArn(calledName)}`, 404);
  }
  const [functionName = '', alias] = calledName.split(':');
  if (type !== 'RequestResponse' && type !== 'Event') {
    throw new AwsRefusal('InvalidParameterValueException', `The local Lambda has no invocation type ${type}.`);
  }
  const bytes = Buffer.byteLength(body);
  if (bytes > maximumBytes[type]) {
    const message = `Request must be smaller than ${maximumBytes[type]} bytes for the InvokeFunction operation`;
    throw new AwsRefusal('RequestTooLargeException', message, 413);
  }
  const event = parsePayload(body);
  const headers = { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID() };
  if (type === 'Event') {
    const report = (problem: string) => log(`${functionName}, invoked without waiting, failed: ${problem}`);
    invokeWithoutWaiting(() => invoke(functionName, event), eventAgeSeconds).then(
      ({ functionError }) => functionError && report(functionError),
      (error: unknown) => report(error instanceof Error ? error.message : 'unknown'),
    );
    return { status: 202, headers, body: '' };
  }
  const { payload, functionError } = await invoke(functionName, event).catch((error: unknown) => {
    throw error instanceof TooManyExecutionsError ? throttle() : error;
  });
  return {
    status: 200,
    headers: {
      ...headers,
      'x-amz-executed-version': alias === undefined ? '$LATEST' : '1',
      ...(functionError && { 'x-amz-function-error': functionError }),
    },
    body: JSON.stringify(payload ?? null),
  };
}

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors */
function throttle(): AwsRefusal {
  const fields = { Reason: 'ConcurrentInvocationLimitExceeded', Type: 'User' };
  return new AwsRefusal('TooManyRequestsException', 'Rate Exceeded.', 429, fields);
}

function parsePayload(body: string): unknown {
  try {
    return JSON.parse(body || '{}');
  } catch (error) {
    const problem = error instanceof Error ? error.message : '';
    throw new AwsRefusal('InvalidRequestContentException', `Could not parse request body into json: ${problem}`);
  }
}
