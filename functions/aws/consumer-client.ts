import { LambdaClient } from '@aws-sdk/client-lambda';
import type { RemainingTime } from '../clock.ts';
import { type AccessTokenSource, accessTokenSource } from '../procore/access-token-source.ts';
import { type ProcoreClient, procoreClient } from '../procore/client.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { readAccessTokenFunction, readProcoreOriginOverrides } from '../settings.ts';
import { systemClock, systemRandomFraction, systemSleep } from '../system.ts';
import { lambdaAccessTokens } from './lambda-access-tokens.ts';
import { sdkInvocation } from './sdk-invocation.ts';

const sources = new Map<string, AccessTokenSource<ProcoreEnvironmentName>>();

/**
 * Makes a client of Procore's API for a function of the integrator's own, which the stack has let ask for access tokens
 * (`ProcoreEnvironment.grantAccessTokens`). Tokens are kept while they live, across invocations. It is the package's
 * export `./client`.
 *
 * @param remaining the invocation's time left, e.g. `() => context.getRemainingTimeInMillis()`
 * @throws NotGrantedError when the function was not granted
 */
export function connectToProcore<E extends ProcoreEnvironmentName>({
  environment,
  connectionId,
  remaining,
}: {
  readonly environment: E;
  readonly connectionId: string;
  readonly remaining: RemainingTime;
}): ProcoreClient<E> {
  const key = `${environment} ${connectionId}`;
  const functionName = readAccessTokenFunction(environment);
  const vend = lambdaAccessTokens({ invoke: sdkInvocation(new LambdaClient({ maxAttempts: 2 })), functionName });
  const tokens = sources.get(key) ?? accessTokenSource({ environment, connectionId, vend, clock: systemClock });
  sources.set(key, tokens);
  return procoreClient<E>({
    environment,
    tokens: tokens as AccessTokenSource<E>,
    origins: readProcoreOriginOverrides(),
    fetch,
    remaining,
    clock: systemClock,
    sleep: systemSleep,
    randomFraction: systemRandomFraction,
    // Whoever wants a log of these calls has the typed errors.
    observer: { note: () => {}, count: () => {} },
  });
}
