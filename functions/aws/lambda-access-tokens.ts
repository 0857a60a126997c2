import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { VendAccessToken, VendedToken, VendingRefusal } from '../procore/access-token-source.ts';

/** The `access-token` function failed, as distinct from answering with a refusal. */
export class VendingFailedError extends Error {
  override readonly name = 'VendingFailedError';
  readonly code = 'vending_failed';
  constructor(functionError: string) {
    // The function's own error text stays in its log: it is not ours to repeat.
    super(`The access-token function failed (${functionError}). Its log and its alarm say why; ask again later.`);
  }
}

/**
 * Asks the `access-token` function for tokens (IAM).
 *
 * @returns what `accessTokenSource` needs; throws VendingFailedError when the function fails
 */
export function lambdaAccessTokens({
  client,
  functionName,
}: {
  readonly client: LambdaClient;
  readonly functionName: string;
}): VendAccessToken {
  return async (request) => {
    const { FunctionError: functionError, Payload: payload } = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: new TextEncoder().encode(JSON.stringify(request)) }),
    );
    if (functionError !== undefined) throw new VendingFailedError(functionError);
    return JSON.parse(new TextDecoder().decode(payload)) as VendedToken | VendingRefusal;
  };
}
