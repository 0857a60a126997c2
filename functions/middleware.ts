import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import middy, { type MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { ConnectorError, isConnectorError, stackFrames } from './connector-error.ts';
import { isToldByAws, loggedFields, type ObservedFields, type Observer } from './observer.ts';
import { readSetting } from './settings.ts';

/** While a deployment moves an alias, two versions write into one log. @returns undefined for code without versions */
function publishedVersion(version: string | undefined): string | undefined {
  return version === '$LATEST' ? undefined : version;
}

/** Writes allow-listed fields and nothing else, whatever it is given: what is not named cannot leak. */
class AllowListFormatter extends LogFormatter {
  override formatAttributes(attributes: UnformattedAttributes, fields: LogAttributes): LogItem {
    return new LogItem({
      attributes: {
        level: attributes.logLevel,
        event: attributes.message,
        timestamp: this.formatTimestamp(attributes.timestamp),
        requestId: attributes.lambdaContext?.awsRequestId,
        version: publishedVersion(attributes.lambdaContext?.functionVersion),
        ...loggedFields(fields),
      },
    });
  }
}

const logger = new Logger({ serviceName: 'procore-connector', logFormatter: new AllowListFormatter() });
const metrics = new Metrics({ namespace: 'ProcoreConnector' });

/** The observer of every handler: Powertools' logger, and metrics in CloudWatch's embedded metric format. */
export const observer: Observer = {
  note(event, fields = {}) {
    logger.info(event, { ...fields });
  },
  count(metric, amount = 1) {
    if (!isToldByAws(metric)) metrics.addMetric(metric, MetricUnit.Count, amount);
  },
};

/** Lambda's own log of a failed invocation shows this in place of an error whose text might hold a secret. */
class UnexpectedError extends ConnectorError {
  override readonly name = 'UnexpectedError';
  readonly code = 'unexpected_error';
  constructor(error: Error) {
    super(
      `Unexpected ${error.name}. Its text is withheld, since it may quote a secret; the stack is in the log line above.`,
    );
    // Without a stack of its own Lambda prints no frames twice.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/** AWS names the role, action and resource here and nothing that was sent: just what an operator needs. */
function isAccessDenied(error: Error): boolean {
  return /^AccessDenied(Exception)?$/.test(error.name);
}

function describe(error: Error): ObservedFields {
  const status = '$metadata' in error ? (error.$metadata as { httpStatusCode?: number }).httpStatusCode : undefined;
  return {
    errorName: error.name,
    code: isConnectorError(error) ? error.code : undefined,
    reason: isConnectorError(error) || isAccessDenied(error) ? error.message : undefined,
    status,
    stack: stackFrames(error) ?? '',
  };
}

function publishMetrics(): void {
  // Powertools prints a warning for an invocation without metrics.
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
}

const observation: MiddlewareObj<unknown, unknown, Error, Context> = {
  before: ({ context }) => {
    logger.addContext(context);
    // Powertools adds a dimension `service` of its own, and metrics of other dimensions are other metrics to alarms.
    metrics.clearDefaultDimensions();
    metrics.setDefaultDimensions({ stack: readSetting('stack'), environment: readSetting('environment') });
  },
  after: () => {
    publishMetrics();
  },
  onError: (request) => {
    const error = request.error instanceof Error ? request.error : new Error('not an Error');
    logger.error('invocation.failed', { ...describe(error) });
    publishMetrics();
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
