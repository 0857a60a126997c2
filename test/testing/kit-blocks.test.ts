import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { gather } from '../procore/client-world.ts';

// The blocks of functions/webhook/README.md, "Testing your handler", as they stand there, with the handler of "What your
// file gets"; and the block of functions/procore/README.md, "Typed answers".

const blocksOf = (document: string): readonly string[] =>
  [
    ...readFileSync(new URL(`../../functions/${document}`, import.meta.url), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g),
  ].map(([, code = '']) => code);
const webhookBlocks = blocksOf('webhook/README.md');
const handlers = webhookBlocks.filter((code) =>
  code.includes('import { type EventContext, type MarkedEvent, Permanent }'),
);
const kitBlocks = webhookBlocks.filter((code) => code.includes("from 'procore-connector/testing'"));

const file = (path: string) => new URL(`../../${path}`, import.meta.url).pathname;
const packages: Readonly<Record<string, string>> = {
  'procore-connector/testing': file('lib/testing/testing-package.ts'),
  'procore-connector/on-event': file('functions/webhook/on-event-package.ts'),
};

interface FoundTest {
  readonly name: string;
  readonly run: () => Promise<void>;
}

const directory = mkdtempSync(join(tmpdir(), 'kit-blocks-'));
afterAll(() => rmSync(directory, { recursive: true }));
let written = 0;

/** Gathers the tests of a block. They run with this runner's `expect`. */
async function testsOf(code: string): Promise<readonly FoundTest[]> {
  const found: FoundTest[] = [];
  Object.assign(globalThis, {
    blocks: { expect, test: (name: string, run: FoundTest['run']) => found.push({ name, run }) },
  });
  const { outputFiles } = await build({
    stdin: { contents: code, loader: 'ts', resolveDir: import.meta.dirname },
    ...{ bundle: true, write: false, format: 'esm', platform: 'node', target: 'es2024', logLevel: 'silent' },
    plugins: [
      {
        name: 'packages',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^procore-connector\// }, ({ path }) => ({ path: packages[path] ?? path }));
          onResolve({ filter: /^(vitest|\.\/on-event\.ts)$/ }, ({ path }) => ({ path, namespace: 'block' }));
          onLoad({ filter: /.*/, namespace: 'block' }, ({ path }) => ({
            contents: path === 'vitest' ? 'export const { expect, test } = globalThis.blocks;' : (handlers[0] ?? ''),
            loader: 'ts',
            resolveDir: import.meta.dirname,
          }));
          // The stand-in reads its fixtures beside its own file.
          onLoad({ filter: /procore-stand-in\/fixtures\.ts$/ }, ({ path }) => ({
            contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(`file://${path}`)),
            loader: 'ts',
          }));
        },
      },
    ],
  });
  const path = join(directory, `${written++}.mjs`);
  writeFileSync(path, outputFiles[0]?.contents ?? '');
  await import(pathToFileURL(path).href);
  return found;
}

const tests: FoundTest[] = [];
// One after another: they share a global name.
for (const code of kitBlocks) tests.push(...(await testsOf(code)));

describe('the document of the kit', () => {
  it('has its handler and its blocks', () => {
    expect([handlers.length, kitBlocks.length, tests.length]).toEqual([1, 2, 4]);
  });

  it.each(tests.map(({ name, run }) => [name, run] as const))('%s', async (_, run) => {
    await run();
  });
});

describe('the document of typed answers', () => {
  it('has a block that runs', async () => {
    const [code = ''] = blocksOf('procore/README.md').filter((each) => each.includes("from 'zod'"));
    const { fakeCompanyClient } = await import('../../lib/testing/testing-package.ts');
    const record = { id: 379913, subject: 'Where?' };
    const company = fakeCompanyClient({
      'GET /rest/v1.0/projects/23498237/rfis/379913': record,
      'GET /rest/v1.0/projects/23498237/rfis': [record],
    });
    const logged: unknown[] = [];
    const { z } = await import('zod');
    const AsyncFunction: FunctionConstructor = Object.getPrototypeOf(async () => {}).constructor;
    const body = code.replace(/^import .*$/m, '');
    await new AsyncFunction('z', 'company', 'log', body)(z, company, (...line: unknown[]) => logged.push(line));
    expect(logged).toEqual([['379913', 'Where?']]);
    expect(await gather(company.list('/rest/v1.0/projects/23498237/rfis'))).toEqual([record]);
  });
});
