import { Token } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { isRateScope, type RateScope, rateScopes } from '../../functions/procore/rate-limit-scope.ts';
import { isSecureUrl } from '../../functions/procore/secure-origin.ts';
import { wrongValue } from '../configuration-error.ts';
import { allowedHandlerSettings, faultOfEnvironment } from './handler-settings.ts';
import { faultOfAccentColor, faultOfLogo, isAppName, isSupportContact, type PageOptions } from './page-settings.ts';

/** How much functions log: their events (`info`), or failed invocations alone (`error`). */
export type LogLevel = 'info' | 'error';

/** How much watches an environment: every alarm and the dashboard (`full`), or the most important alarms (`lean`). */
export type MonitoringLevel = 'lean' | 'full';

/** What can be decided on for an environment, all of it with a default. */
export interface EnvironmentOptions extends PageOptions {
  readonly returnToOrigins: readonly string[];
  readonly worker: boolean;
  readonly workerConcurrency: number;
  readonly giveUpAfterHours: number;
  readonly memoryMebibytes: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly revokeReplacedTokens: boolean;
  readonly rateLimitScope?: RateScope;
  readonly logRetention: RetentionDays;
  readonly logLevel: LogLevel;
  readonly monitoring: MonitoringLevel;
  readonly gradualDeployments: boolean;
}

/** All of them, those included that not every environment has. */
type EveryOption = Required<EnvironmentOptions>;

/** One option: what it is unless told, and what it may be. */
export interface EnvironmentOption<Value> {
  /** Undefined for what not every environment has. */
  readonly default: Value | undefined;
  /** Where the default is another one. */
  readonly defaultIn?: Readonly<Partial<Record<ProcoreEnvironmentName, Value>>>;
  /** For the line of an error: "got X; allowed: …". */
  readonly allowed: string;
  isAllowed(value: unknown): boolean;
  /** What more is to be said of a value that is not allowed. */
  faultOf?(value: unknown): string | undefined;
}

const retentionPeriods = Object.values(RetentionDays).filter((days) => typeof days === 'number');

/** The options of an environment. Both the construct and the reader of cdk.json take defaults and limits from here. */
export const environmentOptions: {
  readonly [Name in keyof EveryOption]: EnvironmentOption<EveryOption[Name]>;
} = {
  returnToOrigins: {
    default: [],
    allowed:
      'a list of bare origins such as https://app.example.com: no path, no trailing slash, http only on localhost',
    isAllowed: (value) => Array.isArray(value) && value.every(isBareOrigin),
  },
  appName: {
    default: undefined,
    allowed: 'a name of 1 to 60 characters, e.g. Acme Field Reports',
    isAllowed: (value) => value === undefined || isAppName(value),
  },
  logo: {
    default: undefined,
    allowed: 'the path of a small SVG or PNG file, e.g. ./logo.svg',
    isAllowed: (value) => value === undefined || faultOfLogo(value) === undefined,
    faultOf: faultOfLogo,
  },
  accentColor: {
    default: undefined,
    allowed: '{"light": "#rrggbb", "dark": "#rrggbb"}, each readable on its page',
    isAllowed: (value) => value === undefined || faultOfAccentColor(value) === undefined,
    faultOf: faultOfAccentColor,
  },
  supportContact: {
    default: undefined,
    allowed: 'an e-mail address, or an address that begins with https://',
    isAllowed: (value) => value === undefined || isSupportContact(value),
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
  memoryMebibytes: {
    default: 512,
    allowed: 'a whole number from 128 to 10240, what Lambda takes',
    isAllowed: (value) => typeof value === 'number' && Number.isInteger(value) && value >= 128 && value <= 10_240,
  },
  timeoutSeconds: {
    default: 60,
    allowed:
      'a whole number of seconds from 15, of which the worker itself needs 5 at the end, to 900, what Lambda takes',
    isAllowed: (value) => typeof value === 'number' && Number.isInteger(value) && value >= 15 && value <= 900,
  },
  environment: {
    default: {},
    allowed: allowedHandlerSettings.environment,
    isAllowed: (value) => faultOfEnvironment(value) === undefined,
    faultOf: faultOfEnvironment,
  },
  revokeReplacedTokens: {
    default: false,
    allowed: 'true to revoke at once what a reconnect replaced, or false to revoke it with the disconnect',
    isAllowed: (value) => typeof value === 'boolean',
  },
  rateLimitScope: {
    default: undefined,
    allowed: `${rateScopes.join(', ')}; without it, it is learned`,
    isAllowed: (value) => value === undefined || isRateScope(value),
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
export function defaultOf<Name extends keyof EveryOption>(
  name: Name,
  environment: ProcoreEnvironmentName,
): EveryOption[Name] | undefined {
  const { default: usual, defaultIn }: EnvironmentOption<EveryOption[Name]> = environmentOptions[name];
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
    const { allowed, isAllowed, faultOf } = environmentOptions[name];
    const value = given[name] ?? defaultOf(name, environment);
    if (Token.isUnresolved(value) || isAllowed(value)) return [name, value] as const;
    throw wrongValue(name, value, allowed, faultOf?.(value));
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as unknown as EnvironmentOptions;
}

function isBareOrigin(text: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false;
  const url = new URL(text);
  // URL takes `*` in a host, and it would match nothing.
  return text === url.origin && !url.hostname.includes('*') && isSecureUrl(url);
}
