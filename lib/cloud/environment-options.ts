import { Token } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { isSecureUrl } from '../../functions/procore/secure-origin.ts';
import { wrongValue } from '../configuration-error.ts';

/** How much functions log: their events (`info`), or failed invocations alone (`error`). */
export type LogLevel = 'info' | 'error';

/** How much watches an environment: every alarm and the dashboard (`full`), or the most important alarms (`lean`). */
export type MonitoringLevel = 'lean' | 'full';

/** What can be decided on for an environment, all of it with a default. */
export interface EnvironmentOptions {
  readonly returnToOrigins: readonly string[];
  readonly worker: boolean;
  readonly workerConcurrency: number;
  readonly giveUpAfterHours: number;
  readonly revokeReplacedTokens: boolean;
  readonly logRetention: RetentionDays;
  readonly logLevel: LogLevel;
  readonly monitoring: MonitoringLevel;
  readonly gradualDeployments: boolean;
}

/** One option: what it is unless told, and what it may be. */
export interface EnvironmentOption<Value> {
  readonly default: Value;
  /** Where the default is another one. */
  readonly defaultIn?: Readonly<Partial<Record<ProcoreEnvironmentName, Value>>>;
  /** For the line of an error: "got X; allowed: …". */
  readonly allowed: string;
  isAllowed(value: unknown): boolean;
}

const retentionPeriods = Object.values(RetentionDays).filter((days) => typeof days === 'number');

/** The options of an environment. Both the construct and the reader of cdk.json take defaults and limits from here. */
export const environmentOptions: {
  readonly [Name in keyof EnvironmentOptions]: EnvironmentOption<EnvironmentOptions[Name]>;
} = {
  returnToOrigins: {
    default: [],
    allowed:
      'a list of bare origins such as https://app.example.com: no path, no trailing slash, http only on localhost',
    isAllowed: (value) => Array.isArray(value) && value.every(isBareOrigin),
  },
  worker: {
    default: true,
    allowed: 'true, or false to leave the event queue to your own consumer',
    isAllowed: (value) => typeof value === 'boolean',
  },
  workerConcurrency: {
    default: 10,
    allowed: 'a whole number from 2 to 1000, the range that SQS event sources have',
    isAllowed: (value) => typeof value === 'number' && Number.isInteger(value) && value >= 2 && value <= 1000,
  },
  giveUpAfterHours: {
    default: 72,
    // Retention sets aside after 10 days what nothing else did.
    allowed: 'a whole number of hours from 1 to 216, which is nine days',
    isAllowed: (value) => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 216,
  },
  revokeReplacedTokens: {
    default: false,
    allowed: 'true to revoke at once what a reconnect replaced, or false to revoke it with the disconnect',
    isAllowed: (value) => typeof value === 'boolean',
  },
  logRetention: {
    default: RetentionDays.THREE_MONTHS,
    allowed: `one of the periods that CloudWatch Logs has, in days: ${retentionPeriods.join(', ')} (for good)`,
    isAllowed: (value) => retentionPeriods.some((days) => days === value),
  },
  logLevel: {
    default: 'info',
    allowed: 'info or error',
    isAllowed: (value) => value === 'info' || value === 'error',
  },
  monitoring: {
    default: 'lean',
    // Nobody's business depends on a sandbox.
    defaultIn: { production: 'full', federal: 'full' },
    allowed: 'lean or full',
    isAllowed: (value) => value === 'lean' || value === 'full',
  },
  gradualDeployments: {
    default: false,
    // Where customers are: a sandbox shall have the new version at once, and its canary would see nothing.
    defaultIn: { production: true, federal: true },
    allowed: 'true to send new code a tenth of the calls for 5 minutes first, or false to send it all of them at once',
    isAllowed: (value) => typeof value === 'boolean',
  },
};

/** What the name of an SNS topic looks like. */
export const topicArnForm = /^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/;

/**
 * Tells what an option is unless it is given.
 *
 * @param environment a default may depend on it
 */
export function defaultOf<Name extends keyof EnvironmentOptions>(
  name: Name,
  environment: ProcoreEnvironmentName,
): EnvironmentOptions[Name] {
  const { default: usual, defaultIn }: EnvironmentOption<EnvironmentOptions[Name]> = environmentOptions[name];
  return defaultIn?.[environment] ?? usual;
}

/**
 * Fills in the defaults.
 *
 * @param environment a default may depend on it
 * @returns every option, given or not; a token of CDK, whose value is not known yet, is taken as it is
 * @throws ConfigurationError for the first option that has a value it may not have
 */
export function completeOptions(
  environment: ProcoreEnvironmentName,
  given: Partial<EnvironmentOptions>,
): EnvironmentOptions {
  const names = Object.keys(environmentOptions) as (keyof EnvironmentOptions)[];
  const entries = names.map((name) => {
    const { allowed, isAllowed } = environmentOptions[name];
    const value = given[name] ?? defaultOf(name, environment);
    if (Token.isUnresolved(value) || isAllowed(value)) return [name, value] as const;
    throw wrongValue(name, value, allowed);
  });
  return Object.fromEntries(entries) as unknown as EnvironmentOptions;
}

function isBareOrigin(text: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false;
  const url = new URL(text);
  // URL takes `*` in a host, and it would match nothing.
  return text === url.origin && !url.hostname.includes('*') && isSecureUrl(url);
}
