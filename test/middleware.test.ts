import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { observed, observer } from '../functions/middleware.ts';
import type { ObservedFields } from '../functions/observer.ts';
import { MissingSettingError } from '../functions/settings.ts';

const context = { awsRequestId: 'request-1', functionName: 'f', invokedFunctionArn: 'arn' } as Context;
const canary = 'CANARY-secret-7f3a';
let output: string;

beforeEach(() => {
  output = '';
  vi.stubEnv('PROCORE_ENVIRONMENT', 'sandbox');
  vi.stubEnv('PROCORE_STACK_NAME', 'Tested');
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      output += String(chunk);
      return true;
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

it('logs allow-listed fields with the request id, and drops every other field', async () => {
  const fields = { connectionId: 'acme', generation: 3, accessToken: canary, reason: { nested: canary } };
  await observed(async () => observer.note('rotation.claimed', fields as unknown as ObservedFields))({}, context);
  expect(JSON.parse(output)).toMatchObject({
    event: 'rotation.claimed',
    requestId: 'request-1',
    connectionId: 'acme',
    generation: 3,
  });
  expect(output).not.toContain(canary);
});

it('logs which published version wrote a line, by which a deployment tells the new one from the old', async () => {
  const handler = observed(async () => observer.note('webhook.queue_unavailable'));
  await handler({}, { ...context, functionVersion: '12' });
  expect(JSON.parse(output)).toMatchObject({ version: '12' });
  output = '';
  await handler({}, { ...context, functionVersion: '$LATEST' });
  expect(JSON.parse(output)).not.toHaveProperty('version');
});

it('emits metrics with stack and environment as their dimensions: two stacks of an account must not mix', async () => {
  const handler = observed(async () => observer.count('sweepDue', 3));
  await handler({}, context);
  output = '';
  await handler({}, context);
  const { _aws, ...values } = JSON.parse(output);
  expect(_aws.CloudWatchMetrics[0]).toMatchObject({
    Namespace: 'ProcoreConnector',
    Dimensions: [['stack', 'environment']],
  });
  expect(values).toEqual({ stack: 'Tested', environment: 'sandbox', sweepDue: 3 });
});

it('publishes nothing of what SQS counts of every webhook at no charge', async () => {
  const handler = observed(async () => {
    observer.count('webhookAccepted');
    observer.count('eventHandled');
  });
  await handler({}, context);
  expect(output).toBe('');
});

it('emits the metrics of an invocation that fails', async () => {
  const handler = observed(async () => {
    observer.count('sweepDue');
    throw new Error('later');
  });
  await expect(handler({}, context)).rejects.toThrow();
  expect(output).toContain('"sweepDue":1');
});

it('emits the metrics of an invocation, and withholds its error, whatever the error is made of', async () => {
  const thrower = { get: () => JSON.parse(canary) };
  const odd = [
    Object.defineProperties(new Error(canary), { name: thrower, $metadata: thrower, stack: thrower }),
    Object.assign(new Error(canary), { name: Symbol('name'), stack: 7, $metadata: null }),
    Object.assign(new Error(canary), { cause: 10n }),
  ];
  for (const error of odd) {
    output = '';
    const handler = observed(async () => {
      observer.count('sweepDue');
      throw error;
    });
    const thrown = await handler({}, context).catch((reason: unknown) => reason);
    expect((thrown as Error).name).toBe('UnexpectedError');
    const [failed, counted] = output.trim().split('\n');
    expect(JSON.parse(failed ?? '')).toMatchObject({ level: 'ERROR', event: 'invocation.failed' });
    expect(JSON.parse(counted ?? '')).toMatchObject({ sweepDue: 1 });
    expect(`${thrown} ${output}`).not.toContain(canary);
  }
});

it('goes on when a line cannot be written in full, or not at all', async () => {
  const fields = {
    get connectionId(): string {
      throw new Error(canary);
    },
  };
  const handler = observed(async () => {
    observer.note('rotation.claimed', fields);
    observer.note('rotation.claimed', null as unknown as ObservedFields);
    return 'done';
  });
  expect(await handler({}, context)).toBe('done');
  expect(output).not.toContain(canary);
  expect(output.match(/"event":"rotation.claimed"/g)).toHaveLength(2);
  vi.mocked(process.stdout.write).mockImplementation(() => {
    throw new Error('EPIPE');
  });
  expect(await handler({}, context)).toBe('done');
});

it.each([
  [{}, 'noted and failed'],
  [{ PROCORE_LOG_LEVEL: 'INFO' }, 'noted and failed'],
  [{ PROCORE_LOG_LEVEL: 'ERROR' }, 'failed'],
  [{ AWS_LAMBDA_LOG_LEVEL: 'ERROR', PROCORE_LOG_LEVEL: 'INFO' }, 'failed'],
])('with %o it writes what %s', async (variables: Readonly<Record<string, string>>, expected) => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.resetModules();
  const fresh = await import('../functions/middleware.ts');
  const handler = fresh.observed(async () => {
    fresh.observer.note('rotation.claimed');
    throw new Error('failed');
  });
  await expect(handler({}, context)).rejects.toThrow();
  const events = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event);
  expect(events).toEqual(expected === 'failed' ? ['invocation.failed'] : ['rotation.claimed', 'invocation.failed']);
});

it("withholds a foreign error's text from the log and from Lambda, and logs its name and stack", async () => {
  const handler = observed(async () => JSON.parse(canary));
  const error = await handler({}, context).catch((thrown: unknown) => thrown);
  expect(`${error} ${(error as Error).stack}`).not.toContain(canary);
  expect(output).not.toContain(canary);
  expect(output).toContain('"errorName":"SyntaxError"');
  // As the log queries of alarms look for it.
  expect(JSON.parse(output)).toMatchObject({ level: 'ERROR', event: 'invocation.failed' });
  expect(output).toContain('middleware.test.ts');
});

it('throws our own errors on as they are, and logs their code and text', async () => {
  const ours = new MissingSettingError('eventQueue');
  await expect(
    observed(async () => {
      throw ours;
    })({}, context),
  ).rejects.toBe(ours);
  expect(output).toContain('"code":"missing_setting"');
  expect(output).toContain('deploy again');
});

it('shows which permission is missing when AWS denies access', async () => {
  const denied = Object.assign(new Error('not authorized to perform: sqs:SendMessage on arn'), {
    name: 'AccessDeniedException',
    $metadata: { httpStatusCode: 400 },
  });
  await expect(
    observed(async () => {
      throw denied;
    })({}, context),
  ).rejects.toBe(denied);
  expect(output).toContain('sqs:SendMessage');
});
