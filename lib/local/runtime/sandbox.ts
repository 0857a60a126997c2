import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { type ProxyRules, readProxyRules } from '../../proxy-rules.ts';
import { functionArn, region } from '../aws/identity.ts';
import type { InvokeResult, LambdaError, LogLine, RuntimeFunction } from './invocation.ts';

const workerSource = new URL('./runtime-worker.ts', import.meta.url);
/** The published package has it bundled, beside its command line. */
const workerEntry = existsSync(workerSource)
  ? workerSource
  : new URL('../../../bin/runtime-worker.mjs', import.meta.url);

/** Lambda lets a function's initialization take this long before it counts the function's own time-out. */
const initSeconds = 10;

/** The context object that a handler gets, without the parts that only Cognito and mobile callers fill. */
export interface HandlerContext {
  functionName: string;
  functionVersion: string;
  invokedFunctionArn: string;
  memoryLimitInMB: string;
  logGroupName: string;
  logStreamName: string;
  callbackWaitsForEmptyEventLoop: boolean;
  awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** What a worker thread is started with. */
export interface WorkerSettings {
  assetDirectory: string;
  handler: string;
  /** The proxies of this machine, which an account's functions do not have. */
  proxies: ProxyRules;
  context: Omit<HandlerContext, 'awsRequestId' | 'callbackWaitsForEmptyEventLoop' | 'getRemainingTimeInMillis'>;
}

/** One event for a worker thread; `event` is JSON, `deadline` in epoch milliseconds. */
export interface WorkerInvocation {
  requestId: string;
  event: string;
  deadline: number;
}

/** What a worker thread reports; `payload` is JSON, and after a fatal error the thread ends. */
export type WorkerMessage =
  | { kind: 'ready' }
  | { kind: 'result'; payload: string }
  | { kind: 'error'; error: LambdaError; fatal: boolean };

type Outcome = WorkerMessage | { kind: 'exit'; reason: LambdaExit } | { kind: 'timeout' };
type LambdaExit = 'no reason' | 'out of memory' | `exit status ${number}`;

/** One worker thread that handles a function's events, one at a time. */
export interface Sandbox {
  /**
   * Handles an event (JSON).
   *
   * @returns the result, and whether the sandbox can take another event
   */
  run(requestId: string, event: string): Promise<InvokeResult & { reusable: boolean }>;
  hasEnded(): boolean;
  /** Ends the thread, whatever it does. */
  end(): Promise<void>;
}

/**
 * Starts a sandbox for a function. It differs from Lambda's in this: it is not frozen between events, and it shares the
 * process's time zone.
 */
export function startSandbox(fn: RuntimeFunction, log: (line: LogLine) => void): Sandbox {
  const worker = new Worker(workerEntry, {
    env: lambdaEnvironment(fn),
    workerData: workerSettings(fn),
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: fn.memoryMb },
  });
  const forward = (stream: LogLine['stream'], input: Readable) =>
    createInterface({ input }).on('line', (text) => log({ functionName: fn.name, stream, text }));
  forward('stdout', worker.stdout);
  forward('stderr', worker.stderr);

  let outOfMemory = false;
  let ended: Outcome | undefined;
  let settle: (outcome: Outcome) => void = () => {};
  worker.on('message', (message: WorkerMessage) => settle(message));
  // The worker reports its own errors; what arrives here is a fault of the thread. 'exit' follows.
  worker.on('error', (error: NodeJS.ErrnoException) => {
    outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  });
  worker.on('exit', (code) => {
    const reason = outOfMemory ? 'out of memory' : code === 0 ? 'no reason' : (`exit status ${code}` as const);
    ended = { kind: 'exit', reason };
    settle(ended);
  });

  function nextOutcome(milliseconds: number): Promise<Outcome> {
    if (ended) return Promise.resolve(ended);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ kind: 'timeout' }), milliseconds);
      settle = (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
    });
  }

  const timeout = fn.timeoutSeconds * 1_000;
  let initialization: Promise<Outcome> | undefined = nextOutcome(initSeconds * 1_000 + timeout);

  return {
    async run(requestId, event) {
      const initialized = await initialization;
      initialization = undefined;
      if (initialized !== undefined && initialized.kind !== 'ready') {
        await worker.terminate();
        return { ...failure(initialized, requestId, fn), requestId, reusable: false };
      }
      const deadline = Date.now() + timeout;
      worker.postMessage({ requestId, event, deadline } satisfies WorkerInvocation);
      const outcome = await nextOutcome(timeout);
      if (outcome.kind === 'result') return { payload: JSON.parse(outcome.payload), requestId, reusable: true };
      // Ended before the answer, so that nothing of a timed-out invocation happens after its caller heard of it.
      if (outcome.kind === 'timeout') await worker.terminate();
      return { ...failure(outcome, requestId, fn), requestId, reusable: outcome.kind === 'error' && !outcome.fatal };
    },
    hasEnded: () => ended !== undefined,
    async end() {
      await worker.terminate();
    },
  };
}

function failure(
  outcome: Outcome,
  requestId: string,
  fn: RuntimeFunction,
): { payload: LambdaError; functionError: 'Unhandled' } {
  const fail = (errorType: string, text: string) => ({
    payload: { errorType, errorMessage: `RequestId: ${requestId} Error: ${text}` },
    functionError: 'Unhandled' as const,
  });
  if (outcome.kind === 'error') return { payload: outcome.error, functionError: 'Unhandled' };
  if (outcome.kind === 'timeout') {
    return fail('Sandbox.Timedout', `Task timed out after ${fn.timeoutSeconds.toFixed(2)} seconds`);
  }
  const reason = outcome.kind === 'exit' ? outcome.reason : 'no reason';
  if (reason === 'out of memory') return fail('Runtime.OutOfMemory', 'Runtime exited with error: signal: killed');
  if (reason === 'no reason') return fail('Runtime.ExitError', 'Runtime exited without providing a reason');
  return fail('Runtime.ExitError', `Runtime exited with error: ${reason}`);
}

function workerSettings(fn: RuntimeFunction): WorkerSettings {
  return {
    assetDirectory: fn.assetDirectory,
    handler: fn.handler,
    proxies: readProxyRules(process.env),
    context: {
      functionName: fn.name,
      functionVersion: '$LATEST',
      invokedFunctionArn: functionArn(fn.name),
      memoryLimitInMB: String(fn.memoryMb),
      logGroupName: `/aws/lambda/${fn.name}`,
      logStreamName: 'local',
    },
  };
}

/** The variables that Lambda itself sets; nothing of this process's own environment reaches a function. */
function lambdaEnvironment(fn: RuntimeFunction): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${fn.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: fn.assetDirectory,
    _HANDLER: fn.handler,
    TZ: ':UTC',
    // Not Lambda's: without it the SDK would find the home folder, and apply a person's own ~/.aws/config.
    HOME: fn.assetDirectory,
    ...fn.environment,
  };
}
