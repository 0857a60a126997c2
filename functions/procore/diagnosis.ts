import type { DiagnosisRow, Recognition } from './diagnosis-row.ts';
import { type DiagnosisId, diagnosisRows } from './diagnosis-rows.ts';
import { type ErrorBody, readErrorBody } from './error-body.ts';
import { type Exchange, redactText } from './exchange.ts';

/** A problem recognised: the row, and what Procore said. */
export interface Diagnosis extends DiagnosisRow {
  readonly id: DiagnosisId;
  /** Procore's own texts, without secrets. */
  readonly said: readonly string[];
  /** Procore's texts by the field of the request that they are about. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
}

/**
 * Gives a row by its id.
 *
 * @returns the row
 */
export function diagnosisRow(id: DiagnosisId): DiagnosisRow & { readonly id: DiagnosisId } {
  const row = diagnosisRows.find((each) => each.id === id);
  if (row === undefined) throw new TypeError(`There is no diagnosis "${id}".`);
  return row;
}

/** Makes a diagnosis of a row that something other than one answer has found. @returns the row, nothing said */
export function diagnosed(id: DiagnosisId): Diagnosis {
  return { ...diagnosisRow(id), said: [], fields: {} };
}

/**
 * Says what is wrong with a call that failed. Pure: it looks at nothing but the exchange. A 403 or 404 whose body does
 * not tell comes as `forbidden` or `not_visible`, which the probes narrow (probes.ts).
 *
 * @returns the first row that recognises the exchange; `unknown` when none does
 */
export function diagnose(exchange: Exchange): Diagnosis {
  const body = readErrorBody(exchange.responseBody ?? '');
  const row =
    diagnosisRows.find((each: DiagnosisRow) => each.recognised?.some((one) => recognises(one, exchange, body))) ??
    diagnosisRow('unknown');
  const fields = Object.entries(body.fields).map(([field, texts]) => [field, texts.map(redactText)]);
  return { ...row, said: body.messages.map(redactText), fields: Object.fromEntries(fields) };
}

/** Path endings that want no company header for a person's token. */
const headerFree = /\/rest\/v1\.0\/(me|companies)(\?|$)/;

function recognises(recognition: Recognition, exchange: Exchange, body: ErrorBody): boolean {
  const { statuses, failures, purposes, text, code, withoutCompanyHeader } = recognition;
  const { status, failure, purpose } = exchange;
  // A success is never an error for what its records say; only the row of unreadable answers takes it.
  if (status !== undefined && status < 300 && statuses === undefined) return Object.keys(recognition).length === 0;
  return (
    (statuses === undefined || (status !== undefined && statuses.includes(status))) &&
    (failures === undefined || (failure !== undefined && failures.includes(failure))) &&
    (purposes === undefined || purposes.includes(purpose)) &&
    (text === undefined || fullTexts(body).some((message) => text.test(message))) &&
    (code === undefined || body.codes.some((each) => code.test(each))) &&
    (withoutCompanyHeader === undefined ||
      (exchange.requestHeaders['procore-company-id'] === undefined && !headerFree.test(exchange.url)))
  );
}

/** Messages with the field that they are about in front, as a person would read them. */
function fullTexts({ messages, fields }: ErrorBody): string[] {
  return [
    ...messages,
    ...Object.entries(fields).flatMap(([field, texts]) => texts.map((message) => `${field} ${message}`)),
  ];
}
