import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** Two files of each client, of which a bundle needs little or nothing. What a client does and throws is not touched. */
export const leanSdk: Plugin = {
  name: 'lean-sdk',
  setup({ onLoad }) {
    // A client reads its own version from here: two fields of 2.5 kB.
    onLoad({ filter: /[\\/]@aws-sdk[\\/][^\\/]+[\\/]package\.json$/ }, async ({ path }) => {
      const { name, version } = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify({ name, version }), loader: 'json' };
    });
    // 3.4 kB for a Node without SHA-256; Lambda's has it, and the SDK takes it where it finds it.
    onLoad({ filter: /[\\/]sha256[\\/]Sha256Js\.js$/ }, () => ({ contents: 'export const Sha256Js = undefined;' }));
  },
};
