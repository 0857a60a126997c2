import { type ExactJson, type ExactJsonObject, isJsonObject, parseExactJson } from './exact-json.ts';

/** What an error body of Procore's says. There is no single shape of them. */
export interface ErrorBody {
  readonly kind: 'empty' | 'html' | 'text' | 'json';
  /** Texts for people, in the order of the body, each once. */
  readonly messages: readonly string[];
  /** Literal codes, e.g. `INVALID_PROPERTY` or `invalid_grant`. */
  readonly codes: readonly string[];
  /** Texts by the field of the request that they are about; `base` is Procore's name for the whole record. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

/** A text is not read further than this, in characters. */
const longestText = 2000;

/**
 * Reads an error body of any known shape: `errors` as text, list or object, `error` as text or object, `message`, v2's
 * error object with `details`, JSON:API's list of errors, OAuth's `error` and `error_description`, plain text, a
 * gateway's HTML, nothing at all.
 *
 * @returns what it says, for any text
 * @see [Error reference](https://developers.procore.com/documentation/error-reference)
 */
export function readErrorBody(text: string): ErrorBody {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'empty', messages: [], codes: [], fields: {} };
  if (/^<[!?a-z]/i.test(trimmed)) return { kind: 'html', messages: readPage(trimmed), codes: [], fields: {} };
  let body: ExactJson;
  try {
    body = parseExactJson(trimmed);
  } catch {
    return { kind: 'text', messages: [trimmed.slice(0, longestText)], codes: [], fields: {} };
  }
  const found = { messages: new Set<string>(), codes: new Set<string>(), fields: new Map<string, string[]>() };
  readValue(body, { namesFields: false }, found);
  return {
    kind: 'json',
    messages: [...found.messages],
    codes: [...found.codes],
    fields: Object.fromEntries(found.fields),
  };
}

/** Reads what a page shows. @returns its title, then the rest of it; what is empty is left out */
function readPage(page: string): readonly string[] {
  // A gateway's page is small; what is longer is not read to its end.
  const start = page.slice(0, 20_000);
  const title = /<title[^>]*>([^<]{1,200})<\/title>/i.exec(start)?.[1] ?? '';
  const shown = start.replace(/<(script|style|title)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->/gi, ' ').replace(/<[^>]*>/g, ' ');
  const texts = [title, shown].map((text) => withoutEntities(text).replace(/\s+/g, ' ').trim().slice(0, longestText));
  return [...new Set(texts.filter((text) => text !== ''))];
}

function withoutEntities(text: string): string {
  return text.replace(/&(#39|#x27|apos|rsquo|#8217);/gi, "'").replace(/&#?\w{1,10};/g, ' ');
}

interface Found {
  readonly messages: Set<string>;
  readonly codes: Set<string>;
  readonly fields: Map<string, string[]>;
}

/** Where in the body a value stands. */
interface Standing {
  /** The request's field that the value is about, as far as one is known. */
  readonly field?: string | undefined;
  /** Whether the keys of an object here are fields of the request, whatever they are called. */
  readonly namesFields: boolean;
}

/** Keys that wrap a description without being a field of the request. */
const wrappers = new Set(['errors', 'error', 'fields', 'details']);
const texts = new Set([
  'message',
  'msg',
  'error_description',
  'error_message',
  'reason',
  'detail',
  'title',
  'description',
]);
const codes = new Set(['code', 'reason_code']);
/** Under these keys an entry names the field of the request that its text is about. */
const namings = ['field', 'attribute', 'property', 'parameter', 'param', 'path', 'loc', 'pointer'];

function readValue(value: ExactJson | undefined, { field, namesFields }: Standing, found: Found): void {
  if (typeof value === 'string') {
    readText(value, field, found);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value as readonly ExactJson[]) readValue(item, { field, namesFields: false }, found);
    return;
  }
  if (!isJsonObject(value)) return;
  const named = namedField(value);
  const about = sourceOf(value.source) ?? named ?? field;
  // An object with a code is one error, and its keys describe it.
  const isOneError = [...codes].some((key) => isCode(value[key]));
  for (const [key, inner] of Object.entries(value)) {
    // The rest of such an entry describes the request: a type, a place, the value.
    if (named !== undefined && !(texts.has(key) || codes.has(key) || wrappers.has(key))) continue;
    if (isField(key, inner, namesFields && !isOneError)) readValue(inner, { field: key, namesFields: false }, found);
    else if (codes.has(key)) readCode(inner, found);
    else if (key !== 'source' && key !== 'status')
      readValue(inner, { field: about, namesFields: mapsFields(key) }, found);
  }
}

/** Under these keys an object maps fields to texts, as Rails writes them. */
function mapsFields(key: string): boolean {
  return key === 'errors' || key === 'fields';
}

/**
 * Whether a key is a field of the request. A field may be called `title` or `code` like a part of an error: then it
 * stands in a map of fields, or has a list of texts, which no part of an error has.
 */
function isField(key: string, inner: ExactJson | undefined, namesFields: boolean): boolean {
  const isHttpStatus = key === 'status' && typeof inner === 'string' && /^\d{3}$/.test(inner);
  const isPart = isHttpStatus || texts.has(key) || wrappers.has(key) || codes.has(key) || key === 'source';
  if (!isPart) return true;
  const isListOfTexts = Array.isArray(inner) && inner.length > 0 && inner.every((item) => typeof item === 'string');
  if (namesFields) return isListOfTexts || !(wrappers.has(key) && (isJsonObject(inner) || Array.isArray(inner)));
  return isListOfTexts && !wrappers.has(key) && key !== 'message';
}

/** Reads which field an entry names beside its text, by its name or the path to it; a sentence is no name. */
function namedField(value: ExactJsonObject): string | undefined {
  const hasText = [...texts].some((key) => typeof value[key] === 'string');
  const naming = hasText
    ? namings.map((key) => value[key]).find((name) => name !== undefined && name !== null)
    : undefined;
  const parts = Array.isArray(naming) ? (naming as readonly ExactJson[]) : [naming];
  const name = parts.findLast((part): part is string => typeof part === 'string');
  if (name === undefined || !/^[\w./[\]$-]{1,100}$/.test(name)) return undefined;
  return name.split(/[./[\]]+/).findLast((part) => part !== '');
}

/** Reads which field an error is about: its name, or JSON:API's pointer to it. */
function sourceOf(source: ExactJson | undefined): string | undefined {
  if (typeof source === 'string') return source;
  if (!isJsonObject(source)) return undefined;
  const named = source.pointer ?? source.parameter;
  return typeof named === 'string' ? named.split('/').at(-1) || undefined : undefined;
}

/** A field that is called `code` has a sentence, where an error has one word. */
function isCode(value: ExactJson | undefined): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^\w+$/.test(value));
}

function readCode(value: ExactJson | undefined, found: Found): void {
  if (typeof value === 'string' || typeof value === 'number') found.codes.add(String(value));
}

function readText(value: string, field: string | undefined, found: Found): void {
  const text = value.trim().slice(0, longestText);
  if (text === '') return;
  // OAuth has a code where others have a sentence.
  if (field === undefined && /^[a-z]+(_[a-z]+)+$/.test(text)) {
    found.codes.add(text);
    return;
  }
  found.messages.add(text);
  if (field !== undefined) found.fields.set(field, [...(found.fields.get(field) ?? []), text]);
}
