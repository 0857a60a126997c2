import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { dynamoDbRateBudget } from './aws/dynamodb-rate-budget.ts';
import { lambdaAccessTokens } from './aws/lambda-access-tokens.ts';
import { sdkInvocation } from './aws/sdk-invocation.ts';
import type { RemainingTime } from './clock.ts';
import { silentObserver } from './observer.ts';
import { processReads } from './process-reads.ts';
import type { ProcoreClient } from './procore/client.ts';
import { type ConnectionClients, connectionClients } from './procore/connection-clients.ts';
import type { ProcoreEnvironmentName } from './procore/environment.ts';
import { type RateBudget, sharedRateBudget } from './procore/rate-budget.ts';
import { settledScope } from './procore/rate-limit-scope.ts';
import { readAccessTokenFunction, readGrantedOrigins, readGrantedSetting } from './settings.ts';
import { system } from './system.ts';

// Apart from wiring.ts, whose adapters need packages that an integrator does not have.

const clients = new Map<ProcoreEnvironmentName, ConnectionClients>();

/**
 * Makes a client of Procore's API for a function of the integrator's own, which the stack has let ask for access tokens
 * (`ProcoreEnvironment.grantAccessTokens`). Tokens are kept while they live, across invocations. Calls count in the rate budget
 * that all who call Procore share, in its foreground. It is the package's export `./client`.
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
  const known = clients.get(environment) ?? clientsOf(environment);
  clients.set(environment, known);
  return known.clientFor(connectionId, remaining) as ProcoreClient<E>;
}

/** Nothing is logged. The integrator's function gets typed errors, and can log those. */
function clientsOf(environment: ProcoreEnvironmentName): ConnectionClients {
  const functionName = readAccessTokenFunction(environment);
  const vend = lambdaAccessTokens({ invoke: sdkInvocation(new LambdaClient({ maxAttempts: 2 })), functionName });
  const origins = readGrantedOrigins(environment);
  const budget = budgetOf(environment);
  return connectionClients({
    ...system,
    ...{ environment, vend, origins, fetch, observer: silentObserver, reads: processReads },
    ...(budget && { budget }),
  });
}

/** @returns undefined for a function that an earlier version has granted nothing but tokens: its calls do not count */
function budgetOf(environment: ProcoreEnvironmentName): RateBudget | undefined {
  const table = readGrantedSetting(environment, 'rateBudgetTable');
  if (table === undefined) return undefined;
  const store = dynamoDbRateBudget({
    ...{ client: new DynamoDBClient({ maxAttempts: 2 }), table, environment, clock: system.clock },
  });
  const scope = settledScope(readGrantedSetting(environment, 'rateLimitScope'));
  return sharedRateBudget({ ...system, store, observer: silentObserver, ...(scope && { scope }) });
}
