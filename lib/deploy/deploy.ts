import { ConnectorError, isConnectorError } from '../../functions/connector-error.ts';
import { showProblems } from '../file-problem.ts';
import type { AwsSignIn } from '../operator/aws/client-settings.ts';
import { awsTrouble } from '../operator/aws-trouble.ts';
import { type ExitCode, exitCodes, OperatorError } from '../operator/exit-codes.ts';
import { readRemembered } from '../operator/targets.ts';
import { chooseStage, type Place, readStages, type Stage, withUsableProfile } from '../stages.ts';
import type { TypeCheck } from '../type-check.ts';
import type { SynthesizedStack } from './cdk.ts';
import {
  type ClientOptions,
  type CloudFormation,
  clientOptions,
  type FoundStack,
  neverLived,
} from './cloudformation.ts';
import { findLosses, type Loss, movedAddresses, type Template } from './losses.ts';
import type { DeployOptions } from './options.ts';
import type { DeployingStack, DeployStep, DeploySteps } from './steps.ts';

/** What a deployment is made with. */
export interface DeployDependencies {
  /** The `procore` block of cdk.json. */
  readonly block: unknown;
  /** What `.procorerc` holds. */
  readonly remembered: unknown;
  /** Variables of the environment. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Runs the CDK. @returns its exit code */
  cdk(args: readonly string[], variables?: Readonly<Record<string, string>>): Promise<number>;
  /** Reads what the CDK has synthesized to a folder. */
  readAssembly(folder: string): readonly SynthesizedStack[];
  readonly signIn: AwsSignIn;
  /** Gives the CloudFormation of an account and region. */
  cloudFormation(options: ClientOptions): CloudFormation;
  readonly steps: DeploySteps;
  /** Begins to check the types of the integrator's file. */
  checkTypes(): TypeCheck;
  /** Tells the person who deploys. */
  say(text: string): void;
}

/** The deployment cannot begin, or cannot go on; the message says what to do. */
class DeploymentError extends ConnectorError {
  override readonly name = 'DeploymentError';
  readonly code = 'deployment_refused';
}

/** Where the CDK synthesizes to. */
const folder = 'cdk.out';

/** A stack of cdk.json, and how AWS is asked about it. */
type PlannedStack = Omit<DeployingStack, 'region'> & Place;

/** A stack, and what is deployed of it. */
interface FoundDeployment extends DeployingStack {
  /** Undefined where there is none. */
  readonly status: string | undefined;
}

/** The same with what is to be. */
interface Comparison extends FoundDeployment {
  readonly next: Template;
}

/**
 * Deploys a stage: synthesizes it, compares it with what is deployed, and calls the CDK once a stack, those without real
 * data first. Nothing is deployed when something would be lost that `remove` does not name.
 *
 * @returns the exit code; nothing is thrown but faults of this program
 */
export async function deploy(options: DeployOptions, dependencies: DeployDependencies): Promise<ExitCode> {
  // Beside the first questions to AWS, which take as long.
  const types = dependencies.checkTypes();
  try {
    return await deployStage(options, types, dependencies);
  } catch (error) {
    const trouble = awsTrouble(error, false);
    if (trouble === undefined && !isConnectorError(error)) throw error;
    dependencies.say(trouble === undefined ? (error as Error).message : withSignIn(trouble.message));
    if (error instanceof OperatorError) return error.exitCode;
    return trouble?.exitCode ?? exitCodes.failed;
  } finally {
    types.stop();
  }
}

async function deployStage(
  options: DeployOptions,
  types: TypeCheck,
  dependencies: DeployDependencies,
): Promise<ExitCode> {
  const { block, cdk, readAssembly, signIn, steps, say } = dependencies;
  const stages = readStages(block);
  const stage = chosenStage(stages, options, dependencies);
  const stacks = deployingStacks(stage, options, dependencies);
  const run = async (list: readonly DeployStep[], stack: DeployingStack) => {
    for (const step of list) await step(stack, { say, yes: options.yes });
  };

  // First of all, since it takes a second: who is not signed in need not wait for the synthesis.
  const found: FoundDeployment[] = [];
  for (const stack of stacks) found.push(await look(stack, dependencies));
  const planned = stages.flatMap((each) => each.stacks.map(({ stackName }) => stackName));
  for (const stack of found) await refuseTwin(stack, planned, options.remove, dependencies);
  await refuseTypeErrors(types);
  for (const stack of found) await run(steps.beforeSynthesis, stack);
  if ((await cdk(...(await synthesis(stage, found, signIn)))) !== 0) return exitCodes.failed;
  const templates = new Map(readAssembly(folder).map(({ stackName, template }) => [stackName, template]));
  const compared = found.map((stack) => withTemplate(stack, templates.get(stack.stackName)));
  refuseLosses(compared, options.remove);

  for (const [index, stack] of compared.entries()) {
    const { stackName, deployed, next } = stack;
    say(
      `\n${stackName} (${stack.environments.join(', ')}) in ${stack.account ?? 'the account of your credentials'}, ${stack.region}`,
    );
    if (deployed !== undefined) for (const move of movedAddresses(deployed, next)) say(`Mind: ${move}`);
    await run(steps.beforeDeployment, stack);
    await freeFailedCreation(stack, dependencies);
    const { profile, variables } = await signed(stack, signIn);
    if ((await cdk([...deployArguments(stack, options), ...profile, ...options.cdk], variables)) !== 0) {
      sayWhatWasLeft(compared.slice(index + 1), say);
      return exitCodes.failed;
    }
    const now = await dependencies.cloudFormation(stack.clientOptions).find(stackName);
    await run(steps.afterDeployment, { ...stack, deployed: now });
  }
  say('\nDeployed. Check it: npm run verify');
  return exitCodes.done;
}

function chosenStage(
  stages: readonly Stage[],
  { stage }: DeployOptions,
  { variables, remembered }: DeployDependencies,
): Stage {
  return chooseStage(stages, stage ?? (variables.PROCORE_STAGE || undefined) ?? readRemembered(remembered).stage);
}

function deployingStacks(
  { name, stacks }: Stage,
  { environment, profile }: DeployOptions,
  { variables, signIn }: DeployDependencies,
): readonly PlannedStack[] {
  const all = stacks.map((stack) => {
    const place = profile === undefined ? withUsableProfile(stack, variables) : { ...stack, profile };
    return {
      ...place,
      environments: stack.environments.map((each) => each.name),
      clientOptions: { ...clientOptions(place, variables), ...signIn.clientSettings(place.profile) },
    };
  });
  if (environment === undefined) return all;
  const found = all.find(({ environments }) => environments.some((each) => each === environment));
  if (found !== undefined && found.environments.length === 1) return [found];
  const names = all.flatMap(({ environments }) => environments).join(', ');
  throw new DeploymentError(
    found === undefined
      ? `--environment: got "${environment}"; allowed: ${names}, as stage ${name} of cdk.json has them.`
      : `--environment ${environment}: it shares the stack ${found.stackName} with others (${found.environments.join(', ')}), and ` +
          'a stack is deployed as a whole. Leave the option out, or give the environment an account or a stackName of its ' +
          'own in cdk.json.',
  );
}

/** An error that the compiler sees would otherwise be seen by the first event. */
async function refuseTypeErrors(types: TypeCheck): Promise<void> {
  const found = showProblems(await types.problems, process.cwd());
  if (found.length === 0) return;
  throw new DeploymentError(
    [
      'Nothing has been deployed: your own file functions/on-event.ts, or what it imports, has type errors.',
      ...found.map((line) => `  ${line}`),
      'Correct them, try it with npm start, and deploy again.',
    ].join('\n'),
  );
}

async function look(stack: PlannedStack, { cloudFormation, say }: DeployDependencies): Promise<FoundDeployment> {
  const { stackName, account, profile } = stack;
  const aws = cloudFormation(stack.clientOptions);
  const region = await aws.region();
  const found = await aws.find(stackName);
  if (found === undefined) say(`${stackName} is not there yet: this is its first deployment.`);
  else refuseOtherAccount(found, stackName, account, profile);
  if (found !== undefined && isUnderWay(found)) {
    throw new DeploymentError(
      `Another deployment of ${stackName} is under way (${found.status}). Wait until it has ended.`,
    );
  }
  const deployed = found !== undefined && neverLived.includes(found.status) ? undefined : found;
  const itsAccount = account ?? found?.account ?? (await aws.account());
  return {
    ...stack,
    ...(itsAccount !== undefined && { account: itsAccount }),
    ...{ deployed, region, status: found?.status },
  };
}

/**
 * Refuses a first deployment beside a stack that cdk.json does not name any more: a changed `stackName`, or an environment
 * that got a stack of its own, would begin anew, empty, and with other addresses.
 */
async function refuseTwin(
  { stackName, environments, status, clientOptions: options }: FoundDeployment,
  planned: readonly string[],
  allowed: readonly string[],
  { cloudFormation }: DeployDependencies,
): Promise<void> {
  if (status !== undefined) return;
  const serving = await cloudFormation(options).serving(environments);
  for (const [environment, stacks] of serving) {
    const twin = stacks.find((name) => !planned.includes(name) && !allowed.includes(name));
    if (twin === undefined) continue;
    throw new DeploymentError(
      `Nothing has been deployed: ${twin} serves ${environment} here already, and cdk.json does not name it. ${stackName} would ` +
        'begin empty beside it, with another redirect URI and webhook URL; accounts, credentials and hooks stay with the ' +
        `old one. If it is the same, write "stackName": "${twin}" into cdk.json. If a second one is meant: npm run deploy ` +
        `-- --remove ${twin} (it is not deleted; the commands just do not find it any more).`,
    );
  }
}

function withTemplate(stack: FoundDeployment, next: Template | undefined): Comparison {
  if (next !== undefined) return { ...stack, next };
  throw new DeploymentError(`cdk synth has made no stack ${stack.stackName}: see what it printed.`);
}

function refuseOtherAccount(
  found: FoundStack,
  stackName: string,
  account: string | undefined,
  profile: string | undefined,
): void {
  if (account === undefined || found.account === account) return;
  throw new DeploymentError(
    `cdk.json says that ${stackName} is in account ${account}; the credentials${profile ? ` of profile ${profile}` : ''} lead ` +
      `to ${found.account}. Sign in to ${account}, or choose another profile.`,
  );
}

/** While CloudFormation cleans up, the CDK waits by itself, and the template is the new one already. */
function isUnderWay({ status }: FoundStack): boolean {
  return status.endsWith('_IN_PROGRESS') && !/^REVIEW|_CLEANUP_/.test(status);
}

function refuseLosses(compared: readonly Comparison[], allowed: readonly string[]): void {
  const refused = compared
    .map(({ stackName, deployed, next }) => {
      const losses = deployed === undefined ? [] : findLosses(deployed, next);
      return { stackName, losses: losses.filter(({ name }) => !allowed.includes(name)) };
    })
    .filter(({ losses }) => losses.length > 0);
  if (refused.length === 0) return;
  const names = refused.flatMap(({ losses }) => losses.map(({ name }) => name));
  throw new DeploymentError(
    [
      'Nothing has been deployed: what runs would lose something, and cdk.json is the one place of settings.',
      ...refused.flatMap(({ stackName, losses }) => [`\n${stackName}:`, ...losses.map(showLoss)]),
      `\nIf it is not meant, put it back into cdk.json. If it is: npm run deploy -- ${names.map((name) => `--remove ${name}`).join(' ')}`,
    ].join('\n'),
  );
}

function showLoss({ name, text }: Loss): string {
  return `  ${name}\n    ${text}`;
}

/**
 * CloudFormation protects a stack from its first moment on, and the CDK cannot delete a protected one to begin again.
 *
 * @see [the same with CDK 1.46](https://github.com/aws-samples/aws-secure-environment-accelerator/pull/253)
 */
async function freeFailedCreation(stack: Comparison, { cloudFormation, say }: DeployDependencies): Promise<void> {
  if (stack.status === undefined || !/^ROLLBACK_(COMPLETE|FAILED)$/.test(stack.status)) return;
  say(
    `The first deployment of ${stack.stackName} had failed (${stack.status}); the CDK deletes what is left and begins again.`,
  );
  await cloudFormation(stack.clientOptions).endTerminationProtection(stack.stackName);
}

/** A single stack is synthesized with the account and region that it goes to, for an app that asks for them. */
async function synthesis(
  { name }: Stage,
  stacks: readonly DeployingStack[],
  signIn: AwsSignIn,
): Promise<Parameters<DeployDependencies['cdk']>> {
  const [only] = stacks.length === 1 ? stacks : [];
  const { profile, variables } = only === undefined ? { profile: [], variables: {} } : await signed(only, signIn);
  return [['synth', '--quiet', '--output', folder, '-c', `stage=${name}`, ...profile], variables];
}

/** How the CDK signs in for a stack: by its profile, or by credentials that an MFA code was asked for already. */
async function signed({ profile, region }: DeployingStack, signIn: AwsSignIn) {
  const credentials = await signIn.handOn(profile);
  const named = profile === undefined || credentials !== undefined ? [] : ['--profile', profile];
  return { profile: named, variables: { AWS_REGION: region, ...credentials } };
}

function deployArguments({ stackName }: DeployingStack, { requireApproval }: DeployOptions): string[] {
  return ['deploy', stackName, '--app', folder, '--require-approval', requireApproval];
}

function sayWhatWasLeft(others: readonly DeployingStack[], say: (text: string) => void): void {
  if (others.length === 0) return;
  say(
    `\nNot deployed after that: ${others.map(({ stackName }) => stackName).join(', ')}. Mend it, then run the same again.`,
  );
}

/** "Region is missing" and "no credentials" do not say what a newcomer is to do. */
function withSignIn(text: string): string {
  if (!/credentials|region/.test(text)) return text;
  const [what] = text.split(' Give --region');
  const example = 'aws sso login --profile NAME, then AWS_PROFILE=NAME AWS_REGION=us-east-1 npm run deploy';
  return `${what}\nTo deploy, sign in and say in which region: ${example}. Or write profile and region into cdk.json.`;
}
