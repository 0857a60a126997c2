import { ConnectorError } from '../connector-error.ts';
import type { VendAccessToken, VendedToken } from '../procore/access-token-source.ts';
import type { Refusal } from '../refusal.ts';

/** The answer of a function: its JSON, and the kind of error when it failed. */
export interface Invocation {
  readonly functionError: string | undefined;
  readonly payload: string;
}

/** Invokes a function and waits for its answer (IAM). */
export type InvokeFunction = (functionName: string, payload: string) => Promise<Invocation>;

/** The `access-token` function failed. A refusal is something else: it is an answer. */
export class VendingFailedError extends ConnectorError {
  override readonly name = 'VendingFailedError';
  readonly code = 'vending_failed';
  constructor(functionError: string) {
    // The function's own error text is left out. It stays in the function's log.
    super(`The access-token function failed (${functionError}). Its log and its alarm say why; ask again later.`);
  }
}

/**
 * Asks the `access-token` function for tokens (IAM).
 *
 * @returns what `accessTokenSource` needs; it throws VendingFailedError when the function fails
 */
export function lambdaAccessTokens({
  invoke,
  functionName,
}: {
  readonly invoke: InvokeFunction;
  readonly functionName: string;
}): VendAccessToken {
  return async (request) => {
    const { functionError, payload } = await invoke(functionName, JSON.stringify(request));
    if (functionError !== undefined) throw new VendingFailedError(functionError);
    return JSON.parse(payload) as VendedToken | Refusal;
  };
}
