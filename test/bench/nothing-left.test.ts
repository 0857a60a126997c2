import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A program of a group: its process id, its parent's, and how it was called. */
interface Program {
  readonly id: number;
  readonly parent: number;
  readonly command: string;
}

/** The living programs of a process group, read from /proc. */
function programsOf(group: number): Program[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [state, parent, itsGroup] =
          readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
        if (Number(itsGroup) !== group || state === 'Z') return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ id: Number(name), parent: Number(parent), command }];
      } catch {
        return [];
      }
    });
}

const groups: number[] = [];

/** Starts a program as the leader of a group, to which all that it starts belongs. */
function startGroup(...[file = '', ...parameters]: string[]) {
  const child = spawn(file, parameters, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const group = child.pid ?? 0;
  groups.push(group);
  const printed = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      printed.text += chunk;
    });
  }
  return {
    child,
    group,
    printed,
    /** Waits until a program whose command has this in it runs. @throws Error when the group ends without one */
    async untilRuns(part: string): Promise<Program> {
      for (;;) {
        const found = programsOf(group).find(({ command }) => command.includes(part));
        if (found) return found;
        if (child.exitCode !== null) throw new Error(`It ended without ${part}: ${printed.text}`);
        await sleep(20);
      }
    },
    /** Waits until nothing of the group runs. @returns what still runs after ten seconds */
    async whatIsLeft(): Promise<string[]> {
      for (const end = Date.now() + 10_000; Date.now() < end; await sleep(50)) {
        if (programsOf(group).length === 0) return [];
      }
      return programsOf(group).map(({ command }) => command);
    },
  };
}

afterEach(() => {
  for (const group of groups.splice(0)) {
    for (const { id } of programsOf(group)) process.kill(id, 'SIGKILL');
  }
});

const bench = [process.execPath, 'test/bench/run.ts', 'rotation', 'callers', '--smoke'];
const npmBench = ['npm', 'run', 'bench', '--', 'rotation', 'callers', '--smoke'];
const contracts = [process.execPath, 'test/contracts/run.ts', 'rate-budget'];

// Only Linux lists processes as files. Elsewhere the same code runs, and nobody looks.
describe.runIf(existsSync('/proc/self/stat'))(
  'what was started for a command ends with it',
  { timeout: 60_000 },
  () => {
    it.each([
      ['a bench, killed', bench, 'caller-process.ts', 'SIGKILL'],
      ['a bench, ended by SIGTERM', bench, 'caller-process.ts', 'SIGTERM'],
      ['a bench, ended by SIGINT', bench, 'caller-process.ts', 'SIGINT'],
      ['a bench whose first process has only just begun, killed', bench, 'aws-process.ts', 'SIGKILL'],
      ['a bench under npm, which passes a SIGTERM on to its shell alone', npmBench, 'caller-process.ts', 'SIGTERM'],
      ['a bench under npm, which is killed', npmBench, 'caller-process.ts', 'SIGKILL'],
      ['the contract suites, killed', contracts, 'forks.js', 'SIGKILL'],
      ['the contract suites, ended by SIGTERM', contracts, 'forks.js', 'SIGTERM'],
    ] as const)('%s', async (_, command, seen, signal) => {
      const { child, untilRuns, whatIsLeft } = startGroup(...command);
      await untilRuns(seen);
      child.kill(signal);
      expect(await whatIsLeft()).toEqual([]);
    });

    it('a bench of which one process dies: it says so and fails', async () => {
      const { child, printed, untilRuns, whatIsLeft } = startGroup(...bench);
      const exit = once(child, 'exit');
      process.kill((await untilRuns('caller-process.ts')).id, 'SIGKILL');
      expect(await exit).toEqual([1, null]);
      expect(printed.text).toContain('caller-process.ts ended with SIGKILL.');
      expect(await whatIsLeft()).toEqual([]);
    });
  },
);
