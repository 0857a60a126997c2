import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Job, jobIdOf } from '../../functions/jobs/job.ts';
import { procoreEnvironments } from '../../functions/procore/environment.ts';
import type { StoredSubscription } from '../../functions/webhook/subscription.ts';
import { standingCharges } from '../../lib/cloud/standing.ts';
import { diagnosisRows } from '../../lib/diagnosis-rows.ts';
import { showConnection, showConnections } from '../../lib/operator/actions/connections.ts';
import { cost } from '../../lib/operator/actions/cost.ts';
import { showFindings } from '../../lib/operator/actions/doctor.ts';
import { showErasure } from '../../lib/operator/actions/erase.ts';
import { showEvent, showEvents, showResourceNow } from '../../lib/operator/actions/events.ts';
import { showBackfill } from '../../lib/operator/actions/events-backfill.ts';
import { showDead, showDeadLetters } from '../../lib/operator/actions/events-dead.ts';
import { showDeliveries } from '../../lib/operator/actions/events-quarantine.ts';
import { showJob, showJobs } from '../../lib/operator/actions/jobs.ts';
import { restoredMeanings, showRestored } from '../../lib/operator/actions/restore.ts';
import { nameHooks } from '../../lib/operator/actions/rotate-authorization.ts';
import { showRows } from '../../lib/operator/actions/stand-in.ts';
import { reportOfLine } from '../../lib/operator/actions/support-report.ts';
import { showTargets } from '../../lib/operator/actions/target.ts';
import { showCheck, showLeftovers } from '../../lib/operator/actions/verify.ts';
import { showApplied, showSubscription, showSubscriptions } from '../../lib/operator/actions/webhooks.ts';
import { generationsOf } from '../../lib/operator/connection/generations.ts';
import type { ConnectionHistory } from '../../lib/operator/connection/picture.ts';
import { showHistory } from '../../lib/operator/connection/show.ts';
import { timelineOf } from '../../lib/operator/connection/timeline.ts';
import { knownLines } from '../../lib/operator/connection/words.ts';
import { examine } from '../../lib/operator/doctor/examination.ts';
import type { Surroundings } from '../../lib/operator/session.ts';
import type { StoredConnection } from '../../lib/operator/stored-connection.ts';
import { lineWidth, showFacts, showTable } from '../../lib/operator/table.ts';
import { sampleEvent, sampleTries } from '../webhook/sample-events.ts';

// As long as they really are: a UUID as key, ids of 19 digits, the longest names of Procore's catalogue.
const connectionId = 'tenant:8c1f6c4e-2b7d-4f5a-9c3e-0d9f1b7a6e52';
const companyId = '9223372036854775807';
const projectId = '9223372036854775783';
const now = 1_800_000_000;
const webhookUrl = 'https://a1b2c3d4e5.execute-api.ap-southeast-2.amazonaws.com/webhooks';

const connection: StoredConnection = {
  connectionId,
  environment: 'monthly-sandbox',
  grant: 'authorization_code',
  status: 'reauthorization_required',
  generation: 123_456,
  issuedAt: now,
  expiresAt: now,
  rotateAt: now,
  notBefore: now,
  cause: 'used_elsewhere',
  failure: { code: 'client_credentials_rejected', at: now, count: 12 },
  environmentChecked: true,
  procoreUserId: companyId,
  companyIds: Array.from({ length: 12 }, () => companyId),
  companyId,
  authorizedBy: { linkIssuedAt: now },
  createdAt: now,
  updatedAt: now,
};
const rows = timelineOf(
  knownLines.map((name, index) => ({
    ...{ at: now + index, log: 'ConnectServiceAccount', event: name },
    fields: {
      ...{ generation: 123_456, attemptNumber: 654_321, status: 500, code: 'client_credentials_rejected' },
      ...{ cause: 'used_elsewhere', outcome: 'unanswered', count: 12, notBefore: now, errorName: 'ForeignItemError' },
    },
  })),
  now + 86_400,
);
const history: ConnectionHistory = {
  ...{ rows, generations: generationsOf(rows, connection), since: now - 86_400, readSince: now },
  unread: [
    { logs: ['ConnectServiceAccount', 'RestoreConnections'], why: `AWS does not allow it:${' arn:aws'.repeat(20)}` },
  ],
};
const stopped = [{ companyId, since: now, refusals: 12, nextTryAt: now + 3600 }];

const event = sampleEvent({
  id: '01JMYXMZRBVKK0PC6XS8SA4QRE',
  resourceName: 'Purchase Order Contract Line Items',
  resourceId: projectId,
  companyId,
});
const detail = 'The cost code 01-23-456 of this line item is not known to the accounting system, and no try can help.';
const arrived = { event, arrivedAt: now, failures: 5, deadLettered: { reason: 'permanent', detail } } as const;

const everyMark = { handledBefore: true, stale: true, loop: true, unsubscribed: true };

const tried = sampleTries({
  tries: Array.from({ length: 10 }, () => ({
    at: now,
    durationMs: 123_456,
    outcome: 'outside',
    errorName: 'OnEventNotLoadedError',
    text: `${detail} `.repeat(4).trim(),
    frame: 'adapters/accounting/purchase-orders/line-items.ts:1234',
    remedy: detail,
    referenceId: '01JMYXMZRBVKK0PC6XS8SA4QRE',
  })),
});

const subscription: StoredSubscription = {
  environment: 'monthly-sandbox',
  companyId,
  connectionId,
  namespace: 'procore-connector',
  destinationUrl: webhookUrl,
  payloadVersion: 'v4.0',
  resources: ['Purchase Order Contract Line Items', 'Company Users', 'RFIs'].map((name) => ({
    name,
    level: 'project',
    actions: ['create', 'update', 'delete'],
  })),
  projects: [projectId, companyId, projectId, companyId],
  hooks: [
    { hookId: companyId, projectId, authorization: '0123456789abcdef', authorizedAt: now, checkedAt: now },
    { hookId: companyId, projectId: null, authorization: '0123456789abcdef', authorizedAt: now, checkedAt: now },
  ],
  silenceHours: 24,
  createdAt: now,
  updatedAt: now,
  auditedAt: now,
  revision: 7,
};

const delivery = {
  reason: 'unknown_shape',
  receivedAt: now,
  bytes: 123_456_789,
  sha256: 'f'.repeat(64),
  bodyBase64: '',
  receipt: 'r',
} as const;

const findings = [
  ...examine({ environment: 'monthly-sandbox', now }),
  ...Object.values(diagnosisRows).map(({ cause, remedy, actor }) => ({
    heading: 'Getting Help' as const,
    verdict: 'problem' as const,
    evidence: detail,
    cause,
    remedy,
    actor,
  })),
];

const line = {
  at: now * 1000,
  log: 'OauthCallback',
  fields: {
    outcome: 'client_refused',
    connectionId,
    status: 401,
    code: 'client_credentials_rejected',
    referenceId: '01JMYXMZRBVKK0PC6XS8SA4QRE',
  },
} as const;

const job: Job = {
  ...{ id: `audit#${companyId}`, kind: 'audit', companyId, state: 'active', request: null, failures: 12 },
  ...{ nextAt: 1_800_000_000, lookedAt: 1_800_000_000, createdAt: 1_800_000_000 },
  lastError: { name: 'ProcoreApiError', text: 'Procore answered 503 to GET /rest/v1.0/projects.', at: 1_800_000_000 },
};

const tables: Readonly<Record<string, () => string | Promise<string>>> = {
  'connections list': () =>
    showConnections('monthly-sandbox', [connection, { ...connection, status: 'connected' }], stopped, now),
  'connections show': () => showConnection(connection, stopped, now),
  'connections show with its history': () => showHistory(history, now + 86_400),
  'events list': () => showEvents([arrived, { event, arrivedAt: now, failures: 0 }], 1234, now),
  'events list with tries': () => showEvents([{ ...arrived, tried }], 1, now),
  'events show': () => showEvent({ ...arrived, tried }, 'monthly-sandbox', everyMark, now),
  'events show --resource-now': () =>
    showResourceNow({
      path: `/rest/v1.0/purchase_order_contracts/${companyId}?project_id=${projectId}`,
      ...{ connectionId, text: '{\n  "id": 1\n}', isCut: true },
    }),
  'events show --resource-now, refused': () => showResourceNow({ refused: { code: 'forbidden', message: detail } }),
  'events dead': () =>
    showDead(
      [
        {
          subject: { kind: 'webhook_event', event },
          attention: 'dead',
          since: now,
          tried,
          deadLettered: { reason: 'permanent', detail },
        },
      ],
      1234,
      'monthly-sandbox',
      now,
    ),
  'events dead --messages': () =>
    showDeadLetters(
      [
        {
          messageId: 'm',
          receipt: 'r',
          groupId: 'g',
          body: messageOf(event),
          reason: 'permanent',
          detail,
          sentAt: now,
        },
      ],
      1234,
      now,
    ),
  'events quarantine': () =>
    showDeliveries([delivery, { ...delivery, reason: 'queue_refused' }], [delivery], true, now),
  'jobs list': () =>
    showJobs('monthly-sandbox', [job, { ...job, failures: 0, lease: { owner: 'one', until: job.createdAt } }], now),
  'jobs show': () => showJob(job, now),
  'webhooks list': () => showSubscriptions('monthly-sandbox', [subscription], now),
  'webhooks list --company': () => showSubscription(subscription, now),
  'webhooks apply': () =>
    showApplied({
      subscription,
      changes: [{ hookId: companyId, projectId, repairs: ['created', 'triggers_added', 'activated', 'reauthorized'] }],
      removedHookIds: [companyId],
    }),
  'webhooks rotate-authorization': () =>
    nameHooks('These hooks would break then. The hourly audit goes on with them; or run this again:', [
      { companyId, projectId, hookId: companyId, connectionId },
      { companyId, projectId: null, hookId: companyId, connectionId },
    ]).join('\n'),
  doctor: () =>
    showFindings(
      { name: 'monthly-sandbox', stackName: 'ProcoreConnector' },
      { connection },
      [{ companyId, hookId: companyId, done: 'activated, reauthorized, triggers added' }],
      findings,
    ),
  restore: () =>
    showRestored(
      Object.keys(restoredMeanings).map((became) => ({ connectionId, became, until: now })),
      true,
      now,
    ),
  'support-report of a page': () =>
    reportOfLine(
      '01JMYXMZRBVKK0PC6XS8SA4QRE',
      { name: 'monthly-sandbox', procore: procoreEnvironments['monthly-sandbox'], callbackUrl: webhookUrl },
      line,
      undefined,
    ).text,
  'erase --status': () => {
    const many = Array.from({ length: 30 }, (_, index) => `${connectionId}-${index}`);
    const checkpoint = {
      ...{ step: 'failed calls', erasedAt: now, subscriptions: 1, hooks: 2000, disconnected: many, unrevoked: many },
      ...{
        events: 123_456_789,
        deadLetters: 12_345,
        quarantined: 12_345,
        unknownMessages: 12_345,
        failedCalls: 123_456,
      },
      ...{
        hooksLeft: { hookIds: many, reason: 'The app is not installed in this company. '.repeat(10).trim() },
        jobs: 123,
      },
      notWhole: ['dead letters', 'quarantine'],
    };
    const id = jobIdOf({ kind: 'erase', companyId });
    return showErasure({ ...job, kind: 'erase', id, request: { keptConnectionIds: many }, checkpoint }, now).text;
  },
  'events backfill --status': () => {
    const name = { kind: 'backfill', companyId, subject: event.resourceName } as const;
    const lastError = { name: 'ProcoreApiError', text: detail, at: now };
    const job = { ...name, id: jobIdOf(name), state: 'active', request: null, failures: 1, createdAt: now } as const;
    return showBackfill(
      { ...job, lastError },
      {
        ...{ resourceName: event.resourceName, projectId, listsDone: 1234, listsInAll: 5678, sent: 123_456_789 },
        ...{ known: 123_456, unusable: 12, unproven: 34, hidden: { projects: 56, text: detail } },
        ...{ workedSeconds: 86_400, sentAnHour: 123_456, endsAt: now },
      },
      now,
    );
  },
  target: () =>
    showTargets([
      {
        stackName: 'ProcoreConnector-monthly-sandbox',
        environments: ['monthly-sandbox', 'production'],
        account: '111122223333',
        region: 'ap-southeast-2',
        profile: 'AdministratorAccess-111122223333',
      },
    ]),
  'verify --leftovers': () =>
    showLeftovers({ stackName: 'ProcoreConnector-monthly-sandbox', tagged: [], inStack: [] }, [
      {
        kind: 'log group',
        environment: 'monthly-sandbox',
        name: '/aws/vendedlogs/procore/0f1e2d3c-4b5a-6978-8695-a4b3c2d1e0f1/monthly-sandbox',
        arn: '',
        // Lines to be copied, which may be longer.
        commands: [],
      },
    ]),
  verify: () =>
    showCheck({
      environment: 'monthly-sandbox',
      what: 'The webhook authorization is generated, and for this environment, which has a long name',
      fault: `${new URL(webhookUrl).pathname} answered 503 instead of 401. See the function's log.`,
    }),
  'stand-in list': () =>
    showRows(
      ['id', 'company', 'project', 'name', 'url', 'status'],
      [
        {
          ...{ id: companyId, company: companyId, project: projectId, name: event.resourceName, url: webhookUrl },
          status: 'active',
        },
      ],
    ),
  cost: async () => {
    const surroundings: Pick<Surroundings, 'standing'> = { standing: async () => standingCharges() };
    const reconciled = { companies: 123_456, projects: 1234, reconcileHours: 6 };
    const asked = {
      environment: undefined,
      stage: undefined,
      connections: 123_456,
      webhooksPerDay: 123_456_789,
      ...reconciled,
      backfilledRecords: 0,
    };
    return (await cost({ surroundings, terminal: { variables: {} } }, asked)).text;
  },
};

function messageOf(reported: typeof event): string {
  return JSON.stringify({ kind: 'webhook_event', environment: 'sandbox', event: reported, receivedAt: now });
}

describe('what people read', () => {
  it.each(Object.entries(tables))('of %s fits 80 columns with the longest values', async (_, make) => {
    const lines = (await make()).split('\n');
    expect(lines.length).toBeGreaterThan(0);
    // A command stands on a line of its own and is not broken, so that it can be copied.
    const isCommand = (text: string) => /^ *npm run procore -- \S/.test(text);
    expect(lines.filter((text) => (text.length > lineWidth && !isCommand(text)) || text !== text.trimEnd())).toEqual(
      [],
    );
  });

  it('is all looked at here: no other file lays out a table', () => {
    const folder = new URL('../../lib/operator/', import.meta.url);
    const laidOut = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && /\b(showTable|showFacts)\(/.test(readFileSync(new URL(name, folder), 'utf8')),
    );
    expect(laidOut.sort()).toEqual([
      ...[
        'connections',
        'erase',
        'events-backfill',
        'events-dead',
        'events-quarantine',
        'events',
        'jobs',
        'restore',
        'rotate-authorization',
        'stand-in',
        'support-report',
        'target',
        'verify',
        'webhooks',
      ].map((name) => `actions/${name}.ts`),
      'connection/show.ts',
      'help.ts',
      'status/show.ts',
      'table.ts',
    ]);
  });

  it('keeps every id in one piece, so that it can be copied', async () => {
    for (const [name, id] of [
      ['connections list', connectionId],
      ['events list', event.id],
      ['webhooks list', companyId],
    ] as const) {
      expect(await tables[name]?.()).toMatch(new RegExp(`(^|\\s)${id}(\\s|$)`, 'm'));
    }
  });

  it.each(['connections list', 'events list', 'events dead', 'events dead --messages', 'events quarantine'])(
    'of %s begins with how things stand, before the ids',
    async (name) => {
      expect(await tables[name]?.()).toMatch(/^(STATUS|REASON) /);
    },
  );
});

describe('a table', () => {
  it('stands in one line a row where that fits', () => {
    expect(
      showTable(
        ['STATUS', 'ID'],
        [
          ['ok', 'a'],
          ['failed', 'b'],
        ],
      ),
    ).toBe('STATUS  ID\nok      a\nfailed  b');
  });

  it('sets what has no room below it, aligned, and leaves out what is empty', () => {
    const wide = 'x'.repeat(50);
    expect(
      showTable(
        ['ONE', 'TWO', 'WHY', 'NEVER'],
        [
          [wide, 'a'.repeat(40), '', ''],
          ['1', '2', 'so', ''],
        ],
      ),
    ).toBe(
      ['ONE', `  TWO${' '.repeat(37)}  WHY`, wide, `  ${'a'.repeat(40)}`, '1', `  2${' '.repeat(39)}  so`].join('\n'),
    );
  });

  it('breaks a long text at its spaces, and never within a word', () => {
    const url = `https://example.com/${'x'.repeat(80)}`;
    expect(
      showFacts([
        ['what', `${'word '.repeat(20)}end`],
        ['where', url],
      ]),
    ).toBe(
      [`what   ${'word '.repeat(14)}`.trimEnd(), '       word word word word word word end', 'where', `  ${url}`].join(
        '\n',
      ),
    );
  });
});
