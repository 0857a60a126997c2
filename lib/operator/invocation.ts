import { type ExitCode, exitCodes, OperatorError } from './exit-codes.ts';

/** Codes with which our functions refuse, where they mean more than "failed". */
const refusalExitCodes: Readonly<Record<string, ExitCode>> = {
  connection_not_found: exitCodes.notFound,
  backup_not_found: exitCodes.notFound,
  invalid_connection_id: exitCodes.usage,
  invalid_company_id: exitCodes.usage,
  unknown_resource_path: exitCodes.usage,
  no_subscription: exitCodes.notFound,
  not_restored: exitCodes.notFound,
  return_to_not_allowed: exitCodes.usage,
  reauthorization_required: exitCodes.refusedByProcore,
  client_credentials_rejected: exitCodes.refusedByProcore,
  service_account_refused: exitCodes.refusedByProcore,
  app_not_installed: exitCodes.refusedByProcore,
  company_required: exitCodes.refusedByProcore,
  function_throttled: exitCodes.aws,
};

/**
 * Tells with which exit code a command ends because of an error.
 *
 * @param code of a refusal or of an error of ours
 * @returns `failed` when the code means nothing special
 */
export function exitCodeOf(code: string): ExitCode {
  return refusalExitCodes[code] ?? (code.startsWith('invalid_') ? exitCodes.usage : exitCodes.failed);
}

/**
 * Reads what an invoked function answered.
 *
 * @param functionName the short name, for messages
 * @param payload JSON
 * @param failed whether Lambda says that the function failed
 * @returns the answer, which may be a refusal
 * @throws OperatorError with the function's code and text when it failed
 */
export function readInvocation(functionName: string, payload: string, failed: boolean): unknown {
  const answer: unknown = payload === '' ? null : JSON.parse(payload);
  if (!failed) return answer;
  const { errorType, errorMessage } = Object(answer) as { errorType?: unknown; errorMessage?: unknown };
  const code = snakeCase(String(errorType));
  throw new OperatorError(code, `${functionName} failed: ${String(errorMessage)}`, exitCodeOf(code));
}

/**
 * Makes an error of a refusal.
 *
 * @returns the answer, when it is no refusal
 * @throws OperatorError with the function's code and text when it refused (`{"error": {code, message}}`)
 */
export function withoutRefusal(answer: unknown): unknown {
  const { error } = Object(answer) as { error?: { code?: unknown; message?: unknown } };
  if (typeof error?.code !== 'string') return answer;
  throw new OperatorError(error.code, String(error.message), exitCodeOf(error.code));
}

/** `MissingSettingError` becomes `missing_setting`. */
function snakeCase(errorName: string): string {
  const words = errorName.replace(/Error$/, '').replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_');
  return words.toLowerCase() || 'function_failed';
}
