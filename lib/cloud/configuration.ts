import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { z } from 'zod';
import {
  isProcoreEnvironmentName,
  type ProcoreEnvironmentName,
  procoreEnvironmentNames,
} from '../../functions/procore/environment.ts';
import { ConfigurationError, shown } from './configuration-error.ts';
import { faultOfDomainName } from './domain.ts';
import { environmentOptions, type LogLevel } from './environment-options.ts';
import { mostStackNameCharacters } from './stack-name.ts';

/** A stack holds 500 resources and an environment takes up to 220 of them; a test counts. */
const mostEnvironments = 2;

/** `-c key=value` gives texts only, so a list may be written with commas between its members. */
function listOf<Member extends z.ZodType>(member: Member) {
  const split = (value: unknown) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== '')
      : value;
  return z.preprocess(split, z.array(member));
}

/** A number, or its digits as `-c key=value` gives them. */
const wholeNumber = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,6}$/)
    .transform(Number),
]);

/** A host that cannot be part of a redirect URI is refused here: at Procore it would only fail to match. */
const domainName = z.string().superRefine((name, context) => {
  const fault = faultOfDomainName(name);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
});

const environmentName = z.enum(procoreEnvironmentNames);

/** `error`, or `production=error,sandbox=info` on the command line, or an object in cdk.json; the rest is `info`. */
const logLevel = z.preprocess(
  (value) => {
    if (typeof value !== 'string') return value;
    if (!value.includes('=')) return Object.fromEntries(procoreEnvironmentNames.map((name) => [name, value]));
    return Object.fromEntries(value.split(',').map((pair) => pair.split('=').map((part) => part.trim())));
  },
  z.partialRecord(environmentName, z.custom<LogLevel>(environmentOptions.logLevel.isAllowed)),
);

/** An object; on the command line as JSON. */
const domains = z.preprocess(
  parsedJson,
  z.partialRecord(
    environmentName,
    z.strictObject({
      name: domainName,
      certificateArn: z.string().regex(/^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/\S+$/),
    }),
  ),
);

const distinct = (values: readonly unknown[]) => new Set(values).size === values.length;

const onOrOff = z.union([z.boolean(), z.stringbool({ truthy: ['true', 'on'], falsy: ['false', 'off'] })]);

const { returnToOrigins, worker, workerConcurrency, giveUpAfterHours, revokeReplacedTokens, logRetention } =
  environmentOptions;

/** Each key's description is what the error line says is allowed. */
const configurationSchema = z.strictObject({
  stackName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/)
    .default('ProcoreConnector')
    .describe(
      'a letter, then letters, digits and hyphens, at most 28 to 35 of them: which, depends on the environments',
    ),
  environments: listOf(
    z.custom<ProcoreEnvironmentName>((name) => typeof name === 'string' && isProcoreEnvironmentName(name)),
  )
    .refine((names) => names.length >= 1 && distinct(names))
    .default(['sandbox', 'production'])
    .describe(`one or two of ${procoreEnvironmentNames.join(', ')}, each once`),
  alarmEmail: z.email().nullable().default(null).describe('an e-mail address, or null for no mail'),
  returnToOrigins: listOf(z.string())
    .refine(returnToOrigins.isAllowed)
    .default([...returnToOrigins.default])
    .describe(returnToOrigins.allowed),
  worker: onOrOff.default(worker.default).describe(worker.allowed),
  workerConcurrency: wholeNumber
    .refine(workerConcurrency.isAllowed)
    .default(workerConcurrency.default)
    .describe(workerConcurrency.allowed),
  giveUpAfterHours: wholeNumber
    .refine(giveUpAfterHours.isAllowed)
    .default(giveUpAfterHours.default)
    .describe(giveUpAfterHours.allowed),
  revokeReplacedTokens: onOrOff.default(revokeReplacedTokens.default).describe(revokeReplacedTokens.allowed),
  logRetentionDays: wholeNumber
    .refine(logRetention.isAllowed)
    .transform((days): RetentionDays => days)
    .default(logRetention.default)
    .describe(logRetention.allowed),
  logLevel: logLevel
    .default({})
    .describe(`${environmentOptions.logLevel.allowed}, for all environments or each: production=error,sandbox=info`),
  domains: domains
    .default({})
    .describe(
      'for each environment {"name": a host alone, "certificateArn": of ACM}, e.g. connect.example.com; with -c as JSON',
    ),
});

/** What the `procore` block of cdk.json's context decides, with its defaults filled in. */
export type Configuration = z.output<typeof configurationSchema>;

type ConfigurationKey = keyof Configuration;

const configurationKeys = Object.keys(configurationSchema.shape) as ConfigurationKey[];

/**
 * Reads and validates the app's context: the `procore` block, each key of which `-c key=value` overrides.
 *
 * @param context gives the value of a context key, or undefined
 * @throws ConfigurationError at the first key that is wrong
 */
export function readConfiguration(context: (key: string) => unknown): Configuration {
  const block: unknown = context('procore') ?? {};
  if (typeof block !== 'object' || block === null || Array.isArray(block)) {
    throw new ConfigurationError('procore', `procore: got ${shown(block)}; allowed: an object, as in cdk.json.`);
  }
  const overridden = new Map(
    configurationKeys.flatMap((key) => {
      const value = context(key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
  const given: Record<string, unknown> = { ...block, ...Object.fromEntries(overridden) };

  const parsed = configurationSchema.safeParse(given);
  if (!parsed.success) throw refusalOf(parsed.error, given, overridden);
  refuseTooManyEnvironments(parsed.data.environments);
  refuseLongStackName(parsed.data);
  return parsed.data;
}

function refusalOf(error: z.ZodError, given: Record<string, unknown>, overridden: ReadonlyMap<string, unknown>) {
  const issue = error.issues[0];
  const key = String(issue?.path[0]) as ConfigurationKey;
  if (issue?.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0]].join('.');
    const allowed = [configurationKeys, procoreEnvironmentNames, ['name', 'certificateArn']][issue.path.length] ?? [];
    const source = overridden.has(key) ? `-c ${key}=…` : 'cdk.json';
    const text = `procore.${path} in ${source}: no such key; allowed: ${allowed.join(', ')}.`;
    return new ConfigurationError(issue.path.length === 0 ? path : key, text);
  }
  const where = overridden.has(key) ? `-c ${key}=…` : `procore.${key} in cdk.json`;
  const allowed = configurationSchema.shape[key].description;
  const why =
    issue?.code === 'custom' && key === 'domains' ? ` (${issue.path.slice(1).join('.')}: ${issue.message})` : '';
  return new ConfigurationError(key, `${where}: got ${shown(given[key])}${why}; allowed: ${allowed}.`);
}

function refuseTooManyEnvironments(names: readonly ProcoreEnvironmentName[]): void {
  if (names.length <= mostEnvironments) return;
  const [kept, others] = [names.slice(0, mostEnvironments), names.slice(mostEnvironments)];
  throw new ConfigurationError(
    'environments',
    `environments: got ${names.length} (${names.join(', ')}); allowed: at most ${mostEnvironments}, since a stack holds 500 ` +
      `resources. Keep ${kept.join(', ')} here and deploy the rest as a stack of its own: ` +
      `-c stackName=ProcoreConnector2 -c environments=${others.join(',')}`,
  );
}

function refuseLongStackName({ stackName, environments }: Configuration): void {
  const most = mostStackNameCharacters(environments);
  if (stackName.length <= most) return;
  throw new ConfigurationError(
    'stackName',
    `stackName: got ${shown(stackName)} (${stackName.length} characters); allowed: at most ${most} with ` +
      `${environments.join(' and ')}, since the stack's name stands in the names of its queues and SQS takes 80 characters.`,
  );
}

/** @returns what the JSON says; the value unchanged if it is not JSON, for the schema to refuse */
function parsedJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
