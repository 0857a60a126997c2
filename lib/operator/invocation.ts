import { type ExitCode, exitCodes, OperatorError } from './exit-codes.ts';

/** Codes with which our functions refuse, where they mean more than "failed". */
const exitCodeOf: Readonly<Record<string, ExitCode>> = {
  connection_not_found: exitCodes.notFound,
  invalid_connection_id: exitCodes.usage,
  invalid_company_id: exitCodes.usage,
  invalid_reconciliation_request: exitCodes.usage,
  no_subscription: exitCodes.notFound,
  return_to_not_allowed: exitCodes.usage,
  reauthorization_required: exitCodes.refusedByProcore,
  client_credentials_rejected: exitCodes.refusedByProcore,
  service_account_refused: exitCodes.refusedByProcore,
  app_not_installed: exitCodes.refusedByProcore,
  company_required: exitCodes.refusedByProcore,
};

/**
 * Reads what an invoked function answered.
 *
 * @param functionName the short name, for messages
 * @param payload JSON
 * @param failed whether Lambda says that the function failed
 * @returns the answer
 * @throws OperatorError with the function's code and text when it refused (`{"error": {code, message}}`) or failed
 */
export function readInvocation(functionName: string, payload: string, failed: boolean): unknown {
  const answer: unknown = payload === '' ? null : JSON.parse(payload);
  if (failed) {
    const { errorType, errorMessage } = Object(answer) as { errorType?: unknown; errorMessage?: unknown };
    const code = snakeCase(String(errorType));
    throw new OperatorError(
      code,
      `${functionName} failed: ${String(errorMessage)}`,
      exitCodeOf[code] ?? exitCodes.failed,
    );
  }
  const { error } = Object(answer) as { error?: { code?: unknown; message?: unknown } };
  if (typeof error?.code !== 'string') return answer;
  throw new OperatorError(error.code, String(error.message), exitCodeOf[error.code] ?? exitCodes.failed);
}

/** `MissingSettingError` becomes `missing_setting`. */
function snakeCase(errorName: string): string {
  const words = errorName.replace(/Error$/, '').replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_');
  return words.toLowerCase() || 'function_failed';
}
