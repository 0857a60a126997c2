import { type AccountLimit, type EnvironmentConcurrency, faultOfLimit } from '../concurrency.ts';
import type { DeployedEnvironment } from './deployment.ts';
import { OperatorError } from './exit-codes.ts';
import type { Check } from './verify.ts';

/** The functions of an environment that queues start, by name; undefined for a worker that it does not have. */
export interface QueueFunctions {
  readonly worker: string | undefined;
  readonly rotation: string;
  readonly recovery: string;
  readonly companyWork: string;
}

/** What Lambda says about an account, in one region. */
export interface LambdaAccount {
  region(): Promise<string>;
  /** Reads how many functions the account may run at once. */
  limit(): Promise<AccountLimit>;
  /** Reads how much of an environment runs at once, at most. */
  concurrency(functions: QueueFunctions): Promise<EnvironmentConcurrency>;
}

/**
 * Looks whether accounts may run as many functions at once as what is deployed in them, and what webhook-intake needs.
 *
 * @param accountOf gives what Lambda says about the account and region of an environment
 * @returns a check for each account and region, which does not throw; none for a system on this machine, which is in none
 */
export async function verifyAccounts(
  environments: readonly DeployedEnvironment[],
  accountOf: (environment: DeployedEnvironment) => LambdaAccount,
): Promise<readonly Check[]> {
  const deployed = environments.filter(({ local }) => !local);
  // A queue's URL begins with the region's host and the account.
  const places = Map.groupBy(deployed, (environment) => environment.queueUrl('Events').replace(/\/[^/]*$/, ''));
  return Promise.all(
    [...places.values()].flatMap(([first, ...others]) =>
      first ? verifyAccount([first, ...others], accountOf(first)) : [],
    ),
  );
}

async function verifyAccount(environments: readonly DeployedEnvironment[], account: LambdaAccount): Promise<Check> {
  const check = {
    environment: environments.map(({ name }) => name).join(', '),
    what: 'The account may run as many functions at once as they do, and leaves enough for webhooks',
  };
  try {
    const deployed = await Promise.all(environments.map((one) => account.concurrency(functionsOf(one))));
    const fault = faultOfLimit(await account.limit(), deployed, await account.region());
    return { ...check, ...(fault !== undefined && { fault }) };
  } catch (error) {
    return { ...check, fault: `${(error as Error).name}: ${(error as Error).message}` };
  }
}

function functionsOf(environment: DeployedEnvironment): QueueFunctions {
  return {
    worker: workerOf(environment),
    rotation: environment.functionName('TokenRotation'),
    recovery: environment.functionName('TokenRecovery'),
    companyWork: environment.functionName('CompanyWork'),
  };
}

/** With `worker: false` there is none. */
function workerOf(environment: DeployedEnvironment): string | undefined {
  try {
    return environment.functionName('WebhookWorker');
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'output_missing') return undefined;
    throw error;
  }
}
