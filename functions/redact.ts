import { ConnectorError } from './connector-error.ts';

/** Stands where a secret was. */
const leftOut = '(left out)';

/** As much of a text is kept unless told, in characters. */
const longestText = 20_000;

/** So much more than is kept is read: what is left out makes a text shorter. */
const readBeyond = 4096;

/** A name is looked at from its end, since what precedes it may be anything. */
const longestName = 64;

/** Values that are left out wherever they stand, longest first: secrets of the integrator's, which may look like anything. */
let concealed: readonly string[] = [];

/**
 * So many characters of secrets are kept, in all their forms. A secret has 65,536 at most, so that is room for twenty of
 * the longest ones, and for thousands as they are.
 */
const mostConcealed = 8_000_000;

/** Shorter texts stand in words and numbers, too: a port, a user's name. */
const shortestConcealed = { secret: 4, member: 8 } as const;

const kept = new Set<string>();
let keptLength = 0;

/**
 * Has a secret left out of every text that is redacted from now on in this process, as it is and as it stands in JSON,
 * URLs and forms. Of JSON each text is a secret as well, and each number whose name is that of a secret. Texts of less
 * than four characters, and members of less than eight whose name is not that of a secret, cannot be told from others and
 * are not left out. None is given up for another, however many there are: an old value is a secret of somebody's still.
 *
 * @throws TooManySecretsError when there is no room for it: then nobody may have it
 */
export function concealSecret(text: string): void {
  const values = [...(text.length >= shortestConcealed.secret ? [text] : []), ...membersOf(text)];
  const unknown = new Set(values.flatMap(formsOf).filter((form) => !kept.has(form)));
  if (unknown.size === 0) return;
  const length = [...unknown].reduce((sum, form) => sum + form.length, keptLength);
  if (length > mostConcealed) throw new TooManySecretsError(keptLength);
  for (const form of unknown) kept.add(form);
  keptLength = length;
  concealed = [...kept].sort((one, other) => other.length - one.length);
}

/** A value as it is, and as it stands in JSON, URLs and forms. */
function formsOf(value: string): readonly string[] {
  const inForm = new URLSearchParams({ value }).toString().slice('value='.length);
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed()), inForm];
}

/** A process has read so many secrets that it cannot keep another one out of its log. */
export class TooManySecretsError extends ConnectorError {
  override readonly name = 'TooManySecretsError';
  readonly code = 'too_many_secrets';
  constructor(length: number) {
    super(
      `This process keeps ${length} characters of secrets out of its log, at most ${mostConcealed}, and another one has no ` +
        'room, so it was not handed out. Have fewer or shorter secrets, or rotate them less often; a new process begins anew.',
    );
  }
}

/** The texts in JSON that may be secrets; none of other texts. */
function membersOf(text: string): readonly string[] {
  const found: string[] = [];
  try {
    JSON.parse(text, (name, value: unknown) => {
      const isSecret = isSecretName(name);
      const least = isSecret ? shortestConcealed.secret : shortestConcealed.member;
      // Numbers of another name are ids and ports, which logs need.
      const text = isSecret && typeof value === 'number' ? String(value) : value;
      if (typeof text === 'string' && text.length >= least) found.push(text);
    });
  } catch {
    // It is no JSON.
  }
  return found;
}

/** Ends of names whose values are secrets; in lower case, without `-` and `_`. */
const secretEnding =
  /(?:token|secret|secretkey|secretvalue|secretstring|password|passwd|passphrase|pwd|apikey|accesskey|accesskeyid|privatekey|signature|credential|authorization|cookie|assertion|jwt)s?$/;

/** Whole names, too short to be the end of others; OAuth calls a secret `code`, and Azure a signature `sig`. */
const secretNames = new Set(['code', 'codeverifier', 'sig']);

/** These are no secrets: Procore's support can find a request by the first. */
const openNames = new Set(['idempotencytoken']);

/** Names that are words of a sentence as well: "refused the token: invalid_grant". */
const wordName = /^(?!.*(?:password|passwd|pwd))[A-Za-z][a-z]+$/;

/** One or two words, or a literal code such as `invalid_grant`. */
const plainWords = /^[A-Z]?[a-z]{1,15}(?:[_ ][a-z]{1,15}){0,5}$/;

/** What errors have as `code`, e.g. `VALIDATION_ERROR` of Procore, `ECONNRESET` of Node, `42P01` of PostgreSQL. */
const errorCode = /^(?:[A-Z]{2,}(?:_[A-Z0-9]+)*|[a-z]+(?:_[a-z]+)+|(?=.*\d)[A-Z0-9]{1,6})$/;

/**
 * Tells whether the value of a member, a parameter, or a header of this name is a secret.
 *
 * @param name in any spelling: `client_secret`, `clientSecret`, `X-Amz-Signature`
 */
export function isSecretName(name: string): boolean {
  const [last = ''] = name.slice(-longestName).split('.').slice(-1);
  // Of a URL within a URL, `?` and `&` are still encoded.
  const plain = last
    .replace(/^(?:3F|26|23)/i, '')
    .replaceAll(/[-_]/g, '')
    .toLowerCase();
  return !openNames.has(plain) && (secretNames.has(plain) || secretEnding.test(plain));
}

/**
 * Copies headers without secrets.
 *
 * @returns values by lower-case name; `(left out)` for a secret one
 */
export function redactHeaders(headers: Headers | Readonly<Record<string, string>>): Record<string, string> {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name.toLowerCase(),
      isSecretName(name) || /secret/i.test(name) ? leftOut : redactText(value),
    ]),
  );
}

/**
 * Takes secrets out of a text of any kind: a URL, a body, the message of an error, a line of a log. First by structure:
 * the values of members, parameters and headers with a secret's name, whatever is in them. Then by form: bearer values,
 * JWTs, private keys, access keys, URLs with credentials, and long random values such as those of our webhook header.
 *
 * It is cut before it is read, so that the time is bounded, and it takes time in proportion to the length.
 *
 * @param longest as many characters are kept
 * @returns the text with `(left out)` in their place. JSON remains JSON, unless it was cut
 */
export function redactText(text: string, longest = longestText): string {
  const read = longest + readBeyond;
  const open = withoutConcealed(text, read);
  const whole = text.length <= read ? open : withoutEnd(open.slice(0, read));
  return withoutForms(withoutMembers(whole)).slice(0, longest);
}

/** Leaves out concealed values, of about as much of a text as will be read. Half of one at the cut is left out, too. */
function withoutConcealed(text: string, most: number): string {
  const [longestOne = ''] = concealed;
  if (longestOne === '') return text;
  const end = most + longestOne.length;
  let open = text.slice(0, end);
  for (const value of concealed) open = open.replaceAll(value, leftOut);
  return text.length <= end ? open : open.slice(0, -longestOne.length);
}

/**
 * Leaves out the last run of characters of a text that was cut: it may be half of a secret that cannot be told. A run that
 * is longer than secrets are loses only as much as a secret can have.
 */
function withoutEnd(text: string): string {
  const least = Math.max(text.length - readBeyond, 0);
  let end = text.length;
  while (end > least && !/[\s"'<>]/.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** What may stand between a name and its value; each part is bounded, so that no text makes it slow. */
const separator = /(\\{0,15}["'`])?\s{0,64}(?:=>|[:=]|%3[AD])\s{0,64}/iy;

/** Leaves out the values of what has a secret's name. */
function withoutMembers(text: string): string {
  const words = /[\w.~-]+/g;
  let written = '';
  let from = 0;
  for (let found = words.exec(text); found !== null; found = words.exec(text)) {
    const [name] = found;
    if (!isSecretName(name) || isInArn(text, found.index)) continue;
    separator.lastIndex = words.lastIndex;
    const [between, quote = ''] = separator.exec(text) ?? [];
    if (between === undefined) continue;
    const start = words.lastIndex + between.length;
    const value = valueAt(text, start, {
      name,
      isQuoted: quote !== '',
      isParameter: between.endsWith('='),
      isQuery: /[?&]/.test(text.charAt(found.index - 1)),
    });
    if (value === undefined) continue;
    written += text.slice(from, value.start) + (value.isBare && quote !== '' ? quote + leftOut + quote : leftOut);
    from = value.end;
    words.lastIndex = value.end;
  }
  return written + text.slice(from);
}

/** `secret` is a word of names of AWS's: `arn:aws:secretsmanager:us-east-1:123456789012:secret:NAME`. */
function isInArn(text: string, at: number): boolean {
  return /:\d{12}:$/.test(text.slice(Math.max(at - 14, 0), at));
}

/** Where a value stands; one without quotes gets those of its name, so that JSON remains JSON. */
interface Extent {
  readonly start: number;
  readonly end: number;
  readonly isBare: boolean;
}

/** A secret's name, and how it stands there. */
interface Name {
  readonly name: string;
  readonly isQuoted: boolean;
  /** Of a query or a form: there `code` is OAuth's, and never that of an error. */
  readonly isParameter: boolean;
  /** Of a URL, in which `#` ends the query. */
  readonly isQuery: boolean;
}

/** @returns undefined when the value is no secret: a word, a number that counts, null, or the code of an error */
function valueAt(text: string, start: number, name: Name): Extent | undefined {
  const opening = /(\\{0,15})["'`]/y;
  opening.lastIndex = start;
  const opened = opening.exec(text);
  if (opened !== null) {
    const first = opening.lastIndex;
    const end = endOfQuoted(text, first, opened[0].slice(-1), opened[1]?.length ?? 0);
    const isOpen = isCode(name.name) && end - first <= 100 && errorCode.test(text.slice(first, end));
    return isOpen || text.slice(first, end) === leftOut ? undefined : { start: first, end, isBare: false };
  }
  if (/[{[]/.test(text.charAt(start))) {
    // `code` is also a field of records, about which Procore says "has already been taken" in a list.
    return isCode(name.name) ? undefined : { start, end: endOfBrackets(text, start), isBare: true };
  }
  const end = endOfBare(text, start, name);
  const value = text.slice(start, Math.min(end, start + 200));
  return value === '' || isOpenValue(value, name) ? undefined : { start, end, isBare: true };
}

function isCode(name: string): boolean {
  return /(?:^|[^a-z])code$/i.test(name);
}

function isOpenValue(value: string, { name, isQuoted, isParameter }: Name): boolean {
  if (/^(?:null|true|false|undefined)$/.test(value) || value === leftOut) return true;
  if (/^\d+$/.test(value)) return /(?:code|tokens)$/i.test(name);
  if (isQuoted || isParameter) return false;
  return (wordName.test(name) && plainWords.test(value)) || (isCode(name) && errorCode.test(value));
}

/**
 * Finds the quote that ends a text. Within JSON that is itself a text of JSON, quotes stand behind backslashes, as many
 * as the first one; more of them belong to the value.
 */
function endOfQuoted(text: string, start: number, quote: string, escapes: number): number {
  for (let at = text.indexOf(quote, start); at !== -1; at = text.indexOf(quote, at + 1)) {
    let first = at;
    while (first > start && text.charAt(first - 1) === '\\') first -= 1;
    if (Math.floor((at - first) / (escapes + 1)) % 2 === 0) return first + Math.max(at - first - escapes, 0);
  }
  return text.length;
}

/** Finds the end of an object or a list; that of the text when it was cut. */
function endOfBrackets(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') {
      let first = at;
      while (first > start && text.charAt(first - 1) === '\\') first -= 1;
      at = endOfQuoted(text, at + 1, '"', at - first);
      while (text.charAt(at) === '\\') at += 1;
    } else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}

/** Finds the end of a value without quotes: of a header, a parameter, a number, or something in a sentence. */
function endOfBare(text: string, start: number, { name, isQuery }: Name): number {
  // A header has a whole line for itself: a scheme and a value, or several cookies.
  const bare = /cookie$/i.test(name)
    ? /[^\r\n"'`]*/y
    : /authorization$/i.test(name)
      ? /(?:[A-Za-z][\w-]{0,40}(?:[ \t]{1,8}|%20|\+))?[^\s,;&"'`<>(){}[\]\\]*/y
      : isQuery
        ? /[^\s,;&#"'`<>(){}[\]\\]*/y
        : /(?:(?!%26|%22)[^\s,;&"'`<>(){}[\]\\])*/iy;
  bare.lastIndex = start;
  return start + (bare.exec(text)?.[0].length ?? 0);
}

/** Leaves out what looks like a secret, wherever it stands. Each expression reads any text once. */
function withoutForms(text: string): string {
  return (
    text
      .replace(/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, leftOut)
      .replace(/\b(Bearer|Basic)(?:\s|%20|\+){1,8}([^\s"'`,;<>()]+)/gi, (all, scheme, value) =>
        /^[A-Z]?[a-z]{1,15}[.:!?]?$/.test(value) ? all : `${scheme} ${leftOut}`,
      )
      // No dot is asked for: to look for one behind every `eyJ` would take time by the square of the length.
      .replace(/eyJ[\w-]{7,}(?:\.[\w-]*)*/g, leftOut)
      .replace(/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, leftOut)
      .replace(/:\/\/[^\s/?#"'`<>]*@/g, `://${leftOut}@`)
      // A password with a slash or a question mark in it, which no parser takes: the error about it quotes it.
      .replace(/:\/\/[^\s/?#:@"'`<>]{0,200}:(?!\d{1,5}(?:[/?#\s"'`<>]|$))[^\s"'`<>]{1,200}@/g, `://${leftOut}@`)
      .replace(/[A-Za-z0-9]{40,}/g, (run) => (isRandom(run) ? leftOut : run))
  );
}

/** Tells a random value of letters and digits from a name: its characters change their kind all the time. */
function isRandom(run: string): boolean {
  const kinds = run.replaceAll(/[a-z]/g, 'a').replaceAll(/[A-Z]/g, 'A').replaceAll(/\d/g, '0');
  if (!kinds.includes('a') || !kinds.includes('A') || !kinds.includes('0')) return false;
  let changes = 0;
  for (let at = 1; at < kinds.length; at += 1) if (kinds.charAt(at) !== kinds.charAt(at - 1)) changes += 1;
  return changes / (kinds.length - 1) > 0.4;
}

/** A value of JSON without secrets. */
export type RedactedJson =
  | string
  | number
  | boolean
  | null
  | readonly RedactedJson[]
  | { readonly [name: string]: RedactedJson };

/** How much of an object is kept: members of each object or list, levels, characters of each text and of all names and texts. */
const bounds = { members: 50, depth: 5, text: 1000, name: 100, total: 8000 } as const;

/** What `null`, or the brackets and commas of a list, take. */
const leastCharacters = 4;

/**
 * Copies fields that somebody gives to a log: what has a secret's name is left out, texts are redacted, and what is too
 * much is cut. It takes any value and never throws.
 *
 * @returns plain JSON; `(too deep)`, `(too much)` or `(unreadable)` in place of what was cut
 */
export function redactFields(fields: unknown): RedactedJson {
  const left = { characters: bounds.total };
  try {
    return redactValue(fields, 0, left);
  } catch {
    // A getter or toJSON of somebody else's threw.
    return '(unreadable)';
  }
}

function redactValue(value: unknown, depth: number, left: { characters: number }): RedactedJson {
  if (left.characters <= 0) return '(too much)';
  // Values without a text take room, too: four levels of fifty numbers are six millions.
  left.characters -= typeof value === 'number' ? String(value).length : leastCharacters;
  if (value === null || value === undefined || typeof value === 'boolean') return value ?? null;
  if (typeof value === 'number' && concealed.includes(String(value))) return leftOut;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return `(${typeof value})`;
  if (typeof value !== 'object') return spend(redactText(String(value), bounds.text), left);
  if (value instanceof Date)
    return spend(Number.isFinite(value.getTime()) ? value.toISOString() : 'Invalid Date', left);
  if (value instanceof Error) return spend(redactText(`${value.name}: ${value.message}`, bounds.text), left);
  if (value instanceof URL) return spend(redactText(value.href, bounds.text), left);
  if (depth >= bounds.depth) return '(too deep)';
  if (ArrayBuffer.isView(value)) return '(bytes)';
  if (Array.isArray(value)) {
    const kept = value.slice(0, bounds.members).map((member) => redactValue(member, depth + 1, left));
    return value.length > bounds.members ? [...kept, '(too much)'] : kept;
  }
  return redactMembers(value instanceof Map ? Object.fromEntries(value) : value, depth, left);
}

function redactMembers(value: object, depth: number, left: { characters: number }): RedactedJson {
  const redacted: Record<string, RedactedJson> = {};
  let members = 0;
  for (const name of Object.keys(value)) {
    members += 1;
    if (members > bounds.members || left.characters <= 0) {
      redacted['(too much)'] = true;
      break;
    }
    const member: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (member === undefined) continue;
    const key = spend(redactText(name, bounds.name), left);
    redacted[key] = isSecretMember(name, member) ? leftOut : redactValue(member, depth + 1, left);
  }
  return redacted;
}

function isSecretMember(name: string, member: unknown): boolean {
  if (!isSecretName(name) || member === null || typeof member === 'boolean') return false;
  if (typeof member === 'number' && /tokens$/i.test(name)) return false;
  if (!isCode(name)) return true;
  return typeof member === 'string' && !errorCode.test(member);
}

function spend(text: string, left: { characters: number }): string {
  left.characters -= text.length;
  return text;
}
