import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeStarter, type ProvidedPackage, type Starter } from './make-starter.ts';
import { packClone } from './provide-package.ts';

/**
 * Makes a repository out of a clone of this one, with the package that the clone makes.
 *
 * @param path of the new repository
 * @param root of the clone
 * @param npm the path of npm's program
 * @throws StarterError when it cannot be made; nothing was written
 */
export async function starterOfClone(path: string, root: string, npm: string | undefined): Promise<Starter> {
  let packed: string | undefined;
  const providePackage = async (): Promise<ProvidedPackage> => {
    packed = await packClone(root, npm);
    return { tarball: packed };
  };
  try {
    return await makeStarter(path, { files: pathToFileURL(join(root, 'lib/starter/files/')), providePackage });
  } finally {
    if (packed !== undefined) rmSync(dirname(packed), { recursive: true });
  }
}
