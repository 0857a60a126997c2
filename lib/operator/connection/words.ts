import { causeTexts } from '../../../functions/connection/refusals.ts';
import { counted, showTime } from '../table.ts';
import type { ConnectionLine } from './log.ts';

/**
 * How sure it is what a line says: `certain`, because it was written or answered so; `likely`, because it was concluded; or
 * `unknown`, because nobody but Procore knows what became of the refresh token.
 */
export type Sureness = 'certain' | 'likely' | 'unknown';

/** What a line means for the connection: new tokens, nothing special, trouble that passes, or an end. */
export type Tone = 'good' | 'plain' | 'trouble' | 'end';

/** A line of the log in plain words. */
export interface Words {
  readonly what: string;
  readonly sure: Sureness;
  readonly tone: Tone;
}

/** The fields that words are made of, each of a form that can hold no secret. */
interface Told {
  readonly attempt: string;
  readonly status: string;
  readonly code: string;
  readonly cause: string;
  readonly outcome: string;
  readonly grant: string;
  readonly errorName: string;
  readonly count: number;
  readonly notBefore: number | undefined;
}

const certain = (tone: Tone, what: string): Words => ({ what, sure: 'certain', tone });
const unknown = (what: string): Words => ({ what, sure: 'unknown', tone: 'trouble' });

const spentOrNot = 'Whether the refresh token is spent is not known.';

const journals: Readonly<Record<string, string>> = {
  unanswered: 'whose holder ended without a word',
  unknown: 'which got no usable answer',
  suspect: 'whose refusal was doubted',
};

/** What functions tell of connections, by the name of the line. */
const words: Readonly<Record<string, (told: Told) => Words>> = {
  'rotation.claimed': ({ attempt }) => certain('plain', `Began to replace the tokens${attempt}.`),
  'rotation.replaced': () => certain('good', 'New tokens are stored.'),
  'rotation.not_sent': ({ attempt }) =>
    certain('trouble', `The request did not leave${attempt}. The refresh token is untouched.`),
  'rotation.unknown': ({ attempt, status }) =>
    unknown(`No usable answer of Procore came${status}${attempt}. ${spentOrNot}`),
  'rotation.throttled': ({ attempt, status }) => unknown(`Procore asked to wait${status}${attempt}. ${spentOrNot}`),
  'rotation.unjudged': ({ attempt, status }) =>
    unknown(
      `Procore refused${status}${attempt}, and the secret could not be read again. Whether the stored client is refused is not known.`,
    ),
  'rotation.not_granted': ({ attempt, code, status }) =>
    certain('trouble', `Procore refused with ${code}${status}${attempt}. That is no verdict: it is tried again.`),
  'rotation.client_refused': ({ attempt }) =>
    certain('trouble', `Procore refused the client id and secret${attempt}. The connection is not at fault.`),
  'rotation.suspect': ({ attempt }) =>
    unknown(
      `Procore refused the refresh token${attempt}. It is doubted, and asked once more: new tokens may wait in escrow.`,
    ),
  'rotation.cooling': ({ code, count, notBefore }) =>
    certain('trouble', `Nobody tries before ${showTime(notBefore)}: ${code}, ${counted(count, 'failure')} in a row.`),
  'rotation.replayed': ({ attempt, outcome }) =>
    unknown(
      `Sends the refresh token once more${attempt}, after an attempt ${journals[outcome] ?? `with the outcome ${outcome}`}. It may be spent.`,
    ),
  'rotation.escrowed': () => certain('trouble', 'DynamoDB did not take the new tokens. They wait in escrow.'),
  'rotation.recovered': () => certain('good', 'The new tokens came out of escrow and are stored.'),
  'rotation.surrendered': () => certain('plain', 'A token set came too late to be used. It is revoked.'),
  'rotation.refused': ({ attempt, cause }) => ({
    what: `Procore refused the refresh token${attempt}. A person must connect again. Probably: ${causeText(cause)}.`,
    // Procore was certain. Why it refused, it does not say.
    ...{ sure: 'likely', tone: 'end' },
  }),
  'connection.authorized': ({ grant }) =>
    certain(
      'good',
      grant === 'client_credentials' ? 'The service account was connected.' : 'A person connected the account.',
    ),
  'connection.unconfirmed': () => certain('plain', 'A person connected an account, which waits for confirmation.'),
  'connection.confirmed': () => certain('good', 'Your backend confirmed the account that waited.'),
  'connection.unconfirmed_ended': () => certain('plain', 'What waited for confirmation was given up.'),
  'connection.checked': () => certain('plain', 'Procore named our client: the tokens are of this environment.'),
  'connection.unchecked': ({ outcome }) =>
    certain('trouble', `Whose the tokens are could not be asked (${outcome}). It is asked again.`),
  'connection.wrong_environment': () =>
    certain('end', 'The tokens are of another client or environment. They were taken out of use.'),
  'connection.disconnected': () => certain('end', 'Disconnected. The tokens are out of use.'),
  'connection.revoked': ({ count }) =>
    certain('plain', `Procore confirmed the revocation of ${counted(count, 'token')}.`),
  'connection.restored': () => certain('plain', 'Came out of a backup.'),
  'connection.not_restored': ({ errorName }) =>
    certain('trouble', `Could not be restored out of a backup (${errorName}).`),
  'connection.restored_over': () => certain('end', 'The restored access token is over. A person must connect again.'),
  'connection.refresh_token_released': () => certain('plain', "A person had the backup's refresh token sent."),
  'connection.companies_unavailable': () =>
    certain('trouble', 'Procore did not list the companies. It is asked again.'),
};

/** Says in plain words what a line of the log tells; of a name that a later version writes, only the name. */
export function wordsOf({ event, fields }: Pick<ConnectionLine, 'event' | 'fields'>): Words {
  const make = Object.hasOwn(words, event) ? words[event] : undefined;
  if (make !== undefined) return make(toldBy(fields));
  return { what: `${event} (written by another version than this command)`, sure: 'unknown', tone: 'plain' };
}

/** The names that {@link wordsOf} knows. */
export const knownLines: readonly string[] = Object.keys(words);

function toldBy(fields: ConnectionLine['fields']): Told {
  const { attemptNumber, status, notBefore, count } = fields;
  const attempt = wholeNumber(attemptNumber);
  const answered = wholeNumber(status);
  return {
    attempt: attempt === undefined ? '' : ` (attempt ${attempt})`,
    status: answered === undefined ? '' : ` (status ${answered})`,
    code: literal(fields.code),
    cause: literal(fields.cause),
    outcome: literal(fields.outcome),
    grant: literal(fields.grant),
    errorName: literal(fields.errorName),
    count: wholeNumber(count) ?? 0,
    notBefore: typeof notBefore === 'number' && Math.abs(notBefore) < 1e11 ? notBefore : undefined,
  };
}

/** Reads a number that counts. @returns undefined for anything else */
export function wholeNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** What we write as a literal has letters and underscores alone; a secret has more, and nothing else is shown. */
function literal(value: unknown): string {
  return typeof value === 'string' && /^[A-Za-z_]{1,40}$/.test(value) ? value : 'unspecified';
}

function causeText(cause: string): string {
  return (causeTexts as Readonly<Record<string, string>>)[cause] ?? cause;
}
