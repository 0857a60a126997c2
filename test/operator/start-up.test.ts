import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

/** What a file loads as soon as it is loaded itself: neither types nor what `import()` asks for later. */
function loadedBy(path: string): readonly string[] {
  const text = readFileSync(new URL(path, root), 'utf8');
  const statements = text.matchAll(/^(?:import|export) (?!type\b)(?:[^;'"]*? from )?'([^']+)';/gm);
  return [...statements].map(([, specifier = '']) =>
    specifier.startsWith('.') ? new URL(specifier, `file:///${path}`).pathname.slice(1) : specifier,
  );
}

it('loads neither the AWS SDK nor the CDK, nor what only asks or checks, before a command needs it', () => {
  const loaded = new Set(['bin/procore.ts']);
  for (const path of loaded) if (path.endsWith('.ts')) for (const next of loadedBy(path)) loaded.add(next);
  const packages = [...loaded].filter((name) => !name.endsWith('.ts') && !name.startsWith('node:'));
  expect(packages).toEqual(['@stricli/core']);
  expect(loaded).toContain('lib/operator/commands/connect.ts');
});
