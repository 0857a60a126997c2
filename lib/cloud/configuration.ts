import { z } from 'zod';
import { type ProcoreEnvironmentName, procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { ConfigurationError, shown } from '../configuration-error.ts';
import {
  chooseStage,
  type Place,
  placeSettings,
  readStages,
  type Setting,
  type StagedEnvironment,
  type StagedStack,
  stackSettings,
} from '../stages.ts';
import { faultOfDomainName } from './domain.ts';
import { completeOptions, type EnvironmentOptions, environmentOptions, topicArnForm } from './environment-options.ts';
import {
  allowedHandlerSettings,
  faultOfSecrets,
  faultOfStatements,
  faultOfVpc,
  type StatementSetting,
  type VpcSetting,
} from './handler-settings.ts';
import { mostStackNameCharacters } from './stack-name.ts';

/** A stack holds 500 resources and an environment takes up to 220 of them; a test counts. */
const mostEnvironments = 2;

/** The CDK's own key: 0 where a stack may hold any number of resources, as on one machine. */
const resourceLimitKey = '@aws-cdk/core:stackResourceLimit';

/** A host of one's own, as cdk.json says it. */
export interface DomainConfiguration {
  /** The host alone. */
  readonly name: string;
  readonly certificateArn: string;
  /** Whether redirect URI and webhook URL are at this host; until then it only answers, too. */
  readonly inUse: boolean;
}

/** What cdk.json decides about one environment, with its defaults filled in. */
export interface EnvironmentConfiguration extends EnvironmentOptions {
  readonly name: ProcoreEnvironmentName;
  /** The ARN of the SNS topic that wakes somebody. */
  readonly pagerTopicArn?: string;
  readonly domain?: DomainConfiguration;
  /** Name or complete ARN of each secret of the integrator's, by the name that on-event.ts asks for. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly policyStatements?: readonly StatementSetting[];
  readonly vpc?: VpcSetting;
}

/** What cdk.json decides about one stack, with its defaults filled in. */
export interface StackConfiguration extends Place {
  readonly stackName: string;
  /** Who gets the mails of its alarms; null for nobody. */
  readonly alarmEmail: string | null;
  readonly environments: readonly EnvironmentConfiguration[];
}

type OptionName = keyof EnvironmentOptions;

/** cdk.json counts in days what the CDK names otherwise. */
const keyOf = (option: OptionName): string => (option === 'logRetention' ? 'logRetentionDays' : option);

const optionNames = Object.keys(environmentOptions) as OptionName[];

/** The keys of an environment, which a stage may have for all of its environments; `domain` is one environment's own. */
export const environmentKeys: readonly string[] = [
  ...optionNames.map(keyOf),
  ...['secrets', 'policyStatements', 'vpc', 'pagerTopicArn', 'domain'],
];

/** What a key is called here that other tools call otherwise. */
const otherWords: Readonly<Record<string, string>> = {
  maxConnections: 'workerConcurrency, as many workers run at once, each with a pool of its own',
  maxConcurrency: 'workerConcurrency',
  memory: 'memoryMebibytes',
  memorySize: 'memoryMebibytes',
  timeout: 'timeoutSeconds',
};

/** Every key of a stage or an environment with what it is unless it is given, as cdk.json has it. */
export const settingDefaults: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(optionNames.map((name) => [keyOf(name), environmentOptions[name].default])),
  alarmEmail: null,
};

const domainSchema = z.strictObject({
  // A host that cannot be part of a redirect URI is refused here: at Procore it would only fail to match.
  name: z.string().superRefine((name, context) => {
    const fault = faultOfDomainName(name);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  }),
  certificateArn: z.string().regex(/^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/\S+$/),
  inUse: z.boolean().default(true),
});

const allowedDomain =
  '{"name": a host alone, e.g. connect.example.com, "certificateArn": of ACM, "inUse": false until DNS and Procore know it}';

/**
 * Reads and validates the app's context: one stage of the `procore` block.
 *
 * @param context gives the value of a context key, or undefined; `stage` names the stage
 * @returns the stacks of the stage, in the order in which they are deployed
 * @throws ConfigurationError at the first setting that is wrong, or that is given with `-c`
 */
export function readConfiguration(context: (key: string) => unknown): readonly StackConfiguration[] {
  refuseForgotten(context);
  const name: unknown = context('stage');
  if (name !== undefined && typeof name !== 'string') {
    throw new ConfigurationError('stage', `stage: got ${shown(name)}; allowed: the name of a stage.`);
  }
  const { stacks } = chooseStage(readStages(context('procore')), name);
  if (context(resourceLimitKey) !== 0) for (const stack of stacks) refuseTooManyEnvironments(stack);
  return stacks.map(stackConfiguration);
}

/** AWS does not remember what was given with `-c`: the next deployment would undo it, or remove an environment. */
function refuseForgotten(context: (key: string) => unknown): void {
  const keys = [...environmentKeys, ...placeSettings, ...stackSettings, 'environments', 'domains'];
  const given = keys.find((key) => context(key) !== undefined);
  if (given === undefined) return;
  throw new ConfigurationError(
    given,
    `-c ${given}=…: got ${shown(context(given))}; allowed: -c stage=NAME alone, since the next deployment forgets what ` +
      '-c has given. Write it into cdk.json, below procore.stages.',
  );
}

function stackConfiguration(stack: StagedStack): StackConfiguration {
  const { stackName, environments, settings, account, region, profile } = stack;
  refuseLongStackName(stack);
  return {
    stackName,
    alarmEmail: readAlarmEmail(settings.get('alarmEmail')),
    environments: environments.map(environmentConfiguration),
    ...(account !== undefined && { account }),
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  };
}

function readAlarmEmail(setting: Setting | undefined): string | null {
  if (setting === undefined || setting.value === null) return null;
  const parsed = z.email().safeParse(setting.value);
  if (parsed.success) return parsed.data;
  throw wrong(setting, 'alarmEmail', 'an e-mail address, or null for no mail');
}

function environmentConfiguration({ name, settings }: StagedEnvironment): EnvironmentConfiguration {
  for (const [key, { path }] of settings) {
    if (environmentKeys.includes(key)) continue;
    const meant = otherWords[key];
    const allowed = meant ?? [...environmentKeys, ...placeSettings, ...stackSettings].join(', ');
    throw new ConfigurationError(key, `${path} in cdk.json: no such key; allowed: ${allowed}.`);
  }
  const given = optionNames.flatMap((option) => {
    const setting = settings.get(keyOf(option));
    return setting === undefined ? [] : [[option, allowedValue(option, setting)] as const];
  });
  const pagerTopicArn = settings.get('pagerTopicArn');
  const domain = settings.get('domain');
  return {
    name,
    ...completeOptions(name, Object.fromEntries(given)),
    ...(pagerTopicArn && { pagerTopicArn: readPagerTopicArn(pagerTopicArn) }),
    ...(domain && { domain: readDomain(domain, name) }),
    ...readBelongings(settings),
  };
}

function allowedValue(option: OptionName, setting: Setting): unknown {
  const { allowed, isAllowed, faultOf } = environmentOptions[option];
  if (isAllowed(setting.value)) return setting.value;
  const fault = faultOf?.(setting.value);
  throw wrong(setting, keyOf(option), allowed, fault && ` (${fault})`);
}

/** What the integrator's code has of its own and cdk.json says in another way than the construct's props. */
function readBelongings(settings: StagedEnvironment['settings']) {
  const faults = { secrets: faultOfSecrets, policyStatements: faultOfStatements, vpc: faultOfVpc } as const;
  const given = Object.entries(faults).flatMap(([key, faultOf]) => {
    const setting = settings.get(key);
    if (setting === undefined) return [];
    const fault = faultOf(setting.value);
    if (fault === undefined) return [[key, setting.value] as const];
    throw wrong(setting, key, allowedHandlerSettings[key as keyof typeof faults], ` (${fault})`);
  });
  return Object.fromEntries(given) as Pick<EnvironmentConfiguration, keyof typeof faults>;
}

function readPagerTopicArn(setting: Setting): string {
  if (typeof setting.value === 'string' && topicArnForm.test(setting.value)) return setting.value;
  throw wrong(setting, 'pagerTopicArn', 'the ARN of an SNS topic: arn:aws:sns:REGION:ACCOUNT:NAME');
}

function readDomain(setting: Setting, environment: ProcoreEnvironmentName): DomainConfiguration {
  if (!setting.path.split('.').includes(environment)) {
    throw wrong(
      setting,
      'domain',
      `a domain inside environments.${environment}, since a host leads to one environment`,
    );
  }
  const parsed = domainSchema.safeParse(setting.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const allowed = Object.keys(domainSchema.shape).join(', ');
    throw new ConfigurationError(
      'domain',
      `${setting.path}.${issue.keys[0]} in cdk.json: no such key; allowed: ${allowed}.`,
    );
  }
  const why = issue?.code === 'custom' ? ` (${issue.path.join('.')}: ${issue.message})` : '';
  throw wrong(setting, 'domain', allowedDomain, why);
}

function wrong({ path, value }: Setting, key: string, allowed: string, why = ''): ConfigurationError {
  return new ConfigurationError(key, `${path} in cdk.json: got ${shown(value)}${why}; allowed: ${allowed}.`);
}

function refuseLongStackName({ stackName, environments }: StagedStack): void {
  const names = environments.map(({ name }) => name);
  const most = mostStackNameCharacters(names);
  if (stackName.length <= most) return;
  throw new ConfigurationError(
    'stackName',
    `stackName: got ${shown(stackName)} (${stackName.length} characters); allowed: at most ${most} with ` +
      `${names.join(' and ')}, since the stack's name stands in the names of its queues and SQS takes 80 characters.`,
  );
}

function refuseTooManyEnvironments({ path, environments }: StagedStack): void {
  if (environments.length <= mostEnvironments) return;
  const names = environments.map(({ name }) => name);
  const [kept, others] = [names.slice(0, mostEnvironments), names.slice(mostEnvironments)];
  const alone = others.map((name) => `"${name}": {"stackName": "Procore-${name}"}`).join(', ');
  throw new ConfigurationError(
    'environments',
    `${path.split('.').slice(0, -1).join('.')} in cdk.json: got ${names.length} in one stack (${names.join(', ')}); ` +
      `allowed: at most ${mostEnvironments} of ${procoreEnvironmentNames.join(', ')}, since a stack holds 500 resources. ` +
      `Keep ${kept.join(', ')} together and give each other one a stack of its own: ${alone}.`,
  );
}
