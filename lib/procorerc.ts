import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ConfigurationError } from './configuration-error.ts';

/** Beside cdk.json, and never in git: it says what one person works on. */
const procorerc = new URL('../.procorerc', import.meta.url);

/**
 * Reads which stack the commands of this folder were told to remember.
 *
 * @param path tests give another
 * @returns what the file holds, unchecked; undefined when there is none
 * @throws ConfigurationError when it is not JSON
 */
export function readProcorerc(path: URL = procorerc): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const what = (error as Error).message.replaceAll(/\s+/g, ' ');
    throw new ConfigurationError('.procorerc', `.procorerc cannot be read: ${what}. Mend it, or delete it.`);
  }
}

/** Remembers a selection for the commands of this folder; undefined forgets it. @param path tests give another */
export function writeProcorerc(selection: object | undefined, path: URL = procorerc): void {
  if (selection === undefined) rmSync(path, { force: true });
  else writeFileSync(path, `${JSON.stringify(selection, null, 2)}\n`);
}
