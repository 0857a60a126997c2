/**
 * Runs one sandbox of a function inside a worker thread, as Lambda's Node runtime does: imports the deployed asset
 * once, then handles one event at a time. lib/local/runtime/sandbox.ts starts it and gives it the function's own environment.
 *
 * @see https://github.com/aws/aws-lambda-nodejs-runtime-interface-client the error names and shapes
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isNativeError } from 'node:util/types';
import { parentPort, workerData } from 'node:worker_threads';
import type { LambdaError } from './invocation.ts';
import type { HandlerContext, WorkerInvocation, WorkerMessage, WorkerSettings } from './sandbox.ts';

type Handler = (event: unknown, context: HandlerContext) => unknown;

const port = parentPort;
if (port === null)
  throw new Error('runtime-worker.ts is the entry of a worker thread; lib/local/runtime/sandbox.ts starts it.');
const settings: WorkerSettings = workerData;

process.on('uncaughtException', (error) => {
  report('Uncaught Exception', toLambdaError(error));
  process.exit(129);
});
process.on('unhandledRejection', (reason) => {
  report('Unhandled Promise Rejection', {
    ...toLambdaError(reason),
    errorType: 'Runtime.UnhandledPromiseRejection',
    errorMessage: String(reason),
  });
  process.exit(128);
});

try {
  const { proxies } = settings;
  // It loads what only those need who are behind a proxy.
  if (proxies.https || proxies.http) await (await import('../../use-proxies.ts')).applyProxyRules(proxies);
  const handler = await loadHandler();
  port.on('message', (invocation: WorkerInvocation) => handle(handler, invocation));
  send({ kind: 'ready' });
} catch (error) {
  report('Init Error', toLambdaError(error));
  process.exit(1);
}

async function loadHandler(): Promise<Handler> {
  const [file = '', exported = ''] = settings.handler.split('.');
  const path = ['.mjs', '.js', '.cjs'].map((end) => join(settings.assetDirectory, file + end)).find(existsSync);
  if (path === undefined) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${file}'`);
  const module: Record<string, unknown> = await import(pathToFileURL(path).href).catch((error) => {
    throw error instanceof SyntaxError ? named('Runtime.UserCodeSyntaxError', String(error)) : error;
  });
  const handler = module[exported];
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${settings.handler} is undefined or not exported`);
  }
  return handler as Handler;
}

async function handle(handler: Handler, { requestId, event, deadline }: WorkerInvocation): Promise<void> {
  const context: HandlerContext = {
    ...settings.context,
    callbackWaitsForEmptyEventLoop: true,
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  let message: WorkerMessage;
  try {
    const result = await handler(JSON.parse(event), context);
    message = { kind: 'result', payload: serialize(result) };
  } catch (error) {
    message = { kind: 'error', error: toLambdaError(error), fatal: false };
    console.error(`Invoke Error\t${JSON.stringify(toLambdaError(error))}`);
  }
  // A write is called back when the parent has read it: so an invocation's log lines precede its result.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((read) => stream.write('', read))));
  send(message);
}

function serialize(result: unknown): string {
  try {
    return JSON.stringify(result) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

function toLambdaError(error: unknown): LambdaError {
  if (!isNativeError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] };
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function report(heading: string, error: LambdaError): void {
  console.error(`${heading}\t${JSON.stringify(error)}`);
  send({ kind: 'error', error, fatal: true });
}

function send(message: WorkerMessage): void {
  port?.postMessage(message);
}
