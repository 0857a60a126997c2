import { isConnectorError } from '../../../functions/connector-error.ts';
import { showProblems } from '../../file-problem.ts';
import type { TypeCheck } from '../../type-check.ts';
import type { LocalSystem } from '../local-system.ts';
import { type Contents, contentsOf, nextChange } from './changes.ts';
import { readLocalVariables, type Variables } from './local-variables.ts';
import type { OwnBuild, OwnWorker } from './own-worker.ts';

/** A file that cannot be built may lack something that is not a file of ours: a package, a new file. So it is tried again. */
const tryAgainMs = 1000;

/** What is followed, and with what. */
export interface Followed {
  readonly system: Pick<LocalSystem, 'runWorkers' | 'giveWorkers'>;
  readonly worker: Pick<OwnWorker, 'build'>;
  /** What runs now. */
  readonly first: OwnBuild;
  /** The file with variables, and those that it had when they were given. @default somebody else follows it */
  readonly variables?: { readonly file: string; readonly given: Variables };
  checkTypes(): TypeCheck;
  /** Gets a line for people, or several with line ends. */
  say(text: string): void;
}

/** A file that is followed. */
export interface Following {
  /** What keeps from running what was saved last; empty while it runs. */
  faults(): readonly string[];
  stop(): Promise<void>;
}

/**
 * Takes the integrator's file anew whenever it, or what it imports, is saved, and likewise `.env.local`. Nothing else is
 * touched: events under way end with the file that they began with, and what is stored stays.
 */
export function follow(followed: Followed): Following {
  const ending = new AbortController();
  const { signal } = ending;
  const { system, variables, say } = followed;
  const newest = { build: followed.first };
  const ended = Promise.all([
    followFiles(followed, newest, signal),
    variables && followVariables({ system, variables, say }, signal),
  ]).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    faults: () => newest.build.faults,
    async stop() {
      ending.abort();
      await ended;
    },
  };
}

async function followFiles(
  { system, worker, checkTypes, say }: Followed,
  newest: { build: OwnBuild },
  signal: AbortSignal,
): Promise<void> {
  let check: TypeCheck | undefined;
  signal.addEventListener('abort', () => check?.stop());
  for (;;) {
    const last = newest.build;
    const atMostMs = last.directory === undefined ? tryAgainMs : Infinity;
    const seenAt = await nextChange({ since: last.contents, atMostMs, signal });
    const next = await worker.build();
    signal.throwIfAborted();
    newest.build = next;
    if (next.directory !== undefined) {
      await system.runWorkers(next.directory);
      say(`on-event.ts reloaded in ${((performance.now() - seenAt) / 1000).toFixed(1)} s`);
      check?.stop();
      check = checkTypes();
      void sayTypeErrors(check, say);
    } else if (next.faults.join() !== last.faults.join()) {
      say(
        lines('on-event.ts cannot be reloaded. The last good one goes on working. Correct it and save:', next.faults),
      );
    }
  }
}

async function sayTypeErrors({ problems }: TypeCheck, say: (text: string) => void): Promise<void> {
  const found = showProblems(await problems, process.cwd());
  if (found.length > 0) say(lines('on-event.ts has type errors. It runs, but npm run deploy refuses it:', found));
}

async function followVariables(
  { system, variables: { file, given }, say }: Required<Pick<Followed, 'system' | 'variables' | 'say'>>,
  signal: AbortSignal,
) {
  let last = given;
  let since: Contents = contentsOf([file]);
  // What was written between the reading and now.
  if (!isSame(await readLocalVariables(file).catch(() => last), last)) since = new Map([[file, 'changed']]);
  for (;;) {
    await nextChange({ since, signal });
    since = contentsOf([file]);
    try {
      const variables = await readLocalVariables(file);
      if (isSame(variables, last)) continue;
      await system.giveWorkers(variables);
      last = variables;
      say(`.env.local read again: on-event.ts gets ${describeVariables(variables)} from the next event on`);
    } catch (error) {
      if (!isConnectorError(error)) throw error;
      say(`${error.message} What it held before goes on working.`);
    }
  }
}

/** Tells which variables there are. What stands in them is nobody's matter. */
export function describeVariables(variables: Variables): string {
  const names = Object.keys(variables);
  return names.length === 0 ? 'no variables' : names.join(', ');
}

function isSame(one: Variables, other: Variables): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function lines(first: string, more: readonly string[]): string {
  return [first, ...more.map((line) => `    ${line}`)].join('\n');
}
