import { describe, expect, it } from 'vitest';
import { AccessTokenRefusedError, ForeignTokenError } from '../../functions/procore/access-token-source.ts';
import { ProcoreApiError, pathOf } from '../../functions/procore/api-error.ts';
import { InvalidCompanyIdError } from '../../functions/procore/client.ts';
import { diagnosed } from '../../functions/procore/diagnosis.ts';
import { InexactNumberError, parseExactJson } from '../../functions/procore/exact-json.ts';
import { ForeignItemError } from '../../functions/procore/foreign-item.ts';
import { oauthDiagnosisRow } from '../../functions/procore/oauth-diagnosis-rows.ts';
import { EndlessListError, NotAListError, TruncatedListError } from '../../functions/procore/paging.ts';
import { InsecureOriginError } from '../../functions/procore/secure-origin.ts';
import { SyncInterruptedError, UnidentifiedUpdateError } from '../../functions/procore/sync.ts';
import { apiError, failed } from './failed-exchange.ts';

const copied =
  'Somebody has copied items between environments. Remove every item there whose "environment" is not "sandbox"; an ' +
  'account whose connection is removed has to be connected again.';

describe('what the errors of the client say', () => {
  it.each([
    [
      () => new ForeignTokenError('production', 'sandbox'),
      'A token of "production" was vended to a client of "sandbox". Tokens do not carry over between Procore ' +
        'environments: give the client the access-token function of its own environment.',
    ],
    [
      () => new InvalidCompanyIdError(),
      'A company id must be a text of digits, e.g. "5358233". Numbers lose digits beyond 2^53.',
    ],
    [
      () => new InexactNumberError(),
      'A number beyond 2^53 cannot be exact. Give ids as strings, or as bigint where Procore wants a number.',
    ],
    [
      () => new ForeignItemError('table "Deliveries"', 'production', 'sandbox'),
      `An item of environment "production" lies in the table "Deliveries" of environment "sandbox". ${copied}`,
    ],
    [
      () => new ForeignItemError('escrow queue', undefined, 'sandbox'),
      `An item of another environment lies in the escrow queue of environment "sandbox". ${copied}`,
    ],
    [
      () => new NotAListError('/rest/v1.0/me'),
      '/rest/v1.0/me answered with something other than a list. Read it with get() in place of list().',
    ],
    [
      () => new TruncatedListError('/rest/v1.0/projects', 4, 5),
      '/rest/v1.0/projects gave 4 items of 5: pages are missing, or records were deleted while the list was read. Read ' +
        'it again.',
    ],
    [
      () => new NotAListError('/rest/v1.0/me', true),
      '/rest/v1.0/me answered with success, and with errors in place of a whole list. Read it with get() to see them.',
    ],
    [
      () => new TruncatedListError('/rest/v1.0/projects', 4),
      '/rest/v1.0/projects gave 4 items and says that there are more, but not where, or it gives the same ones again. Say ' +
        'how it is paged with the option `paging`, or read it with get().',
    ],
    [
      () => new EndlessListError('/rest/v1.0/projects', 5),
      '/rest/v1.0/projects has more than 5 pages. Reading stopped there: the list does not seem to end.',
    ],
    [
      () => new InsecureOriginError('http://login.procore.example'),
      'http://login.procore.example is neither https nor http on loopback: tokens and the client secret would travel ' +
        'unencrypted. Unset PROCORE_LOGIN_ORIGIN and PROCORE_API_ORIGIN, or give them https origins.',
    ],
    [
      () => new UnidentifiedUpdateError(3),
      'Record 3 of the sync has neither id nor origin_id: a repetition would create it twice. Give it an origin_id (your ' +
        'own key of it), or allow it with createsWithoutOriginId.',
    ],
    [() => new SyncInterruptedError([], 7, new Error('Why.')), 'The sync ended after 0 of 7 records. Why.'],
    [() => new SyncInterruptedError([], 7, 'a text'), 'The sync ended after 0 of 7 records.'],
  ])('is whole: %#', (make, message) => {
    expect(make().message).toBe(message);
  });

  it('is that of the function that refused, with what to do', () => {
    const refusal = { code: 'reauthorization_required', message: 'Connect again.', reconnect: 'How.' };
    expect(new AccessTokenRefusedError({ error: refusal })).toMatchObject({ ...refusal, retryAfterSeconds: undefined });
  });

  it('tells of JSON what is wrong with it, and no more', () => {
    expect(() => parseExactJson('{hunter2')).toThrow(
      'The text is not usable JSON: it cannot be parsed (8 characters).',
    );
    expect(() => parseExactJson('['.repeat(101))).toThrow(
      'The text is not usable JSON: it is nested more than 100 levels deep.',
    );
  });

  it('names the call and what came of it, then cause and remedy', () => {
    const said = (exchange: Parameters<typeof failed>) => {
      const { message, diagnosis } = apiError(failed(...exchange));
      return message.replace(`${diagnosis.cause} ${diagnosis.remedy}`, 'WHY');
    };
    expect(said([404])).toBe('GET /rest/v1.0/projects/1/rfis: status 404. WHY');
    expect(said([undefined, '', { failure: 'timed_out' }])).toBe('GET /rest/v1.0/projects/1/rfis: timed_out. WHY');
    expect(new ProcoreApiError(failed(undefined), { diagnosis: diagnosed('unknown') }).message).toContain(
      'GET /rest/v1.0/projects/1/rfis: not sent. ',
    );
  });

  it('shows a path without its query, and without characters that no path of Procore has', () => {
    expect(pathOf('https://x.example/rest/v1.0/a-b_c/1?token=2#x')).toBe('/rest/v1.0/a-b_c/1');
    expect(pathOf('https://x.example/a%20b%22%22c')).toBe('/a*20b*22*22c');
    expect(pathOf(`https://x.example/${'a'.repeat(300)}`)).toHaveLength(200);
  });

  it('has no words for a diagnosis that there is not', () => {
    expect(() => oauthDiagnosisRow('odd' as 'wrong_environment')).toThrow('There is no diagnosis "odd" about OAuth.');
    expect(() => diagnosed('odd' as 'unknown')).toThrow('There is no diagnosis "odd".');
  });
});
