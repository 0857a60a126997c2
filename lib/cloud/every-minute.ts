import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { ConnectorFunction } from './connector-function.ts';

/** Starts the function every minute, without retries: the next minute is the retry. */
export function everyMinute(connectorFunction: ConnectorFunction): void {
  const noRetry = { retryAttempts: 0, maxEventAge: Duration.minutes(1) };
  connectorFunction.lambda.configureAsyncInvoke(noRetry);
  new Rule(connectorFunction, 'EveryMinute', {
    schedule: Schedule.rate(Duration.minutes(1)),
    targets: [new LambdaFunction(connectorFunction.lambda, noRetry)],
  });
}
