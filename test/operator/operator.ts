import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { standingCharges } from '../../lib/cloud/standing.ts';
import { openConsole } from '../../lib/console/console.ts';
import { controlOf } from '../../lib/local/control/control.ts';
import type { LocalEnvironment, LocalSystem } from '../../lib/local/local-system.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { runCommandLine } from '../../lib/operator/command-line.ts';
import { OperatorError } from '../../lib/operator/exit-codes.ts';
import type { Surroundings } from '../../lib/operator/session.ts';
import { createTerminal, type Terminal } from '../../lib/operator/terminal.ts';
import { proofWorker } from '../proof-worker.ts';

const folder = fileURLToPath(new URL('../..', import.meta.url));
/** As bin/procore.ts says it. */
const programOfRepository = {
  package: { name: 'procore-connector', version: '1.2.3' },
  node: process.execPath,
  script: `${folder}bin/procore.ts`,
  command: ['npm', '--prefix', folder, 'run', '--silent', 'procore', '--'],
};

/** What a command line ended with. */
export interface Ran {
  readonly exitCode: number;
  /** stdout: the result. */
  readonly out: string;
  /** stderr: progress and errors. */
  readonly err: string;
  /** stdout as JSON. */
  json(): unknown;
}

/** How a command is run besides its command line. */
export interface RunOptions {
  readonly variables?: Readonly<Record<string, string>>;
  /** Gets every line of stderr as it is written. */
  readonly onTold?: (line: string) => void;
  /** The `procore` block of cdk.json. @default none */
  readonly block?: unknown;
  /** What `.procorerc` holds. @default there is none */
  readonly remembered?: unknown;
  /** Gets what is to be remembered. */
  readonly onRemember?: (selection: object | undefined) => void;
  /** A person at the terminal: what is asked and done there. @default nobody */
  readonly person?: Partial<Terminal>;
  /** Whether stdout is a terminal that shows colours. @default false */
  readonly isTerminal?: boolean;
}

/**
 * Runs a local system for the tests of a file, and the command line against it. Afterwards everything that was ever
 * printed is searched for secrets.
 *
 * @param secrets those that a test brings along
 */
export function useOperator(...secrets: readonly string[]) {
  let system: LocalSystem | undefined;
  const printed: string[] = [];
  const running = () => {
    if (!system) throw new Error('The system is only there while tests run.');
    return system;
  };
  const environment = (name: string): LocalEnvironment => {
    const found = running().environments.find((each) => each.name === name);
    if (!found) throw new Error(`No environment ${name}.`);
    return found;
  };
  beforeAll(async () => {
    const log = new LogWatch();
    const worker = await proofWorker();
    system = await startLocalSystem({ port: 0, worker }, { step: () => {}, log: (line) => log.take(line) });
    system.takeControl(controlOf(system, log));
  }, 180_000);
  afterAll(async () => {
    if (!system) return;
    const issued = system.environments.flatMap(({ standIn }) => standIn?.control.issuedSecrets() ?? []);
    const authorizations = system.environments.map((each) => each.webhookAuthorization.replace('Bearer ', ''));
    const clientSecrets = system.environments.map(({ name }) => `local-${name}-client-secret`);
    await system.stop();
    const all = [...secrets, ...clientSecrets, ...issued, ...authorizations];
    const output = printed.join('\n');
    expect(printed.length).toBeGreaterThan(0);
    expect(all.filter((secret) => output.includes(secret))).toEqual([]);
  });

  return {
    system: running,
    sandbox: () => environment('sandbox'),
    production: () => environment('production'),

    /** Has a text searched for secrets with everything that was printed. */
    alsoPrinted: (text: string) => void printed.push(text),

    /** Runs one command line, `--local` and the endpoint added. */
    async procore(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
      const ran = await runBare([...argv, '--local', '--endpoint', running().aws], options);
      printed.push(ran.out, ran.err);
      return ran;
    },
  };
}

/** Runs one command line as it is. */
export async function runBare(
  argv: readonly string[],
  { variables = {}, onTold = () => {}, person, block, remembered, onRemember, isTerminal = false }: RunOptions = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  const terminal = createTerminal({
    stdout: { write: (text) => (out += text), ...(isTerminal && { hasColors: () => true }) },
    stderr: {
      write: (text) => {
        err += text;
        onTold(text);
      },
    },
    interactive: false,
    variables,
    // How fast the machine is must not decide what is written.
    patienceMs: 60_000,
  });
  const exitCode = await runCommandLine(
    argv,
    person ? { ...terminal, interactive: true, ...person } : terminal,
    surroundingsOf({ block, remembered, ...(onRemember && { onRemember }) }),
  );
  return { exitCode, out, err, json: () => JSON.parse(out) };
}

/** Gives the command line's surroundings in tests: nothing of this machine. */
export function surroundingsOf({
  block,
  remembered,
  onRemember = () => {},
}: Pick<RunOptions, 'block' | 'remembered' | 'onRemember'> = {}): Surroundings {
  return {
    program: programOfRepository,
    network: async () => [],
    standing: async (environment, stage) => standingCharges(environment, stage),
    dev: async () => {
      throw new TypeError('No test of the operator runs an app.');
    },
    settings: async () => block,
    makeStarter: async () => {
      throw new OperatorError('not_here', 'Tests of one command make no repository.');
    },
    remembered: async () => remembered,
    remember: async (selection) => onRemember(selection),
    openConsole,
  };
}
