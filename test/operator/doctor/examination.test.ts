import { describe, expect, it } from 'vitest';
import { type DiagnosisId, namedDiagnosis } from '../../../lib/diagnosis-rows.ts';
import type { Evidence } from '../../../lib/operator/doctor/evidence.ts';
import { examine } from '../../../lib/operator/doctor/examination.ts';
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
  projectsCompared: 1,
  listsRead: ['/rest/v1.0/projects/1/rfis'],
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

  const seenOf = (id: DiagnosisId, companyId: string, ...projectIds: string[]) => ({
    diagnosis: namedDiagnosis(id),
    evidence: [`${id} seen.`],
    about: { companyId, ...(projectIds.length > 0 && { projectIds }) },
  });
  const told = (change: Partial<Evidence>) =>
    Object.fromEntries(
      examine({ ...healthy, ...change })
        .filter(({ verdict }) => verdict !== 'ok')
        .map(({ heading, verdict, followsFrom }) => [heading, followsFrom ? `${verdict} <- ${followsFrom}` : verdict]),
    );
  const notConnected = '403: App is not connected to this company';
  const outside = '403: Resource outside access scope';

  it('shows a company without the app once, and no other refusal of the same company', () => {
    const refusals = [
      seenOf('insufficient_permissions', '5', '7'),
      seenOf('app_not_connected', '5', '7'),
      seenOf('outside_access_scope', '5', '7'),
      seenOf('not_visible', '6', '8'),
    ];
    expect(told({ refusals })).toEqual({
      [notConnected]: 'problem',
      '403: Insufficient permissions': `follows <- ${notConnected}`,
      [outside]: `follows <- ${notConnected}`,
      '404 on a resource that exists': 'problem',
    });
  });

  it('shows a project that is out of reach once, and refusals of other projects for themselves', () => {
    const hidden = seenOf('outside_access_scope', '5', '7', '8');
    expect(told({ refusals: [hidden, seenOf('not_visible', '5', '8')] })).toEqual({
      [outside]: 'problem',
      '404 on a resource that exists': `follows <- ${outside}`,
    });
    expect(told({ refusals: [hidden, seenOf('not_visible', '5', '9')] })).toEqual({
      [outside]: 'problem',
      '404 on a resource that exists': 'problem',
    });
    expect(told({ refusals: [hidden, seenOf('not_visible', '5', '8'), seenOf('not_visible', '5')] })).toEqual({
      [outside]: 'problem',
      '404 on a resource that exists': 'problem',
    });
  });

  it('follows a token that has ended to the credentials that could not replace it', () => {
    const ended = [{ ...connection, expiresAt: 999 }];
    const credentials = 'Sandbox credentials vs. production credentials';
    expect(told({ credentials: 'refused', connections: ended })).toMatchObject({
      [credentials]: 'problem',
      'The access token is invalid': `follows <- ${credentials}`,
    });
    expect(told({ credentials: 'wrong_environment' })).toEqual({
      'Wrong environment credentials': 'problem',
      [credentials]: 'follows <- Wrong environment credentials',
    });
  });

  it('never leaves a problem without one that stands for itself', () => {
    const ids: readonly DiagnosisId[] = [...new Set(crosses.map(([, , id]) => id))];
    for (const first of ids) {
      for (const second of ids) {
        const refusals = [seenOf(first, '5', '7'), seenOf(second, '5', '7')];
        const findings = examine({ ...healthy, refusals });
        expect(
          findings.some(({ verdict }) => verdict === 'problem'),
          `${first}, ${second}`,
        ).toBe(true);
        for (const { followsFrom } of findings) {
          const root = findings.find(({ heading }) => heading === followsFrom);
          if (followsFrom !== undefined) expect(root?.verdict, `${first}, ${second}`).toBe('problem');
        }
      }
    }
  });

  it('says of a connection without any company that the app is installed nowhere', () => {
    const refusals = [{ diagnosis: namedDiagnosis('installed_nowhere'), evidence: ['Empty.'] }];
    const installation = { connected: [], refused: {}, diagnosis: namedDiagnosis('app_not_installed') };
    const { listsRead: _l, projects: _p, projectsCompared: _c, ...nothingListed } = healthy;
    const findings = examine({ ...nothingListed, refusals, installation });
    expect(findings.filter(({ verdict }) => verdict === 'problem')).toEqual([
      expect.objectContaining({
        heading: notConnected,
        actor: 'customer',
        remedy: expect.stringContaining('install the app'),
      }),
    ]);
    for (const { verdict, followsFrom } of findings) {
      if (verdict === 'follows' || verdict === 'not_tried') expect(followsFrom).toBe(notConnected);
    }
  });

  it.each(['overloaded', 'server_error', 'no_answer', 'unreachable'] as const)(
    'says of the outage %s what the status page says, and ticks nothing that needs Procore',
    (id) => {
      const { statusPage, failedCalls = {} } = healthy;
      const refusals = [{ diagnosis: namedDiagnosis(id), evidence: ['No answer.'] }];
      const findings = examine({ environment: 'sandbox', now: 1000, statusPage, failedCalls, refusals });
      expect(findings.filter(({ verdict }) => verdict === 'ok').map(({ heading }) => heading)).toEqual([
        '400: Bad Request',
        '422: Unprocessable Entity',
      ]);
      expect(findings.find(({ verdict }) => verdict === 'problem')?.evidence).toBe(
        'No answer. status.procore.com: All Systems Operational.',
      );
    },
  );

  it('says until when our own rate budget is used up, with neither a tick nor a cross', () => {
    const held = {
      diagnosis: namedDiagnosis('rate_limited'),
      evidence: ['GET /rest/v1.0/companies: not made.'],
      heldUntil: Date.UTC(2026, 10, 24, 12, 30) / 1000,
    };
    const { installation: _, listsRead: __, ...lacking } = healthy;
    const findings = examine({ ...lacking, refusals: [held] });
    const of = (heading: string) => findings.find((one) => one.heading === heading);
    expect(findings.filter(({ verdict }) => verdict === 'problem' || verdict === 'follows')).toEqual([]);
    expect(of('429: Too Many Requests')).toMatchObject({
      verdict: 'not_tried',
      evidence: 'the rate budget of sandbox is used up until 2026-11-24T12:30:00Z. GET /rest/v1.0/companies: not made.',
    });
    for (const heading of ['403: App is not connected to this company', '404 on a resource that exists']) {
      expect(of(heading)).toMatchObject({ verdict: 'not_tried', followsFrom: '429: Too Many Requests' });
    }
    // A 429 that Procore gave is a problem all the same.
    expect(examine({ ...healthy, throttled: 1, refusals: [held] })).toContainEqual(
      expect.objectContaining({ heading: '429: Too Many Requests', verdict: 'problem' }),
    );
  });

  it('calls nothing in order that it has not seen', () => {
    const findings = examine({ environment: 'sandbox', now: 1000 });
    expect(new Set(findings.map(({ verdict }) => verdict))).toEqual(new Set(['not_tried']));
    for (const { evidence } of findings) expect(evidence).not.toBe('');
  });
});
