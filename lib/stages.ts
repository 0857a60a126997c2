import {
  isProcoreEnvironmentName,
  type ProcoreEnvironmentName,
  procoreEnvironmentNames,
} from '../functions/procore/environment.ts';
import { ConfigurationError, shown } from './configuration-error.ts';

/** A setting of cdk.json. */
export interface Setting {
  /** Where it stands, e.g. `procore.stages.live.worker`. */
  readonly path: string;
  readonly value: unknown;
}

/** Settings by their keys. */
export type Settings = ReadonlyMap<string, Setting>;

/** Where a stack is deployed. What is not given is the AWS SDK's own matter (`AWS_PROFILE`, `AWS_REGION`, …). */
export interface Place {
  /** Twelve digits. */
  readonly account?: string;
  readonly region?: string;
  /** The profile of ~/.aws/config that reaches the account. */
  readonly profile?: string;
}

/** An environment of a stage, with its own settings over those of the stage. */
export interface StagedEnvironment {
  readonly name: ProcoreEnvironmentName;
  /** What they mean and may be is lib/cloud's matter. */
  readonly settings: Settings;
}

/** A stack of a stage. */
export interface StagedStack extends Place {
  readonly stackName: string;
  /** Where its name or its place stands in cdk.json. */
  readonly path: string;
  readonly environments: readonly StagedEnvironment[];
  /** What concerns the stack as a whole ({@link stackSettings}). */
  readonly settings: Settings;
}

/** What is deployed together: one stack, or one for each environment that has a place of its own. */
export interface Stage {
  readonly name: string;
  /** In the order in which they are deployed: those without real data first. */
  readonly stacks: readonly StagedStack[];
}

/** A key that says where a stack is, and what it may be. */
interface PlaceKey {
  readonly allowed: string;
  readonly pattern: RegExp;
}

const placeKeys: Readonly<Record<keyof Place | 'stackName', PlaceKey>> = {
  stackName: {
    allowed: 'a name that CloudFormation takes: a letter, then letters, digits and hyphens, at most 128',
    pattern: /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
  },
  account: { allowed: 'the twelve digits of an AWS account, as a text', pattern: /^\d{12}$/ },
  region: { allowed: 'a region of AWS, e.g. us-east-1', pattern: /^[a-z]{2,3}(-[a-z]+)+-\d$/ },
  profile: { allowed: 'the name of a profile in ~/.aws/config', pattern: /^[^\s-]\S*$/ },
};

/** The keys that give an environment a stack of its own. */
export const placeSettings = Object.keys(placeKeys) as readonly (keyof typeof placeKeys)[];

/** The keys that concern a whole stack, besides its name and place. */
export const stackSettings = ['alarmEmail'] as const;

/** The stage of a block that names none. */
const defaultStage = 'default';
const defaultStackName = 'ProcoreConnector';
const stageName = /^[A-Za-z][A-Za-z0-9-]{0,30}$/;

/** What a block says about a stage, before it is known what it means. */
interface WrittenStage {
  readonly name: string;
  readonly settings: Settings;
  readonly environments: ReadonlyMap<ProcoreEnvironmentName, Settings>;
  /** Where an environment is named. */
  pathOf(environment: string): string;
}

/**
 * Reads which stages the `procore` block of cdk.json has, and which stacks they consist of.
 *
 * An environment that names its account, region, profile or stack is deployed as a stack of its own. The others of its
 * stage share one. The flat block of earlier versions is read as one stage.
 *
 * @param block of cdk.json's context; undefined for none
 * @returns at least one stage
 * @throws ConfigurationError when the block has no such shape, or a place is wrong
 */
export function readStages(block: unknown): readonly Stage[] {
  const given = objectAt('procore', block ?? {}, 'an object, as in cdk.json');
  const stages = writtenStages(given).map((written) => ({ name: written.name, stacks: stacksOf(written) }));
  refuseSharedNames(stages);
  return stages;
}

/**
 * Chooses a stage.
 *
 * @param name without it the only one is meant
 * @throws ConfigurationError when there is none of that name, or several and no name
 */
export function chooseStage(stages: readonly Stage[], name: string | undefined): Stage {
  const names = stages.map((stage) => stage.name).join(', ');
  const [only] = stages;
  if (name === undefined && only !== undefined && stages.length === 1) return only;
  const chosen = stages.find((stage) => stage.name === name);
  if (chosen !== undefined) return chosen;
  const got = name === undefined ? 'no name, and cdk.json has several' : shown(name);
  throw new ConfigurationError(
    'stage',
    `stage: got ${got}; allowed: ${names} (--stage NAME, or -c stage=NAME for cdk).`,
  );
}

function writtenStages(block: Readonly<Record<string, unknown>>): readonly WrittenStage[] {
  if (block.stages === undefined) return [flatStage(block)];
  const [other] = Object.keys(block).filter((key) => key !== 'stages');
  if (other !== undefined) {
    throw new ConfigurationError(
      other,
      `procore.${other} in cdk.json stands beside procore.stages; allowed: every setting inside a stage, ` +
        `as procore.stages.NAME.${other} or procore.stages.NAME.environments.ENVIRONMENT.${other}.`,
    );
  }
  const stages = Object.entries(objectAt('procore.stages', block.stages, 'an object with a key for each stage'));
  if (stages.length === 0) throw refusal('procore.stages', block.stages, 'at least one stage, e.g. {"default": {}}');
  return stages.map(([name, value]) => writtenStage(name, value));
}

function writtenStage(name: string, value: unknown): WrittenStage {
  const path = `procore.stages.${name}`;
  if (!stageName.test(name)) {
    throw refusal(path, name, 'names of a letter, then letters, digits and hyphens, at most 31', 'stages');
  }
  const { environments = { sandbox: {}, production: {} }, ...own } = objectAt(path, value, 'an object of settings');
  const given = objectAt(`${path}.environments`, environments, `an object with a key for each environment`);
  return {
    name,
    settings: settingsAt(path, own),
    environments: environmentsOf(`${path}.environments`, Object.keys(given), (environment) => {
      const at = `${path}.environments.${environment}`;
      return settingsAt(at, objectAt(at, given[environment], 'an object of settings, {} for none'));
    }),
    pathOf: (environment) => `${path}.environments.${environment}`,
  };
}

/** The block of earlier versions: all settings in one row, those that differ by environment in objects. */
function flatStage(block: Readonly<Record<string, unknown>>): WrittenStage {
  const { environments = ['sandbox', 'production'], domains = {}, logLevel, ...shared } = block;
  const names = typeof environments === 'string' ? environments.split(',').map((name) => name.trim()) : environments;
  if (!Array.isArray(names)) throw refusal('procore.environments', environments, 'a list of environments');
  const byEnvironment = (key: string, values: unknown) => {
    const given = objectAt(`procore.${key}`, values, 'an object with a key for each environment');
    const [unknown] = Object.keys(given).filter((name) => !isProcoreEnvironmentName(name));
    if (unknown !== undefined) throw refusal(`procore.${key}`, unknown, procoreEnvironmentNames.join(', '));
    return given;
  };
  const domainOf = byEnvironment('domains', domains);
  const levelOf = logLevel === undefined || typeof logLevel === 'string' ? {} : byEnvironment('logLevel', logLevel);
  const own = (environment: string): Settings => {
    const domain: Setting = { path: `procore.domains.${environment}`, value: domainOf[environment] };
    const level: Setting = { path: `procore.logLevel.${environment}`, value: levelOf[environment] };
    const settings = Object.entries({ domain, logLevel: level });
    return new Map(settings.filter(([, { value }]) => value !== undefined));
  };
  return {
    name: defaultStage,
    settings: settingsAt('procore', { ...shared, ...(typeof logLevel === 'string' && { logLevel }) }),
    environments: environmentsOf('procore.environments', names, own),
    pathOf: () => 'procore.environments',
  };
}

function environmentsOf(
  path: string,
  names: readonly unknown[],
  settingsOf: (name: string) => Settings,
): ReadonlyMap<ProcoreEnvironmentName, Settings> {
  const allowed = `one or more of ${procoreEnvironmentNames.join(', ')}, each once`;
  const environments = new Map<ProcoreEnvironmentName, Settings>();
  for (const name of names) {
    if (typeof name !== 'string' || !isProcoreEnvironmentName(name) || environments.has(name)) {
      throw refusal(path, name, allowed);
    }
    environments.set(name, settingsOf(name));
  }
  if (environments.size === 0) throw refusal(path, names, allowed);
  return environments;
}

function stacksOf(stage: WrittenStage): readonly StagedStack[] {
  const fallback = stage.name === defaultStage ? defaultStackName : `${defaultStackName}-${stage.name}`;
  const stageStack = textOf('stackName', stage.settings) ?? fallback;
  const shared: StagedEnvironment[] = [];
  const stacks: StagedStack[] = [];
  for (const [name, own] of stage.environments) {
    const isAlone = placeSettings.some((key) => own.has(key));
    const environment = { name, settings: optionsOf(stage.settings, own) };
    if (!isAlone) {
      refuseStackSettings(own);
      shared.push(environment);
      continue;
    }
    stacks.push({
      // The stage's name for its stack stays free for the environments that share it. Long names do not fit into queues'.
      stackName: textOf('stackName', own) ?? `${stageStack}-${name.replace('-sandbox', '')}`,
      path: stage.pathOf(name),
      ...placeOf(new Map([...stage.settings, ...own])),
      environments: [environment],
      settings: stackSettingsOf(stage.settings, own),
    });
  }
  if (shared.length > 0) {
    const path = stage.pathOf(shared[0]?.name ?? '');
    const settings = stackSettingsOf(stage.settings);
    stacks.push({ stackName: stageStack, path, ...placeOf(stage.settings), environments: shared, settings });
  }
  return stacks.toSorted((one, other) => shareOfRealData(one) - shareOfRealData(other));
}

/** A deployment that goes wrong is to go wrong first where no customer's data is. */
function shareOfRealData({ environments }: StagedStack): number {
  return environments.filter(({ name }) => name === 'production' || name === 'federal').length / environments.length;
}

function placeOf(settings: Settings): Place {
  const [account, region, profile] = (['account', 'region', 'profile'] as const).map((key) => textOf(key, settings));
  return {
    ...(account !== undefined && { account }),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  };
}

function textOf(key: keyof typeof placeKeys, settings: Settings): string | undefined {
  const setting = settings.get(key);
  if (setting === undefined) return undefined;
  const { allowed, pattern } = placeKeys[key];
  if (typeof setting.value === 'string' && pattern.test(setting.value)) return setting.value;
  throw refusal(setting.path, setting.value, allowed, key);
}

function isOfStack(key: string): boolean {
  return [...placeSettings, ...stackSettings].some((name) => name === key);
}

function optionsOf(...settings: readonly Settings[]): Settings {
  return new Map(settings.flatMap((each) => [...each]).filter(([key]) => !isOfStack(key)));
}

function stackSettingsOf(...settings: readonly Settings[]): Settings {
  return new Map(settings.flatMap((each) => [...each]).filter(([key]) => stackSettings.some((name) => name === key)));
}

function refuseStackSettings(own: Settings): void {
  const [key] = stackSettings.filter((name) => own.has(name));
  if (key === undefined) return;
  const { path = '', value } = own.get(key) ?? {};
  throw refusal(
    path,
    value,
    `${key} with the stage, for all that share its stack; or here, beside a stackName or account that gives the ` +
      'environment a stack of its own',
    key,
  );
}

/** Two stacks of one name in one place would be deployed over each other. */
function refuseSharedNames(stages: readonly Stage[]): void {
  const seen = new Map<string, StagedStack>();
  for (const stack of stages.flatMap(({ stacks }) => stacks)) {
    const { stackName, account, region, profile, path } = stack;
    const key = JSON.stringify([stackName, account ?? profile, region]);
    const other = seen.get(key);
    if (other !== undefined) {
      throw refusal(
        path,
        stackName,
        `a stack name of its own: ${other.path} has the same, in the same place`,
        'stackName',
      );
    }
    seen.set(key, stack);
  }
}

function settingsAt(path: string, values: Readonly<Record<string, unknown>>): Settings {
  return new Map(Object.entries(values).map(([key, value]) => [key, { path: `${path}.${key}`, value }] as const));
}

function objectAt(path: string, value: unknown, allowed: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw refusal(path, value, allowed);
}

/** @param key the key that is wrong; else the last part of the path */
function refusal(
  path: string,
  got: unknown,
  allowed: string,
  key = path.split('.').at(-1) ?? path,
): ConfigurationError {
  return new ConfigurationError(key, `${path} in cdk.json: got ${shown(got)}; allowed: ${allowed}.`);
}

/**
 * Leaves the profile out where keys of AWS stand in the environment: a CI has those, and no profiles.
 *
 * @param variables of the environment
 */
export function withUsableProfile<Somewhere extends Place>(
  somewhere: Somewhere,
  variables: Readonly<Record<string, string | undefined>>,
): Somewhere {
  if (!variables.AWS_ACCESS_KEY_ID && !variables.AWS_WEB_IDENTITY_TOKEN_FILE) return somewhere;
  const { profile: _, ...place } = somewhere;
  return place as Somewhere;
}

/**
 * Chooses the stage that runs on one machine: `default`, else the first.
 *
 * @param block of cdk.json's context
 * @throws ConfigurationError when the block has no such shape
 */
export function localStage(block: unknown): Stage {
  const stages = readStages(block);
  return stages.find(({ name }) => name === defaultStage) ?? chooseStage(stages, stages[0]?.name);
}

/**
 * Writes a block that makes one stack of a stage, without accounts and domains: what runs on one machine.
 *
 * @param environments which ones, in this order; without it all of the stage
 * @param overrides settings that all of them get
 */
export function asOneStack(
  { stacks }: Stage,
  { environments, ...overrides }: Readonly<Record<string, unknown>> & { readonly environments?: unknown } = {},
): { readonly stages: Readonly<Record<string, unknown>> } {
  const own = new Map(
    stacks.flatMap((stack) => stack.environments.map(({ name, settings }) => [String(name), settings] as const)),
  );
  const names = Array.isArray(environments) ? environments.map(String) : [...own.keys()];
  const valuesOf = (settings: Settings | undefined) =>
    Object.fromEntries([...(settings ?? [])].flatMap(([key, { value }]) => (key === 'domain' ? [] : [[key, value]])));
  const stackWide = Object.entries({ ...valuesOf(stacks[0]?.settings), ...overrides }).filter(([key]) =>
    isOfStack(key),
  );
  const perEnvironment = Object.entries(overrides).filter(([key]) => !isOfStack(key));
  const written = names.map((name) => [name, { ...valuesOf(own.get(name)), ...Object.fromEntries(perEnvironment) }]);
  return {
    stages: { [defaultStage]: { ...Object.fromEntries(stackWide), environments: Object.fromEntries(written) } },
  };
}
