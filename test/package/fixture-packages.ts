import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The package that brings the Node of the fixture. */
export const nodeName = `node-linux-${process.arch}`;

/** Its version, which no Node that runs the tests has. */
export const nodeVersion = '24.99.0';

/**
 * Puts the packages of the fixture into a folder.
 *
 * @param omitted the name of one that is left out
 * @param record whether npm's own list of what is installed is written, which other package managers do not have
 */
export function install(folder: string, omitted = '', record = true): void {
  for (const name of ['vitest', nodeName].filter((each) => each !== omitted)) {
    const [version, file] = name === 'vitest' ? ['5.1.1', 'vitest.mjs'] : [nodeVersion, 'bin/node'];
    const path = join(folder, name, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(join(folder, name, 'package.json'), JSON.stringify({ version, bin: { [name]: file } }));
    const pinned = `#!/bin/sh\nPINNED=yes exec '${process.execPath}' "$@"\n`;
    writeFileSync(path, name === 'vitest' ? 'console.log("the tool", process.argv.slice(2).join());' : pinned);
    chmodSync(path, 0o755);
  }
  if (!record) return;
  const { packages } = JSON.parse(readFileSync(join(dirname(folder), 'package-lock.json'), 'utf8'));
  delete packages[`node_modules/${omitted}`];
  writeFileSync(join(folder, '.package-lock.json'), JSON.stringify({ packages }));
}
