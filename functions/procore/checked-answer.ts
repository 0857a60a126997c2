import { ConnectorError } from '../connector-error.ts';
import { isSecretName, redactText } from '../redact.ts';
import { pathOf } from './api-error.ts';
import { type ExactJson, exactId, isJsonObject } from './exact-json.ts';
import type { SchemaIssue, StandardSchema } from './standard-schema.ts';

/** Where an answer does not fit its schema. */
export interface Misfit {
  /** E.g. `questions[0].body`; empty for the whole record. */
  readonly path: string;
  /** What the schema says. */
  readonly wanted: string;
  /** What came, shortened and without secrets. */
  readonly got: string;
}

/** So many misfits, and so much of each, are told. */
const most = { misfits: 5, path: 200, wanted: 200, text: 40 } as const;

const schemaRemedy =
  'Correct the schema (Procore leaves out fields or sends null where nobody has filled them in), or read it without ' +
  '`schema` to see what comes.';
const idRemedy = `${schemaRemedy} Ids are texts under a schema, whatever their size.`;

/** A record that came does not fit the schema that the caller gave. */
export class UnexpectedAnswerError extends ConnectorError {
  override readonly name = 'UnexpectedAnswerError';
  readonly code = 'unexpected_answer';
  /** What to do. */
  readonly remedy: string;
  /** Where it does not fit, five at most. */
  readonly misfits: readonly Misfit[];

  /**
   * @param place the call, and which record of a list
   * @param count how many misfits there are
   */
  constructor(place: string, misfits: readonly Misfit[], count = misfits.length) {
    const remedy = misfits.some(({ path, got }) => isIdPath(path) && /^"\d/.test(got)) ? idRemedy : schemaRemedy;
    const told = misfits.map(({ path, wanted, got }) => `${path === '' ? '(all)' : path}: ${wanted}, got ${got}`);
    const more = count > misfits.length ? `; and ${count - misfits.length} more` : '';
    super(`${place} does not fit the schema. ${told.join('; ')}${more}. ${remedy}`);
    this.remedy = remedy;
    this.misfits = misfits;
  }
}

/**
 * Has a schema check what came. Before that, ids become texts: the members `id`, `…_id`, `ids` and `…_ids`. Without that an
 * id would be a number up to 2^53 and a text beyond, and no schema would fit both.
 *
 * @param place the call, and which record of a list, for people
 * @returns what the schema makes of it
 * @throws UnexpectedAnswerError, and what the schema throws
 */
export async function checked<Output>(
  value: ExactJson,
  schema: StandardSchema<Output>,
  place: string,
): Promise<Output> {
  const given = withTextIds(value);
  const result = await schema['~standard'].validate(given);
  if (result.issues === undefined) return result.value;
  const misfits = result.issues.slice(0, most.misfits).map((issue) => misfitOf(issue, given));
  throw new UnexpectedAnswerError(place, misfits, result.issues.length);
}

/**
 * Has a schema check each record of a list.
 *
 * @throws what `checked` throws, and what the list throws
 */
export async function* checkedRecords<Output>(
  records: AsyncIterable<ExactJson>,
  schema: StandardSchema<Output>,
  url: string,
): AsyncGenerator<Output, void, undefined> {
  let count = 0;
  for await (const record of records) {
    count += 1;
    const id = isJsonObject(record) ? exactId(record.id) : undefined;
    const named = id !== undefined && /^[\w-]{1,40}$/.test(id) ? ` (id ${id})` : '';
    yield await checked(record, schema, `${placeOf(url)}: record ${count}${named} of the list`);
  }
}

/** Names a call that reads, without its query. */
export function placeOf(url: string): string {
  return `GET ${pathOf(url)}`;
}

/** Makes the ids in a value texts. */
function withTextIds(value: ExactJson | undefined, key = ''): ExactJson | undefined {
  if (typeof value === 'number') return isIdPath(key) && Number.isSafeInteger(value) ? String(value) : value;
  if (Array.isArray(value)) return value.map((item: ExactJson) => withTextIds(item, key.replace(/s$/, '')) ?? null);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withTextIds(inner, name)]));
}

/** Tells whether the last name of a path is that of an id; `ids[0]` is an id as well. */
function isIdPath(path: string): boolean {
  return /(^|[._])id(s\[\d+\])?$/.test(path);
}

function misfitOf({ message, path = [] }: SchemaIssue, given: ExactJson | undefined): Misfit {
  // Not path.map: a library's list may be of a class of its own, which makes something else of it (ArkType's does).
  const keys = Array.from(path, (part) => (typeof part === 'object' ? part.key : part));
  const value = valueAt(given, keys);
  const isSecret = keys.some((key) => typeof key === 'string' && isSecretName(key));
  const got = isSecret && value !== undefined && value !== null ? 'a secret, which is left out' : shown(value);
  const told = isSecret && isPlain(value) ? message.replaceAll(String(value), () => got) : without(message, value, got);
  return {
    // Names of members may be anything, of any length, where a record is a map.
    path: redactText(keys.reduce<string>(withKey, ''), most.path),
    wanted: redactText(told, most.wanted),
    got,
  };
}

/** Of a secret even one letter is taken out of what a library says: better a message with gaps. */
function isPlain(value: unknown): value is string | number {
  return typeof value === 'number' || (typeof value === 'string' && value !== '');
}

function withKey(path: string, key: PropertyKey): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? String(key) : `${path}.${String(key)}`;
}

function valueAt(given: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>((value, key) => {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return isThere ? (value as Readonly<Record<PropertyKey, unknown>>)[key] : undefined;
  }, given);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return value === null ? 'null' : 'an object';
  return typeof value === 'string' ? JSON.stringify(redactText(value, most.text)) : String(value);
}

/** Libraries quote the value in what they say: it must not come in by that way. */
function without(message: string, value: unknown, got: string): string {
  if (typeof value !== 'string' || value === '') return message;
  const quoted = message.replaceAll(JSON.stringify(value), () => got);
  return value.length < 8 ? quoted : quoted.replaceAll(value, () => got);
}
