import {
  GetAccountSettingsCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import { settingNames } from '../../../functions/settings.ts';
import type { LambdaAccount } from '../verify-account.ts';

/**
 * Asks Lambda about an account, in the client's region. It throws what the SDK throws.
 *
 * @see [GetAccountSettings](https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html)
 */
export function lambdaAccount(client: LambdaClient): LambdaAccount {
  const maximumOf = async (FunctionName: string) => {
    const { EventSourceMappings: mappings = [] } = await client.send(
      new ListEventSourceMappingsCommand({ FunctionName }),
    );
    return mappings[0]?.ScalingConfig?.MaximumConcurrency;
  };
  const callsOf = async (FunctionName: string) => {
    const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return Number(Environment?.Variables?.[settingNames.accessTokenCalls] ?? 1);
  };
  return {
    region: () => client.config.region(),

    async limit() {
      const { AccountLimit = {} } = await client.send(new GetAccountSettingsCommand({}));
      const { ConcurrentExecutions: concurrentExecutions = 0, UnreservedConcurrentExecutions } = AccountLimit;
      return { concurrentExecutions, unreserved: UnreservedConcurrentExecutions ?? concurrentExecutions };
    },

    async concurrency({ worker, rotation, recovery, companyWork }) {
      return {
        worker: worker === undefined ? 0 : ((await maximumOf(worker)) ?? 0),
        accessTokenCalls: worker === undefined ? 1 : await callsOf(worker),
        rotation: (await maximumOf(rotation)) ?? 0,
        // Without a queue that starts it, a rule does.
        recovery: (await maximumOf(recovery)) ?? 'scheduled',
        companyWork: (await maximumOf(companyWork)) ?? 'scheduled',
      };
    },
  };
}
