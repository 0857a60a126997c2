import { type Node, parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { integratorsFiles, readSources } from './source.ts';

/** A function must fit on one screen, so that one can see all of it at once. */
const mostLines = 70;

interface FunctionLength {
  /** `path name`; a function without a name has that of what it is assigned to, else its line. */
  readonly what: string;
  readonly lines: number;
}

/** Measures every function of a TypeScript file, from its first to its last line, those in it included. */
function functionLengths(path: string, text: string): FunctionLength[] {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const starts = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const lineAt = (offset: number) => starts.filter((start) => start < offset).length + 1;
  const names = new Map<number, string>();
  const lengths: FunctionLength[] = [];
  const name = (value: Node | null | undefined, key: Node) => {
    if (value) names.set(value.start, text.slice(key.start, key.end));
  };
  const measure = (node: { readonly start: number; readonly end: number }, own?: string) => {
    const line = lineAt(node.start);
    const lines = lineAt(node.end) - line + 1;
    lengths.push({ what: `${path} ${own ?? names.get(node.start) ?? `at line ${line}`}`, lines });
  };
  new Visitor({
    VariableDeclarator: ({ id, init }) => name(init, id),
    Property: ({ key, value }) => name(value, key),
    PropertyDefinition: ({ key, value }) => name(value, key),
    MethodDefinition: ({ key, value }) => name(value, key),
    FunctionDeclaration: (node) => measure(node, node.id?.name),
    FunctionExpression: (node) => measure(node, node.id?.name),
    ArrowFunctionExpression: (node) => measure(node),
  }).visit(program);
  return lengths;
}

const sources = readSources('bin', 'lib', 'functions');
const theirs = integratorsFiles(sources);
const ours = sources.filter(({ path }) => !theirs.has(path));
const functions = ours.flatMap(({ path, text }) => functionLengths(path, text));

describe('the length of functions', () => {
  it('is measured', () => {
    expect(functions.length).toBeGreaterThan(1500);
    expect(functions.filter(({ lines }) => lines > 20).length).toBeGreaterThan(100);
  });

  it.each([
    ['function long() {\n\n}', 'long', 3],
    ['export default async function* () {\n}', 'at line 1', 2],
    ['const made = <T,>(value: T) => {\n\n\n};', 'made', 4],
    ['class Kept {\n  constructor(readonly of: string) {\n\n  }\n}', 'constructor', 3],
    ['export const table = {\n  row(this: void): asserts this is never {\n  },\n};', 'row', 2],
    ["call('now', (error: unknown) => {\n\n});", 'at line 1', 3],
  ])('is that from the first to the last line: %j', (text, name, lines) => {
    expect(functionLengths('a.ts', text)).toEqual([{ what: `a.ts ${name}`, lines }]);
  });

  it('counts the functions inside of a function', () => {
    const text = 'function outer() {\n  const inner = () => {\n  };\n}';
    expect(functionLengths('a.ts', text)).toEqual([
      { what: 'a.ts outer', lines: 4 },
      { what: 'a.ts inner', lines: 2 },
    ]);
  });

  it(`is ${mostLines} lines at most`, () => {
    const long = functions.filter(({ lines }) => lines > mostLines);
    expect(long.map(({ what, lines }) => `${what}: ${lines} lines`)).toEqual([]);
  });
});
