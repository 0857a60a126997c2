import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { equivalentMutants } from './equivalent-mutants.ts';
import { mutationFolders } from './mutation-folders.ts';
import { drawSample, replacedText } from './sample-checker.ts';

const mutants = Array.from({ length: 50 }, (_, line) => ({
  fileName: `${process.cwd()}/functions/some-file.ts`,
  location: { start: { line, column: 0 }, end: { line, column: 4 } },
  replacement: 'false',
}));

describe('the sample of mutants', () => {
  it('is the same for one seed, whatever the order of the mutants', () => {
    expect(drawSample(mutants, 5, '1')).toEqual(drawSample(mutants.toReversed(), 5, '1'));
    expect(drawSample(mutants, 5, '1')).toHaveLength(5);
  });

  it('is another one for another seed', () => {
    expect(drawSample(mutants, 5, '1')).not.toEqual(drawSample(mutants, 5, '2'));
  });

  it('is all of them when fewer are there than asked for', () => {
    expect(drawSample(mutants, 100, '1')).toHaveLength(50);
  });
});

describe('the text that a mutant replaces', () => {
  const text = 'if (one) {\n  two();\n}\n';

  it('is found within a line', () => {
    expect(replacedText(text, { location: { start: { line: 0, column: 4 }, end: { line: 0, column: 7 } } })).toBe(
      'one',
    );
  });

  it('is found across lines', () => {
    const location = { start: { line: 0, column: 9 }, end: { line: 2, column: 1 } };
    expect(replacedText(text, { location })).toBe('{\n  two();\n}');
  });
});

describe('what mutation testing names', () => {
  const patterns = Object.entries(mutationFolders).flatMap(([name, { mutate, tests, without = [] }]) =>
    [...mutate, ...tests, ...without].map((pattern) => [name, pattern] as const),
  );

  it.each(patterns)('is there: %s, %s', (_, pattern) => {
    expect(globSync(pattern)).not.toEqual([]);
  });

  it('is there in each equivalent mutant: the text that it replaces', () => {
    const gone = equivalentMutants.filter(({ file, original }) => !readFileSync(file, 'utf8').includes(original));
    expect(gone).toEqual([]);
  });
});
