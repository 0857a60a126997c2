import { describe, expect, it } from 'vitest';
import { readSources, readTopLevel, type SourceFile, withoutComments } from './source.ts';

const sources = readSources('bin', 'lib', 'functions');
const under = (...folders: string[]) =>
  sources.filter(({ path }) => folders.some((folder) => path.startsWith(`${folder}/`)));
const domain = under('functions/connection', 'functions/oauth', 'functions/webhook', 'functions/procore');

const environments = 'functions/procore/environment.ts';

/** Lines "file -> import" for the imports of some files that a rule forbids. */
function violations(files: readonly SourceFile[], forbidden: (imported: string, path: string) => boolean): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((imported) => forbidden(imported, path)).map((imported) => `${path} -> ${imported}`),
  );
}

describe('the arrows of the house', () => {
  it('finds the files it judges', () => {
    expect(domain.length).toBeGreaterThan(20);
    expect(sources.flatMap(({ imports }) => imports)).toContain('functions/settings.ts');
  });

  it('functions import nothing of lib, bin or test', () => {
    expect(violations(under('functions'), (imported) => /^(lib|bin|test)\//.test(imported))).toEqual([]);
  });

  it('lib imports nothing of bin or test', () => {
    expect(violations(under('lib'), (imported) => /^(bin|test)\//.test(imported))).toEqual([]);
  });

  it('lib/cloud knows functions only through their settings and the tables of environments and diagnoses', () => {
    const known = ['functions/settings.ts', environments, 'functions/procore/diagnosis-rows.ts'];
    const forbidden = (imported: string) => imported.startsWith('functions/') && !known.includes(imported);
    expect(violations(under('lib/cloud'), forbidden)).toEqual([]);
  });

  it('lib/cloud, lib/local and lib/operator do not import each other', () => {
    const room = (path: string) => path.split('/')[1];
    const forbidden = (imported: string, path: string) => imported.startsWith('lib/') && room(imported) !== room(path);
    expect(violations(under('lib'), forbidden)).toEqual([]);
  });

  it('only the adapters, the operator’s deployment and the local runner import the AWS SDK', () => {
    const allowed = /^(functions\/aws\/|lib\/local\/|lib\/operator\/deployment\.ts$)/;
    const forbidden = (imported: string, path: string) => imported.startsWith('@aws-sdk/') && !allowed.test(path);
    expect(violations(sources, forbidden)).toEqual([]);
  });

  it('only lib/cloud and bin/app.ts import the CDK', () => {
    const forbidden = (imported: string, path: string) =>
      /^(aws-cdk-lib|constructs)/.test(imported) && !/^(lib\/cloud\/|bin\/app\.ts)/.test(path);
    expect(violations(sources, forbidden)).toEqual([]);
  });

  it('domain folders import no AWS, no middleware and no handler', () => {
    const forbidden = (imported: string) =>
      /^(@aws-|@middy|aws-|functions\/(aws\/|middleware|settings|system))/.test(imported);
    expect(violations(domain, forbidden)).toEqual([]);
  });

  it.each(['procore-stand-in'])('lib/local/%s is a Procore on its own and knows no code of ours', (folder) => {
    const forbidden = (imported: string) => imported.startsWith('functions/') && imported !== environments;
    expect(violations(under(`lib/local/${folder}`), forbidden)).toEqual([]);
  });
});

describe('domain code is pure', () => {
  const impure =
    /process\.env|Date\.now|new Date\(\)|Math\.random|randomUUID|getRandomValues|randomBytes|\bset(Timeout|Interval)\(|globalThis|(?<![\w.])fetch\(/;

  it.each(domain.map(({ path, text }) => [path, text]))(
    '%s takes clock, randomness, timers and fetch as arguments',
    (_, text) => {
      // A `fetch` that was handed in is called as `deps.fetch(…)` or destructured, which the look-behind lets pass.
      const destructured = /\bfetch\b[^)]*[}:]/.test(text) ? text.replaceAll(/(?<![\w.])fetch\(/g, '') : text;
      expect(withoutComments(destructured).match(impure)?.[0]).toBeUndefined();
    },
  );
});

describe('the rooms of the house', () => {
  it('the top level holds what the design names and dot-files, tool configuration and licence', () => {
    const rooms = ['bin', 'functions', 'lib', 'test'];
    const files =
      /^(\..+|package(-lock)?\.json|tsconfig\.json|cdk\.json|README\.md|LICENSE|biome\.json|knip\.json|vitest\.config\.ts)$/;
    expect(readTopLevel().filter((name) => !rooms.includes(name) && !files.test(name))).toEqual([]);
  });

  it('every file that a person starts stays under 60 lines', () => {
    const long = under('bin').filter(({ text }) => text.split('\n').length > 60);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('every handler stays within 40 lines of code', () => {
    const handlers = under('functions').filter(
      ({ path, text }) => /^functions\/[a-z-]+\.ts$/.test(path) && /export const handler\b/.test(text),
    );
    const long = handlers.filter(
      ({ text }) =>
        withoutComments(text)
          .split('\n')
          .filter((line) => line.trim()).length > 40,
    );
    expect(handlers.length).toBeGreaterThan(9);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('the runner of the template stays under 2,500 lines of code', () => {
    // What `npm start` does with the runner is not the runner: its command line, the main job and the person in it.
    const startFiles =
      /^lib\/local\/(system|start|main-job|person|options|log-watch|ports|real-client|delivery-polling|polled-environment)\.ts$/;
    const runner = under('lib/local').filter(
      ({ path }) => !path.includes('procore-stand-in') && !startFiles.test(path),
    );
    const code = runner.flatMap(({ text }) =>
      withoutComments(text)
        .split('\n')
        .filter((line) => line.trim()),
    );
    expect(code.length).toBeLessThan(2500);
  });

  it('nothing but the table of environments spells a Procore host', () => {
    const spelt = sources.filter(
      ({ path, text }) =>
        path !== 'functions/procore/environment.ts' &&
        /\b(login|api|sandbox)[\w-]*\.procore(gov)?\.com/.test(withoutComments(text)),
    );
    expect(spelt.map(({ path }) => path)).toEqual([]);
  });
});
