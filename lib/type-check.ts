import { type ChildProcess, execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FileProblem } from './file-problem.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const settings = join(root, 'tsconfig.json');

/** The file that the integrator writes. */
export const ownFile = join(root, 'functions', 'on-event.ts');

/** A check of types that is under way. */
export interface TypeCheck {
  /** What is wrong; empty also where no TypeScript is installed, and after `stop`. */
  readonly problems: Promise<readonly FileProblem[]>;
  stop(): void;
}

/** A check that takes longer is given up: what runs must not wait for it. */
const mostMilliseconds = 120_000;

/**
 * Checks the types of the integrator's file and of what it imports, with the settings of tsconfig.json, and that it
 * exports what it must. TypeScript runs beside, in a process that gives way to others.
 *
 * @param folder where what TypeScript reads is written; each check that may be under way has one of its own
 * @param entry tests give another file
 */
export function checkTypes(folder = join(root, '.bundles', 'type-check'), entry = ownFile): TypeCheck {
  if (!existsSync(compiler) || !existsSync(settings)) return { problems: Promise.resolve([]), stop: () => {} };
  const asserted = writeProject(folder, entry);
  let child: ChildProcess | undefined;
  const problems = new Promise<readonly FileProblem[]>((done) => {
    const options = { cwd: root, timeout: mostMilliseconds, maxBuffer: 16 * 1024 * 1024 };
    const parameters = [compiler, '--pretty', 'false', '-p', folder];
    child = execFile(process.execPath, parameters, options, (_error, stdout) => {
      done(child?.killed ? [] : readProblems(stdout, asserted));
    });
    giveWay(child);
  });
  return { problems, stop: () => child?.kill('SIGKILL') };
}

/** Writes the project that is checked. @returns the file of it that says what on-event.ts has to be */
function writeProject(folder: string, entry: string): string {
  mkdirSync(folder, { recursive: true });
  const pathTo = (file: string) => {
    const path = relative(folder, file).split(sep).join('/');
    return path.startsWith('.') ? path : `./${path}`;
  };
  const asserted = join(folder, 'on-event-types.ts');
  const handlers = join(root, 'functions', 'webhook', 'event-handlers.ts');
  writeFileSync(
    asserted,
    `import type { EventHandlers } from '${pathTo(handlers)}';\nimport * as own from '${pathTo(entry)}';\nown satisfies EventHandlers;\n`,
  );
  const project = {
    extends: pathTo(settings),
    // What is not used yet is no fault of something that is being written.
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: [],
    files: ['on-event-types.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
  return asserted;
}

/** Whoever waits for the system must not wait for this. */
function giveWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, 10);
  } catch {
    // It has ended already, or this machine does not let us.
  }
}

/** Reads what TypeScript printed: a line a fault, `FILE(LINE,COLUMN): error TS1234: TEXT`, with more below it, indented. */
function readProblems(printed: string, asserted: string): FileProblem[] {
  const problems: FileProblem[] = [];
  for (const line of printed.split('\n')) {
    const [, file, row, column, text] = /^(?:(.*)\((\d+),(\d+)\): )?error (TS\d+: .*)$/.exec(line) ?? [];
    const last = problems.at(-1);
    if (text === undefined && last !== undefined && line.startsWith('  ')) {
      problems[problems.length - 1] = { ...last, text: `${last.text} ${line.trim()}` };
    }
    if (text === undefined) continue;
    const place = file && { file: resolve(root, file), line: Number(row), column: Number(column) };
    problems.push({ text, ...(place && place.file !== asserted && { place }) });
  }
  return problems.map(({ text, place }) => ({ text: withoutPaths(text), ...(place && { place }) }));
}

/** Modules are named by the paths of their files, and the one that matters here is known. */
function withoutPaths(text: string): string {
  return text.replaceAll(/'typeof import\("[^"]*"\)'/g, 'of on-event.ts');
}
