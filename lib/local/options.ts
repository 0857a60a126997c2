import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ConnectorError } from '../../functions/connector-error.ts';
import { InvalidPublicOriginError, redirectUri } from '../../functions/oauth/redirect-uri.ts';
import { type ProcoreEnvironmentName, procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { refusedSecretOption, secretOptionIn } from '../secret-options.ts';

/** What `npm start` was asked for. */
export interface LocalOptions {
  /** Do the main job once, then end with exit code 0 or 1. */
  readonly once: boolean;
  /** Print one line for programs when ready, and do no main job unless `once`. */
  readonly json: boolean;
  /** Forget what the last run has left. */
  readonly fresh: boolean;
  /** The first of the ports, which the others follow; 0 takes free ones. */
  readonly port: number;
  /** How many companies the stand-in Procores have at least. @default 2 */
  readonly companies?: number;
  /** The environment that is to be Procore's own; whose client id and secret are never on the command line. */
  readonly real?: ProcoreEnvironmentName;
  /** The origin at which a tunnel shows the API of the environment that has no stand-in. */
  readonly publicUrl?: string;
  /** How many functions the account may run at once, of all together. @default no limit */
  readonly accountConcurrency?: number;
  /** Another authorization server than the stand-in, as the command line names it. */
  readonly external?: { readonly loginOrigin: string; readonly apiOrigin: string; readonly clientId: string };
  /** The same with its client's secret, which is never on the command line. */
  readonly procore?: {
    /** @default the first */
    readonly environment?: ProcoreEnvironmentName;
    readonly loginOrigin: string;
    readonly apiOrigin: string;
    readonly clientId: string;
    readonly clientSecret: string;
    /** It cannot reach this machine: the deliveries of its hooks are fetched. @default false */
    readonly polled?: boolean;
  };
}

/** The command line of `npm start` is not one. */
export class InvalidOptionError extends ConnectorError {
  override readonly name = 'InvalidOptionError';
  readonly code = 'invalid_option';
}

/** How `npm start` is used. */
export const usage = `Use: npm start -- [--once] [--json] [--fresh] [--port N] [--account-concurrency N] [--companies N] [--help]
       [--real ENVIRONMENT [--public-url URL]], with PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET set, or asked for
       [--procore-login URL --procore-api URL --client-id ID], with PROCORE_CLIENT_SECRET set, or asked for`;

const origin = z
  .url({ protocol: /^https?$/ })
  .refine((text) => new URL(text).origin === text, 'an origin, without a path');

const allowedPorts = 'a whole number from 1024 to 65000, or 0 for any free ports';

const allowedConcurrency = 'a whole number from 1 to 10000; new AWS accounts have 10';

const allowedCompanies = 'a whole number from 1 to 10000';

const schema = z.object({
  once: z.boolean().default(false),
  json: z.boolean().default(false),
  fresh: z.boolean().default(false),
  port: z.coerce
    .number(allowedPorts)
    .int(allowedPorts)
    .max(65_000, allowedPorts)
    .refine((port) => port === 0 || port >= 1024, allowedPorts)
    .default(4400),
  'account-concurrency': z.coerce
    .number(allowedConcurrency)
    .int(allowedConcurrency)
    .min(1, allowedConcurrency)
    .max(10_000, allowedConcurrency)
    .optional(),
  companies: z.coerce
    .number(allowedCompanies)
    .int(allowedCompanies)
    .min(1, allowedCompanies)
    .max(10_000, allowedCompanies)
    .optional(),
  real: z.enum(procoreEnvironmentNames).optional(),
  'public-url': origin.refine(isPublicOrigin, 'https, as Procore wants it').optional(),
  'procore-login': origin.optional(),
  'procore-api': origin.optional(),
  'client-id': z.string().min(1).optional(),
});

const external = ['procore-login', 'procore-api', 'client-id'] as const;

/**
 * Reads the command line of `npm start`.
 *
 * @throws InvalidOptionError that names the option, but never the value given for a secret
 */
export function parseOptions(argv: readonly string[]): LocalOptions {
  const secretOption = secretOptionIn(argv);
  if (secretOption !== undefined) {
    const wayOut = 'Set PROCORE_CLIENT_SECRET, or leave it out in a terminal, where it is asked for.';
    throw new InvalidOptionError(`${refusedSecretOption(secretOption, wayOut)}\n${usage}`);
  }
  const given = schema.safeParse(parse(argv));
  if (!given.success) {
    const issue = given.error.issues[0];
    throw new InvalidOptionError(`--${issue?.path.join('.')}: ${issue?.message}.\n${usage}`);
  }
  const {
    once,
    json,
    fresh,
    port,
    real,
    'public-url': publicUrl,
    'account-concurrency': accountConcurrency,
    companies,
  } = given.data;
  const missing = external.filter((name) => given.data[name] === undefined);
  const common = {
    ...{ once, json, fresh, port },
    ...(publicUrl !== undefined && { publicUrl }),
    ...(accountConcurrency !== undefined && { accountConcurrency }),
    ...(companies !== undefined && { companies }),
  };
  if (fresh && (once || port === 0 || missing.length < external.length)) {
    const keepNothing = `--once, --port 0 and --${external.join(', --')}`;
    throw new InvalidOptionError(`--fresh goes with none of ${keepNothing}: they keep nothing anyway.\n${usage}`);
  }
  if (real !== undefined && (missing.length < external.length || once)) {
    throw new InvalidOptionError(`--real goes neither with --once nor with --${external.join(', --')}.\n${usage}`);
  }
  if (real !== undefined) return { ...common, real };
  if (missing.length === external.length) {
    if (publicUrl === undefined) return common;
    throw new InvalidOptionError(`--public-url goes with --real: the stand-in Procore is on this machine.\n${usage}`);
  }
  if (missing.length > 0) {
    throw new InvalidOptionError(`--${missing.join(' and --')} missing: these three go together.\n${usage}`);
  }
  if (once)
    throw new InvalidOptionError('--once needs the stand-in Procore: nobody is there to press Allow at another.');
  const [loginOrigin = '', apiOrigin = '', clientId = ''] = external.map((name) => given.data[name]);
  return { ...common, external: { loginOrigin, apiOrigin, clientId } };
}

function parse(argv: readonly string[]): Record<string, unknown> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const options = {
      once: flag,
      json: flag,
      fresh: flag,
      port: text,
      'account-concurrency': text,
      companies: text,
      real: text,
      'public-url': text,
      'procore-login': text,
      'procore-api': text,
      'client-id': text,
    };
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw new InvalidOptionError(`${(error as Error).message}\n${usage}`);
  }
}

function isPublicOrigin(text: string): boolean {
  try {
    redirectUri(text);
    return true;
  } catch (error) {
    if (error instanceof InvalidPublicOriginError) return false;
    throw error;
  }
}
