import { Console } from 'node:console';
import middy, { type MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { ConnectorError, errorName, isConnectorError, stackFrames } from './connector-error.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { isWritten, type LineLevel, logLine } from './log-lines.ts';
import { isToldByAws, type ObservedFields, type Observer } from './observer.ts';
import { readOptionalSetting, readSetting } from './settings.ts';

/** Not the global one: Lambda's puts a time and a level before each line, and CloudWatch finds no metrics in it then. */
const output = new Console({ stdout: process.stdout, stderr: process.stderr });

/** The invocation under way: a line names it. */
let invocation: Context | undefined;

/** While a deployment moves an alias, two versions write into one log. @returns undefined for code without versions */
function publishedVersion(version: string | undefined): string | undefined {
  return version === '$LATEST' ? undefined : version;
}

// What is set in Lambda's console comes first: Lambda itself leaves out what is less.
const levelSettings = [process.env.AWS_LAMBDA_LOG_LEVEL, readOptionalSetting('logLevel')];

function write(level: LineLevel, event: string, fields: () => ObservedFields): void {
  if (!isWritten(level, levelSettings)) return;
  const line = logLine(level, event, fields, {
    atMs: Date.now(),
    requestId: invocation?.awsRequestId,
    version: publishedVersion(invocation?.functionVersion),
  });
  if (level === 'ERROR') output.error(line);
  else output.info(line);
}

const metrics = embeddedMetrics({
  namespace: 'ProcoreConnector',
  print: (line) => output.log(line),
  nowMs: () => Date.now(),
});

/** The observer of every handler: lines of JSON, and metrics in CloudWatch's embedded metric format. */
export const observer: Observer = {
  note(event, fields = {}) {
    write('INFO', event, () => fields);
  },
  count(metric, amount = 1) {
    if (!isToldByAws(metric)) metrics.add(metric, amount);
  },
};

/** Lambda's own log of a failed invocation shows this in place of an error whose text might hold a secret. */
class UnexpectedError extends ConnectorError {
  override readonly name = 'UnexpectedError';
  readonly code = 'unexpected_error';
  constructor(error: Error) {
    super(
      `Unexpected ${errorName(error)}. Its text is withheld, since it may quote a secret; the stack is in the log line above.`,
    );
    // Without a stack of its own Lambda prints no frames twice.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/** AWS names the role, action and resource here and nothing that was sent: just what an operator needs. */
function isAccessDenied(error: Error): boolean {
  return /^AccessDenied(Exception)?$/.test(errorName(error));
}

function describe(error: Error): ObservedFields {
  const status = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;
  return {
    errorName: errorName(error),
    code: isConnectorError(error) ? error.code : undefined,
    reason: isConnectorError(error) || isAccessDenied(error) ? error.message : undefined,
    status,
    stack: stackFrames(error) ?? '',
  };
}

const observation: MiddlewareObj<unknown, unknown, Error, Context> = {
  before: ({ context }) => {
    invocation = context;
    metrics.setDimensions({ stack: readSetting('stack'), environment: readSetting('environment') });
  },
  after: () => {
    metrics.flush();
  },
  onError: (request) => {
    const error = request.error instanceof Error ? request.error : new Error('not an Error');
    write('ERROR', 'invocation.failed', () => describe(error));
    metrics.flush();
    // Nothing is set as response: middy throws the error on, so that Lambda counts it and the alarm fires.
    if (!isConnectorError(error) && !isAccessDenied(error)) request.error = new UnexpectedError(error);
  },
};

/**
 * Wraps a handler with what all of them share: log context, metrics sent at the end, and errors that keep their
 * secrets. An error that the handler does not map to an answer fails the invocation.
 *
 * @returns the handler for Lambda
 */
export function observed<Event, Result>(handle: (event: Event, context: Context) => Promise<Result>) {
  return middy<Event, Result, Error, Context>(handle).use(observation as MiddlewareObj<Event, Result, Error, Context>);
}
