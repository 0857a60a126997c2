import { join, relative } from 'node:path';
import type { LocalSystem } from '../local-system.ts';
import { proofOnEvent } from '../main-job.ts';
import { describeVariables, type Following, follow } from '../reload/follow.ts';
import { readLocalVariables, type Variables } from '../reload/local-variables.ts';
import { type BuildWorker, ownWorker } from '../reload/own-worker.ts';
import type { OwnApp } from './own-app.ts';

/** The files of an app that get the events. */
export interface OwnEntries {
  /** The worker with a file of ours, for our own proof. */
  readonly proofWorker: string;
  /** Those of `.env.local`. */
  readonly variables: Variables;
  /** Has each worker run its own file, with the variables of `.env.local`. */
  putIn(system: LocalSystem): Promise<void>;
  /** Takes a file anew whenever it, or what it imports, is saved. */
  follow(system: LocalSystem): Following;
}

/** The types of an app are its own compiler's matter, with its own settings. */
const noCheck = () => ({ problems: Promise.resolve([]), stop: () => {} });

/**
 * Builds the files of an app that get the events.
 *
 * @param place the folder of the app, with `.env.local`, and the one that what is built goes to
 * @param say gets a line for people, or several with line ends
 * @throws LocalVariablesError when `.env.local` cannot be taken
 */
export async function prepareOwnEntries(
  { environments }: Pick<OwnApp, 'environments'>,
  build: BuildWorker,
  place: { readonly folder: string; readonly built: string },
  say: (text: string) => void,
): Promise<OwnEntries> {
  const variablesFile = join(place.folder, '.env.local');
  const given = await readLocalVariables(variablesFile);
  const proof = ownWorker(build, proofOnEvent, place.built);
  const { directory: proofWorker, faults: proofFaults } = await proof.build();
  if (proofWorker === undefined) throw new TypeError(`Our own file cannot be built: ${proofFaults.join(' ')}`);
  // Most apps have one file for all environments: it is built, and told of, once.
  const workedBy = new Map<string, string[]>();
  for (const { procoreEnvironment, onEventEntry, worker: isWorked } of environments) {
    if (onEventEntry === undefined || !isWorked) continue;
    workedBy.set(onEventEntry, [...(workedBy.get(onEventEntry) ?? []), procoreEnvironment]);
  }
  const entries = await Promise.all(
    [...workedBy].map(async ([onEventEntry, its]) => {
      const worker = ownWorker(build, onEventEntry, place.built);
      const runIn = async (system: LocalSystem, directory?: string) => {
        for (const environment of its) await system.runWorkers(directory, environment);
      };
      return { onEventEntry, worker, runIn, first: await worker.build() };
    }),
  );
  if (Object.keys(given).length > 0) say(`onEvent gets ${describeVariables(given)} from .env.local.`);
  return {
    proofWorker,
    variables: given,
    async putIn(system) {
      await system.giveWorkers(given);
      await system.runWorkers();
      for (const { onEventEntry, runIn, first } of entries) {
        // What the app itself has bundled runs where this cannot be built.
        if (first.directory !== undefined) await runIn(system, first.directory);
        else say(`${relative(process.cwd(), onEventEntry)} cannot be built: ${first.faults.join(' ')}`);
      }
    },
    follow(system) {
      const followed = entries.map(({ runIn, worker, first }, index) =>
        follow({
          system: {
            giveWorkers: system.giveWorkers,
            runWorkers: (directory) => runIn(system, directory),
          },
          ...{ worker, first, say: (text) => say(`local: ${text}`), checkTypes: noCheck },
          ...(index === 0 && { variables: { file: variablesFile, given } }),
        }),
      );
      return {
        faults: () => followed.flatMap((each) => each.faults()),
        async stop() {
          await Promise.all(followed.map((each) => each.stop()));
        },
      };
    },
  };
}
