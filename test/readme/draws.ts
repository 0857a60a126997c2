import { readFileSync } from 'node:fs';
import { listPossibilities, sampleLists } from '../../lib/procore-stand-in/list-unknowns.ts';
import type { RateLimits, RateWindow } from '../../lib/procore-stand-in/rate-limit.ts';
import { possibilities, sampleUnknowns } from '../../lib/procore-stand-in/unknowns.ts';
import { markdownTable } from './table.ts';

/** Writes what a stand-in draws for itself, from the code's docstrings and possibilities. */
export function drawsTable(): string {
  return tableOf(possibilities, sampleUnknowns, docstringsOf('unknowns'));
}

/** Writes what each list of a stand-in draws. */
export function listDrawsTable(): string {
  return tableOf(listPossibilities, sampleLists, { ...docstringsOf('paging'), ...docstringsOf('list-unknowns') });
}

function tableOf(
  possible: Readonly<Record<string, readonly unknown[]>>,
  samples: Readonly<Record<string, unknown>>,
  meanings: Readonly<Record<string, string>>,
): string {
  const rows = Object.entries(possible).map(([name, values]) => {
    const meaning = meanings[name];
    if (meaning === undefined) throw new Error(`What the stand-in draws as ${name} has no docstring.`);
    const shown = [...new Set(values.map((value) => written(value)))].map((text) =>
      Object.hasOwn(samples, name) && text === written(samples[name]) ? `${text} (sample)` : text,
    );
    return [`\`${name}\``, meaning, shown.join('; ')];
  });
  return markdownTable(['Name', 'What is drawn', 'Possibilities'], rows);
}

function docstringsOf(file: string): Record<string, string> {
  const text = readFileSync(new URL(`../../lib/procore-stand-in/${file}.ts`, import.meta.url), 'utf8');
  const fields = text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)\??:/g);
  return Object.fromEntries(
    [...fields].map(([, docstring = '', name = '']) => {
      const meaning = docstring.replaceAll(/\s*\n[ \t]*\*[ \t]?/g, ' ').trim();
      return [name, meaning.replaceAll('(PROCORE.md#', '(#').replace(/\.$/, '')];
    }),
  );
}

function written(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.join(' and ');
  if (typeof value === 'object' && value !== null) return writtenLimits(value as RateLimits);
  return typeof value === 'number' ? value.toLocaleString('en-US') : `\`${String(value)}\``;
}

function writtenLimits({ windows, alternating }: RateLimits): string {
  const all = (list: readonly RateWindow[]) =>
    list.map(({ limit, seconds }) => `${limit.toLocaleString('en-US')} in ${seconds.toLocaleString('en-US')} s`);
  if (windows.length === 0) return 'none';
  const then =
    alternating && `, and ${all(alternating.windows)} in every second ${alternating.everySeconds / 60} minutes`;
  return `${all(windows).join(' with ')}${then ?? ''}`;
}
