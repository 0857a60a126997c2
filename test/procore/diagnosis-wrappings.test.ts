import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../functions/procore/diagnosis.ts';
import { failed } from './failed-exchange.ts';

/** Every text that Procore was seen to say, as PROCORE.md and the troubleshooting page have it. */
const literals: readonly [text: string, id: string][] = [
  ['App is not connected to this company.', 'app_not_connected'],
  ['The access token is invalid', 'access_token_invalid'],
  ['Missing Procore-Company-Id header!', 'company_header_missing'],
  ['This field cannot be changed because it is set via workflow', 'set_via_workflow'],
  ['Budget Code was not found.', 'budget_code_not_found'],
  ['Quantity update not allowed on amount accounting contract', 'amount_contract'],
  ['Invalid per_page of 1000, exceeding max per_page of 100', 'page_too_large'],
  ['must be a range', 'date_not_accepted'],
  ['The End Date parameter cannot exceed the current day.', 'date_not_accepted'],
  ['The Start Date and End Date parameters are required', 'parameter_missing'],
  ['param is missing or the value is empty: direct_cost', 'parameter_missing'],
  ['param is missing or the value is empty: company_id', 'company_id_missing'],
  ['Missing required parameter company_id', 'company_id_missing'],
  ['Missing Project or Company ID', 'parameter_missing'],
  ["company_id can't be blank", 'company_id_missing'],
  ['You must supply either a company_id or project_id.', 'company_id_missing'],
  ['company_id must be provided', 'company_id_missing'],
  ['company_id is empty', 'company_id_missing'],
  ['origin_id has already been taken', 'duplicate_origin_id'],
  ['Origin has already been taken', 'duplicate_origin_id'],
  ['This record is locked because it is synced with ERP', 'record_locked'],
  ['Cost code does not exist in this project', 'unknown_reference'],
  ['Entity with this ID not found', 'not_visible'],
];

type Wrap = (text: string) => unknown;

/** Shapes in which Procore, its versions and the frameworks around it say a text. */
const wrappings: Readonly<Record<string, Wrap>> = {
  'plain text': (text) => text,
  'a JSON string': (text) => JSON.stringify(text),
  'errors as text': (text) => ({ errors: text }),
  'errors as a list': (text) => ({ errors: ['Something else', text] }),
  'errors of base': (text) => ({ errors: { base: [text] } }),
  'errors of a field': (text) => ({ errors: { title: [text], name: ['is odd'] } }),
  'errors of fields': (text) => ({ errors: { base: ['is invalid'], fields: { 'A label': text } } }),
  'errors of nested records': (text) => ({ errors: { lines: [{}, { cost: { amount: [text] } }] } }),
  'a list at the top': (text) => [{ errors: [text] }],
  message: (text) => ({ message: text }),
  'message and error': (text) => ({ error: 'Unprocessable Entity', message: text }),
  'error as text': (text) => ({ error: text }),
  'the default object': (text) => ({ code: 422, message: 'Bad', fields: 'name', reason: text, error: 'Bad Request' }),
  'v2 message': (text) => ({ error: { code: 'BAD_REQUEST', message: text, details: [] } }),
  'v2 details': (text) => ({
    error: { code: 'BAD_REQUEST', message: 'Bad', details: [{ reason_code: 'X', message: text, source: 'a.b' }] },
  }),
  'JSON:API': (text) => ({
    errors: [{ status: '422', title: 'Invalid', detail: text, source: { pointer: '/data/attributes/x' } }],
  }),
  'entries that name their field': (text) => ({ errors: [{ field: 'lines', message: text }] }),
  'entries with a place and a value': (text) => ({
    errors: [{ msg: text, param: 'x', location: 'body', value: 'is empty' }],
  }),
  'entries with a path': (text) => ({ detail: [{ loc: ['body', 'x', 0], msg: text, type: 'value_error.missing' }] }),
  'problem details': (text) => ({ type: 'about:blank', title: 'Invalid', status: 422, detail: text }),
  OAuth: (text) => ({ error: 'invalid_request', error_description: text }),
  'a page': (text) =>
    `<!DOCTYPE html><html><head><title>Error</title></head><body><p>${escaped(text)}</p></body></html>`,
  'a page that says it in its title': (text) => `<html><head><title>${escaped(text)}</title></head></html>`,
};

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll("'", '&#39;').replaceAll('<', '&lt;');
}

/** The same text as another version of Procore may write it. */
const respelled = fc.record({
  letters: fc.constantFrom<Wrap>(
    (text) => text,
    (text) => text.toUpperCase(),
    (text) => text.toLowerCase(),
  ),
  end: fc.constantFrom('', '.', '!', ' .', ' (422)', '\n'),
  before: fc.constantFrom('', 'Error: ', 'Sorry, ', 'The change failed. ', '«'),
  spaces: fc.constantFrom(' ', '  ', '\n', ' \t'),
});

const status = fc.constantFrom(400, 401, 403, 404, 409, 422, 500, 503);

describe('a text of Procore', () => {
  it.each(literals)('means the same in every wrapping, spelling and status: %s', (text, id) => {
    const wrapping = fc.constantFrom(...Object.keys(wrappings));
    fc.assert(
      fc.property(wrapping, respelled, status, (name, { letters, before, spaces, end }, code) => {
        const said = `${before}${letters(text)}${end}`.replaceAll(' ', spaces);
        const body = (wrappings[name] as Wrap)(said);
        expect(diagnose(failed(code, body)).id, `${code} ${name}: ${said}`).toBe(id);
      }),
      { numRuns: 300 },
    );
  });

  it('means nothing in a success, whose records hold any text', () => {
    for (const [text] of literals) {
      for (const wrap of Object.values(wrappings)) {
        expect(diagnose(failed(200, wrap(text))).id).toBe('unreadable_answer');
      }
    }
  });

  it.each([
    [404, { errors: ['Not Found'] }, 'not_visible'],
    [404, '<html><title>Not Found</title></html>', 'path_unknown'],
    [404, '', 'not_visible'],
    [403, { errors: ['You do not have access to locked drawings'] }, 'forbidden'],
    [422, { errors: { title: ['is set'] } }, 'unprocessable'],
    [500, { errors: ['We blocked because of load'] }, 'server_error'],
    [500, 'Vendor directory: unknown error', 'server_error'],
    [503, '<html><title>Service Unavailable</title><p>The requested resource is busy</html>', 'overloaded'],
  ])('is not read into other words: %i %j', (code, body, id) => {
    expect(diagnose(failed(code, body)).id).toBe(id);
  });
});
