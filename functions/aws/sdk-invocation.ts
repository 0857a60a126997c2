import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { InvokeFunction } from './lambda-access-tokens.ts';

/**
 * Invokes functions by the SDK's own client: for programs that are not the stack's functions (signed-invocation.ts).
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
