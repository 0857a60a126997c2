import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attended } from '../../../functions/webhook/ledger.ts';
import type { EnvironmentFacts, QueueDepth } from '../../../lib/operator/status/facts.ts';
import { isFailing } from '../../../lib/operator/status/hook-problems.ts';
import { lookedAt } from '../../../lib/operator/status/hooks.ts';
import { problemsOf } from '../../../lib/operator/status/problems.ts';
import { showStatus } from '../../../lib/operator/status/show.ts';
import type { StoredConnection } from '../../../lib/operator/stored-connection.ts';
import { sampleEvent, sampleTries } from '../../webhook/sample-events.ts';
import { sampleSubscription } from '../../webhook/sample-subscription.ts';

const now = 1_800_000_000;
const empty: QueueDepth = { waiting: 0, inFlight: 0 };
const queues = {
  ...{ Events: empty, EventsDeadLetter: empty, Quarantine: empty, Rotation: empty, RotationDeadLetter: empty },
  ...{ Escrow: empty, CompanyWork: empty },
};
const well: EnvironmentFacts = {
  ...{ environment: 'sandbox', stackName: 'ProcoreConnector', local: false, now, scannedAt: now },
  client: { value: 'set' },
  connections: { value: [] },
  malformed: [],
  stopped: { value: [] },
  queues: { value: queues },
  oldestEvent: { value: undefined },
  failing: { value: { first: [], more: false } },
  dead: { value: { first: [], more: false } },
  subscriptions: { value: [] },
  failedJobs: { value: { first: [], more: false } },
  hooks: { value: { companies: 0, ofCompanies: 0, disabled: [] } },
  budget: { value: { version: 0, windows: [], counts: {}, isUncounted: false, pausedUntil: 0 } },
  alarms: { value: [] },
  deployed: { status: 'UPDATE_COMPLETE', at: now - 86_400 },
};

const connection: StoredConnection = {
  ...{ connectionId: 'acme', environment: 'sandbox', grant: 'authorization_code', status: 'connected', generation: 3 },
  ...{ issuedAt: now - 600, expiresAt: now + 4800, rotateAt: now + 2000, environmentChecked: true, companyIds: ['8'] },
  ...{ companiesCount: 1, companiesReadAt: now, authorizedBy: { linkIssuedAt: now }, createdAt: now, updatedAt: now },
};

/** An event that fails with an error of this text, which says what to do. */
function failing(text: string): Attended {
  const one = {
    at: now - 5,
    durationMs: 1,
    outcome: 'failed' as const,
    errorName: 'Error',
    text,
    remedy: 'Open the books.',
  };
  const subject = { kind: 'webhook_event' as const, event: sampleEvent({}) };
  return { subject, attention: 'failing', since: now - 60, tried: sampleTries({ tries: [one] }) };
}

const codes = (facts: Partial<EnvironmentFacts>) => problemsOf({ ...well, ...facts }).map(({ code }) => code);
const alarm = (id: string) => ({ id, since: now - 60, cause: `The cause of ${id}.`, remedy: `The remedy of ${id}.` });

describe('the problems of an environment', () => {
  it('are none where all is well, and the screen says so', () => {
    const facts = { ...well, connections: { value: [connection] } };
    expect(problemsOf(facts)).toEqual([]);
    const screen = showStatus(facts, []);
    expect(screen).toContain('all is well.');
    expect(screen).toContain('1 connected; next token ends in 80 min (acme)');
    expect(screen).toContain('none fires');
    expect(screen).toContain('update complete');
  });

  it('stand in the order of what is lost first', () => {
    const facts = {
      client: { value: 'missing' },
      connections: {
        value: [
          { ...connection, status: 'reauthorization_required' as const },
          { ...connection, connectionId: 'late', rotateAt: now - 900 },
          { ...connection, connectionId: 'new', status: 'disconnected' as const, generation: 0 },
        ],
      },
      queues: { value: { ...queues, Escrow: { waiting: 0, inFlight: 1 }, Quarantine: { waiting: 2, inFlight: 0 } } },
    } as const;
    expect(codes(facts)).toEqual([
      ...['client_credentials', 'escrow', 'reauthorization_required', 'rotation_overdue', 'quarantine'],
    ]);
  });

  it('do not count a connection that is cooling down as overdue, nor one that has ended twice', () => {
    const cooling = { ...connection, rotateAt: now - 900, notBefore: now + 60 };
    expect(codes({ connections: { value: [cooling] } })).toEqual([]);
    const ended = { ...connection, rotateAt: now - 900, expiresAt: now - 1 };
    expect(codes({ connections: { value: [ended] } })).toEqual(['past_expiry']);
    const refused = { ...ended, failure: { code: 'invalid_client', at: now, count: 4 } };
    expect(codes({ connections: { value: [refused] } })).toEqual(['client_refused']);
  });

  it('tell of an alarm in its own words, unless a fact has told it already', () => {
    const firing = { value: [alarm('quarantine'), alarm('webhook-intake-slow')] };
    expect(codes({ alarms: firing })).toEqual(['alarm_quarantine', 'alarm_webhook-intake-slow']);
    const quarantined = { value: { ...queues, Quarantine: { waiting: 1, inFlight: 0 } } };
    const found = problemsOf({ ...well, alarms: firing, queues: quarantined });
    expect(found.map(({ code }) => code)).toEqual(['alarm_webhook-intake-slow', 'quarantine']);
    expect(found[0]).toMatchObject({
      what: expect.stringContaining('The cause of webhook-intake-slow.'),
      remedy: 'The remedy of webhook-intake-slow.',
    });
  });

  it('name what could not be read, once for each reason: it may hide anything', () => {
    const unread = { unread: 'AccessDeniedException: not authorized' };
    const found = problemsOf({ ...well, connections: unread, dead: unread, alarms: { unread: 'TimeoutError: late' } });
    expect(found.map(({ code }) => code)).toEqual(['unread', 'unread']);
    expect(found[0]?.what).toBe('Could not read connections, dead letters: AccessDeniedException: not authorized');
  });

  it('leave beside them what is known of hooks when Procore cannot be asked how they stand', () => {
    const hook = { hookId: '1', projectId: null, authorization: 'f', authorizedAt: 0, checkedAt: now - 5 };
    const subscriptions = { value: [{ ...sampleSubscription({ hooks: [hook] }), revision: 1 }] };
    const screen = showStatus({ ...well, subscriptions, hooks: { unread: 'TimeoutError: late' } }, []);
    expect(screen).toContain('1 hook of 1 company; oldest look 5 s ago; disabled: not known\n');
  });

  it.each([
    ['UPDATE_ROLLBACK_COMPLETE', 'soon'],
    ['UPDATE_ROLLBACK_FAILED', 'now'],
  ])('tell of a deployment that ended as %s', (status, urgency) => {
    expect(problemsOf({ ...well, deployed: { status, at: now } })).toMatchObject([
      { code: 'deployment_failed', urgency },
    ]);
  });

  it('name companies of which Procore did not say how their hooks stand, though others are well', () => {
    const refused = { status: 'rejected', reason: new Error('403') } as const;
    const seen = { status: 'fulfilled', value: [] } as const;
    const value = lookedAt([seen, refused, refused], 7);
    const [problem, ...others] = problemsOf({ ...well, hooks: { value } });
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: 'hooks_unseen', urgency: 'soon' });
    expect(problem?.what).toBe('Procore could not be asked how the hooks of 2 companies stand: Error: 403');
    expect(lookedAt([seen], 7)).toEqual({ companies: 1, ofCompanies: 7, disabled: [] });
    expect(() => lookedAt([refused], 7)).toThrow('403');
  });

  it('are both told of any two, the worse first, and no more', () => {
    const faults: readonly (readonly [code: string, facts: Partial<EnvironmentFacts>])[] = [
      ['client_credentials', { client: { value: 'missing' } }],
      ['connection_malformed', { malformed: [{ connectionId: 'broken', why: 'status: wrong' }] }],
      ['reauthorization_required', { connections: { value: [{ ...connection, status: 'reauthorization_required' }] } }],
      ['procore_down', { hooks: { unread: 'ProcoreApiError: status 503.', code: 'overloaded' } }],
      ['app_not_connected', { stopped: { value: [{ companyId: '8', since: 1, refusals: 2, nextTryAt: 2 }] } }],
      ['failing', { failing: { value: { first: [failing('x')], more: false } } }],
      ['dead_letters', { dead: { value: { first: [failing('x')], more: false } } }],
      ['deployment_failed', { deployed: { status: 'UPDATE_ROLLBACK_COMPLETE', at: now } }],
      ['alarm_quarantine', { alarms: { value: [alarm('quarantine')] } }],
    ];
    const urgencies = ['now', 'soon', 'note'];
    fc.assert(
      fc.property(fc.subarray([...faults], { minLength: 2, maxLength: 2 }), (pair) => {
        const found = problemsOf({ ...well, ...Object.assign({}, ...pair.map(([, facts]) => facts)) });
        expect(found.map(({ code }) => code).toSorted()).toEqual(pair.map(([code]) => code).toSorted());
        const [worse, other] = found.map(({ urgency }) => urgencies.indexOf(urgency));
        expect(worse).toBeLessThanOrEqual(other ?? 0);
      }),
    );
  });

  it('say one and several in the words that fit them', () => {
    const needing = ['acme', 'globex'].map((connectionId) => ({
      ...{ ...connection, connectionId, status: 'reauthorization_required' as const },
    }));
    const said = (connections: readonly StoredConnection[]) =>
      problemsOf({ ...well, connections: { value: connections } })[0]?.what;
    expect(said(needing.slice(1))).toBe('1 connection needs a person to connect again: globex.');
    expect(said(needing)).toBe('2 connections need a person to connect again: acme, globex.');
  });

  it('show that an error goes on which is too long for them, and what it says to do', () => {
    const first = failing('x'.repeat(400));
    const [long] = problemsOf({ ...well, failing: { value: { first: [first], more: false } } });
    expect(long?.what).toMatch(/x…$/);
    expect(long?.remedy).toBe(
      'Open the books. See them: npm run procore -- events list --status failed --since 24h --environment sandbox',
    );
  });

  it('tell a subscription of which the connection is gone or was ended, and no other', () => {
    const subscriptions = { value: [{ ...sampleSubscription({}), revision: 1 }] };
    expect(codes({ subscriptions })).toEqual(['subscription_without_connection']);
    expect(codes({ subscriptions, connections: { value: [connection] } })).toEqual([]);
    const ended = { ...connection, status: 'disconnected' as const };
    expect(codes({ subscriptions, connections: { value: [ended] } })).toEqual(['subscription_without_connection']);
    expect(codes({ subscriptions, connections: { unread: 'denied' } })).toEqual(['unread']);
  });

  it.each([
    ['overloaded', 'procore_down', /an outage, and no refusal/],
    ['unreachable', 'procore_down', /Nothing reaches Procore from here/],
    ['app_not_connected', 'app_not_connected', /not connected/],
    ['forbidden', 'hooks_unseen', /could not be asked/],
  ])('tell %s of Procore as %s', (code, told, says) => {
    const [problem, ...others] = problemsOf({ ...well, hooks: { unread: 'ProcoreApiError: why', code } });
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: told, what: expect.stringMatching(says) });
  });

  it.each([
    [
      'AccessDeniedException',
      'AccessDeniedException: User: x is not authorized to perform: dynamodb:Scan on resource: y',
      false,
      /permission dynamodb:Scan/,
    ],
    ['CredentialsProviderError', 'CredentialsProviderError: none', false, /aws sso login/],
    ['ExpiredTokenException', 'ExpiredTokenException: expired', false, /aws sso login/],
    ['ECONNREFUSED', 'Error: connect ECONNREFUSED', true, /npm start/],
    ['ENOTFOUND', 'Error: getaddrinfo ENOTFOUND', false, /network, proxy and --region/],
  ])('say what to do about a part that could not be read for %s', (code, unread, local, remedy) => {
    const [problem] = problemsOf({ ...well, local, connections: { unread, code } });
    expect(problem).toMatchObject({ code: 'unread', remedy: expect.stringMatching(remedy) });
  });

  it('name the connection that Procore refuses, where one serves all companies', () => {
    const why = 'ProcoreApiError: Connect the account again (npm run procore -- connect CONNECTION).';
    const facts = { ...well, subscriptions: { value: [{ ...sampleSubscription({}), revision: 1 }] } };
    const [problem] = problemsOf({
      ...{ ...facts, connections: { value: [connection] } },
      hooks: { unread: why, code: 'access_token_invalid' },
    });
    expect(problem?.what).toContain('connect acme)');
  });

  it('do not say that Procore could not be asked when subscriptions could not be read', () => {
    const unread = { unread: 'Error: connect ECONNREFUSED', code: 'ECONNREFUSED' };
    expect(codes({ subscriptions: unread, hooks: unread })).toEqual(['unread']);
  });

  it.each([
    [503, 'procore_down', /an outage, and no refusal\. It answered 503, and has asked for no calls for another 10 min/],
    [429, 'rate_limited', /no calls for another 10 min: its limit was used up/],
    // As an earlier version has stored it.
    [undefined, 'rate_limited', /its limit was used up/],
  ])(
    'tell a silence that an answer of %s has asked for as what it is, once, and no consequence of it',
    (by, code, what) => {
      const pause = { pausedUntil: now + 600, ...(by !== undefined && { pausedBy: by }) };
      const budget = { value: { version: 1, windows: [], counts: {}, isUncounted: false, ...pause } };
      for (const refused of ['rate_limited', 'overloaded']) {
        const problems = problemsOf({ ...well, budget, hooks: { unread: 'Error: not asked', code: refused } });
        expect(problems).toMatchObject([{ code, what: expect.stringMatching(what) }]);
      }
    },
  );

  it('tell a limit of which nothing is left as more than one that runs low', () => {
    const window = {
      ...{ slot: 0, limit: 3600, seconds: 3600, gap: 0, resetAt: now + 60, toldReset: now + 60, isTold: true },
      ...{ openedIn: 1, scouts: 0, expected: 0 },
    };
    const counts = { 0: { used: 3600, foreground: 0, sent: 3600, missed: 0 } };
    const state = { version: 1, windows: [window], counts, isUncounted: false, pausedUntil: 0 };
    expect(problemsOf({ ...well, budget: { value: state } })).toMatchObject([
      { code: 'budget_spent', urgency: 'soon' },
    ]);
  });

  describe('in the looks at hooks', () => {
    /** A limit of so many calls an hour, and so many hooks of which the one that has waited longest did so for some hours. */
    function looked(
      calls: number | undefined,
      hooks: number,
      hours: number,
      scope?: string,
    ): Partial<EnvironmentFacts> {
      const window = {
        ...{ slot: 0, limit: calls ?? 0, seconds: 3600, gap: 0, resetAt: now - 1, toldReset: now - 1, isTold: true },
        ...{ openedIn: 1, scouts: 0, expected: 0 },
      };
      const windows = calls === undefined ? [] : [window];
      const subscription = sampleSubscription({});
      const hook = { hookId: '1', projectId: null, authorization: 'f', authorizedAt: 0, checkedAt: now - hours * 3600 };
      return {
        budget: {
          value: { version: 1, windows, counts: {}, isUncounted: false, pausedUntil: 0, ...(scope && { scope }) },
        },
        connections: { value: [{ ...connection, connectionId: subscription.connectionId }] },
        subscriptions: {
          value: [{ ...subscription, revision: 1, hooks: Array.from({ length: hooks }, () => hook) }],
        },
      };
    }

    it('tell of as many hooks as there may be', () => {
      const facts = looked(undefined, 200_000, 3);
      expect(codes(facts)).toEqual(['audit_late']);
      expect(showStatus({ ...well, ...facts }, [])).toContain('200000 hooks of 1 company; oldest look 3 h ago');
    });

    it.each([
      ['no limit is known', undefined, 10, 1.9, 2.1],
      ['the limit allows a look within the hour', 3600, 400, 1.9, 2.1],
      ['600 calls an hour are for 640 hooks: 2.9 hours at best', 600, 640, 4.3, 4.5],
      ['companies are counted apart', 600, 640, 1.9, 2.1, 'company'],
      ['the limit is far too small: what is lost is told in any case', 600, 6400, 11.9, 12.1],
    ] as const)('call one late where %s, and none before', (_, calls, hooks, well, late, scope?: string) => {
      expect(codes(looked(calls, hooks, well, scope))).toEqual([]);
      expect(codes(looked(calls, hooks, late, scope))).toEqual(['audit_late']);
    });

    it('say what the limit allows at best', () => {
      const [problem] = problemsOf({ ...well, ...looked(600, 640, 5) });
      expect(problem).toMatchObject({
        urgency: 'soon',
        what: expect.stringMatching(
          /5 h ago\. With 600 calls an hour, which is Procore's limit, a look at all 640 takes/,
        ),
      });
    });
  });

  it.each([
    [{ state: 'active', failures: 2 }, false],
    [{ state: 'active', failures: 3 }, true],
    [{ state: 'active', failures: 0, deaths: 1 }, false],
    [{ state: 'active', failures: 0, deaths: 2 }, true],
    [{ state: 'failed', failures: 1 }, true],
    [{ state: 'paused', failures: 9 }, false],
  ] as const)('are jobs that fail, not those of which a slice has: %j', (job, fails) => {
    expect(isFailing(job)).toBe(fails);
  });

  it('do not call a limit low whose window is over', () => {
    const window = {
      ...{ slot: 0, limit: 3600, seconds: 3600, gap: 0, resetAt: now + 60, toldReset: now + 60, isTold: true },
      ...{ openedIn: 1, scouts: 0, expected: 0 },
    };
    const counts = { 0: { used: 3500, foreground: 0, sent: 3500, missed: 0 } };
    const state = { version: 1, windows: [window], counts, isUncounted: false, pausedUntil: 0 };
    expect(codes({ budget: { value: state } })).toEqual(['budget_low']);
    expect(codes({ budget: { value: { ...state, windows: [{ ...window, resetAt: now - 1 }] } } })).toEqual([]);
  });
});
