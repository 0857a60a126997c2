import { afterAll, beforeAll, expect } from 'vitest';
import { standingCharges } from '../../lib/cloud/standing.ts';
import type { LocalEnvironment, LocalSystem } from '../../lib/local/local-system.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { runCommandLine } from '../../lib/operator/command-line.ts';
import { createTerminal, type Terminal } from '../../lib/operator/terminal.ts';
import { proofWorker } from '../proof-worker.ts';

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
    system = await startLocalSystem({ port: 0, worker: await proofWorker() }, { step: () => {}, log: () => {} });
  }, 60_000);
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
  { variables = {}, onTold = () => {}, person, block, remembered, onRemember = () => {} }: RunOptions = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  const terminal = createTerminal({
    stdout: { write: (text) => (out += text) },
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
  const exitCode = await runCommandLine(argv, person ? { ...terminal, interactive: true, ...person } : terminal, {
    standing: async (environment, stage) => standingCharges(environment, stage),
    settings: async () => block,
    remembered: async () => remembered,
    remember: async (selection) => onRemember(selection),
  });
  return { exitCode, out, err, json: () => JSON.parse(out) };
}
