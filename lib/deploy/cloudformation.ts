import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateDescribeStacks,
  type Stack,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { AwsSignIn } from '../operator/aws/client-settings.ts';
import { outputName } from '../stack-outputs.ts';
import type { Place } from '../stages.ts';
import type { Deployed, Template } from './losses.ts';

/** A stack as CloudFormation has it. */
export interface FoundStack extends Deployed {
  /** E.g. `UPDATE_COMPLETE`. */
  readonly status: string;
  /** Twelve digits. */
  readonly account: string;
}

/** States of a stack that was planned, or whose first deployment failed: nothing lives in it. */
export const neverLived: readonly string[] = ['REVIEW_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'];

/** What a deployment asks of CloudFormation, in one account and region. */
export interface CloudFormation {
  /** @returns the region that is asked. @throws when neither cdk.json nor the SDK's own settings name one */
  region(): Promise<string>;
  /** @returns the account that the credentials lead to; undefined where nothing says it yet */
  account(): Promise<string | undefined>;
  /** @returns undefined when there is no such stack. @throws errors of AWS as they come */
  find(stackName: string): Promise<FoundStack | undefined>;
  /**
   * Looks which stacks serve which environments.
   *
   * @returns the names of the stacks, by environment; nothing where it is not allowed to look at other stacks
   */
  serving(
    environments: readonly ProcoreEnvironmentName[],
  ): Promise<ReadonlyMap<ProcoreEnvironmentName, readonly string[]>>;
  /** Lets a stack be deleted. */
  endTerminationProtection(stackName: string): Promise<void>;
}

/** Options of AWS clients that sign as whoever deploys to a place. */
export interface ClientOptions extends Partial<ReturnType<AwsSignIn['clientSettings']>> {
  readonly region?: string;
  readonly profile?: string;
}

/**
 * Says how AWS is asked about a place.
 *
 * @param variables of the environment; the CDK knows a name of the region that the SDK does not
 */
export function clientOptions(
  { region, profile }: Place,
  { AWS_REGION, AWS_DEFAULT_REGION }: Readonly<Record<string, string | undefined>>,
): ClientOptions {
  const chosen = region ?? (AWS_REGION || AWS_DEFAULT_REGION || undefined);
  return {
    ...(chosen !== undefined && { region: chosen }),
    ...(profile !== undefined && { profile }),
  };
}

/** Makes the {@link CloudFormation} of an account and region. */
export function cloudFormation(options: ClientOptions): CloudFormation {
  const client = new CloudFormationClient(options);
  return {
    region: () => client.config.region(),

    async account() {
      const { accountId } = await client.config.credentials();
      // Not every kind of credentials tells it; the stack that bootstrapping made does.
      return accountId ?? accountOf(await describe(client, 'CDKToolkit'));
    },

    async find(StackName) {
      const stack = await describe(client, StackName);
      if (stack === undefined) return undefined;
      const { StackStatus: status = '', Outputs = [] } = stack;
      const outputs = Object.fromEntries(
        Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
      );
      const template = neverLived.includes(status) ? { Resources: {} } : await readTemplate(client, StackName);
      return { status, account: accountOf(stack) ?? '', outputs, template };
    },

    async serving(environments) {
      const stacks = await describeAll(client);
      const serves = ({ Outputs = [] }: Stack, output: string) => Outputs.some(({ OutputKey }) => OutputKey === output);
      const named = environments.map((name) => {
        const serving = stacks.filter((stack) => serves(stack, outputName(name, 'CallbackUrl')));
        return [name, serving.map(({ StackName = '' }) => StackName)] as const;
      });
      return new Map(named);
    },

    async endTerminationProtection(StackName) {
      await client.send(new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: false }));
    },
  };
}

/** An id is arn:aws:cloudformation:REGION:ACCOUNT:stack/…. */
function accountOf(stack: Stack | undefined): string | undefined {
  return stack?.StackId?.split(':')[4];
}

async function describe(client: CloudFormationClient, StackName: string) {
  try {
    return (await client.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0];
  } catch (error) {
    // This is how CloudFormation says that the stack does not exist.
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) return;
    throw error;
  }
}

async function describeAll(client: CloudFormationClient): Promise<readonly Stack[]> {
  const stacks: Stack[] = [];
  try {
    for await (const { Stacks = [] } of paginateDescribeStacks({ client }, {})) stacks.push(...Stacks);
  } catch (error) {
    // Whoever may look at this stack alone cannot be told of others.
    if (!(error instanceof Error && /^AccessDenied/.test(error.name))) throw error;
  }
  return stacks;
}

/** The CDK writes JSON. */
async function readTemplate(client: CloudFormationClient, StackName: string): Promise<Template> {
  const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }));
  const template = JSON.parse(TemplateBody);
  return { ...template, Resources: template.Resources ?? {} };
}
