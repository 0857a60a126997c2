import { describe, expect, it } from 'vitest';
import {
  type AuthorizationSession,
  type AuthorizationStore,
  type ConnectLink,
  mostSessions,
} from '../../functions/connect/authorization-store.ts';
import type { Repetition } from './sending-twice.ts';

const link: ConnectLink = {
  linkHash: 'a'.repeat(64),
  connectionId: 'acme',
  returnTo: 'https://app.example.com/done?x=1',
  issuedAt: 1_800_000_000.123,
  expiresAt: 1_800_000_900,
};

const session: AuthorizationSession = {
  sessionId: 'b'.repeat(64),
  browserHash: 'c'.repeat(64),
  linkHash: link.linkHash,
  linkIssuedAt: link.issuedAt,
  connectionId: 'acme',
  expiresAt: 1_800_001_800.5,
  keptUntil: 1_800_005_400.5,
};

const connected = {
  outcome: 'connected',
  companies: [{ companyId: '9007199254740993', name: 'Ünion "&" <Sons>' }],
} as const;

/** What every store of links and sessions must do; `makeStore` gives a new, empty one. */
export function authorizationStoreContract(
  name: string,
  makeStore: (repetition?: Repetition) => Promise<AuthorizationStore>,
): void {
  describe(`the ${name} authorization store`, () => {
    it('gives back a link as it was stored, fractions of seconds included', async () => {
      const store = await makeStore();
      await store.putLink(link);
      expect(await store.readLink(link.linkHash)).toEqual(link);
    });

    it('gives back a session as it was stored', async () => {
      const store = await makeStore();
      await store.putSession(session);
      expect(await store.readSession(session.sessionId)).toEqual(session);
    });

    it('knows nothing of what was never stored, and takes no link for a session', async () => {
      const store = await makeStore();
      await store.putLink(link);
      expect(await store.readLink('d'.repeat(64))).toBeUndefined();
      expect(await store.readSession(link.linkHash)).toBeUndefined();
    });

    it('gives back expired items too: expiry is the caller’s check', async () => {
      const store = await makeStore();
      await store.putLink({ ...link, expiresAt: 1 });
      expect(await store.readLink(link.linkHash)).toMatchObject({ expiresAt: 1 });
    });

    it('spends a link, twice as well as once', async () => {
      const store = await makeStore();
      await store.putLink(link);
      await store.spendLink(link.linkHash);
      await store.spendLink(link.linkHash);
      expect(await store.readLink(link.linkHash)).toEqual({ ...link, spent: true });
    });

    it('lets a link begin ten sessions, whoever asks at once, and no more', async () => {
      const store = await makeStore();
      await store.putLink(link);
      const counts = await Promise.all(Array.from({ length: 15 }, () => store.countSession(link.linkHash)));
      expect(counts.filter((count) => count === 'counted')).toHaveLength(mostSessions);
      expect(await store.readLink(link.linkHash)).toEqual({ ...link, sessions: mostSessions });
      expect(await store.countSession(link.linkHash)).toBe('refused');
    });

    it('counts no session of a link that is gone, and makes none by it', async () => {
      const store = await makeStore();
      expect(await store.countSession(link.linkHash)).toBe('refused');
      expect(await store.readLink(link.linkHash)).toBeUndefined();
    });

    it('makes no link of one that was deleted by spending it', async () => {
      const store = await makeStore();
      await store.spendLink(link.linkHash);
      expect(await store.readLink(link.linkHash)).toBeUndefined();
    });

    it('lets one of twenty callers claim a session', async () => {
      const store = await makeStore();
      await store.putSession(session);
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          store.claimSession(session.sessionId, { owner: `owner-${index}`, leaseUntil: 1_800_000_060 }),
        ),
      );
      expect(claims.filter((claim) => claim === 'claimed')).toHaveLength(1);
      const stored = await store.readSession(session.sessionId);
      expect(stored?.claim).toEqual({ owner: `owner-${claims.indexOf('claimed')}`, leaseUntil: 1_800_000_060 });
    });

    it('does not give a claim away again when its lease is over: a code is used once', async () => {
      const store = await makeStore();
      await store.putSession(session);
      await store.claimSession(session.sessionId, { owner: 'dead', leaseUntil: 1 });
      expect(await store.claimSession(session.sessionId, { owner: 'late', leaseUntil: 2_000_000_000 })).toBe('refused');
    });

    it('claims no session that does not exist', async () => {
      const store = await makeStore();
      expect(await store.claimSession(session.sessionId, { owner: 'me', leaseUntil: 1 })).toBe('refused');
      expect(await store.readSession(session.sessionId)).toBeUndefined();
    });

    it('keeps the first result, and gives it to whoever comes later with another', async () => {
      const store = await makeStore();
      await store.putSession(session);
      expect(await store.settleSession(session.sessionId, connected)).toEqual(connected);
      const late = { outcome: 'code_refused', referenceId: 'ref' } as const;
      expect(await store.settleSession(session.sessionId, late)).toEqual(connected);
      expect((await store.readSession(session.sessionId))?.result).toEqual(connected);
    });

    it('stores a failure with and without a time to wait', async () => {
      const store = await makeStore();
      await store.putSession(session);
      const failure = { outcome: 'procore_unavailable', referenceId: 'ref', retryAfterSeconds: undefined } as const;
      await store.settleSession(session.sessionId, failure);
      expect((await store.readSession(session.sessionId))?.result).toEqual(failure);
    });

    it('believes its own claim and result when the SDK repeats a write whose answer was lost', async () => {
      const store = await makeStore('repeated');
      await store.putLink(link);
      await store.putSession(session);
      const claim = { owner: 'me', leaseUntil: 1_800_000_060 };
      expect(await store.claimSession(session.sessionId, claim)).toBe('claimed');
      expect(await store.claimSession(session.sessionId, { ...claim, owner: 'other' })).toBe('refused');
      expect(await store.settleSession(session.sessionId, connected)).toEqual(connected);
      await store.spendLink(link.linkHash);
      expect(await store.readLink(link.linkHash)).toEqual({ ...link, spent: true });
    });

    it('keeps lists of companies beside a session, each under its name, and the last one over an earlier', async () => {
      const store = await makeStore('repeated');
      const list = (from: number) =>
        Array.from({ length: 500 }, (_, at) => ({ companyId: `${from + at}`, name: '社'.repeat(100) }));
      await store.keepCompanies(session, '1', list(0));
      await store.keepCompanies(session, 'found', list(1000));
      await store.keepCompanies(session, 'found', [{ companyId: '7', name: 'Seven' }]);
      expect(await store.readCompanies(session.sessionId, '1')).toEqual(list(0));
      expect(await store.readCompanies(session.sessionId, 'found')).toEqual([{ companyId: '7', name: 'Seven' }]);
      expect(await store.readCompanies(session.sessionId, '2')).toEqual([]);
      expect(await store.readSession(session.sessionId)).toBeUndefined();
    });

    it('has no result for a session that is gone', async () => {
      const store = await makeStore();
      expect(await store.settleSession(session.sessionId, connected)).toBeUndefined();
      expect(await store.readSession(session.sessionId)).toBeUndefined();
    });
  });
}
