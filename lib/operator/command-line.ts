import { buildApplication, help, proposeCompletions, run, ExitCode as StricliExitCode } from '@stricli/core';
import { refusedSecretOption, secretOptionIn } from '../secret-options.ts';
import type { AwsSignIn } from './aws/client-settings.ts';
import { commands } from './commands.ts';
import type { Deployment, DeploymentChoice } from './deployment.ts';
import { chooseEnvironment } from './environments.ts';
import { type ExitCode, exitCodes, usageError } from './exit-codes.ts';
import { explain } from './explained-error.ts';
import { paint } from './paint.ts';
import type { Context, OpenConsole, StackSession, Surroundings } from './session.ts';
import type { SharedFlags } from './shared-parameters.ts';
import { completeCommands } from './suggested-commands.ts';
import { chooseTargets, type Selection, type Target, targetOf } from './targets.ts';
import type { Terminal } from './terminal.ts';
import { errorTexts, unknownCommand, wrongArguments } from './usage-errors.ts';

const caseStyle = 'convert-camel-to-kebab';

const application = buildApplication<Context>(
  commands,
  {
    name: 'npm run procore --',
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { caseStyle, disableAnsiColor: true },
    localization: { text: errorTexts },
  },
  {
    help: help({
      brief: 'Show this help',
      defaultForRouteMap: true,
      formatting: { caseStyle, useAliasInUsageLine: false, onlyRequiredInUsageLine: true },
    }),
  },
);

/**
 * Runs one command of the operator's command line.
 *
 * @param argv without Node and the program
 * @returns the exit code; nothing is thrown
 */
export async function runCommandLine(
  argv: readonly string[],
  terminal: Terminal,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const words = withLongNames(argv);
  const completing = completingCommands(terminal, words);
  try {
    for (const password of await surroundings.network()) terminal.conceal(password);
    return await runCommand(words, completing, surroundings);
  } catch (error) {
    const { code, message, exitCode } = explain(error, argv.includes('--local'));
    if (argv.includes('--json')) terminal.print(JSON.stringify({ error: { code, message } }));
    else completing.tell(message);
    return exitCode;
  }
}

/** What a person is told to run next is meant for the same stack and environment. */
function completingCommands(terminal: Terminal, argv: readonly string[]): Terminal {
  const isForPrograms = argv.includes('--json');
  const painted = (text: string) => (terminal.colours ? paint(text) : text);
  return {
    ...terminal,
    print: (text) => terminal.print(isForPrograms ? text : painted(completeCommands(text, argv))),
    tell: (text) => terminal.tell(completeCommands(text, argv)),
  };
}

/** `--env` is `--environment`, which is typed most of all. */
function withLongNames(argv: readonly string[]): readonly string[] {
  return argv.map((word) => word.replace(/^--env(?==|$)/, '--environment'));
}

const wayForSecrets =
  'Run `npm run procore -- credentials set ENVIRONMENT` in a terminal, where it asks, or with PROCORE_CLIENT_ID and ' +
  'PROCORE_CLIENT_SECRET set.';

async function runCommand(argv: readonly string[], terminal: Terminal, surroundings: Surroundings): Promise<ExitCode> {
  const asksForHelp = argv.some((word) => word === '--help' || word === '-h');
  const [first = ''] = argv;
  if (first === '--version') return tellVersion(argv, terminal, surroundings);
  if (first.startsWith('-') && !asksForHelp) {
    throw usageError(
      'An option stands before the command. Give the command first: npm run procore -- COMMAND OPTIONS.',
    );
  }
  const secretOption = secretOptionIn(argv, ['--send-refresh-token']);
  if (secretOption !== undefined) throw usageError(refusedSecretOption(secretOption, wayForSecrets));
  const problems: string[] = [];
  let ended: ExitCode | undefined;
  const process = {
    stdout: { write: (text: string) => terminal.print(text.trimEnd()) },
    stderr: { write: (text: string) => void problems.push(text.trim()) },
    exitCode: undefined as number | undefined,
  };
  const found: Found = new Map();
  const context: Context = {
    process,
    session: (flags) =>
      sessionOf(flags, terminal, surroundings, (words) => proposeCompletions(application, words, context), found),
    report({ data, text, exitCode = exitCodes.done }, json) {
      if (json || text !== '') terminal.print(json ? JSON.stringify(data) : text);
      ended = exitCode;
    },
  };
  try {
    await run(application, argv, context);
  } finally {
    for (const deployment of found.values()) {
      await deployment.then(
        ({ end }) => end(),
        // Who asked for it was told.
        () => undefined,
      );
    }
  }
  if (process.exitCode === StricliExitCode.UnknownCommand) throw unknownCommand(commands, argv, problems.join(' '));
  if (problems.length > 0) throw wrongArguments(commands, argv, problems.join('\n'));
  // Without a command, stricli shows the help of its own accord.
  return ended ?? (asksForHelp ? exitCodes.done : exitCodes.usage);
}

/** Says what runs: the package, which has the same version wherever it is installed, and the Node under it. */
function tellVersion(argv: readonly string[], terminal: Terminal, { program }: Surroundings): ExitCode {
  const others = argv.slice(1).filter((word) => word !== '--json');
  if (others.length > 0) throw usageError(`--version stands alone, or with --json; got "${others.join(' ')}" as well.`);
  const { name, version } = program.package;
  const { version: node, platform, arch } = process;
  const data = { name, version, node, platform, arch };
  terminal.print(
    argv.includes('--json') ? JSON.stringify(data) : `${name} ${version}, Node ${node.slice(1)} on ${platform} ${arch}`,
  );
  return exitCodes.done;
}

/**
 * Opens the console of a system on this machine, as `procore console --local` does.
 *
 * @param endpoint where the system's AWS is
 */
export function openLocalConsole(
  endpoint: string,
  terminal: Terminal,
  surroundings: Surroundings,
): Promise<OpenConsole> {
  const session = sessionOf({ json: false, local: true, endpoint }, terminal, surroundings, async () => [], new Map());
  return surroundings.openConsole(session, { port: 0 });
}

/** The stacks that a command has found, by what was asked for. */
type Found = Map<string, Promise<Deployment>>;

function sessionOf(
  { json, stage, stack, region, profile, local = false, endpoint }: SharedFlags,
  terminal: Terminal,
  surroundings: Surroundings,
  propose: StackSession['propose'],
  found: Found,
): StackSession {
  if (endpoint !== undefined && !local)
    throw usageError('--endpoint goes with --local: add --local, or leave --endpoint out.');
  const localEndpoint = endpoint ?? 'http://127.0.0.1:4400';
  const selection: Selection = { stage, stack, region, profile };
  const targets = async () => {
    if (local) return [];
    const [block, remembered] = await Promise.all([surroundings.settings(), surroundings.remembered()]);
    return chooseTargets({ flags: selection, variables: terminal.variables, remembered, block });
  };
  let signedIn: Promise<AwsSignIn> | undefined;
  const signIn = () => {
    const ask = terminal.interactive ? (question: string) => terminal.askText(question) : undefined;
    signedIn ??= import('./aws/client-settings.ts').then(({ createAwsSignIn }) => createAwsSignIn(ask));
    return signedIn;
  };
  const find = (choice: DeploymentChoice) => {
    const key = JSON.stringify(choice);
    // The AWS SDK takes longer to load than everything else together.
    const load = async () => (await import('./deployment.ts')).findDeployment(choice, await signIn());
    const deployment = found.get(key) ?? terminal.working('Looking for the stack', load);
    found.set(key, deployment);
    // A console lives on: who has signed in to AWS meanwhile, or has started the system again, finds it then.
    deployment.catch(() => found.delete(key));
    return deployment;
  };
  const look = async (choose: (all: readonly Target[]) => readonly Target[]) =>
    local ? [await find({ stackName: '', localEndpoint })] : Promise.all(choose(await targets()).map(find));
  return {
    terminal,
    json,
    surroundings,
    propose,
    selection,
    localEndpoint,
    targets,
    forget: () => found.clear(),
    deployments: (environment) => look((all) => (environment === undefined ? all : [targetOf(all, environment)])),
    leftovers: async () => {
      const search = async (target: Target) => (await import('./deployment.ts')).findLeftovers(target, await signIn());
      const all = await targets();
      return local ? [] : terminal.working('Looking for what stayed behind', () => Promise.all(all.map(search)));
    },
    environment: async (name) => {
      const [deployment] = await look((all) => [targetOf(all, name)]);
      if (deployment === undefined) throw usageError('There is no stack to look at.');
      return chooseEnvironment(deployment, name);
    },
  };
}
