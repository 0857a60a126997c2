import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Makes the package and its tarball, as `npm run package` and `npm pack ./dist` do. @returns the tarball's path */
export function packTo(folder: string): string {
  execFileSync(process.execPath, [join(root, 'bin/pack.ts')], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const packed = execFileSync('npm', ['pack', './dist', '--json', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf('[')));
  return join(folder, filename);
}
