import { ConnectorError } from './connector-error.ts';

/** The names of the environment variables that the stack sets on functions, and the only place that reads them. */
export const settingNames = {
  /** Which Procore this function serves, e.g. `sandbox`. */
  environment: 'PROCORE_ENVIRONMENT',
  /** The name of the stack: metrics of two stacks in one account must not mix. */
  stack: 'PROCORE_STACK_NAME',
  /** The least level of the lines that are written: `INFO` or `ERROR`. */
  logLevel: 'PROCORE_LOG_LEVEL',
  /** ARN of the Secrets Manager secret `{"environment","clientId","clientSecret"}`. */
  oauthClientSecret: 'OAUTH_CLIENT_SECRET_ARN',
  /** ARN of the Secrets Manager secret `{"environment","current","previous"?}`. */
  webhookAuthorizationSecret: 'WEBHOOK_AUTHORIZATION_SECRET_ARN',
  connectionsTable: 'CONNECTIONS_TABLE',
  authorizationsTable: 'AUTHORIZATIONS_TABLE',
  deliveriesTable: 'DELIVERIES_TABLE',
  subscriptionsTable: 'SUBSCRIPTIONS_TABLE',
  rateBudgetTable: 'RATE_BUDGET_TABLE',
  /** `app`, `company` or `token`: what Procore counts its limits by. Not set where it is learned from the answers. */
  rateLimitScope: 'RATE_LIMIT_SCOPE',
  jobsTable: 'JOBS_TABLE',
  eventQueue: 'EVENT_QUEUE_URL',
  eventDeadLetterQueue: 'EVENT_DEAD_LETTER_QUEUE_URL',
  quarantineQueue: 'QUARANTINE_QUEUE_URL',
  rotationQueue: 'ROTATION_QUEUE_URL',
  escrowQueue: 'ESCROW_QUEUE_URL',
  /** Not set where a schedule alone starts `company-work`. */
  companyWorkQueue: 'COMPANY_WORK_QUEUE_URL',
  /** Scheme and host of this environment's HTTP API, no trailing slash; the redirect URI is made from it alone. */
  publicOrigin: 'PUBLIC_ORIGIN',
  /** Another origin of the same HTTP API, where it has a domain: links may have been made with it. */
  otherOrigin: 'OTHER_ORIGIN',
  /** What the connect pages show of whoever asks, as JSON (functions/page-site-setting.ts). */
  pageSite: 'PAGE_SITE',
  /** Comma-separated origins that `returnTo` may have; may be empty. */
  returnToOrigins: 'RETURN_TO_ORIGINS',
  /** Name of the `access-token` function, through which the worker's API client gets its tokens. */
  accessTokenFunction: 'ACCESS_TOKEN_FUNCTION',
  /** How many calls of `access-token` the function makes at a time: each is an execution more of the account's. */
  accessTokenCalls: 'VENDING_CALLS',
  /** Names of the functions `connect-link` and `confirm-connection`, for functions of the integrator's own alone. */
  connectLinkFunction: 'CONNECT_LINK_FUNCTION',
  confirmConnectionFunction: 'CONFIRM_CONNECTION_FUNCTION',
  /** Name of the `disconnect` function, by which an erasure ends connections. */
  disconnectFunction: 'DISCONNECT_FUNCTION',
  /** For how many hours a failing event is tried before it becomes a dead letter for its age. */
  giveUpAfterHours: 'GIVE_UP_AFTER_HOURS',
  /** For how long the event queue hides a message that was handed out, in seconds. Not set by earlier versions. */
  eventVisibility: 'EVENT_VISIBILITY_SECONDS',
  /** The integrator's own secrets as JSON, name -> ARN or name in Secrets Manager. Not set where there are none. */
  ownSecrets: 'OWN_SECRETS',
  /** `true` where token sets that a reconnect replaced are revoked at once, else `false`. */
  revokeReplacedTokens: 'REVOKE_REPLACED',
} as const;

/** A setting's name in our code, e.g. `connectionsTable`. */
export type Setting = keyof typeof settingNames;

/** Which formats of what is stored a version writes and reads: items of tables, secrets and messages of queues alike. */
export interface StoredFormat {
  readonly writes: number;
  readonly oldestRead: number;
  readonly newestRead: number;
}

/**
 * The format of this version. Two versions work the same data during a deployment and after it went back, so each must
 * read what the other writes; `npm run deploy` refuses if not.
 *
 * A new attribute is no new format: every version keeps what it does not know. A change that the version before would
 * misunderstand takes two releases: the first reads the new format and goes on writing the old one, the second writes it.
 *
 * @see functions/README.md, "Two versions at once"
 */
export const storedFormat: StoredFormat = { writes: 1, oldestRead: 1, newestRead: 1 };

/** What stands in the key of an item of companies in the `connections` table, and in no connection id. */
export const companiesMark = '#companies-';

/** What follows the name of the `connections` table in the name of the one table that `restore-connections` may read. */
export const restoredTableSuffix = '-restored';

/** The partition key of the `connections` table's sparse index of rotations due, and the index's name. */
export const dueIndex = { name: 'due', partitionKey: 'dueShard', sortKey: 'rotateAt' } as const;

/** The `deliveries` table's index of events by the time of their arrival: partition `<day>#<shard>`, epoch seconds. */
export const arrivalIndex = { name: 'arrival', partitionKey: 'arrivedDay', sortKey: 'arrivedAt' } as const;

/**
 * The `deliveries` table's sparse index of what is failing or a dead letter: partition `failing#<shard>` or
 * `dead#<shard>`, since when in epoch seconds. Only failures write it.
 */
export const attentionIndex = { name: 'attention', partitionKey: 'attention', sortKey: 'attentionSince' } as const;

/** The keys of the `subscriptions` table: one query reads an environment's. */
export const subscriptionsKey = { partitionKey: 'environment', sortKey: 'companyId' } as const;

/** The keys of the `jobs` table: one query lists an environment's, or those of a kind. */
export const jobsKey = { partitionKey: 'environment', sortKey: 'jobId' } as const;

/** The `jobs` table's sparse index of what is due: active jobs alone have a shard. */
export const jobsDueIndex = { name: 'due', partitionKey: 'dueShard', sortKey: 'nextAt' } as const;

/** With what the keys of rate budgets begin in the `rate-budget` table, where other things stand as well. */
export const rateBudgetMark = 'rate#';

/** The attribute of expiring items (epoch seconds) that DynamoDB's time to live reads. */
export const timeToLiveAttribute = 'timeToLive';

/** A function was deployed without a setting that it needs. */
export class MissingSettingError extends ConnectorError {
  override readonly name = 'MissingSettingError';
  readonly code = 'missing_setting';
  constructor(setting: Setting) {
    super(
      `The environment variable ${settingNames[setting]} is not set. The stack sets it on every function that needs ` +
        'it: deploy again, and do not edit the environment of functions by hand.',
    );
  }
}

/**
 * Reads one setting of this function.
 *
 * @returns the value, which may be an empty string only where the stack says so
 * @throws MissingSettingError when the variable is not set
 */
export function readSetting(setting: Setting): string {
  const value = process.env[settingNames[setting]];
  if (value === undefined) throw new MissingSettingError(setting);
  return value;
}

/**
 * Reads a setting that not every stack sets.
 *
 * @returns undefined when the variable is not set
 */
export function readOptionalSetting(setting: Setting): string | undefined {
  return process.env[settingNames[setting]];
}

/** What an integrator's own function is told of an environment that it was granted. */
export type GrantedSetting = Extract<
  Setting,
  | 'accessTokenFunction'
  | 'confirmConnectionFunction'
  | 'connectLinkFunction'
  | 'disconnectFunction'
  | 'rateBudgetTable'
  | 'rateLimitScope'
>;

/**
 * Names the variable by which an integrator's own function is told something of an environment.
 *
 * @param environment the name of the Procore environment
 * @returns e.g. `PROCORE_MONTHLY_SANDBOX_ACCESS_TOKEN_FUNCTION`: a function may be granted several environments
 */
export function grantedVariable(environment: string, setting: GrantedSetting): string {
  return `PROCORE_${environment.toUpperCase().replaceAll('-', '_')}_${settingNames[setting]}`;
}

/**
 * Reads what an integrator's own function may have been told of an environment.
 *
 * @returns undefined when it was not: an earlier version granted less
 */
export function readGrantedSetting(environment: string, setting: GrantedSetting): string | undefined {
  return process.env[grantedVariable(environment, setting)];
}

/**
 * Reads where an integrator's own function finds Procore's API on this machine; the stack never sets it. A function may be
 * granted several environments, so that each has a variable of its own.
 *
 * @returns the origin given by e.g. `PROCORE_SANDBOX_API_ORIGIN`, else those of {@link readProcoreOriginOverrides}
 */
export function readGrantedOrigins(environment: string): { loginOrigin?: string; apiOrigin?: string } {
  const apiOrigin = process.env[grantedOrigin(environment)];
  return apiOrigin === undefined ? readProcoreOriginOverrides() : { apiOrigin };
}

/** Names the variable of {@link readGrantedOrigins}. */
export function grantedOrigin(environment: string): string {
  return `PROCORE_${environment.toUpperCase().replaceAll('-', '_')}_API_ORIGIN`;
}

/** An integrator's own function asks for tokens that it was not granted. */
export class NotGrantedError extends ConnectorError {
  override readonly name = 'NotGrantedError';
  readonly code = 'not_granted';
  constructor(environment: string) {
    super(
      `${grantedVariable(environment, 'accessTokenFunction')} is not set: call grantAccessTokens(yourFunction) of the ` +
        `ProcoreEnvironment "${environment}" in your CDK app, and deploy.`,
    );
  }
}

/**
 * Reads which function gives an integrator's own function its access tokens.
 *
 * @throws NotGrantedError
 */
export function readAccessTokenFunction(environment: string): string {
  const name = readGrantedSetting(environment, 'accessTokenFunction');
  if (name === undefined) throw new NotGrantedError(environment);
  return name;
}

/**
 * Origins that replace Procore's own, for tests and the local runner only; the stack never sets them.
 *
 * @returns the origins given by `PROCORE_LOGIN_ORIGIN` and `PROCORE_API_ORIGIN`
 */
export function readProcoreOriginOverrides(): { loginOrigin?: string; apiOrigin?: string } {
  const { PROCORE_LOGIN_ORIGIN: loginOrigin, PROCORE_API_ORIGIN: apiOrigin } = process.env;
  return { ...(loginOrigin && { loginOrigin }), ...(apiOrigin && { apiOrigin }) };
}
