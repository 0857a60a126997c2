import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { chooseStage, type Place, readStages, type Stage, withUsableProfile } from '../stages.ts';
import { exitCodes, OperatorError, usageError } from './exit-codes.ts';

/** What can be said about which stack is meant, all of it optional. */
export interface Selection {
  readonly stage?: string | undefined;
  readonly stack?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
}

/** The keys of a {@link Selection}. */
export const selectionKeys = ['stage', 'stack', 'region', 'profile'] as const;

/** Who says which stack is meant, from the one that wins to the one that loses. */
export interface SelectionSources {
  /** `--stage`, `--stack`, `--region`, `--profile`. */
  readonly flags: Selection;
  /** `PROCORE_STAGE` and `PROCORE_STACK` of the environment, and whether keys of AWS stand there. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** What `.procorerc` holds; undefined without one. */
  readonly remembered: unknown;
  /** The `procore` block of cdk.json. */
  readonly block: unknown;
}

/** A stack that is meant, and where it is. */
export interface Target extends Place {
  readonly stackName: string;
  /** What cdk.json says that it serves; undefined for a stack that cdk.json does not have. */
  readonly environments?: readonly ProcoreEnvironmentName[];
}

/**
 * Finds out which stacks are meant: one that is named, or all of a stage of cdk.json.
 *
 * Stage and stack come from the first of options, environment variables and `.procorerc` that says one of the two.
 * Region and profile come from options, else from where stage and stack come from, else from cdk.json.
 *
 * @returns at least one, in the order in which they are deployed
 * @throws OperatorError when two contradict each other, ConfigurationError for a wrong cdk.json
 */
export function chooseTargets({ flags, variables, remembered, block }: SelectionSources): readonly Target[] {
  const named: Selection = { stage: variables.PROCORE_STAGE, stack: variables.PROCORE_STACK };
  const kept = withoutEmpty(readRemembered(remembered));
  const decisive = [flags, named, kept].map(withoutEmpty).find((source) => source.stage ?? source.stack) ?? kept;
  const { stage, stack } = decisive;
  if (stage !== undefined && stack !== undefined) {
    throw usageError(
      `Stage ${stage} and stack ${stack} are both given: a stage names its stacks. Give one of the two.`,
    );
  }
  // What was remembered with one stack is not where another one is.
  const { region, profile } = { ...decisive, ...withoutEmpty(flags) };
  const place = { ...(region !== undefined && { region }), ...(profile !== undefined && { profile }) };
  const stages = readStages(block);
  const found = stack === undefined ? targetsOf(chosenStage(stages, stage)) : [namedStack(stages, stack)];
  return found.map((target) => ({ ...withUsableProfile(target, variables), ...place }));
}

/**
 * Reads what `.procorerc` holds.
 *
 * @throws OperatorError when it is not an object of our keys with texts
 */
export function readRemembered(remembered: unknown): Selection {
  if (remembered === undefined) return {};
  const isObject = typeof remembered === 'object' && remembered !== null && !Array.isArray(remembered);
  const entries = isObject ? Object.entries(remembered) : [];
  const [wrong] = entries.filter(([key, value]) => !isSelectionKey(key) || typeof value !== 'string');
  if (isObject && wrong === undefined) return Object.fromEntries(entries);
  throw new OperatorError(
    'wrong_procorerc',
    `.procorerc ${wrong === undefined ? 'holds no object' : `has a wrong ${JSON.stringify(wrong[0])}`}; allowed: texts for ` +
      `${selectionKeys.join(', ')}. Write it with npm run procore -- target, or delete it.`,
  );
}

/**
 * Chooses where to look for an environment, without asking AWS.
 *
 * @param environment without a name there must be one stack to look at
 * @returns the one stack that is meant, or that has the environment as cdk.json says
 * @throws OperatorError when there are several stacks and the name does not decide between them
 */
export function targetOf(targets: readonly Target[], environment: string | undefined): Target {
  const [only] = targets;
  if (only !== undefined && targets.length === 1) return only;
  const names = targets.flatMap(({ environments = [] }) => environments).join(', ');
  if (environment === undefined) {
    throw usageError(`There are several environments. Say which one with --environment: ${names}.`);
  }
  const found = targets.find(({ environments = [] }) => environments.some((name) => name === environment));
  if (found !== undefined) return found;
  throw new OperatorError(
    'environment_not_found',
    `cdk.json has no environment "${environment}" in this stage; it has: ${names}.`,
    exitCodes.notFound,
  );
}

function chosenStage(stages: readonly Stage[], name: string | undefined): Stage {
  try {
    return chooseStage(stages, name);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const names = stages.map((stage) => stage.name).join(', ');
    const what = name === undefined ? 'cdk.json has several stages' : `cdk.json has no stage "${name}"`;
    const text = `${what}. Say which one with --stage, or remember one with npm run procore -- target --stage NAME: ${names}.`;
    throw new OperatorError('stage_not_found', text, name === undefined ? exitCodes.usage : exitCodes.notFound);
  }
}

function targetsOf({ stacks }: Stage): readonly Target[] {
  return stacks.map(({ stackName, account, region, profile, environments }) => ({
    stackName,
    environments: environments.map(({ name }) => name),
    ...(account !== undefined && { account }),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  }));
}

/** A stack that cdk.json has is where it says; another one, e.g. of an app of your own, is where the SDK looks. */
function namedStack(stages: readonly Stage[], stackName: string): Target {
  const known = stages.flatMap(targetsOf).filter((target) => target.stackName === stackName);
  const [only] = known;
  return only !== undefined && known.length === 1 ? only : { stackName };
}

function isSelectionKey(key: string): boolean {
  return selectionKeys.some((known) => known === key);
}

/** An empty variable or option says nothing. */
function withoutEmpty(selection: Selection): Selection {
  return Object.fromEntries(Object.entries(selection).filter(([, value]) => value !== undefined && value !== ''));
}
