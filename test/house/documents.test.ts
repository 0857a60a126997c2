import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, brokenTables, codeOf, isInRepository, linksOf, readDocuments, resolvePath } from './markdown.ts';
import { readSources } from './source.ts';

const documents = readDocuments();
const sources = readSources('bin', 'functions', 'lib', 'test');
const textOf = new Map(documents.map(({ path, text }) => [path, text]));
const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

/** Tells what is wrong with a link. @returns undefined when it leads to a file, and to a heading if it names one */
function faultOf(from: string, target: string): string | undefined {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? from : resolvePath(from, path);
  if (!isInRepository(file)) return `${from}: ${target} leads to no file`;
  const text = textOf.get(file);
  if (anchor === undefined || (text !== undefined && anchorsOf(text).has(anchor))) return undefined;
  return `${from}: ${target} leads to no heading`;
}

/** Splits the names of tests that are quoted behind a link, each `*like this …*`, where … leaves something out. */
function partsOfQuotes(quotes: string): string[] {
  return [...quotes.matchAll(/\*([^*]+)\*/g)]
    .flatMap(([, name = '']) => name.replaceAll(/\\(.)/g, '$1').replaceAll(/\s+/g, ' ').split('…'))
    .map((part) => part.replaceAll(/^[ ,]+|[ ,]+$/g, ''))
    .filter((part) => part !== '');
}

const present = (fault: string | undefined) => fault !== undefined;

describe('every document', () => {
  it.each(documents.map(({ path, text }) => [path, text]))('%s shows each of its tables as one table', (_, text) => {
    expect(brokenTables(text)).toEqual([]);
  });

  it.each(documents.map(({ path, text }) => [path, text]))('%s has only links that lead somewhere', (path, text) => {
    expect(
      linksOf(text)
        .map((target) => faultOf(path, target))
        .filter(present),
    ).toEqual([]);
  });

  it.each(documents.map(({ path, text }) => [path, text]))('%s names only files and scripts that exist', (_, text) => {
    const code = codeOf(text);
    const files = [...code.matchAll(/(?<![\w./@-])(?:bin|functions|lib|test)\/[\w./-]*\w/g)].map(([path]) => path);
    const run = [...code.matchAll(/npm (?:--?\w+ )*run (?:--?\w+ )*([\w:-]+)/g)].map(([, script = '']) => script);
    expect(files.filter((path) => !isInRepository(path))).toEqual([]);
    expect(run.filter((script) => scripts[script] === undefined)).toEqual([]);
  });

  it.each(documents.map(({ path, text }) => [path, text]))('%s quotes only tests that exist', (path, text) => {
    const missing = [...text.matchAll(/\]\(([^)#]*\btest\/[^)#]*\.ts)\)((?::?(?:,? ?\*[^*]+\*)+)?)/g)].flatMap(
      ([, link = '', quotes = '']) => {
        const file = resolvePath(path, link);
        const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
        return partsOfQuotes(quotes).flatMap((part) => (source.includes(part) ? [] : [`${file}: ${part}`]));
      },
    );
    expect(missing).toEqual([]);
  });

  it('has a line in README', () => {
    const linked = linksOf(textOf.get('README.md') ?? '').map(
      (target) => resolvePath('README.md', target).split('#')[0],
    );
    expect(documents.map(({ path }) => path).filter((path) => path !== 'README.md' && !linked.includes(path))).toEqual(
      [],
    );
  });
});

it('README has at most 250 lines', () => {
  expect((textOf.get('README.md') ?? '').trimEnd().split('\n').length).toBeLessThanOrEqual(250);
});

describe('the code', () => {
  it('has only links to documents that lead somewhere', () => {
    const faults = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(((?!https?:)[^)\s$]*\.md[^)\s$]*)\)/g)].map(([, target = '']) => faultOf(path, target)),
    );
    expect(faults.filter(present)).toEqual([]);
  });

  it('names only documents of the repository', () => {
    const names = documents.map(({ path }) => path);
    const isKnown = (from: string, name: string) =>
      names.some((path) => path === name || path.endsWith(`/${name}`) || path === resolvePath(from, name));
    const unknown = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/[\w./-]*\w\.md\b/g)]
        .map(([name]) => name)
        // What follows the colon of an address is somebody else's.
        .filter((name) => !name.startsWith('//') && !isKnown(path, name) && !isKnown(dirname(path), name))
        .map((name) => `${path}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });
});

it('no file cites a document that is not in the repository', () => {
  const cited =
    /\b(?:procore-facts|hard-cases|design|platform|house|style|test-gaps)\.md|\b(?:design|facts) section \d|\bfacts \d/;
  const files = [...documents, ...sources];
  expect(files.filter(({ text }) => cited.test(text)).map(({ path }) => path)).toEqual([]);
});

describe('what would break a document is found:', () => {
  it.each([
    [
      'a table that a blank line cuts in two',
      '| a | b |\n|---|---|\n| 1 | 2 |\n\n| 3 | 4 |\n',
      'line 5: no header row',
    ],
    ['a row with a cell too many', '| a | b |\n|---|---|\n| 1 | 2 | 3 |\n', 'line 3: 3 cells, the header has 2'],
    ['a row with a bare | in its code', '| a |\n|---|\n| `x | y` |\n', 'line 3: 2 cells, the header has 1'],
    ['text that a table would swallow', '| a |\n|---|\n| 1 |\ntext\n', 'line 3: text next to the table'],
  ])('%s', (_, text, fault) => {
    expect(brokenTables(text)).toEqual([fault]);
  });

  it('but a good table, an escaped | and a code block that has rows are none of these', () => {
    expect(brokenTables('text\n\n| a |\n|---|\n| `x \\| y` |\n\n```\n| b | c |\n```\n')).toEqual([]);
  });

  it('a link to a file or a heading that does not exist', () => {
    expect(faultOf('README.md', 'lib/nowhere')).toBe('README.md: lib/nowhere leads to no file');
    expect(faultOf('README.md', '#nowhere')).toBe('README.md: #nowhere leads to no heading');
  });

  it('while headings give the anchors that GitHub makes', () => {
    expect([...anchorsOf('# What `on-event.ts` gets, and what not\n## A\n## A\n```\n# no heading\n```\n')]).toEqual([
      'what-on-eventts-gets-and-what-not',
      'a',
      'a-1',
    ]);
  });
});
