import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type ProvidedPackage, StarterError } from './make-starter.ts';

const run = promisify(execFile);

const packageName = 'procore-connector';

/**
 * Makes the package out of a clone of this repository, and its tarball: no registry has to know it.
 *
 * @param root of the clone
 * @param npm the path of npm's program
 * @returns the tarball's path, in a folder below `.bundles` that holds nothing else: whoever called removes it
 * @throws StarterError when there is no npm
 */
export async function packClone(root: string, npm: string | undefined): Promise<string> {
  if (npm === undefined) {
    throw new StarterError('package_not_found', 'npm is not found, which packs the package. Install Node 24 with npm.');
  }
  mkdirSync(join(root, '.bundles'), { recursive: true });
  const folder = mkdtempSync(join(root, '.bundles', 'starter-'));
  const built = join(folder, 'package');
  await run(process.execPath, [join(root, 'bin/pack.ts'), built], { cwd: root });
  const words = [npm, 'pack', built, '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run(process.execPath, words, { cwd: root });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  return join(folder, filename);
}

/**
 * Finds how a folder got the package that it runs, so that another one gets it in the same way: by a range from the registry,
 * or by a tarball. Nothing is guessed: a range that the registry does not serve would be a stranger's package.
 *
 * @param folders where a package.json may ask for the package: the first one that does decides
 * @throws StarterError when none does, or in a way that holds for its own folder alone
 */
export function providedAsHere(folders: readonly string[]): ProvidedPackage {
  const [found] = folders.flatMap((folder) => wantedBy(folder).map((wanted) => ({ folder, wanted })));
  if (found === undefined) {
    throw new StarterError(
      'package_not_found',
      `No package.json asks for ${packageName} here. Run it in a folder that has the package installed, or in a clone of ` +
        'Procore Connector: npm run procore -- init FOLDER',
    );
  }
  const { folder, wanted } = found;
  const [, path] = /^(?:file:)?(.+\.tgz)$/.exec(wanted) ?? [];
  if (path !== undefined && !path.includes('://')) return { tarball: resolve(folder, path) };
  if (/^[\^~]?\d+\.\d+\.\d+/.test(wanted)) return { range: wanted };
  throw new StarterError(
    'package_not_found',
    `package.json asks for ${packageName} as ${JSON.stringify(wanted)}, which another folder cannot use. Have a range such as ^0.1.0 ` +
      'or a tarball there, or run it in a clone of Procore Connector: npm run procore -- init FOLDER',
  );
}

function wantedBy(folder: string): readonly string[] {
  const path = join(folder, 'package.json');
  if (!existsSync(path)) return [];
  const { dependencies, devDependencies } = JSON.parse(readFileSync(path, 'utf8'));
  const wanted = { ...devDependencies, ...dependencies }[packageName];
  return typeof wanted === 'string' ? [wanted] : [];
}
