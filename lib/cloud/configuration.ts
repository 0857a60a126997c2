import { z } from 'zod';
import { ConnectorError } from '../../functions/connector-error.ts';
import {
  isProcoreEnvironmentName,
  type ProcoreEnvironmentName,
  procoreEnvironmentNames,
} from '../../functions/procore/environment.ts';
import { isSecureUrl } from '../../functions/procore/secure-origin.ts';
import { faultOfDomainName } from './domain.ts';

/** A stack holds 500 resources and an environment takes up to 160 of them. */
const mostEnvironments = 3;

/** What CloudWatch Logs accepts as retention, in days. */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

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
  z.partialRecord(environmentName, z.enum(['info', 'error'])),
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

/** Each key's description is what the error line says is allowed. */
const configurationSchema = z.strictObject({
  stackName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/)
    .default('ProcoreConnector')
    .describe('a name that CloudFormation takes: a letter, then letters, digits and hyphens, at most 128'),
  environments: listOf(
    z.custom<ProcoreEnvironmentName>((name) => typeof name === 'string' && isProcoreEnvironmentName(name)),
  )
    .refine((names) => names.length >= 1 && distinct(names))
    .default(['sandbox', 'production'])
    .describe(`one to three of ${procoreEnvironmentNames.join(', ')}, each once`),
  alarmEmail: z.email().nullable().default(null).describe('an e-mail address, or null for no mail'),
  returnToOrigins: listOf(z.string().refine(isBareOrigin))
    .default([])
    .describe(
      'a list of bare origins such as https://app.example.com: no path, no trailing slash, http only on localhost',
    ),
  worker: onOrOff.default(true).describe('true, or false to leave the event queue to your own consumer'),
  workerConcurrency: wholeNumber
    .pipe(z.number().int().min(2).max(1000))
    .default(10)
    .describe('a whole number from 2 to 1000, the range that SQS event sources have'),
  revokeReplacedTokens: onOrOff
    .default(false)
    .describe('true to revoke at once what a reconnect replaced, or false to revoke it with the disconnect'),
  logRetentionDays: wholeNumber
    .refine((days) => retentionDays.includes(days))
    .default(90)
    .describe(`one of the periods that CloudWatch Logs has: ${retentionDays.join(', ')}`),
  logLevel: logLevel.default({}).describe('info or error, for all environments or each: production=error,sandbox=info'),
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

/** A key of the context has a value that the stack cannot be made from; the message is one line for a person. */
export class ConfigurationError extends ConnectorError {
  override readonly name = 'ConfigurationError';
  readonly code = 'wrong_configuration';
  /** The key that is wrong, e.g. `environments`. */
  readonly key: string;
  constructor(key: string, message: string) {
    super(message);
    this.key = key;
  }
}

/**
 * Reads and validates the app's context: the `procore` block, each key of which `-c key=value` overrides.
 *
 * @param context gives the value of a context key, or undefined
 * @throws ConfigurationError at the first key that is wrong
 */
export function readConfiguration(context: (key: string) => unknown): Configuration {
  const block: unknown = context('procore') ?? {};
  if (typeof block !== 'object' || block === null || Array.isArray(block)) {
    throw new ConfigurationError('procore', `procore: got ${show(block)}; allowed: an object, as in cdk.json.`);
  }
  const overridden = new Map(
    configurationKeys.flatMap((key) => {
      const value = context(key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
  const given: Record<string, unknown> = { ...block, ...Object.fromEntries(overridden) };

  const parsed = configurationSchema.safeParse(given);
  if (!parsed.success) throw wrongValue(parsed.error, given, overridden);
  refuseTooManyEnvironments(parsed.data.environments);
  return parsed.data;
}

function wrongValue(error: z.ZodError, given: Record<string, unknown>, overridden: ReadonlyMap<string, unknown>) {
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
  return new ConfigurationError(key, `${where}: got ${show(given[key])}${why}; allowed: ${allowed}.`);
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

/** @returns what the JSON says, or the value itself when it is none, for the schema to refuse */
function parsedJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function isBareOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  // URL takes `*` in a host, and it would match nothing.
  return text === url.origin && !url.hostname.includes('*') && isSecureUrl(url);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
