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

  it.each([
    ['no company', { companyId: undefined }],
    ['a company id that may have lost digits', { companyId: 5358233 }],
    ['no resource', { resourceName: '' }],
    ['a whole URL', { path: 'https://elsewhere.example/rest/v1.0/rfis' }],
    ['a path with a query', { path: `${path}?page=2` }],
    ['a path that climbs', { path: '/rest/v1.0/../../oauth/token' }],
    ['no time at all', { hoursBack: 0 }],
    ['a year', { hoursBack: 24 * 366 }],
  ])('is refused with %s', (_what, change) => {
    expect(() => parseReconciliationRequest({ ...request, ...change })).toThrow(
      expect.objectContaining({ code: 'invalid_reconciliation_request' }),
    );
    expect(() => parseReconciliationRequest(null)).toThrow();
  });
});
