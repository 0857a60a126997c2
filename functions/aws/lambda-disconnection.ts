import type { Refusal } from '../refusal.ts';
import type { InvokeFunction } from './lambda-access-tokens.ts';

/** What the `disconnect` function answers, as far as an erasure asks. */
type Answer = { readonly revoked: boolean } | Refusal;

/**
 * Ends connections by the `disconnect` function (IAM), which also forgets whose account it was.
 *
 * @returns whether Procore has confirmed that every token is revoked; a connection that is not there has none
 */
export function lambdaDisconnection({
  invoke,
  functionName,
}: {
  readonly invoke: InvokeFunction;
  readonly functionName: string;
}): (connectionId: string) => Promise<'revoked' | 'unrevoked'> {
  return async (connectionId) => {
    const { functionError, payload } = await invoke(functionName, JSON.stringify({ connectionId, forget: true }));
    if (functionError !== undefined)
      throw new Error(`The disconnect function failed (${functionError}). Its log says why.`);
    const answer = JSON.parse(payload) as Answer;
    if ('revoked' in answer) return answer.revoked ? 'revoked' : 'unrevoked';
    if (answer.error.code === 'connection_not_found') return 'revoked';
    throw new Error(`The disconnect function refused (${answer.error.code}).`);
  };
}
