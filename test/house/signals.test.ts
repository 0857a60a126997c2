import { describe, expect, it } from 'vitest';
import { metricNames } from '../../functions/observer.ts';
import { alarmRows } from '../../lib/cloud/alarms.ts';
import { integratorsFiles, readSources, type SourceFile, withoutComments } from './source.ts';

/** A statement that names more signals than this is a list of names: it would be right whatever the code does. */
const mostNames = 8;

/** A longer statement was not read to its end: a regular expression in it has a bracket of its own. */
const longestStatement = 2000;

const all = readSources('bin', 'lib', 'functions');
const theirs = integratorsFiles(all);
/** The integrator's files log events of their own. */
const sources = all.filter(({ path }) => path.startsWith('functions/') && !theirs.has(path));

/** All log events: every text of the form `word.words`, which nothing else in functions/ has, and what is noted. */
const events = [
  ...new Set(
    sources.flatMap(({ text }) =>
      [...withoutComments(text).matchAll(/(?<=note\(\s*)'([^']+)'|'([a-z]+\.[a-z_]+)'/g)].map(
        ([, noted, shaped]) => noted ?? shaped ?? '',
      ),
    ),
  ),
].sort();

/** Tests of behaviour. The house's own tests and those of the template name signals without making any. */
const tests = readSources('test').filter(({ path }) => !/^test\/(house|cloud|readme)\//.test(path));

/** The statements of a file that begin with `expect(`, each to its end. */
function expectations({ text }: Pick<SourceFile, 'text'>): string[] {
  const code = withoutComments(text);
  return [...code.matchAll(/(?<![\w.'"`])expect(?:\.soft)?\(/g)].map(({ index }) =>
    code.slice(index, endOfStatement(code, index)),
  );
}

/** Finds the semicolon, or the bracket that is not the statement's own, at which a statement ends. */
function endOfStatement(code: string, start: number): number {
  const token = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|[([{]|[)\]}]|;/g;
  token.lastIndex = start;
  let depth = 0;
  for (let match = token.exec(code); match !== null; match = token.exec(code)) {
    const [found] = match;
    if (/^[([{]$/.test(found)) depth += 1;
    if (/^[)\]}]$/.test(found)) depth -= 1;
    if (depth < 0 || (depth === 0 && found === ';')) return match.index;
  }
  return code.length;
}

/** Whether a statement names a signal: a metric as a word, an event as a text of its own. */
function names(statement: string, signal: string): boolean {
  return isMetric(signal) ? new RegExp(`\\b${signal}\\b`).test(statement) : statement.includes(`'${signal}'`);
}

function isMetric(signal: string): boolean {
  return (metricNames as readonly string[]).includes(signal);
}

/** The signals that some expectation names. */
function asserted(files: readonly Pick<SourceFile, 'text'>[]): ReadonlySet<string> {
  const signals = [...metricNames, ...events];
  const named = files
    .flatMap(expectations)
    .filter((statement) => statement.length <= longestStatement)
    .map((statement) => signals.filter((signal) => names(statement, signal)))
    .filter((found) => found.length <= mostNames);
  return new Set(named.flat());
}

describe('a signal', () => {
  const found = asserted(tests);

  it('is looked for', () => {
    expect(events.length).toBeGreaterThan(50);
    expect(events).toEqual(expect.arrayContaining(['reconciled', 'webhook.queue_unavailable', 'rotation.claimed']));
  });

  it.each(metricNames)('%s is counted where a test expects it', (metric) => {
    expect([...found]).toContain(metric);
  });

  it.each(events)('%s is noted where a test expects it', (event) => {
    expect([...found]).toContain(event);
  });

  it('that an alarm’s log query looks for is one that is written', () => {
    const patterns = alarmRows.flatMap(({ logs }) => (logs === 'requests' ? [] : (logs.events ?? [])));
    const isWritten = (pattern: string) =>
      pattern.endsWith('*') ? events.some((event) => event.startsWith(pattern.slice(0, -1))) : events.includes(pattern);
    expect(patterns.length).toBeGreaterThan(20);
    expect(patterns.filter((pattern) => !isWritten(pattern))).toEqual([]);
  });
});

describe('the rule', () => {
  const assertedIn = (text: string) => [...asserted([{ text }])];

  it('takes a name in an expectation', () => {
    expect(assertedIn("expect(counts.get('sweepDue')).toBe(1);")).toEqual(['sweepDue']);
    expect(assertedIn('expect(counts).toEqual({\n  sweepDue: 1,\n});')).toEqual(['sweepDue']);
    expect(assertedIn("expect(notes).toEqual([['sweep.done', { count: 1 }]]);")).toEqual(['sweep.done']);
    expect(assertedIn('it("a ; b", () => expect(events).toContain(\'sweep.done\'));')).toEqual(['sweep.done']);
  });

  it('takes no name beside one: a table, a comment, an argument, a longer name', () => {
    expect(assertedIn("it.each(['sweepDue'])('…', (name) => { expect(counts[name]).toBe(1); });")).toEqual([]);
    expect(assertedIn("expect(1).toBe(1); // sweepDue, 'sweep.done'")).toEqual([]);
    expect(assertedIn("expect(1).toBe(1);\nobserver.note('sweep.done');")).toEqual([]);
    expect(assertedIn('expect(counts.sweepDueLater).toBe(1);')).toEqual([]);
  });

  it('takes no list of names', () => {
    expect(assertedIn(`expect(names).toEqual(['${metricNames.slice(0, 9).join("', '")}']);`)).toEqual([]);
  });
});
