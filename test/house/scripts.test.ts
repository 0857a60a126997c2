import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readDocuments } from './markdown.ts';
import { readSources } from './source.ts';

const { scripts }: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
);

describe('an npm script', () => {
  it.each(Object.entries(scripts))(
    '%s starts by the launcher, which installs and finds the right Node',
    (_, script) => {
      for (const command of script.split(' && ')) expect(command).toMatch(/^node bin\/run\.js \S/);
    },
  );

  it('does not lean on another that npm runs before or after it, which ignore-scripts leaves out', () => {
    const names = Object.keys(scripts);
    const around = names.filter((name) => names.includes(name.replace(/^(pre|post)/, '')) && /^(pre|post)/.test(name));
    expect(around).toEqual([]);
  });
});

it('no program is started through a shell or by a name that is a .cmd on Windows', () => {
  const started = readSources('bin', 'lib').filter(({ text }) =>
    /\b(?:spawn|spawnSync|execFile|execFileSync)\(\s*'(?:npm|npx|tsc|vitest|biome|cdk|knip)'|shell: (?:true|process)/.test(
      text,
    ),
  );
  // The line that starts an app of somebody's own is theirs, and cdk gives it to a shell as well.
  expect(started.map(({ path }) => path)).toEqual(['lib/local/own-app/run-app.ts']);
});

it('nobody is led to a stranger’s package: npx is told not to install what bears a name of ours', () => {
  const leading = [...readSources('bin', 'lib', 'functions'), ...readDocuments()].filter(({ text }) =>
    /\b(?:npx|pnpm dlx|yarn dlx|npm exec)(?: -y| --yes| --)? procore\b/.test(text),
  );
  expect(leading.map(({ path }) => path)).toEqual([]);
});
