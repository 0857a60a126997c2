import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../functions/procore/diagnosis.ts';
import type { DiagnosisRow } from '../../functions/procore/diagnosis-row.ts';
import { readErrorBody } from '../../functions/procore/error-body.ts';
import type { Exchange } from '../../functions/procore/exchange.ts';
import { diagnosisRows } from '../../lib/diagnosis-rows.ts';
import { failed } from './failed-exchange.ts';

const noCompany = { requestHeaders: {} };
const headerText =
  'Missing Procore-Company-Id header!\n\nEach call your application makes to the Procore API must contain a request header';
const limitText = 'You have surpassed the max number of requests for an hour. Please wait until your limit resets.';
const grantText =
  'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.';

/** Every error body of PROCORE.md, sections 1.8, 2, 4, 5, 6.1 to 6.4, 3.3 and 9. */
const recorded: readonly [section: string, exchange: Exchange, id: string, fields?: Record<string, string[]>][] = [
  [
    '1.8 invalid_grant on refresh',
    failed(400, { error: 'invalid_grant', error_description: grantText }, { purpose: 'token_refresh' }),
    'refresh_token_invalid',
  ],
  [
    '1.8 invalid_grant with 401',
    failed(401, { error: 'invalid_grant' }, { purpose: 'token_refresh' }),
    'refresh_token_invalid',
  ],
  [
    '1.8 invalid_grant on a code',
    failed(400, { error: 'invalid_grant', error_description: grantText }, { purpose: 'code_exchange' }),
    'authorization_code_invalid',
  ],
  [
    '1.8 invalid_client',
    failed(
      401,
      { error: 'invalid_client', error_description: 'Client authentication failed due to unknown client…' },
      { purpose: 'token_refresh' },
    ),
    'client_credentials_rejected',
  ],
  [
    '1.8 unknown client as text',
    failed(401, 'Client authentication failed due to unknown client', { purpose: 'code_exchange' }),
    'client_credentials_rejected',
  ],
  ['2 company header missing, text', failed(400, headerText, noCompany), 'company_header_missing'],
  ['2 company header missing, errors', failed(403, { errors: headerText }, noCompany), 'company_header_missing'],
  [
    '2 company header missing, v2',
    failed(400, { error: { code: 'BAD_REQUEST', message: headerText, details: [] } }, noCompany),
    'company_header_missing',
  ],
  ['2 company header missing, seen as 404', failed(404, { errors: 'Not Found' }, noCompany), 'company_header_missing'],
  ['2 deprecated', failed(403, { errors: 'This endpoint is deprecated' }), 'endpoint_deprecated'],
  ['6.2 not connected', failed(403, { errors: ['App is not connected to this company.'] }), 'app_not_connected'],
  [
    '6.2 not connected, other case',
    failed(403, { errors: { base: ['app is not connected to this company'] } }),
    'app_not_connected',
  ],
  ['6.2 not connected, text', failed(403, { errors: 'App is not connected to this company.' }), 'app_not_connected'],
  [
    '1.10 not connected as 401',
    failed(401, { errors: ['App is not connected to this company.'] }),
    'app_not_connected',
  ],
  ['6.2 another 403', failed(403, { errors: 'You do not have permission' }), 'forbidden'],
  [
    '6.4 FORBIDDEN',
    failed(403, {
      error: {
        code: 'FORBIDDEN',
        message: 'Forbidden',
        details: [{ reason_code: 'ACCESS_DENIED', message: 'Access denied' }],
      },
    }),
    'forbidden',
  ],
  ['6.2 an empty 403', failed(403, ''), 'forbidden'],
  ['6.3 401 errors text', failed(401, { errors: 'Unauthorized' }), 'access_token_invalid'],
  ['6.3 401 message', failed(401, { message: 'The access token is invalid' }), 'access_token_invalid'],
  [
    '6.4 INVALID_TOKEN',
    failed(401, { error: { code: 'UNAUTHORIZED', details: [{ reason_code: 'INVALID_TOKEN' }] } }),
    'access_token_invalid',
  ],
  ['6.3 404 error text', failed(404, { error: 'Not Found' }), 'not_visible'],
  ['6.4 NOT_FOUND', failed(404, { error: { code: 'NOT_FOUND', message: 'Not Found', details: [] } }), 'not_visible'],
  ['6.3 409 message', failed(409, { message: 'Conflict' }), 'unprocessable'],
  [
    '6.3 409 base',
    failed(409, { errors: { base: ['name is in use'] } }),
    'unprocessable',
    { base: ['name is in use'] },
  ],
  [
    '6.3 400 by field',
    failed(400, { errors: { assignees: ['required'] } }),
    'parameter_missing',
    { assignees: ['required'] },
  ],
  [
    '6.3 422 by field',
    failed(422, { errors: { assignees: ['required'] } }),
    'parameter_missing',
    { assignees: ['required'] },
  ],
  [
    '6.3 422 base and fields',
    failed(422, { errors: { base: ['is invalid'], fields: { Title: 'is too long' } } }),
    'unprocessable',
    { base: ['is invalid'], Title: ['is too long'] },
  ],
  ['6.3 budget', failed(422, { message: 'is locked', error: 'Unprocessable Entity' }), 'record_locked'],
  [
    '6.3 default object',
    failed(400, { code: 400, message: 'Bad', fields: 'name', reason: 'blank', error: 'Bad Request' }),
    'bad_request',
  ],
  [
    '6.3 dates are required',
    failed(400, { errors: 'The Start Date and End Date parameters are required' }),
    'parameter_missing',
  ],
  [
    '6.3 a day to come',
    failed(400, { errors: 'The End Date parameter cannot exceed the current day.' }),
    'date_not_accepted',
  ],
  [
    '12 set via workflow',
    failed(422, { errors: { status: ['Status cannot be changed because it is set via workflow'] } }),
    'set_via_workflow',
  ],
  ['12 budget code', failed(422, { errors: ['Budget Code was not found.'] }), 'budget_code_not_found'],
  [
    '12 amount accounting',
    failed(422, { errors: ['Quantity update not allowed on amount accounting contract'] }),
    'amount_contract',
  ],
  ['12 a method that the path does not have', failed(405, { error: 'Method Not Allowed' }), 'path_unknown'],
  ['12 a gateway’s own fault', failed(530, ''), 'server_error'],
  ['12 a status of WebDAV', failed(423, { errors: ['Locked'] }), 'record_locked'],
  ['12 a part of an answer', failed(206, '{"id":'), 'unreadable_answer'],
  ['OAS-T: 401 for a permission', failed(401, { errors: ['User does not have correct permissions.'] }), 'forbidden'],
  ['OAS-T: 401 for a contact', failed(401, { errors: 'user is not an active contact' }), 'forbidden'],
  [
    'an entry that names its field',
    failed(422, { errors: [{ field: 'origin_id', message: 'has already been taken' }] }),
    'duplicate_origin_id',
    { origin_id: ['has already been taken'] },
  ],
  [
    'an entry with a path to its field',
    failed(422, { detail: [{ loc: ['query', 'company_id'], msg: 'field required', type: 'missing' }] }),
    'parameter_missing',
    { company_id: ['field required'] },
  ],
  ['12 a wrong path', failed(404, '<!DOCTYPE html><html><title>Not Found (404)</title></html>'), 'path_unknown'],
  ['12 company_id', failed(400, { errors: { company_id: ["can't be blank"] } }), 'company_id_missing'],
  [
    'a parameter that Rails misses',
    failed(400, { errors: 'param is missing or the value is empty: direct_cost' }),
    'parameter_missing',
  ],
  ['6.3 413', failed(413, { errors: 'Payload too large' }), 'bad_request'],
  [
    '6.3 must be a range',
    failed(400, { errors: { updated_at: ['must be a range'] } }),
    'date_not_accepted',
    { updated_at: ['must be a range'] },
  ],
  [
    '6.4 INVALID_PROPERTY',
    failed(400, {
      error: {
        code: 'BAD_REQUEST',
        message: 'Bad Request',
        details: [{ reason_code: 'INVALID_PROPERTY', message: 'must be a string', source: 'file_name' }],
      },
    }),
    'bad_request',
    { file_name: ['must be a string'] },
  ],
  [
    '6.4 VALIDATION_ERROR',
    failed(422, {
      error: { code: 'UNPROCESSABLE_ENTITY', details: [{ reason_code: 'VALIDATION_ERROR', message: 'x' }] },
    }),
    'unprocessable',
  ],
  [
    '6.4 WORKFLOW_CONFLICT',
    failed(422, { error: { code: 'UNPROCESSABLE_ENTITY', details: [{ code: 'WORKFLOW_CONFLICT' }] } }),
    'set_via_workflow',
  ],
  [
    '5 per_page',
    failed(400, { errors: ['Invalid per_page of 1000, exceeding max per_page of 100'] }),
    'page_too_large',
  ],
  [
    '7 duplicate origin_id',
    failed(422, { errors: { origin_id: ['has already been taken'] } }),
    'duplicate_origin_id',
    { origin_id: ['has already been taken'] },
  ],
  [
    'page: locked by ERP',
    failed(422, { errors: ['This record is locked because it is synced with ERP'] }),
    'record_locked',
  ],
  [
    'page: unknown cost code',
    failed(422, { errors: { cost_code_id: ['does not exist in this project'] } }),
    'unknown_reference',
  ],
  ['page: unknown location', failed(422, { errors: { location: ['must exist'] } }), 'unknown_reference'],
  ['4 429 errors', failed(429, { errors: limitText }), 'rate_limited'],
  ['4 429 text', failed(429, limitText), 'rate_limited'],
  ['6.4 TOO_MANY_REQUESTS', failed(429, { error: { code: 'TOO_MANY_REQUESTS', details: [] } }), 'rate_limited'],
  ['4 503', failed(503, ''), 'overloaded'],
  ['9 HTML 502', failed(502, '<html><head><title>Bad Gateway</title></head></html>'), 'server_error'],
  [
    '6.4 500',
    failed(500, { error: { code: 'INTERNAL_SERVER_ERROR', details: [{ reason_code: 'INTERNAL_SERVER_ERROR' }] } }),
    'server_error',
  ],
  ['3.3 hook 500', failed(500, { error: { code: 500, message: 'x' } }), 'server_error'],
  ['6.1 408', failed(408, ''), 'server_error'],
  ['6.1 406', failed(406, ''), 'bad_request'],
  ['unreadable success', failed(200, '<html>'), 'unreadable_answer'],
  ['timed out', failed(undefined, '', { failure: 'timed_out' }), 'no_answer'],
  ['not sent', failed(undefined, '', { failure: 'not_sent' }), 'unreachable'],
  ['a redirect', failed(302, ''), 'redirected'],
  ['a status that nobody knows', failed(499, ''), 'unknown'],
];

describe('diagnose', () => {
  it.each(recorded)('recognises %s', (_section, exchange, id, fields) => {
    const diagnosis = diagnose(exchange);
    expect(diagnosis.id).toBe(id);
    if (fields !== undefined) expect(diagnosis.fields).toMatchObject(fields);
  });

  it('names no problem that only another circumstance shows', () => {
    const reachable = new Set(recorded.map(([, , id]) => id));
    const unreachable = diagnosisRows.filter((row: DiagnosisRow) => row.recognised && !reachable.has(row.id));
    expect(unreachable.map(({ id }) => id)).toEqual([]);
  });

  it('repeats no secret of the answer', () => {
    const body = {
      errors: ['Bearer abc.def is wrong', 'code=12345 is used'],
      message: 'eyJ0eXAiOiJKV1QiLCJ.eyJhaWQ.xyz',
    };
    const said = JSON.stringify(diagnose(failed(422, body)));
    for (const secret of ['abc.def', 'eyJhaWQ']) expect(said).not.toContain(secret);
  });

  it.each(Object.entries(readFixtures()))('reads every answer of the fixture %s', (_name, { answers }) => {
    for (const { status, body, text } of answers) {
      for (const one of status) {
        const exchange = failed(one, text ?? body);
        expect(diagnose(exchange).id).not.toBe('unknown');
        expect(() => readErrorBody(exchange.responseBody ?? '')).not.toThrow();
      }
    }
  });
});

describe('the rows', () => {
  it('have ids of their own', () => {
    expect(new Set(diagnosisRows.map(({ id }) => id)).size).toBe(diagnosisRows.length);
  });

  it('say cause and remedy in sentences that fit an alarm together', () => {
    for (const { id, cause, remedy } of diagnosisRows) {
      expect(cause.length + remedy.length, id).toBeLessThan(800);
      for (const text of [cause, remedy]) expect(text, id).toMatch(/^\w.*[.)]$/);
    }
  });
});

function readFixtures(): Record<string, { answers: { status: number[]; body?: unknown; text?: string }[] }> {
  return JSON.parse(
    readFileSync(new URL('../../lib/procore-stand-in/fixtures/api-errors.json', import.meta.url), 'utf8'),
  );
}
