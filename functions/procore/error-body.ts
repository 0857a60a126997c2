import { type ExactJson, isJsonObject, parseExactJson } from './exact-json.ts';

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
 * error object with `details`, OAuth's `error` and `error_description`, plain text, a gateway's HTML, nothing at all.
 *
 * @returns what it says, for any text
 * @see [Error reference](https://developers.procore.com/documentation/error-reference)
 */
export function readErrorBody(text: string): ErrorBody {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'empty', messages: [], codes: [], fields: {} };
  if (/^<(!doctype|html|\?xml|head|body)/i.test(trimmed)) {
    const title = /<title[^>]*>([^<]{1,200})<\/title>/i.exec(trimmed)?.[1]?.trim();
    return { kind: 'html', messages: title ? [title] : [], codes: [], fields: {} };
  }
  let body: ExactJson;
  try {
    body = parseExactJson(trimmed);
  } catch {
    return { kind: 'text', messages: [trimmed.slice(0, longestText)], codes: [], fields: {} };
  }
  const found = { messages: new Set<string>(), codes: new Set<string>(), fields: new Map<string, string[]>() };
  readValue(body, undefined, found);
  return {
    kind: 'json',
    messages: [...found.messages],
    codes: [...found.codes],
    fields: Object.fromEntries(found.fields),
  };
}

interface Found {
  readonly messages: Set<string>;
  readonly codes: Set<string>;
  readonly fields: Map<string, string[]>;
}

/** Keys that wrap a description without being a field of the request. */
const wrappers = new Set(['errors', 'error', 'fields', 'details']);
const texts = new Set(['message', 'error_description', 'reason', 'detail', 'title', 'description']);

/** @param field the request's field that the value is about, as far as one is known */
function readValue(value: ExactJson | undefined, field: string | undefined, found: Found): void {
  if (typeof value === 'string') {
    readText(value, field, found);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value as readonly ExactJson[]) readValue(item, field, found);
    return;
  }
  if (!isJsonObject(value)) return;
  const source = typeof value.source === 'string' ? value.source : field;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'source') continue;
    if (key === 'code' || key === 'reason_code') {
      if (typeof inner === 'string' || typeof inner === 'number') found.codes.add(String(inner));
    } else readValue(inner, texts.has(key) || wrappers.has(key) ? source : key, found);
  }
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
