import { redactText } from '../redact.ts';
import type { DiagnosisRow, Recognition } from './diagnosis-row.ts';
import { type AnswerDiagnosisId, answerDiagnosisRows } from './diagnosis-rows.ts';
import { type ErrorBody, readErrorBody } from './error-body.ts';
import type { Exchange } from './exchange.ts';

/** A recognised problem: its row, and what Procore said about it. */
export interface Diagnosis<Id extends string = AnswerDiagnosisId> extends DiagnosisRow {
  readonly id: Id;
  /** Procore's own texts, without secrets. */
  readonly said: readonly string[];
  /** Procore's texts by the field of the request that they are about. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

function rowOf(id: AnswerDiagnosisId): DiagnosisRow & { readonly id: AnswerDiagnosisId } {
  const row = answerDiagnosisRows.find((each) => each.id === id);
  if (row === undefined) throw new TypeError(`There is no diagnosis "${id}".`);
  return row;
}

/** Makes a diagnosis of a problem that is known without an answer. @returns the row, without words of Procore's */
export function diagnosed(id: AnswerDiagnosisId): Diagnosis {
  return { ...rowOf(id), said: [], fields: {} };
}

/**
 * Says what is wrong with a call that failed. It looks at nothing but the exchange. What the body says counts before its
 * status: Procore gives the same problem different statuses. When the body of a 403 or a 404 does not tell the cause, the
 * diagnosis is `forbidden` or `not_visible`; the probes of the doctor narrow these.
 *
 * @returns the first row whose text or code is in the body, else the first that knows the status; `unknown` when none does
 */
export function diagnose(exchange: Exchange): Diagnosis {
  const body = readErrorBody(exchange.responseBody ?? '');
  const said = wordsOf(body);
  const find = (readsBody: boolean) =>
    answerDiagnosisRows.find((each: DiagnosisRow) =>
      each.recognised?.some(
        (one) => ((one.text ?? one.code) !== undefined) === readsBody && recognises(one, exchange, body, said),
      ),
    );
  const row = find(true) ?? find(false) ?? rowOf('unknown');
  const fields = Object.entries(body.fields).map(([field, texts]) => [field, texts.map((text) => redactText(text))]);
  return { ...row, said: body.messages.map((text) => redactText(text)), fields: Object.fromEntries(fields) };
}

/** Calls that need no company header with a person's token. */
const headerFree = /\/rest\/v1\.0\/(me|companies)(\?|$)/;

function recognises(recognition: Recognition, exchange: Exchange, body: ErrorBody, said: readonly string[]): boolean {
  const { statuses, failures, purposes, text, code, page, withoutCompanyHeader } = recognition;
  const { status, failure, purpose } = exchange;
  // Records of a success can hold any text, so a success is judged by its status alone.
  if (status !== undefined && status < 300 && statuses === undefined) return Object.keys(recognition).length === 0;
  return (
    (statuses === undefined || (status !== undefined && statuses.includes(status))) &&
    (failures === undefined || (failure !== undefined && failures.includes(failure))) &&
    (purposes === undefined || purposes.includes(purpose)) &&
    (text === undefined || said.some((words) => text.test(words))) &&
    (page === undefined || body.kind === 'html') &&
    (code === undefined || body.codes.some((each) => code.test(each))) &&
    (withoutCompanyHeader === undefined ||
      (exchange.requestHeaders['procore-company-id'] === undefined && !headerFree.test(exchange.url)))
  );
}

/** Lists the messages in plain words, each alone and with the field that it is about in front. */
function wordsOf({ messages, fields }: ErrorBody): string[] {
  const named = Object.entries(fields).flatMap(([field, texts]) => texts.map((text) => `${field} ${text}`));
  return [...messages, ...named].map(plainWords);
}

/** Takes out of a text what may differ between two that say the same. @returns lower-case words, one space apart */
function plainWords(text: string): string {
  return text
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
