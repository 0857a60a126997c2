import { buildApplication, help, proposeCompletions, run, ExitCode as StricliExitCode } from '@stricli/core';
import { isConnectorError } from '../../functions/connector-error.ts';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import { redactText } from '../../functions/redact.ts';
import { awsTrouble } from './aws-trouble.ts';
import { commands } from './commands.ts';
import type { Deployment, DeploymentChoice } from './deployment.ts';
import { chooseEnvironment } from './environments.ts';
import { type ExitCode, exitCodes, OperatorError, usageError } from './exit-codes.ts';
import { exitCodeOf } from './invocation.ts';
import type { Context, StackSession, Surroundings } from './session.ts';
import type { SharedFlags } from './shared-parameters.ts';
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
  try {
    return await runCommand(withLongNames(argv), terminal, surroundings);
  } catch (error) {
    const { code, message, exitCode } = explain(error, argv.includes('--local'));
    if (argv.includes('--json')) terminal.print(JSON.stringify({ error: { code, message } }));
    else terminal.tell(message);
    return exitCode;
  }
}

/** `--env` is `--environment`, which is typed most of all. */
function withLongNames(argv: readonly string[]): readonly string[] {
  return argv.map((word) => word.replace(/^--env(?==|$)/, '--environment'));
}

async function runCommand(argv: readonly string[], terminal: Terminal, surroundings: Surroundings): Promise<ExitCode> {
  const asksForHelp = argv.some((word) => word === '--help' || word === '-h');
  const [first = ''] = argv;
  if (first.startsWith('-') && !asksForHelp) {
    throw usageError(
      'An option stands before the command. Give the command first: npm run procore -- COMMAND OPTIONS.',
    );
  }
  const problems: string[] = [];
  let ended: ExitCode | undefined;
  const process = {
    stdout: { write: (text: string) => terminal.print(text.trimEnd()) },
    stderr: { write: (text: string) => void problems.push(text.trim()) },
    exitCode: undefined as number | undefined,
  };
  const context: Context = {
    process,
    session: (flags) => sessionOf(flags, terminal, surroundings, context),
    report({ data, text, exitCode = exitCodes.done }, json) {
      if (json || text !== '') terminal.print(json ? JSON.stringify(data) : text);
      ended = exitCode;
    },
  };
  await run(application, argv, context);
  if (process.exitCode === StricliExitCode.UnknownCommand) throw unknownCommand(commands, argv, problems.join(' '));
  if (problems.length > 0) throw wrongArguments(commands, argv, problems.join('\n'));
  // Without a command, stricli shows the help of its own accord.
  return ended ?? (asksForHelp ? exitCodes.done : exitCodes.usage);
}

function sessionOf(
  { json, stage, stack, region, profile, local = false, endpoint }: SharedFlags,
  terminal: Terminal,
  surroundings: Surroundings,
  context: Context,
): StackSession {
  if (endpoint !== undefined && !local) throw usageError('--endpoint goes with --local.');
  const selection: Selection = { stage, stack, region, profile };
  const targets = async () => {
    if (local) return [];
    const [block, remembered] = await Promise.all([surroundings.settings(), surroundings.remembered()]);
    return chooseTargets({ flags: selection, variables: terminal.variables, remembered, block });
  };
  const found = new Map<string, Promise<Deployment>>();
  const find = (choice: DeploymentChoice) => {
    const key = JSON.stringify(choice);
    // The AWS SDK takes longer to load than everything else together.
    const load = async () => (await import('./deployment.ts')).findDeployment(choice);
    const deployment = found.get(key) ?? terminal.working('Looking for the stack', load);
    found.set(key, deployment);
    return deployment;
  };
  const look = async (choose: (all: readonly Target[]) => readonly Target[]) =>
    local
      ? [await find({ stackName: '', localEndpoint: endpoint ?? 'http://127.0.0.1:4400' })]
      : Promise.all(choose(await targets()).map(find));
  return {
    terminal,
    json,
    surroundings,
    propose: (words) => proposeCompletions(application, words, context),
    selection,
    targets,
    deployments: (environment) => look((all) => (environment === undefined ? all : [targetOf(all, environment)])),
    leftovers: async () => {
      const search = async (target: Target) => (await import('./deployment.ts')).findLeftovers(target);
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

/** An error of others may quote what was sent, and be of any length. */
const longestMessage = 1000;

function wayToReport({ referenceId, exchange }: ProcoreApiError): string {
  return `The call: npm run procore -- support-report ${referenceId} --environment ${exchange.environment}`;
}

function explain(error: unknown, local: boolean): OperatorError {
  if (error instanceof OperatorError) return error;
  const trouble = awsTrouble(error, local);
  if (trouble) return trouble;
  if (isConnectorError(error)) {
    const report = error instanceof ProcoreApiError ? ` ${wayToReport(error)}` : '';
    return new OperatorError(error.code, `${error.message}${report}`, exitCodeOf(error.code));
  }
  const { name, message } = error instanceof Error ? error : new Error('unknown');
  return new OperatorError(
    'unexpected_error',
    `Unexpected ${name}: ${redactText(message, longestMessage)}. This is a fault of Procore Connector: please report it with the command that you typed.`,
  );
}
