import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A relative import in a declaration, as our sources spell it. */
const sourceImport = /(\bfrom |\bimport\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g;

/**
 * Writes the declarations of some files, and of all that they import.
 *
 * @param files from the root of the repository
 * @throws Error when a type is wrong; tsc has said which
 */
export function writeDeclarations(root: string, files: readonly string[], outputDirectory: string): void {
  const settings = join(outputDirectory, 'tsconfig.json');
  const extended = join(root, 'bin/pack.tsconfig.json');
  const project = {
    extends: extended,
    compilerOptions: { outDir: outputDirectory },
    files: files.map((file) => join(root, file)),
  };
  writeFileSync(settings, JSON.stringify(project));
  // By its file, as bin/run.js does: Windows starts no tsc.cmd without a shell.
  const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
  const compiled = spawnSync(process.execPath, [tsc, '--project', settings], { stdio: 'inherit', cwd: root });
  rmSync(settings);
  if (compiled.error) throw compiled.error;
  if (compiled.status !== 0) throw new Error(`tsc ended with ${compiled.status}: the declarations are not written.`);
  for (const name of readdirSync(outputDirectory, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(outputDirectory, name);
    // TypeScript takes `.ts` in a declaration as well, other readers of declarations do not.
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(sourceImport, '$1$2$3.js$2'));
  }
}
