import { parseArgs } from 'node:util';
import { ConnectorError } from '../../functions/connector-error.ts';

/** What `npm run deploy` was asked for. */
export interface DeployOptions {
  /** Which stage of cdk.json. @default PROCORE_STAGE, what .procorerc remembers, or the only one */
  readonly stage?: string;
  /** Only the stack that has this environment. @default all stacks of the stage */
  readonly environment?: string;
  /** The names of what may be lost. */
  readonly remove: readonly string[];
  /** What the CDK asks about. */
  readonly requireApproval: string;
  /** Whether nobody is there to be asked. */
  readonly yes: boolean;
  /** Instead of the profiles of cdk.json. */
  readonly profile?: string;
  /** What the CDK gets besides. */
  readonly cdk: readonly string[];
}

/** The command line is not one. */
export class DeployOptionError extends ConnectorError {
  override readonly name = 'DeployOptionError';
  readonly code = 'wrong_usage';
}

/** How `npm run deploy` is used. */
export const deployUsage = `Use: npm run deploy -- [--stage NAME] [--environment NAME] [--remove NAME]... [--yes]
       [--require-approval never|destructive|broadening|any-change] [--profile NAME] [-- OPTIONS OF cdk deploy]

  --stage NAME         which stage of cdk.json, where it has several
  --environment NAME   only the stack of this environment (--env for short)
  --remove NAME        lose something on purpose: the refusal says its name
  --yes                nobody is at a terminal, as in a CI: approve everything that --remove does not guard
  --require-approval   what the CDK asks about (default: destructive)
  --profile NAME       AWS profile, in place of those of cdk.json
  --                   what stands behind it goes to cdk deploy as it is`;

const levels = ['never', 'destructive', 'broadening', 'any-change'];

const text = { type: 'string' } as const;
const options = {
  stage: text,
  environment: text,
  env: text,
  remove: { type: 'string', multiple: true },
  'require-approval': text,
  yes: { type: 'boolean' },
  profile: text,
  context: { type: 'string', short: 'c', multiple: true },
} as const;

/**
 * Reads the command line of `npm run deploy`.
 *
 * @throws DeployOptionError that says what is wrong
 */
export function parseDeployOptions(argv: readonly string[]): DeployOptions {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const given = parse(argv.slice(0, end));
  const { yes = false, remove = [], profile } = given;
  const stage = given.stage ?? stageOf(given.context ?? []);
  const environment = given.environment ?? given.env;
  const requireApproval = given['require-approval'] ?? (yes ? 'never' : 'destructive');
  if (!levels.includes(requireApproval)) {
    throw wrong(`--require-approval: got "${requireApproval}"; allowed: ${levels.join(', ')}.`);
  }
  return {
    remove,
    requireApproval,
    yes,
    cdk: argv.slice(end + 1),
    ...(stage !== undefined && { stage }),
    ...(environment !== undefined && { environment }),
    ...(profile !== undefined && { profile }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

/** Context chooses the stage, and nothing else: the next deployment would not know it. */
function stageOf(context: readonly string[]): string | undefined {
  const other = context.find((pair) => !pair.startsWith('stage='));
  if (other === undefined) return context.at(-1)?.slice('stage='.length);
  throw wrong(
    `-c ${other.split('=')[0]}=…: allowed is -c stage=NAME alone, since the next deployment forgets what -c has given. ` +
      'Write it into cdk.json, below procore.stages.',
  );
}

function wrong(what: string): DeployOptionError {
  return new DeployOptionError(`${what}\n${deployUsage}`);
}
