import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { silentObserver } from '../../functions/observer.ts';
import { clientIdStore } from '../../functions/place.ts';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { dynamoDbTableProtection } from '../operator/aws/dynamodb-table-protection.ts';
import { lambdaAccount } from '../operator/aws/lambda-account.ts';
import type { Place } from '../stages.ts';
import { contextFile, rememberAccountLimit } from './account-limit.ts';
import type { ClientOptions, FoundStack } from './cloudformation.ts';
import { noteClientIds } from './note-client-ids.ts';
import { protectTables } from './protect-tables.ts';
import { refuseUnreadableFormat } from './stored-format.ts';

/** A stack that is being deployed. Its account is that of cdk.json or of the credentials, if these tell it. */
export interface DeployingStack extends Place {
  readonly stackName: string;
  readonly region: string;
  readonly environments: readonly ProcoreEnvironmentName[];
  /** How AWS clients reach its account and region. */
  readonly clientOptions: ClientOptions;
  /**
   * What is deployed: before the deployment what it is compared with, after it what it has become. Undefined before a
   * first deployment, also where an earlier one has failed.
   */
  readonly deployed?: FoundStack | undefined;
}

/** What a step may use besides. */
export interface StepTools {
  /** Tells the person who deploys. */
  say(text: string): void;
  /** Whether nobody can be asked (`--yes`). */
  readonly yes: boolean;
}

/** Something that is done for each stack. @throws an error of ours, whose text is shown, to end the deployment there */
export type DeployStep = (stack: DeployingStack, tools: StepTools) => Promise<void>;

/** The steps around a deployment; each list runs in its order, for each stack. */
export interface DeploySteps {
  /** Before anything is synthesized: what it finds out can go into cdk.context.json. */
  readonly beforeSynthesis: readonly DeployStep[];
  /** After the comparison, before the CDK is called. */
  readonly beforeDeployment: readonly DeployStep[];
  /** After the CDK has succeeded. */
  readonly afterDeployment: readonly DeployStep[];
}

const remember = contextFile(fileURLToPath(new URL('../../cdk.context.json', import.meta.url)));

const lookAtAccountLimit: DeployStep = async ({ account, region, clientOptions }, { say }) => {
  if (account === undefined) return;
  const { limit: readLimit } = lambdaAccount(new LambdaClient(clientOptions));
  await rememberAccountLimit({ account, region }, { readLimit, remember, say });
};

const noteItsClientIds: DeployStep = async ({ deployed, clientOptions }, { say }) => {
  const secrets = new SecretsManagerClient(clientOptions);
  const dynamoDb = new DynamoDBClient(clientOptions);
  const failed = await noteClientIds(deployed?.outputs ?? {}, {
    readSecret: async (SecretId) => (await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString,
    store: (environment, table) =>
      clientIdStore({ environment, nameOf: () => table, observer: silentObserver }, dynamoDb),
  });
  if (failed.length === 0) return;
  say(
    `The client id of ${failed.join(', ')} could not be written for the worker (dynamodb:GetItem and UpdateItem on the table rate-budget): ` +
      'the audit does it within the hour, and until then no event is marked as a loop.',
  );
};

const protectItsTables: DeployStep = async ({ deployed, clientOptions }, { say }) => {
  const protection = dynamoDbTableProtection(new DynamoDBClient(clientOptions));
  const names = await protectTables(deployed?.outputs ?? {}, protection);
  if (names.length > 0) say(`Protected from being deleted: ${names.length} tables.`);
};

/** The steps of `npm run deploy`: the one place where they are listed. */
export const deploySteps: DeploySteps = {
  beforeSynthesis: [lookAtAccountLimit],
  beforeDeployment: [(stack) => refuseUnreadableFormat(stack), noteItsClientIds],
  afterDeployment: [protectItsTables],
};

/** The steps for a CDK app of one's own, which says itself how much runs at once. */
export const foreignSteps: DeploySteps = { ...deploySteps, beforeSynthesis: [] };
