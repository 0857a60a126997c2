import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeStarter, type Starter } from './make-starter.ts';
import { providedAsHere } from './provide-package.ts';

/**
 * Makes a repository out of the installed package, which it gets as this folder got it.
 *
 * @param path of the new repository
 * @param script the program that runs: node_modules/procore-connector/bin/PROGRAM
 * @throws StarterError when it cannot be made; nothing was written
 */
export function starterAsHere(path: string, script: string): Promise<Starter> {
  const installed = dirname(dirname(script));
  // npx installs into a folder of its own, whose package.json says what it was asked for.
  const folders = [resolve('.'), dirname(dirname(installed))];
  const files = pathToFileURL(`${installed}/lib/starter/files/`);
  return makeStarter(path, { files, providePackage: async () => providedAsHere(folders) });
}
