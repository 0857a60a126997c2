import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import type { LogLine, RuntimeFunction } from '../../../lib/local/runtime/invocation.ts';
import { startRuntime } from '../../../lib/local/runtime/runtime.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Starts a runtime with one function, `subject`, whose `index.mjs` is the given source. */
async function start(source: string, properties: Partial<RuntimeFunction> = {}, accountConcurrency?: number) {
  const assetDirectory = await mkdtemp(join(tmpdir(), 'runtime-'));
  await writeFile(join(assetDirectory, 'index.mjs'), source);
  const lines: LogLine[] = [];
  const subject = { name: 'subject', assetDirectory, handler: 'index.handler', timeoutSeconds: 5, memoryMb: 256 };
  const functions = [{ ...subject, environment: {}, ...properties }];
  const runtime = startRuntime(functions, { log: (line) => lines.push(line), accountConcurrency });
  cleanups.push(async () => {
    await runtime.stop();
    await rm(assetDirectory, { recursive: true });
  });
  return { runtime, lines, assetDirectory, invoke: (event?: unknown) => runtime.invoke('subject', event) };
}

/** A handler that tells which event of its sandbox it got, and how many there were when it was done. */
const counting = `
  let handled = 0;
  export const handler = async ({ milliseconds }) => {
    handled += 1;
    const mine = handled;
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return { mine, handled };
  };`;

test('gives the function its event and the caller its result, both as JSON makes them', async () => {
  const { invoke } = await start(
    'export const handler = async (event) => ({ event, gone: undefined, at: new Date(0) })',
  );
  expect(await invoke({ id: '9007199254740993', when: new Date(0), gone: undefined })).toEqual({
    payload: { event: { id: '9007199254740993', when: '1970-01-01T00:00:00.000Z' }, at: '1970-01-01T00:00:00.000Z' },
    requestId: expect.any(String),
  });
});

test('turns a result of undefined into null, and a missing event into an empty object', async () => {
  const { invoke } = await start('export const handler = async (event) => event.echo ? event : undefined');
  expect((await invoke({})).payload).toBeNull();
  const echo = await start('export const handler = async (event) => event');
  expect((await echo.invoke()).payload).toEqual({});
  expect((await echo.invoke(null)).payload).toBeNull();
});

test('fails with an error when the result has no JSON', async () => {
  const { invoke } = await start('export const handler = async () => 1n');
  expect(await invoke()).toMatchObject({
    functionError: 'Unhandled',
    payload: { errorType: 'Error', errorMessage: 'Unable to stringify response body' },
  });
});

test('shows a function its own environment and nothing of the process that runs it', async () => {
  process.env.SECRET_OF_THE_PROCESS = 'x';
  const { invoke, assetDirectory } = await start('export const handler = async () => process.env', {
    environment: { PROCORE_ENVIRONMENT: 'sandbox', AWS_ACCESS_KEY_ID: 'key' },
  });
  delete process.env.SECRET_OF_THE_PROCESS;
  const { payload } = await invoke();
  expect(payload).toMatchObject({
    PROCORE_ENVIRONMENT: 'sandbox',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_REGION: 'us-east-1',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'subject',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    LAMBDA_TASK_ROOT: assetDirectory,
  });
  expect(payload).not.toHaveProperty('SECRET_OF_THE_PROCESS');
  expect(payload).not.toHaveProperty('PATH');
  expect(payload).not.toHaveProperty('NODE_OPTIONS');
});

test('gives the handler a context with names, request id and the time that remains', async () => {
  const { invoke } = await start(
    'export const handler = async (event, context) => ({ ...context, remaining: context.getRemainingTimeInMillis() })',
  );
  const { payload, requestId } = await invoke();
  expect(payload).toMatchObject({
    awsRequestId: requestId,
    functionName: 'subject',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:subject',
    memoryLimitInMB: '256',
    logGroupName: '/aws/lambda/subject',
  });
  const { remaining } = payload as { remaining: number };
  expect(remaining).toBeGreaterThan(3_000);
  expect(remaining).toBeLessThanOrEqual(5_000);
});

test('keeps a sandbox warm for the next event, and after an error of the handler', async () => {
  const { invoke } = await start(`
    let count = 0;
    export const handler = async ({ fail }) => { count += 1; if (fail) throw new Error('no'); return count; };`);
  expect((await invoke({})).payload).toBe(1);
  await invoke({ fail: true });
  expect((await invoke({})).payload).toBe(3);
});

test('gives one sandbox one event at a time, in the order of the calls', async () => {
  const { invoke } = await start(counting, { maxConcurrency: 1 });
  const results = await Promise.all([20, 1, 1].map((milliseconds) => invoke({ milliseconds })));
  expect(results.map(({ payload }) => payload)).toEqual([
    { mine: 1, handled: 1 },
    { mine: 2, handled: 2 },
    { mine: 3, handled: 3 },
  ]);
});

test('starts no more sandboxes than the cap, four where none is given', async () => {
  for (const cap of [2, undefined]) {
    const { invoke } = await start(
      `const sandbox = Math.random();
       export const handler = async () => { await new Promise((r) => setTimeout(r, 5)); return sandbox; };`,
      cap === undefined ? {} : { maxConcurrency: cap },
    );
    const results = await Promise.all(Array.from({ length: 40 }, () => invoke()));
    expect(new Set(results.map(({ payload }) => payload)).size).toBe(cap ?? 4);
  }
});

test('tells an error of the handler with type, message and trace, and writes it to the log', async () => {
  const { invoke, lines } = await start('export const handler = async () => { throw new RangeError("too far"); }');
  expect(await invoke()).toEqual({
    functionError: 'Unhandled',
    payload: {
      errorType: 'RangeError',
      errorMessage: 'too far',
      trace: expect.arrayContaining(['RangeError: too far', expect.stringContaining('index.mjs')]),
    },
    requestId: expect.any(String),
  });
  expect(lines).toEqual([
    { functionName: 'subject', stream: 'stderr', text: expect.stringMatching(/^Invoke Error\t.*"RangeError"/) },
  ]);
});

test('tells an error of the initialization, and initializes again for the next event', async () => {
  const { invoke, lines } = await start('throw new TypeError("no setting"); export const handler = async () => 1;');
  for (const _ of [1, 2]) {
    expect(await invoke()).toMatchObject({
      functionError: 'Unhandled',
      payload: { errorType: 'TypeError', errorMessage: 'no setting' },
    });
  }
  expect(lines.map(({ text }) => text.split('\t')[0])).toEqual(['Init Error', 'Init Error']);
});

test.each([
  ['a missing file', 'other.handler', '', 'Runtime.ImportModuleError', /'other'/],
  ['a missing export', 'index.missing', '', 'Runtime.HandlerNotFound', /^index\.missing is undefined/],
  ['broken syntax', 'index.handler', 'export const =', 'Runtime.UserCodeSyntaxError', /^SyntaxError/],
])('names %s as Lambda does', async (_case, handler, source, errorType, errorMessage) => {
  const { invoke } = await start(source, { handler });
  expect((await invoke()).payload).toMatchObject({ errorType, errorMessage: expect.stringMatching(errorMessage) });
});

test('ends a sandbox whose event takes too long, even in a busy loop, and starts another', async () => {
  const { invoke } = await start('export const handler = async ({ spin }) => { while (spin); return "fresh"; }', {
    timeoutSeconds: 0.25,
  });
  const { payload, functionError, requestId } = await invoke({ spin: true });
  expect({ payload, functionError }).toEqual({
    functionError: 'Unhandled',
    payload: {
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${requestId} Error: Task timed out after 0.25 seconds`,
    },
  });
  expect((await invoke({})).payload).toBe('fresh');
});

test('runs nothing more of a timed-out event once its caller has heard of it', async () => {
  const { invoke } = await start(
    `import { appendFileSync, statSync } from 'node:fs';
     const file = process.env.LAMBDA_TASK_ROOT + '/ticks';
     export const handler = async ({ tick }) => {
       if (!tick) return statSync(file).size;
       // The first tick at once: a busy machine may not come to the interval's in time.
       appendFileSync(file, '.');
       setInterval(() => appendFileSync(file, '.'), 1);
       await new Promise(() => {});
     };`,
    { timeoutSeconds: 0.5 },
  );
  await invoke({ tick: true });
  const { payload } = await invoke({});
  expect(payload).toBeGreaterThan(0);
  expect((await invoke({})).payload).toBe(payload);
});

test.each([
  [3, 'Runtime exited with error: exit status 3'],
  [0, 'Runtime exited without providing a reason'],
])('reports process.exit(%i) as the exit of the runtime, and goes on', async (code, reason) => {
  const { invoke } = await start(
    'export const handler = async ({ code }) => code === undefined ? 1 : process.exit(code)',
  );
  const { payload, requestId } = await invoke({ code });
  expect(payload).toEqual({
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${requestId} Error: ${reason}`,
  });
  expect((await invoke({})).payload).toBe(1);
});

test('reports an uncaught exception and an unhandled rejection, and starts a new sandbox after each', async () => {
  const { invoke } = await start(`
    let warm = false;
    export const handler = async ({ how }) => {
      if (how === 'throw') setTimeout(() => { throw new RangeError('later'); });
      else if (how === 'reject') Promise.reject(new Error('nobody'));
      else { const before = warm; warm = true; return before; }
      await new Promise(() => {});
    };`);
  expect((await invoke({})).payload).toBe(false);
  expect((await invoke({ how: 'throw' })).payload).toMatchObject({ errorType: 'RangeError', errorMessage: 'later' });
  expect((await invoke({})).payload).toBe(false);
  expect((await invoke({ how: 'reject' })).payload).toMatchObject({
    errorType: 'Runtime.UnhandledPromiseRejection',
    errorMessage: 'Error: nobody',
  });
  expect((await invoke({})).payload).toBe(false);
});

test('gives no event to a sandbox that ended while it was idle', async () => {
  const { invoke } = await start(`
    export const handler = async ({ leavesExit }) => {
      if (leavesExit) setTimeout(() => process.exit(1), 5);
      return 'well';
    };`);
  const exits: Promise<unknown>[] = [];
  const watch = (sandbox: Worker) => exits.push(once(sandbox, 'exit'));
  process.on('worker', watch);
  await invoke({ leavesExit: true });
  process.off('worker', watch);
  await Promise.all(exits);
  expect(exits).toHaveLength(1);
  expect((await invoke({})).payload).toBe('well');
});

test('runs other code from the next event on, and lets an event under way end with the old one', async () => {
  const { runtime, invoke, lines } = await start(`
    export const handler = async () => {
      console.log('old');
      await new Promise((resolve) => setTimeout(resolve, 200));
      return 'old';
    };`);
  const other = await mkdtemp(join(tmpdir(), 'runtime-'));
  await writeFile(join(other, 'index.mjs'), "export const handler = async () => 'new';");
  await invoke();
  lines.splice(0);
  const underWay = invoke();
  while (lines.length === 0) await setImmediate();
  await runtime.replaceCode('subject', other);
  expect((await invoke()).payload).toBe('new');
  expect((await underWay).payload).toBe('old');
  expect(await Promise.all([invoke(), invoke(), invoke()])).toMatchObject(Array(3).fill({ payload: 'new' }));
  await expect(runtime.replaceCode('other', other)).rejects.toMatchObject({ code: 'unknown_function' });
  await rm(other, { recursive: true });
});

test('gives a function other variables from the next event on, which win over those it was started with as long as they are given', async () => {
  const { runtime, invoke } = await start('export const handler = async () => [process.env.OWN, process.env.GIVEN];', {
    environment: { OWN: 'own' },
  });
  expect((await invoke()).payload).toEqual(['own', null]);
  await runtime.giveVariables('subject', { GIVEN: 'one' });
  expect((await invoke()).payload).toEqual(['own', 'one']);
  await runtime.giveVariables('subject', { OWN: 'another' });
  expect((await invoke()).payload).toEqual(['another', null]);
  await runtime.giveVariables('subject', {});
  expect((await invoke()).payload).toEqual(['own', null]);
});

test('reports a function that needs more than its memory', async () => {
  const { invoke } = await start('export const handler = async () => { let list; for (;;) list = { list }; }', {
    memoryMb: 32,
  });
  expect((await invoke()).payload).toMatchObject({ errorType: 'Runtime.OutOfMemory' });
});

test('has passed on every line an event wrote, by stream, before the event has its result', async () => {
  const { invoke, lines } = await start(
    'export const handler = async () => { console.log("one\\ntwo"); console.error("three"); process.stdout.write("four\\n"); }',
  );
  await invoke();
  const texts = (stream: string) => lines.filter((line) => line.stream === stream).map(({ text }) => text);
  expect(texts('stdout')).toEqual(['one', 'two', 'four']);
  expect(texts('stderr')).toEqual(['three']);
});

test('refuses a function it does not have', async () => {
  const { runtime } = await start('');
  await expect(runtime.invoke('other', {})).rejects.toMatchObject({ code: 'unknown_function' });
});

test('rejects what is under way, waiting or new when it is stopped', async () => {
  const { runtime, invoke } = await start('export const handler = () => new Promise(() => {})', { maxConcurrency: 1 });
  const outcomes = Promise.allSettled([invoke(), invoke()]);
  await runtime.stop();
  await expect(invoke()).rejects.toMatchObject({ code: 'runtime_stopped' });
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'runtime_stopped' } });
});

test('runs no more at once than the account may, those that wait for a sandbox included', async () => {
  const { invoke } = await start(counting, { maxConcurrency: 1 }, 2);
  const [first, second] = [invoke({ milliseconds: 20 }), invoke({ milliseconds: 0 })];
  await expect(invoke({ milliseconds: 0 })).rejects.toMatchObject({ code: 'too_many_executions' });
  expect((await Promise.all([first, second])).map(({ payload }) => payload)).toMatchObject([{ mine: 1 }, { mine: 2 }]);
  expect((await invoke({ milliseconds: 0 })).payload).toMatchObject({ mine: 3 });
});
