import type { Observer } from '../observer.ts';
import { type AccessTokenSource, accessTokenSource } from '../procore/access-token-source.ts';
import { procoreClient } from '../procore/client.ts';
import { companyPauses } from '../procore/company-pauses.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { sharedRateBudget } from '../procore/rate-budget.ts';
import { readEnvironment, readProcoreOriginOverrides, readSetting } from '../settings.ts';
import { systemClock, systemRandomFraction, systemSleep } from '../system.ts';
import type { ClientForConnection } from '../webhook/event-client.ts';
import { dynamoDbClient, lambdaClient } from './clients.ts';
import { dynamoDbFailedExchanges } from './dynamodb-failed-exchanges.ts';
import { dynamoDbCompanyPauses, dynamoDbRateBudget } from './dynamodb-rate-budget.ts';
import { lambdaAccessTokens } from './lambda-access-tokens.ts';
import { sdkInvocation } from './sdk-invocation.ts';

/**
 * Builds, from a handler's settings and once per cold start, what gives API clients for connections: tokens vended by
 * `access-token` and kept while they live, the rate budget and the pauses shared with all other invocations.
 *
 * @returns a function that makes no call itself
 */
export function procoreClients(observer: Observer): ClientForConnection {
  const environment = readEnvironment();
  const shared = { clock: systemClock, sleep: systemSleep, randomFraction: systemRandomFraction, observer };
  const client = dynamoDbClient();
  const table = { client, table: readSetting('rateBudgetTable'), environment, clock: systemClock };
  const budget = sharedRateBudget({ store: dynamoDbRateBudget(table), ...shared });
  const pauses = companyPauses({ store: dynamoDbCompanyPauses(table), ...shared });
  const failures = dynamoDbFailedExchanges(table);
  const vend = lambdaAccessTokens({
    invoke: sdkInvocation(lambdaClient()),
    functionName: readSetting('accessTokenFunction'),
  });
  const origins = readProcoreOriginOverrides();
  const sources = new Map<string, AccessTokenSource<ProcoreEnvironmentName>>();

  return (connectionId, remaining) => {
    const tokens =
      sources.get(connectionId) ?? accessTokenSource({ environment, connectionId, vend, clock: systemClock });
    sources.set(connectionId, tokens);
    return procoreClient({ environment, tokens, origins, fetch, remaining, budget, pauses, failures, ...shared });
  };
}
