import { readFileSync } from 'node:fs';
import { type Answer, jsonAnswer, textAnswer } from './http-exchange.ts';
import type { Randomness } from './randomness.ts';

/** What a `{{name}}` in a fixture is replaced by; a placeholder that is a whole string takes the value's own type. */
export type FixtureValues = Readonly<Record<string, unknown>>;

interface FixtureAnswer {
  readonly status: readonly number[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly text?: string;
}

/** One entry of a fixture file: the section of PROCORE.md that it comes from, and the possible answers. */
export interface FixtureEntry {
  readonly source: string;
  readonly answers: readonly FixtureAnswer[];
}

/** Reads a file of lib/procore-stand-in/fixtures, given without its extension. */
export function readFixture(name: string): unknown {
  // The fixtures are the tests' and the stand-in's one account of Procore; the stand-in is never part of a deployment.
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'));
}

/** Answers drawn from one fixture file. */
export interface FixtureBook {
  /** Draws one of the entry's answers, and one of that answer's statuses. */
  draw(entry: string, values?: FixtureValues): Answer;
  /** Fills the entry's only body; for bodies that stand inside others. */
  fill(entry: string, values: FixtureValues): unknown;
}

/** Opens a fixture file of entries as a book to draw from. */
export function openFixtureBook(name: string, randomness: Randomness): FixtureBook {
  const entries = readFixture(name) as Readonly<Record<string, FixtureEntry>>;
  const entryOf = (key: string): FixtureEntry => {
    const entry = entries[key];
    if (!entry) throw new Error(`The fixture ${name}.json has no entry ${key}.`);
    return entry;
  };
  return {
    draw: (key, values = {}) => {
      const { status, headers, contentType, body, text } = randomness.pick(entryOf(key).answers);
      const drawn = randomness.pick(status);
      return text === undefined
        ? jsonAnswer(drawn, fillIn(body, values), headers)
        : textAnswer(drawn, String(fillIn(text, values)), contentType, headers);
    },
    fill: (key, values) => fillIn(entryOf(key).answers[0]?.body, values),
  };
}

function fillIn(template: unknown, values: FixtureValues): unknown {
  if (typeof template === 'string') {
    const whole = /^\{\{(\w+)\}\}$/.exec(template)?.[1];
    if (whole !== undefined) return values[whole];
    return template.replace(/\{\{(\w+)\}\}/g, (_match, name: string) => String(values[name]));
  }
  if (Array.isArray(template)) return template.map((item) => fillIn(item, values));
  if (typeof template === 'object' && template !== null) {
    return Object.fromEntries(
      Object.entries(template).map(([key, value]) => [String(fillIn(key, values)), fillIn(value, values)]),
    );
  }
  return template;
}
