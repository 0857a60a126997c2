import { Script } from 'node:vm';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('is whole in itself, also when the package’s bundler has shortened every name', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: "import { browserScript } from './browser-script.ts'; globalThis.sent = browserScript;",
      resolveDir: 'lib/console',
    },
    ...({ bundle: true, minify: true, platform: 'node', target: 'node20', format: 'iife', write: false } as const),
  });
  const bundled: { sent?: string } = {};
  new Script(outputFiles[0]?.text ?? '').runInNewContext(Object.assign(bundled, { globalThis: bundled }));
  const listeners: string[] = [];
  const document = {
    querySelectorAll: () => [],
    querySelector: () => null,
    addEventListener: (event: string) => listeners.push(event),
  };
  new Script(bundled.sent ?? '').runInNewContext({ document, setInterval: () => {} });
  expect(listeners).toEqual(['click']);
});
