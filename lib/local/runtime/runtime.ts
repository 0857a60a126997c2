import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { ConnectorError } from '../../../functions/connector-error.ts';
import { type InvokeResult, type LogLine, type RuntimeFunction, TooManyExecutionsError } from './invocation.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

/** Runs functions as Lambda does, each in sandboxes of its own. */
export interface Runtime {
  /**
   * Invokes a function and waits for its result.
   *
   * @param event any JSON value; without one the function gets `{}`, as from Lambda
   * @throws UnknownFunctionError for a name the runtime was not started with
   * @throws RuntimeStoppedError when the runtime is stopped before the result
   * @throws TooManyExecutionsError when the account has as many executions under way as it may have
   */
  invoke(name: string, event?: unknown): Promise<InvokeResult>;
  /**
   * Runs other code under a function's name from its next invocation on; those under way end with the old one.
   *
   * @param assetDirectory as that of a {@link RuntimeFunction}
   * @throws UnknownFunctionError
   */
  replaceCode(name: string, assetDirectory: string): Promise<void>;
  /**
   * Gives a function variables besides those that it was started with, likewise.
   *
   * @param variables in place of those that it was given before
   * @throws UnknownFunctionError
   */
  giveVariables(name: string, variables: Readonly<Record<string, string>>): Promise<void>;
  /** Ends every sandbox; invocations under way or waiting are rejected. */
  stop(): Promise<void>;
}

/** A function was invoked that the runtime was not started with. */
export class UnknownFunctionError extends ConnectorError {
  override readonly name = 'UnknownFunctionError';
  readonly code = 'unknown_function';
  constructor(name: string) {
    super(`There is no function named ${name}. Take the name from the outputs of the stack that is running.`);
  }
}

/** The runtime was stopped while an invocation was under way or waiting. */
export class RuntimeStoppedError extends ConnectorError {
  override readonly name = 'RuntimeStoppedError';
  readonly code = 'runtime_stopped';
  constructor(name: string) {
    super(`The local runtime was stopped before ${name} gave its result.`);
  }
}

/**
 * Starts a runtime for functions; a sandbox (a worker thread) is started by the first invocation that needs it.
 *
 * @param options.log gets every line that a function writes
 * @param options.accountConcurrency how many executions the account may have under way, of all functions together.
 *   Default is no limit. An execution counts from its invocation on: on AWS none waits for a sandbox.
 */
export function startRuntime(
  functions: RuntimeFunction[],
  options: { log(line: LogLine): void; readonly accountConcurrency?: number | undefined },
): Runtime {
  const { accountConcurrency = Number.POSITIVE_INFINITY } = options;
  let underWay = 0;
  const pools = new Map(functions.map((fn) => [fn.name, startPool(fn, options.log)]));
  const poolOf = (name: string) => {
    const pool = pools.get(name);
    if (pool === undefined) throw new UnknownFunctionError(name);
    return pool;
  };
  return {
    async invoke(name, event) {
      const pool = poolOf(name);
      if (underWay >= accountConcurrency) throw new TooManyExecutionsError(name, accountConcurrency);
      underWay += 1;
      return pool.invoke(JSON.stringify(event) ?? '{}').finally(() => {
        underWay -= 1;
      });
    },
    replaceCode: async (name, assetDirectory) => poolOf(name).replaceCode(assetDirectory),
    giveVariables: async (name, variables) => poolOf(name).giveVariables(variables),
    async stop() {
      await Promise.all([...pools.values()].map((pool) => pool.stop()));
    },
  };
}

interface Invocation {
  requestId: string;
  event: string;
  resolve(result: InvokeResult): void;
  reject(error: Error): void;
}

function startPool(given: RuntimeFunction, log: (line: LogLine) => void) {
  const withVariables = (variables: RuntimeFunction['variables']) => ({ ...given.environment, ...variables });
  let fn: RuntimeFunction = { ...given, environment: withVariables(given.variables) };
  const waiting: Invocation[] = [];
  const busy = new Set<Sandbox>();
  const idle: Sandbox[] = [];
  let stopped = false;

  /** A sandbox may end while it idles, by a timer that an invocation left behind. */
  function takeIdle(): Sandbox | undefined {
    const sandbox = idle.pop();
    return sandbox?.hasEnded() ? takeIdle() : sandbox;
  }

  function dispatch(): void {
    while (waiting.length > 0) {
      const warm = takeIdle();
      if (warm === undefined && busy.size >= (fn.maxConcurrency ?? 4)) return;
      const next = waiting.shift();
      if (next) void work(warm ?? startSandbox(fn, log), next);
    }
  }

  async function work(sandbox: Sandbox, invocation: Invocation): Promise<void> {
    const begunAs = fn;
    busy.add(sandbox);
    const { reusable, ...result } = await sandbox.run(invocation.requestId, invocation.event);
    busy.delete(sandbox);
    const isCurrent = begunAs === fn && !stopped;
    if (reusable && isCurrent) idle.push(sandbox);
    else if (reusable) void sandbox.end();
    if (stopped) invocation.reject(new RuntimeStoppedError(fn.name));
    else invocation.resolve(result);
    dispatch();
  }

  /** Those that run end as what they are; no other event gets to them. */
  async function change(next: RuntimeFunction): Promise<void> {
    fn = next;
    await Promise.all(idle.splice(0).map((sandbox) => sandbox.end()));
  }

  return {
    invoke(event: string): Promise<InvokeResult> {
      return new Promise((resolve, reject) => {
        if (stopped) return reject(new RuntimeStoppedError(fn.name));
        waiting.push({ requestId: randomUUID(), event, resolve, reject });
        dispatch();
      });
    },
    async replaceCode(assetDirectory: string): Promise<void> {
      if (assetDirectory !== fn.assetDirectory) await change({ ...fn, assetDirectory });
    },
    async giveVariables(variables: Readonly<Record<string, string>>): Promise<void> {
      const environment = withVariables(variables);
      if (!isDeepStrictEqual(environment, fn.environment)) await change({ ...fn, environment });
    },
    async stop(): Promise<void> {
      stopped = true;
      for (const invocation of waiting.splice(0)) invocation.reject(new RuntimeStoppedError(fn.name));
      await Promise.all([...idle.splice(0), ...busy].map((sandbox) => sandbox.end()));
    },
  };
}
