import { describe, expect, it } from 'vitest';
import { parseReconciliationRequest } from '../../functions/webhook/reconciliation-request.ts';

const path = '/rest/v1.0/projects/23498237/rfis';
const request = { companyId: '5358233', resourceName: 'RFIs', path };

describe('a request for a reconciliation', () => {
  it('looks two hours back unless told', () => {
    expect(parseReconciliationRequest(request)).toEqual({
      companyId: '5358233',
      resource: { resourceName: 'RFIs', path },
      hoursBack: 2,
    });
    expect(parseReconciliationRequest({ ...request, projectId: '23498237', hoursBack: 0.5 })).toMatchObject({
      resource: { projectId: '23498237' },
      hoursBack: 0.5,
    });
  });

  it.each([0.01, 744])('may look %f hours back', (hoursBack) => {
    expect(parseReconciliationRequest({ ...request, hoursBack })).toMatchObject({ hoursBack });
  });

  it.each(['/rest/v1.0/projects/1/rfis', '/rest/v2.0/companies/1/projects/2/wbs-codes_list', '/rest/v10.25/x'])(
    'may be for the list %s',
    (some) => {
      expect(parseReconciliationRequest({ ...request, path: some })).toMatchObject({ resource: { path: some } });
    },
  );

  const id = (name: string) => `${name} must be a text of digits, e.g. "5358233". Numbers lose digits beyond 2^53.`;
  const resource = 'resourceName must be a name of the webhook catalogue, e.g. "RFIs".';
  const list =
    'path must lead to a list that knows filters[updated_at], e.g. "/rest/v1.0/projects/1/rfis". It has no query.';
  const hours = 'hoursBack must be a number above 0, at most 744.';
  it.each<[string, object, string]>([
    ['no company', { companyId: undefined }, id('companyId')],
    ['a company id that may have lost digits', { companyId: 5358233 }, id('companyId')],
    ['a project id that may have lost digits', { projectId: 23498237 }, id('projectId')],
    ['no resource', { resourceName: '' }, resource],
    ['a resource that is no text', { resourceName: 7 }, resource],
    ['no path', { path: undefined }, list],
    ['a whole URL', { path: 'https://elsewhere.example/rest/v1.0/rfis' }, list],
    ['a path with a query', { path: `${path}?page=2` }, list],
    ['a path that climbs', { path: '/rest/v1.0/../../oauth/token' }, list],
    ['a path without a version', { path: '/rest/vx.0/rfis' }, list],
    ['a path without a list', { path: '/rest/v1.0/' }, list],
    ['no time at all', { hoursBack: 0 }, hours],
    ['a time that is no number', { hoursBack: '2' }, hours],
    ['a time that nothing compares with', { hoursBack: Number.NaN }, hours],
    ['more than 31 days', { hoursBack: 744.01 }, hours],
  ])('is refused with %s, and says what it must be', (_what, change, message) => {
    const error = {
      name: 'InvalidReconciliationRequestError',
      code: 'invalid_reconciliation_request',
      message,
    };
    expect(() => parseReconciliationRequest({ ...request, ...change })).toThrow(expect.objectContaining(error));
  });

  it.each([null, undefined, 'text', 7])('is refused when it is %j', (value) => {
    expect(() => parseReconciliationRequest(value)).toThrow(expect.objectContaining({ message: resource }));
  });
});
