import { parseArgs as parseStrictly, stripVTControlCharacters } from 'node:util';
import { type ArgsDef, type CommandDef, parseArgs, renderUsage } from 'citty';
import { isConnectorError } from '../../functions/connector-error.ts';
import { awsTrouble } from './aws-trouble.ts';
import { commonOptions, type Report, type Session } from './command.ts';
import { commands } from './commands.ts';
import { type Deployment, findDeployment } from './deployment.ts';
import { chooseEnvironment } from './environments.ts';
import { type ExitCode, exitCodes, OperatorError, usageError } from './exit-codes.ts';
import { exitCodeOf } from './invocation.ts';
import type { Terminal } from './terminal.ts';

const program = 'npm run procore --';

/**
 * Runs one command of the operator's command line.
 *
 * @param argv without Node and the program
 * @returns the exit code; nothing is thrown
 */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const json = argv.includes('--json');
  try {
    const { command, names, rest } = await findCommand(argv);
    if (isHelp(argv) || command.run === undefined) {
      const usage = await usageOf(command, names);
      terminal.print(terminal.interactive ? usage : stripVTControlCharacters(usage));
      return isHelp(argv) ? exitCodes.done : exitCodes.usage;
    }
    const { data, text, exitCode = exitCodes.done } = await runOne(command, rest, terminal, json);
    terminal.print(json ? JSON.stringify(data) : text);
    return exitCode;
  } catch (error) {
    const known = explain(error, argv.includes('--local'));
    if (json) terminal.print(JSON.stringify({ error: { code: known.code, message: known.message } }));
    else terminal.tell(known.message);
    return known.exitCode;
  }
}

async function runOne(command: CommandDef, argv: readonly string[], terminal: Terminal, json: boolean) {
  const args = parseOptions(command, argv);
  let found: Promise<Deployment> | undefined;
  const deployment = () => {
    const { stack, region, profile, local, endpoint } = args;
    found ??= terminal.working('Looking for the stack', () =>
      findDeployment({
        stackName: String(stack),
        ...(region !== undefined && { region: String(region) }),
        ...(profile !== undefined && { profile: String(profile) }),
        ...(local === true && { localEndpoint: String(endpoint) }),
      }),
    );
    return found;
  };
  const session: Session = {
    terminal,
    json,
    deployment,
    environment: async (name) => chooseEnvironment(await deployment(), name),
  };
  return (await command.run?.({ rawArgs: [...argv], args, cmd: command, data: session })) as Report;
}

/** The commands' words come first, then options and values. */
async function findCommand(argv: readonly string[]) {
  const names: string[] = [];
  let command: CommandDef = await root();
  for (const word of argv) {
    const subCommands = command.subCommands as Readonly<Record<string, CommandDef | (() => Promise<CommandDef>)>>;
    if (subCommands === undefined || word.startsWith('-')) break;
    const next = Object.hasOwn(subCommands, word) ? subCommands[word] : undefined;
    if (next === undefined) {
      const known = Object.keys(subCommands).join(', ');
      throw usageError(`There is no command "${[...names, word].join(' ')}". Use one of: ${known}.`);
    }
    command = typeof next === 'function' ? await next() : next;
    names.push(word);
  }
  return { command, names, rest: argv.slice(names.length) };
}

function root(): CommandDef {
  const description = 'Operates a deployed Procore Connector, or with --local the one that `npm start` runs';
  return { meta: { description }, subCommands: { ...commands } };
}

function isHelp(argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h');
}

function usageOf(command: CommandDef, names: readonly string[]): Promise<string> {
  const name = [program, ...names].join(' ');
  return renderUsage({ ...command, meta: { ...(command.meta as object), name } });
}

/** citty lets unknown options and missing values pass; what a person mistypes must not be silently left out. */
function parseOptions(command: CommandDef, argv: readonly string[]) {
  const defined: ArgsDef = { ...(command.args as ArgsDef), ...commonOptions };
  const options = Object.entries(defined).filter(([, { type }]) => type !== 'positional');
  try {
    const { positionals } = parseStrictly({
      args: [...argv],
      options: Object.fromEntries(
        options.map(([name, { type }]) => [name, { type: type === 'boolean' ? 'boolean' : 'string' }] as const),
      ),
      allowPositionals: true,
      allowNegative: true,
    });
    const wanted = Object.values(defined).filter(({ type }) => type === 'positional').length;
    // The value itself is not repeated: somebody may have typed a secret.
    if (positionals.length > wanted) throw new Error(`${positionals.length - wanted} value(s) too many.`);
    return parseArgs([...argv], defined);
  } catch (error) {
    const [problem = ''] = stripVTControlCharacters((error as Error).message).split(/\. |\n/);
    throw usageError(`${problem.replace(/\.$/, '')}. Run with --help to see what it takes.`);
  }
}

function explain(error: unknown, local: boolean): OperatorError {
  if (error instanceof OperatorError) return error;
  const trouble = awsTrouble(error, local);
  if (trouble) return trouble;
  if (isConnectorError(error)) {
    return new OperatorError(error.code, error.message, exitCodeOf(error.code));
  }
  const { name, message } = error instanceof Error ? error : new Error('unknown');
  return new OperatorError('unexpected_error', `Unexpected ${name}: ${message}. This is a fault of Procore Connector.`);
}
