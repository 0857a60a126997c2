import { ConfigurationError } from '../configuration-error.ts';
import { chooseStage, readStages, type StagedStack, withUsableProfile } from '../stages.ts';

/**
 * Finds out how the CDK is to prepare the accounts and regions of a stage, each once.
 *
 * @param block the `procore` block of cdk.json
 * @param variables of the environment
 * @returns the arguments of `cdk`, one list a call
 * @throws ConfigurationError when the place of one of several stacks is not known
 * @see [AWS CDK, bootstrapping](https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html)
 */
export function bootstrapCalls(
  block: unknown,
  stageName: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): readonly (readonly string[])[] {
  const { name, stacks } = chooseStage(readStages(block), stageName);
  const calls = stacks.map((stack) => {
    const { account, region, profile } = withUsableProfile(stack, variables);
    const signed = profile === undefined ? [] : ['--profile', profile];
    if (account !== undefined && region !== undefined) return ['bootstrap', `aws://${account}/${region}`, ...signed];
    if (stacks.length > 1) throw placeUnknown(stack);
    // The CDK finds account and region by the app and the credentials.
    return ['bootstrap', '-c', `stage=${name}`, ...signed];
  });
  return [...new Map(calls.map((call) => [call.join(' '), call])).values()];
}

/** What to do when the CDK could not tell which account and region are meant, which it says in the words of a developer. */
export const whenNotSignedIn =
  'If it is the account or the credentials that are missing: sign in and say in which region, as in aws sso login ' +
  '--profile NAME, then AWS_PROFILE=NAME AWS_REGION=us-east-1 npm run bootstrap. Or write profile and region into cdk.json.';

function placeUnknown({ path, stackName }: StagedStack): ConfigurationError {
  return new ConfigurationError(
    'account',
    `${path} in cdk.json: got no account or region for ${stackName}; allowed: both, where a stage has several stacks, so that ` +
      'each can be prepared. Or prepare it yourself: npx cdk bootstrap aws://ACCOUNT/REGION --profile NAME.',
  );
}
