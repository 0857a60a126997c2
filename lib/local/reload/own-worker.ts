import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isConnectorError } from '../../../functions/connector-error.ts';
import { type FileProblem, showProblems } from '../../file-problem.ts';
import { type Contents, contentsOf } from './changes.ts';

/**
 * Writes the asset of the worker with a file in the integrator's place to a directory.
 *
 * @returns the files it is made of: that file and what it imports
 */
export type BuildWorker = (entry: string, directory: string) => Promise<readonly string[]>;

/** What became of a build. */
export interface OwnBuild {
  /** The worker's asset; undefined when the file cannot be built. */
  readonly directory?: string;
  /** Why it cannot be built, in lines for people. */
  readonly faults: readonly string[];
  /** What the files were that it was made of, or would have been. */
  readonly contents: Contents;
}

/** Builds the worker with the integrator's file, again and again. */
export interface OwnWorker {
  build(): Promise<OwnBuild>;
  /** A folder of this process for what goes with it. */
  readonly folder: string;
}

const bundles = fileURLToPath(new URL('../../../.bundles/', import.meta.url));

/** As many builds are kept: events under way read the map of the one that they began with when they fail. */
const keptBuilds = 3;

/**
 * Makes the builder of a file. What it writes goes with the process.
 *
 * @param entry the integrator's file
 * @param parent the folder that each process has one in. Default is one of `.bundles/`
 */
export function ownWorker(build: BuildWorker, entry: string, parent = join(bundles, 'own')): OwnWorker {
  removeLeftOver(parent);
  const folder = mkdtempSync(join(parent, `${process.pid}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  let files: readonly string[] = [entry];
  let built = 0;
  return {
    folder,
    async build() {
      const before = contentsOf(files);
      const directory = join(folder, String(built), 'webhook-worker');
      try {
        files = await build(entry, directory);
      } catch (error) {
        if (!isConnectorError(error)) throw error;
        files = [...new Set([...files, ...placesIn(error)])];
        return { faults: showFaults(error), contents: laidOver(before, files) };
      }
      built += 1;
      rmSync(join(folder, String(built - 1 - keptBuilds)), { recursive: true, force: true });
      return { directory, faults: [], contents: laidOver(before, files) };
    },
  };
}

/** A file that is new to the build is what it is now; of the others, what was seen before the build began counts. */
function laidOver(before: Contents, files: readonly string[]): Contents {
  return new Map([...contentsOf(files)].map(([file, hash]) => [file, before.get(file) ?? hash]));
}

function problemsOf(error: Error): readonly FileProblem[] {
  return (error as { readonly problems?: readonly FileProblem[] }).problems ?? [];
}

function placesIn(error: Error): string[] {
  return problemsOf(error).flatMap(({ place }) => place?.file ?? []);
}

function showFaults(error: Error): readonly string[] {
  const lines = showProblems(problemsOf(error), process.cwd());
  return lines.length > 0 ? lines : [error.message];
}

/**
 * Removes what processes left behind that were killed.
 *
 * @param parent of folders whose names begin with the process's number; is made when there is none
 */
export function removeLeftOver(parent: string): void {
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    if (!lives(Number.parseInt(name, 10))) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function lives(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // One of another user's, which we may not signal, lives.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
