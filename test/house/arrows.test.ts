import { describe, expect, it } from 'vitest';
import { integratorsFiles, readSources, readTopLevel, type SourceFile, withoutComments } from './source.ts';

const allSources = readSources('bin', 'lib', 'functions');
const theirs = integratorsFiles(allSources);
/** Ours: how the integrator builds what is theirs is their matter. */
const sources = allSources.filter(({ path }) => !theirs.has(path));
const under = (...folders: string[]) =>
  sources.filter(({ path }) => folders.some((folder) => path.startsWith(`${folder}/`)));
const domain = under(
  'functions/connect',
  'functions/connection',
  'functions/oauth',
  'functions/webhook',
  'functions/procore',
  'functions/jobs',
);

/**
 * The floors of functions/, from the ground up. A file may import files of its own room and of lower floors. Rooms on
 * one floor do not know each other.
 */
const floors: readonly (readonly string[])[] = [
  ['ground'],
  ['functions/procore'],
  ['functions/oauth'],
  ['functions/connection'],
  ['functions/jobs'],
  ['functions/webhook', 'functions/connect'],
  ['functions/aws'],
  ['functions/process-reads.ts'],
  ['functions/place.ts'],
  ['functions/wiring.ts', 'functions/connect-to-procore.ts'],
  ['functions/middleware.ts', 'functions/client-package.ts'],
  ['handlers'],
];

/** The room of a file of functions/: its folder, or what kind of file at the root of functions/ it is. */
function roomOf({ path, text }: SourceFile): string {
  const folder = path.split('/').slice(0, -1).join('/');
  if (folder !== 'functions') return folder;
  if (floors.flat().includes(path)) return path;
  return /^export const handler\b/m.test(text) ? 'handlers' : 'ground';
}

const rooms = new Map(under('functions').map((source) => [source.path, roomOf(source)]));
const floorOf = (room: string | undefined) => floors.findIndex((floor) => room !== undefined && floor.includes(room));

/** Lines "file -> import" for the imports of some files that a rule forbids. */
function violations(files: readonly SourceFile[], forbidden: (imported: string, path: string) => boolean): string[] {
  return files.flatMap(({ path, imports }) =>
    imports.filter((imported) => forbidden(imported, path)).map((imported) => `${path} -> ${imported}`),
  );
}

/**
 * Finds the circles of imports.
 *
 * @returns each set of files that reach each other, sorted
 */
function circles(files: readonly SourceFile[]): string[][] {
  const imports = new Map(files.map(({ path, imports }) => [path, imports]));
  const reachedFrom = new Map(
    files.map(({ path }) => {
      const reached = new Set<string>();
      const open = [...(imports.get(path) ?? [])];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        if (reached.has(next)) continue;
        reached.add(next);
        open.push(...(imports.get(next) ?? []));
      }
      return [path, reached] as const;
    }),
  );
  const inCircles = files.filter(({ path }) => reachedFrom.get(path)?.has(path)).map(({ path }) => path);
  const sets = inCircles.map((path) =>
    inCircles.filter((other) => reachedFrom.get(path)?.has(other) && reachedFrom.get(other)?.has(path)).join(' '),
  );
  return [...new Set(sets)].map((set) => set.split(' '));
}

describe('the arrows of the house', () => {
  it('finds the files it judges', () => {
    expect(domain.length).toBeGreaterThan(20);
    expect(sources.flatMap(({ imports }) => imports)).toContain('functions/settings.ts');
  });

  it('knows the floor of every file in functions', () => {
    expect([...rooms].filter(([, room]) => floorOf(room) < 0)).toEqual([]);
  });

  it('no file in functions imports a file of a higher floor, or of the room next door', () => {
    const forbidden = (imported: string, path: string) => {
      const [from, to] = [rooms.get(path), rooms.get(imported)];
      return to !== undefined && from !== to && floorOf(to) >= floorOf(from);
    };
    expect(violations(under('functions'), forbidden)).toEqual([]);
  });

  it('no handler imports another', () => {
    const forbidden = (imported: string, path: string) =>
      rooms.get(path) === 'handlers' && (rooms.get(imported) === 'handlers' || theirs.has(imported));
    expect(violations(under('functions'), forbidden)).toEqual([]);
  });

  it('no file is in a circle of imports', () => {
    expect(circles(sources)).toEqual([]);
  });

  it('finds a circle when there is one', () => {
    const file = (path: string, ...imports: string[]): SourceFile => ({ path, text: '', imports });
    expect(circles([file('a', 'b'), file('b', 'c'), file('c', 'b'), file('d', 'a')])).toEqual([['b', 'c']]);
  });

  it('leaves to the integrator on-event.ts, and what it alone imports', () => {
    const file = (path: string, ...imports: string[]): SourceFile => ({ path, text: '', imports });
    const files = [
      file('functions/on-event.ts', 'functions/erp/client.ts', 'functions/webhook/permanent.ts', 'zod'),
      file('functions/erp/client.ts', 'functions/erp/names.ts', 'functions/procore/client.ts'),
      file('functions/erp/names.ts', 'functions/erp/client.ts'),
      file('functions/webhook/permanent.ts', 'functions/connector-error.ts'),
      file('functions/procore/client.ts'),
      file('functions/connector-error.ts'),
      file('lib/cloud/x.ts', 'functions/webhook/permanent.ts', 'functions/procore/client.ts'),
    ];
    expect([...integratorsFiles(files)]).toEqual([
      'functions/on-event.ts',
      'functions/erp/client.ts',
      'functions/erp/names.ts',
    ]);
    expect([...theirs]).toContain('functions/on-event.ts');
  });

  it('functions import nothing of lib, bin or test', () => {
    const deployed = allSources.filter(({ path }) => path.startsWith('functions/'));
    expect(violations(deployed, (imported) => /^(lib|bin|test)\//.test(imported))).toEqual([]);
  });

  it('lib imports nothing of bin or test', () => {
    expect(violations(under('lib'), (imported) => /^(bin|test)\//.test(imported))).toEqual([]);
  });

  it('nothing imports the kit for tests: no function carries it', () => {
    const kit = (imported: string, path: string) =>
      imported.startsWith('lib/testing/') && !path.startsWith('lib/testing/');
    expect(violations(allSources, kit)).toEqual([]);
  });

  it('lib/cloud knows functions only through their settings and the table of environments', () => {
    const known = [
      'functions/connector-error.ts',
      'functions/settings.ts',
      'functions/page-site-setting.ts',
      'functions/procore/environment.ts',
      'functions/procore/rate-limit-scope.ts',
      'functions/procore/secure-origin.ts',
    ];
    const forbidden = (imported: string) => imported.startsWith('functions/') && !known.includes(imported);
    expect(violations(under('lib/cloud'), forbidden)).toEqual([]);
  });

  it('in lib, cloud and operator know no other room; local and testing know the stand-in of Procore, deploy and the console the operator’s words', () => {
    const mayKnow: Readonly<Record<string, readonly string[]>> = {
      ...{ local: ['procore-stand-in'], testing: ['procore-stand-in'] },
      deploy: ['operator'],
      console: ['operator'],
    };
    const room = (path: string) => path.split('/')[1] ?? '';
    const isShared = (path: string) => /^lib\/[^/]+\.ts$/.test(path);
    const forbidden = (imported: string, path: string) =>
      imported.startsWith('lib/') &&
      !isShared(imported) &&
      room(imported) !== room(path) &&
      !mayKnow[room(path)]?.includes(room(imported));
    expect(violations(under('lib'), forbidden)).toEqual([]);
  });

  it('only the adapters, the wiring, lib/deploy, the operator’s deployment and the local runner import the AWS SDK', () => {
    const allowed =
      /^(functions\/(aws\/|(place|wiring|connect-to-procore)\.ts$)|lib\/(cloud\/bundle|deploy|local)\/|lib\/operator\/(aws\/|deployment\.ts$))/;
    const forbidden = (imported: string, path: string) => imported.startsWith('@aws-sdk/') && !allowed.test(path);
    expect(violations(sources, forbidden)).toEqual([]);
  });

  it('only the wiring makes adapters: handlers, the local runner and the command line get them from it', () => {
    const allowed = /^(functions\/(aws\/|(place|wiring|connect-to-procore)\.ts$)|lib\/operator\/aws\/)/;
    const forbidden = (imported: string, path: string) => imported.startsWith('functions/aws/') && !allowed.test(path);
    expect(violations(sources, forbidden)).toEqual([]);
  });

  it('only lib/cloud and bin/app.ts import the CDK', () => {
    const forbidden = (imported: string, path: string) =>
      /^(aws-cdk-lib|constructs)/.test(imported) && !/^(lib\/cloud\/|bin\/app\.ts)/.test(path);
    expect(violations(sources, forbidden)).toEqual([]);
  });

  it('domain folders import no AWS, no middleware and no settings', () => {
    const forbidden = (imported: string) =>
      /^(@aws-|@middy|aws-|functions\/(middleware|settings|system))/.test(imported);
    expect(violations(domain, forbidden)).toEqual([]);
  });

  it('the stand-in is a Procore on its own and knows no code of ours', () => {
    const forbidden = (imported: string) =>
      imported.startsWith('functions/') && imported !== 'functions/procore/environment.ts';
    expect(violations(under('lib/procore-stand-in'), forbidden)).toEqual([]);
  });
});

describe('domain code is pure', () => {
  const impure =
    /process\.env|Date\.now|new Date\(\)|Math\.random|randomUUID|getRandomValues|randomBytes|\bset(Timeout|Interval)\(|globalThis|(?<![\w.])fetch\(/;

  it.each(domain.map(({ path, text }) => [path, text]))(
    '%s takes clock, randomness, timers and fetch as arguments',
    (_, text) => {
      // A `fetch` that was handed in is called as `dependencies.fetch(…)` or destructured, which the look-behind lets pass.
      const destructured = /\bfetch\b[^)]*[}:]/.test(text) ? text.replaceAll(/(?<![\w.])fetch\(/g, '') : text;
      expect(withoutComments(destructured).match(impure)?.[0]).toBeUndefined();
    },
  );
});

describe('the rooms of the house', () => {
  it('the top level holds the four rooms, dot-files, tool configuration, README, changes and licence', () => {
    const rooms = ['bin', 'functions', 'lib', 'test'];
    const files =
      /^(\..+|package(-lock)?\.json|tsconfig\.json|cdk(\.context)?\.json|README\.md|CHANGELOG\.md|LICENSE|biome\.json|knip\.json|vitest\.config\.ts)$/;
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

  it('the runner of the template stays under 3,000 lines of code', () => {
    // The other files and folders of lib/local are what `npm start` does with the runner.
    const runner = under('lib/local/aws', 'lib/local/runtime', 'lib/local/template');
    const code = runner.flatMap(({ text }) =>
      withoutComments(text)
        .split('\n')
        .filter((line) => line.trim()),
    );
    expect(code.length).toBeLessThan(3000);
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
