import { isConnectorError } from '../../functions/connector-error.ts';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import { redactText } from '../../functions/redact.ts';
import { awsTrouble } from './aws-trouble.ts';
import { OperatorError } from './exit-codes.ts';
import { exitCodeOf } from './invocation.ts';

/** An error of others may quote what was sent, and be of any length. */
const longestMessage = 1000;

function wayToReport({ referenceId, exchange }: ProcoreApiError): string {
  return `The call: npm run procore -- support-report ${referenceId} --environment ${exchange.environment}`;
}

/**
 * Makes of any error what a person can be told.
 *
 * @param local whether a system on this machine was meant
 */
export function explain(error: unknown, local: boolean): OperatorError {
  if (error instanceof OperatorError) return error;
  const trouble = awsTrouble(error, local);
  if (trouble) return trouble;
  if (isConnectorError(error)) {
    const report = error instanceof ProcoreApiError ? ` ${wayToReport(error)}` : '';
    return new OperatorError(error.code, `${error.message}${report}`, exitCodeOf(error.code));
  }
  const { name, message } = error instanceof Error ? error : new Error('unknown');
  return new OperatorError(
    'unexpected_error',
    `Unexpected ${name}: ${redactText(message, longestMessage)}. This is a fault of Procore Connector: please report it with the command that you typed.`,
  );
}
