import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { InvokeFunction } from './lambda-access-tokens.ts';

/**
 * Invokes functions and waits for their answers. What the client's retries do not heal is thrown as the SDK names it.
 *
 * @returns what `lambdaAccessTokens` needs
 */
export function sdkInvocation(client: LambdaClient): InvokeFunction {
  return async (functionName, payload) => {
    const answer = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: new TextEncoder().encode(payload) }),
    );
    return { functionError: answer.FunctionError, payload: new TextDecoder().decode(answer.Payload) };
  };
}
