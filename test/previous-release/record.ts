// node test/previous-release/record.ts COMMIT: bundles the functions and the use cases of rotation as they were at that
// commit, with that commit's own bundler, for the tests in which two versions work the same tables. Run it when a release
// is out; test/README.md says when and why.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { handlerNames } from '../../lib/handler-names.ts';
import { bundlesFile, type Release, releaseFile } from './previous-release.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [wanted] = process.argv.slice(2);
if (wanted === undefined) {
  console.error('Use: node test/previous-release/record.ts COMMIT, with the commit of the release that is deployed.');
  process.exit(2);
}

const git = (...args: string[]) => execFileSync('git', args, { cwd: root, maxBuffer: 512 * 1024 * 1024 });
const commit = git('rev-parse', `${wanted}^{commit}`).toString().trim();
const directory = mkdtempSync(join(tmpdir(), 'previous-release-'));
try {
  execFileSync('tar', ['-x', '-C', directory], { input: git('archive', commit) });
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  const { storedFormat } = runThere<Pick<Release, 'storedFormat'>>(`
    import { bundleFunctions } from './lib/cloud/bundle/bundle.ts';
    import * as settings from './functions/settings.ts';
    await bundleFunctions();
    // A release from before there were formats wrote the first one.
    const storedFormat = settings.storedFormat ?? { writes: 1, oldestRead: 1, newestRead: 1 };
    console.log(JSON.stringify({ storedFormat }));
  `);
  const functions = Object.fromEntries(
    handlerNames.map((name) => [name, readFileSync(join(directory, '.bundles', name, 'index.mjs'), 'utf8')]),
  );
  const bundles = Buffer.from(JSON.stringify({ useCases: await useCasesThere(), functions }));
  const kept = compressed(bundles);
  writeFileSync(bundlesFile, kept);
  const release: Release = { commit, storedFormat };
  writeFileSync(releaseFile, `${JSON.stringify(release, null, 2)}\n`);
  console.log(`Recorded ${commit}: ${bundles.length} bytes, ${kept.length} compressed.`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Runs a module in the folder of the release. @returns what it prints, which is JSON */
function runThere<Answer>(module: string): Answer {
  const args = ['--input-type=module-typescript', '--eval', module];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: directory, encoding: 'utf8' }));
}

async function useCasesThere(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(directory, 'test/simulation/use-cases.ts')],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** The functions have most of their text in common, so the window must hold several of them. */
function compressed(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}
