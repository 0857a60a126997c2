import { describe, expect, it } from 'vitest';
import { type DiagnosisId, namedDiagnosis } from '../../../lib/diagnosis-rows.ts';
import { type Evidence, examine } from '../../../lib/operator/doctor/examination.ts';
import { headings } from '../../../lib/operator/doctor/headings.ts';

const connection = {
  connectionId: 'acme',
  status: 'connected',
  expiresAt: 2000,
  accepted: true,
  environmentChecked: true,
} as const;
const hook = { hookId: '7', status: 'active', triggers: 3, isOurs: true, failed: 0 };

/** Everything gathered, and everything in order. */
const healthy: Evidence = {
  environment: 'sandbox',
  now: 1000,
  credentials: 'accepted',
  connections: [connection],
  refusedCodes: 0,
  redirectUriAgrees: true,
  installation: { connected: ['5358233'], refused: {} },
  refusals: [],
  throttled: 0,
  budgetHourLeftPercent: 80,
  projects: 2,
  hooks: [hook],
  intakeAnswers: true,
  duplicatesDropped: 4,
  failedCalls: {},
  listsComplete: true,
  statusPage: { description: 'All Systems Operational', troubled: [] },
};
const refusal = (id: DiagnosisId) => ({ refusals: [{ diagnosis: namedDiagnosis(id), evidence: ['Seen.'] }] });

/** What makes each heading's cross, and by which diagnosis. */
const crosses: readonly [heading: string, change: Partial<Evidence>, id: DiagnosisId][] = [
  ['The access token is invalid', { connections: [{ ...connection, accepted: false }] }, 'access_token_invalid'],
  ['The access token is invalid', { connections: [{ ...connection, expiresAt: 999 }] }, 'access_token_invalid'],
  [
    'The refresh token is invalid',
    { connections: [{ ...connection, status: 'reauthorization_required', cause: 'revoked' }] },
    'refresh_token_invalid',
  ],
  ['Authorization code errors', { refusedCodes: 2 }, 'authorization_code_invalid'],
  ['Authorization code errors', { redirectUriAgrees: false }, 'authorization_code_invalid'],
  ['Wrong environment credentials', { credentials: 'wrong_environment' }, 'wrong_environment'],
  [
    '403: App is not connected to this company',
    { installation: { connected: [], refused: { 1: 'app_not_connected' } } },
    'app_not_connected',
  ],
  ['403: Insufficient permissions', refusal('insufficient_permissions'), 'insufficient_permissions'],
  ['403: Tool disabled in the project', refusal('tool_disabled'), 'tool_disabled'],
  ['403: Resource outside access scope', refusal('outside_access_scope'), 'outside_access_scope'],
  ['404 on a resource that exists', refusal('not_visible'), 'not_visible'],
  ['429: Too Many Requests', { throttled: 1 }, 'rate_limited'],
  ['429: Too Many Requests', { budgetHourLeftPercent: 4 }, 'rate_limited'],
  ['Sandbox data is empty or different from production', { projects: 0 }, 'sandbox_empty'],
  [
    'Cannot install app in sandbox',
    { installation: { connected: [], refused: {}, diagnosis: namedDiagnosis('app_not_installed') } },
    'app_not_installed',
  ],
  ['Sandbox credentials vs. production credentials', { credentials: 'refused' }, 'client_credentials_rejected'],
  ['Sandbox credentials vs. production credentials', { credentials: 'placeholder' }, 'client_credentials_rejected'],
  ['Webhooks are not being delivered', { hooks: [{ ...hook, status: 'disabled' }] }, 'webhooks_not_delivered'],
  ['Webhooks are not being delivered', { hooks: [{ ...hook, triggers: 0 }] }, 'webhooks_not_delivered'],
  ['Webhooks are not being delivered', { hooks: [{ ...hook, isOurs: false }] }, 'webhooks_not_delivered'],
  ['Webhooks are not being delivered', { intakeAnswers: false }, 'webhooks_not_delivered'],
  ['400: Bad Request', { failedCalls: { bad_request: 2 } }, 'bad_request'],
  ['422: Unprocessable Entity', { failedCalls: { record_locked: 1 } }, 'record_locked'],
  ['Unexpected empty response', refusal('empty_because_of_filters'), 'empty_because_of_filters'],
  ['Pagination: missing data', { listsComplete: false }, 'list_truncated'],
  ['Getting Help', { statusPage: { description: 'Outage', troubled: ['API Gateway: major outage'] } }, 'server_error'],
  ['Getting Help', { failedCalls: { no_answer: 3 } }, 'no_answer'],
];

describe('an examination', () => {
  it('walks the page in its order, and ticks everything that is in order', () => {
    const findings = examine(healthy);
    expect(findings.map(({ heading }) => heading)).toEqual(headings);
    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
  });

  it.each(crosses)('puts a cross on "%s" for %o', (heading, change, id) => {
    const found = examine({ ...healthy, ...change }).find((finding) => finding.heading === heading);
    expect(found).toMatchObject({ verdict: 'problem', diagnosisId: id });
    expect(found?.cause).toBe(namedDiagnosis(id).cause);
    expect(found?.remedy).toBe(namedDiagnosis(id).remedy);
    expect(found?.evidence).not.toBe('');
  });

  it('has a cross for every heading but the one that cannot go wrong', () => {
    const reached = new Set(crosses.map(([heading]) => heading));
    expect(headings.filter((heading) => !reached.has(heading))).toEqual(['Duplicate webhook events']);
  });

  it('lets what was refused speak under its own heading, whatever else was seen, with all that was seen of it', () => {
    const twice = (text: string) => ({ diagnosis: namedDiagnosis('duplicate_events'), evidence: [text] });
    const findings = examine({ ...healthy, refusals: [twice('One.'), twice('Two.')] });
    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([
      expect.objectContaining({ heading: 'Duplicate webhook events', evidence: 'One. Two.', actor: 'nobody' }),
    ]);
  });

  it('calls nothing in order that it has not seen', () => {
    const findings = examine({ environment: 'sandbox', now: 1000 });
    expect(findings.filter(({ verdict }) => verdict === 'ok').map(({ heading }) => heading)).toEqual([
      'Duplicate webhook events',
    ]);
    expect(findings.filter(({ verdict }) => verdict === 'problem')).toEqual([]);
  });
});
