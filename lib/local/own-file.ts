import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { showProblems } from '../file-problem.ts';
import { checkTypes, ownFile } from '../type-check.ts';
import type { LocalSystem } from './local-system.ts';
import type { LogWatch } from './log-watch.ts';
import { proofOnEvent } from './main-job.ts';
import { tryOwnHandler } from './own-handler.ts';
import { describeVariables, type Following, follow } from './reload/follow.ts';
import { readLocalVariables, type Variables } from './reload/local-variables.ts';
import { type BuildWorker, ownWorker } from './reload/own-worker.ts';

/** What the integrator's file does, apart from what ours do. */
export interface OwnFile {
  /** The worker with a file of ours, for our own proofs. */
  readonly proofWorker: string;
  /** What stands in the template's worker in the place of the integrator's file, if that one cannot be built. */
  readonly onEventEntry?: string | undefined;
  /** Those of `.env.local`. */
  readonly variables: Variables;
  /** Has the workers run the integrator's file, with the variables of `.env.local`. */
  putIn(system: LocalSystem): Promise<void>;
  /**
   * Says what is wrong with it, and tries it with an event when nothing is wrong that hinders it.
   *
   * @param patienceSeconds how long it has for the event
   * @returns whether it does what it should: it can be built and loaded, has no type error, and is done with an event
   */
  tryOut(system: LocalSystem, log: LogWatch, patienceSeconds: number): Promise<boolean>;
  /** Takes it anew whenever it is saved. */
  follow(system: LocalSystem): Following;
}

const unbuiltOnEvent = fileURLToPath(new URL('reload/unbuilt-on-event.ts', import.meta.url));
const variablesFile = fileURLToPath(new URL('../../.env.local', import.meta.url));

/**
 * Builds the integrator's file and begins to check its types, beside everything else.
 *
 * @param say gets a line for people, or several with line ends
 * @throws LocalVariablesError when `.env.local` cannot be taken
 */
export async function prepareOwnFile(build: BuildWorker, say: (text: string) => void): Promise<OwnFile> {
  const variables = await readLocalVariables(variablesFile);
  const worker = ownWorker(build, ownFile);
  const typesFolder = join(worker.folder, 'types');
  const types = checkTypes(typesFolder);
  const first = await worker.build();
  const proofWorker = join(worker.folder, 'proof', 'webhook-worker');
  await build(proofOnEvent, proofWorker);

  async function sayTypeErrors(): Promise<boolean> {
    const found = showProblems(await types.problems, process.cwd());
    if (found.length > 0)
      say(indented('  ✗ Type errors. It runs, but npm run deploy refuses it. Correct them and save:', found));
    return found.length === 0;
  }

  return {
    proofWorker,
    variables,
    onEventEntry: first.directory === undefined ? unbuiltOnEvent : undefined,
    async putIn(system) {
      await system.giveWorkers(variables);
      await system.runWorkers(first.directory);
    },
    async tryOut(system, log, patienceSeconds) {
      say('\nYour own functions/on-event.ts, by itself:');
      if (Object.keys(variables).length > 0) say(`  It gets ${describeVariables(variables)} from .env.local.`);
      if (first.directory === undefined) {
        const wayOut =
          'Correct it and save: while npm start runs, it is taken at once. Every event waits until then, and none is lost:';
        say(indented(`  ✗ It cannot be built. ${wayOut}`, first.faults));
        return false;
      }
      const { ok, text } = await tryOwnHandler(system, log, patienceSeconds);
      say(`  ${text.replaceAll('\n', '\n  ')}`);
      return (await sayTypeErrors()) && ok;
    },
    follow: (system) =>
      follow({
        ...{ system, worker, first, say: (text) => say(`local: ${text}`) },
        variables: { file: variablesFile, given: variables },
        checkTypes: () => checkTypes(typesFolder),
      }),
  };
}

function indented(first: string, lines: readonly string[]): string {
  return [first, ...lines.map((line) => `      ${line}`)].join('\n');
}
