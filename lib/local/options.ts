import { parseArgs } from 'node:util';
import { z } from 'zod';

/** What `npm start` was asked for. */
export interface LocalOptions {
  /** Do the main job once, then end with exit code 0 or 1. */
  readonly once: boolean;
  /** Print one line for programs when ready, and do no main job unless `once`. */
  readonly json: boolean;
  /** The first of the ports, which the others follow; 0 takes free ones. */
  readonly port: number;
  /** Another authorization server than the stand-in, for the first environment. */
  readonly procore?: {
    readonly loginOrigin: string;
    readonly apiOrigin: string;
    readonly clientId: string;
    readonly clientSecret: string;
  };
}

/** The command line of `npm start` is not one. */
export class InvalidOptionError extends Error {
  override readonly name = 'InvalidOptionError';
  readonly code = 'invalid_option';
}

const usage = `Use: npm start -- [--once] [--json] [--port N]
       [--procore-login URL --procore-api URL --client-id ID --client-secret SECRET]`;

const origin = z
  .url({ protocol: /^https?$/ })
  .refine((text) => new URL(text).origin === text, 'an origin, without a path');

const schema = z.object({
  once: z.boolean().default(false),
  json: z.boolean().default(false),
  port: z.coerce
    .number()
    .int()
    .max(65_000)
    .refine((port) => port === 0 || port >= 1024, 'from 1024 to 65000, or 0 for any free ports')
    .default(4400),
  'procore-login': origin.optional(),
  'procore-api': origin.optional(),
  'client-id': z.string().min(1).optional(),
  'client-secret': z.string().min(1).optional(),
});

const external = ['procore-login', 'procore-api', 'client-id', 'client-secret'] as const;

/**
 * Reads the command line of `npm start`.
 *
 * @throws InvalidOptionError that names the option, but never the value given for a secret
 */
export function parseOptions(argv: readonly string[]): LocalOptions {
  const given = schema.safeParse(parse(argv));
  if (!given.success) {
    const issue = given.error.issues[0];
    throw new InvalidOptionError(`--${issue?.path.join('.')}: ${issue?.message}.\n${usage}`);
  }
  const { once, json, port } = given.data;
  const missing = external.filter((name) => given.data[name] === undefined);
  if (missing.length === external.length) return { once, json, port };
  if (missing.length > 0) {
    throw new InvalidOptionError(`--${missing.join(' and --')} missing: these four go together.\n${usage}`);
  }
  if (once)
    throw new InvalidOptionError('--once needs the stand-in Procore: nobody is there to press Allow at another.');
  const [loginOrigin = '', apiOrigin = '', clientId = '', clientSecret = ''] = external.map((name) => given.data[name]);
  return { once, json, port, procore: { loginOrigin, apiOrigin, clientId, clientSecret } };
}

function parse(argv: readonly string[]): Record<string, unknown> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    const options = {
      once: flag,
      json: flag,
      port: text,
      'procore-login': text,
      'procore-api': text,
      'client-id': text,
      'client-secret': text,
    };
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    throw new InvalidOptionError(`${(error as Error).message}\n${usage}`);
  }
}
