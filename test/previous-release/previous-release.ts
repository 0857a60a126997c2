import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import type { StoredFormat } from '../../functions/settings.ts';
import type { HandlerName } from '../../lib/handler-names.ts';
import type { UseCases } from '../simulation/simulation.ts';

/** What is kept of the release before: its bundles, made by record.ts. */
export const bundlesFile = fileURLToPath(new URL('bundles.br', import.meta.url));

/** Which release it is. */
export const releaseFile = fileURLToPath(new URL('release.json', import.meta.url));

/** The release that is deployed where this version will be. */
export interface Release {
  readonly commit: string;
  readonly storedFormat: StoredFormat;
}

interface Bundles {
  /** The use cases of the simulation, as one module. */
  readonly useCases: string;
  /** Each function as it was deployed. */
  readonly functions: Readonly<Partial<Record<HandlerName, string>>>;
}

/** Says which release was recorded. */
export function previousRelease(): Release {
  return JSON.parse(readFileSync(releaseFile, 'utf8'));
}

function bundles(): Bundles {
  return JSON.parse(brotliDecompressSync(readFileSync(bundlesFile)).toString());
}

/**
 * Loads the use cases of the release before, for the simulation of rotation.
 *
 * @returns those that it was recorded with: the simulation may have got some since
 */
export function previousUseCases(): Promise<Partial<UseCases>> {
  return import(`data:text/javascript,${encodeURIComponent(bundles().useCases)}`);
}

/**
 * Lays out the functions of the release before.
 *
 * @returns the folder of each one's bundle, to be run in place of this version's, and undefined for a function that the
 *   release before did not have; whoever asks deletes `directory`
 */
export function previousFunctions(): { readonly directory: string; folderOf(name: HandlerName): string | undefined } {
  const directory = mkdtempSync(join(tmpdir(), 'previous-release-'));
  const { functions } = bundles();
  for (const [name, code] of Object.entries(functions)) {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'index.mjs'), code);
  }
  return { directory, folderOf: (name) => (functions[name] === undefined ? undefined : join(directory, name)) };
}
