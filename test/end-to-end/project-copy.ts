import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A copy of this repository, in which a test may write what an integrator would write. */
export interface ProjectCopy {
  readonly folder: string;
  /** Starts a program of it, e.g. `bin/local.ts`. */
  run(...parameters: readonly string[]): Running;
  /** The same, as for a person who never signed in to AWS, whoever runs the tests. */
  runSignedOut(...parameters: readonly string[]): Running;
  /** Ends what runs, and removes it. */
  remove(): Promise<void>;
}

/** A program that runs, and what it has printed so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly printed: { out: string; err: string };
  /** Waits for a text that is printed after a place in the output. @returns the place behind it */
  untilPrinted(text: RegExp, from?: number): Promise<number>;
  /** Waits for the end. @returns the exit code */
  exit(): Promise<number | null>;
}

/** So long a busy machine may take for what takes a second. */
const patience = { timeout: 240_000, interval: 50 };

/** Copies what runs of this repository; packages are shared. */
export async function copyProject(): Promise<ProjectCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'project-copy-'));
  for (const part of ['bin', 'lib', 'functions', 'package.json', 'cdk.json', 'tsconfig.json']) {
    await cp(join(root, part), join(folder, part), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const running: Running[] = [];
  const run = (parameters: readonly string[], env: NodeJS.ProcessEnv) => {
    const started = start(folder, parameters, env);
    running.push(started);
    return started;
  };
  return {
    folder,
    run: (...parameters) => run(parameters, process.env),
    runSignedOut: (...parameters) =>
      run(parameters, { PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', CI: 'true' }),
    async remove() {
      for (const { child, exit } of running) {
        child.kill('SIGKILL');
        await exit();
      }
      await rm(folder, { recursive: true });
    },
  };
}

function start(cwd: string, parameters: readonly string[], env: NodeJS.ProcessEnv): Running {
  const child = spawn(process.execPath, [...parameters], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    printed.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    printed.err += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    child,
    printed,
    async untilPrinted(text, from = 0) {
      const found = () => text.exec(printed.out.slice(from));
      await vi.waitUntil(() => found() !== null || child.exitCode !== null, patience);
      const match = found();
      if (match === null) throw new Error(`It ended without ${text}: ${printed.out}${printed.err}`);
      return from + match.index + match[0].length;
    },
    exit: () => ended,
  };
}
