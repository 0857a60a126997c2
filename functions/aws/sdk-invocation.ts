import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { FunctionThrottledError, throttledSeconds } from '../throttled-function.ts';
import type { InvokeFunction } from './lambda-access-tokens.ts';

/**
 * Invokes functions and waits for their answers. What the client's retries do not heal is thrown as the SDK names it,
 * but for a throttle (429): whoever invokes a function gets that as a pause.
 *
 * @returns what `lambdaAccessTokens` needs; it throws FunctionThrottledError
 */
export function sdkInvocation(client: LambdaClient): InvokeFunction {
  return async (functionName, payload) => {
    const answer = await client
      .send(new InvokeCommand({ FunctionName: functionName, Payload: new TextEncoder().encode(payload) }))
      .catch((error: unknown) => {
        const seconds = throttledSeconds(error);
        throw seconds === undefined ? error : new FunctionThrottledError(seconds, error);
      });
    return { functionError: answer.FunctionError, payload: new TextDecoder().decode(answer.Payload) };
  };
}
