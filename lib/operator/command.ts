import type { ArgDef, ArgsDef, CommandDef, ParsedArgs } from 'citty';
import type { DeployedEnvironment, Deployment } from './deployment.ts';
import { type ExitCode, usageError } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/*
 * How to add a command
 *
 * 1. Write lib/operator/actions/NAME.ts: `export const NAME = operatorCommand({description, args, run})`, or
 *    `commandGroup(description, {list, show, …})` for one with subcommands. Use environmentOption for a command that
 *    works on one environment.
 * 2. Enter it in lib/operator/commands.ts, which loads it only when it is called.
 * 3. `run` does its work through `session.environment(args.environment)` (functions, queues, tables, secrets) and
 *    returns a report: `data` for `--json`, `text` for people, `exitCode` where a check failed. It prints nothing
 *    itself, with two exceptions: `terminal.tell(line)` for what people must see before the end, and
 *    `terminal.line(data, text)` for output without end (tail).
 * 4. What takes longer than a second runs in `terminal.working('Asking Procore', (say) => …)`.
 * 5. Errors are OperatorError with a literal code and one of exitCodes; domain errors with a code of their own may fly
 *    as they are. The text says what to do.
 * 6. A secret comes from `terminal.askSecret` or an environment variable, never from an option, and is given to
 *    `terminal.conceal` at once: what is concealed cannot appear in any output, error texts included.
 * 7. AWS is spoken in deployment.ts alone; adapters of functions/aws take the clients that it gives.
 * 8. Test it in test/operator/NAME.test.ts against a running local system (test/operator/operator.ts).
 */

/** What a command ends with. */
export interface Report {
  /** Printed as one JSON document with `--json`; no secrets. */
  readonly data: unknown;
  /** Printed otherwise. */
  readonly text: string;
  /** @default 0 */
  readonly exitCode?: ExitCode;
}

/** What a command works with. */
export interface Session {
  readonly terminal: Terminal;
  /** Whether `--json` was given. */
  readonly json: boolean;
  /** Finds the stack that `--stack`, or the system that `--local` names; asked once. */
  deployment(): Promise<Deployment>;
  /**
   * Finds one environment of it.
   *
   * @param name as `--environment` gave it; without it, the only one that is deployed
   * @throws OperatorError when there is none of that name, or several and no name
   */
  environment(name: string | undefined): Promise<DeployedEnvironment>;
}

/** The options that every command takes. */
export const commonOptions = {
  json: { type: 'boolean', description: 'Print one JSON document, for programs' },
  stack: { type: 'string', description: 'Name of the deployed stack', default: 'ProcoreConnector' },
  region: { type: 'string', description: "AWS region, else the AWS SDK's own settings" },
  profile: { type: 'string', description: "AWS profile, else the AWS SDK's own settings" },
  local: { type: 'boolean', description: 'Use the system that `npm start` runs on this machine' },
  endpoint: {
    type: 'string',
    description: 'With --local: where its AWS is, if it was started with --port',
    default: 'http://127.0.0.1:4400',
  },
} as const satisfies ArgsDef;

/** `--environment`, for commands that work on one Procore environment. */
export const environmentOption = {
  type: 'string',
  description: 'Procore environment; may be left out where only one is deployed',
  valueHint: 'name',
} as const satisfies ArgDef;

/** The environment as a bare word, for commands that are about nothing else; {@link environmentOption} goes beside it. */
export const environmentWord = {
  type: 'positional',
  description: 'Procore environment, e.g. sandbox; the same as --environment',
  required: false,
  valueHint: 'environment',
} as const satisfies ArgDef;

/** Reads which environment is meant. @throws OperatorError when word and option name two */
export function namedEnvironment({
  name,
  environment,
}: {
  readonly name?: string | undefined;
  readonly environment?: string | undefined;
}): string | undefined {
  if (name === undefined || environment === undefined || name === environment) return name ?? environment;
  throw usageError(`"${name}" and --environment ${environment} are two environments. Name one.`);
}

/** Defines a command; see the top of this file. @returns it as citty has it, with {@link commonOptions} added */
export function operatorCommand<const Args extends ArgsDef>({
  description,
  args,
  run,
}: {
  readonly description: string;
  readonly args: Args;
  run(session: Session, args: ParsedArgs<Args>): Promise<Report>;
}): CommandDef {
  return {
    meta: { description },
    args: { ...args, ...commonOptions },
    run: ({ args: given, data }) => run(data as Session, given as unknown as ParsedArgs<Args>),
  };
}

/** Groups commands under a common word, e.g. `credentials set` and `credentials check`. */
export function commandGroup(description: string, subCommands: Readonly<Record<string, CommandDef>>): CommandDef {
  return { meta: { description }, subCommands: { ...subCommands } };
}
