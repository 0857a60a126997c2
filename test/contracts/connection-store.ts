import { describe, expect, it } from 'vitest';
import type { Connection } from '../../functions/connection/connection.ts';
import {
  type Condition,
  type ConnectionStore,
  type ConnectionWrite,
  dueShardOf,
  dueShards,
} from '../../functions/connection/connection-store.ts';
import * as transitions from '../../functions/connection/transitions.ts';
import type { Repetition } from './sending-twice.ts';

const now = 1_800_000_000;

/** A connection as a first authorization stores it. */
export function storedConnection(fields: Partial<Connection> = {}): Connection {
  return {
    environment: 'sandbox',
    connectionId: 'acme',
    grant: 'authorization_code',
    status: 'connected',
    tokens: { accessToken: 'access-1', refreshToken: 'refresh-1', issuedAt: now, expiresAt: now + 5400 },
    generation: 1,
    rotateAt: now + 4000,
    attemptNumber: 0,
    authorizedBy: { sessionId: 'session-1', linkIssuedAt: now - 100 },
    environmentChecked: true,
    companyIds: ['11', '9007199254740993'],
    createdAt: now,
    updatedAt: now,
    ...fields,
  };
}

/** A token set that waits for its confirmation. */
const unconfirmed: NonNullable<Connection['unconfirmed']> = {
  tokens: { accessToken: 'access-9', refreshToken: 'refresh-9', issuedAt: now, expiresAt: now + 5400 },
  authorizedBy: { sessionId: 'session-9', linkIssuedAt: now + 0.001, referenceHash: 'r' },
  referenceHash: 'r',
  expiresAt: now + 1800,
};

const described = { ...unconfirmed, account: { companyIds: ['11', '12'], companyId: '11', changedAt: now + 0.25 } };

/** What every connection store must do. */
export function connectionStoreContract(
  name: string,
  newStore: (repetition?: Repetition) => Promise<ConnectionStore>,
): void {
  describe(`the ${name} connection store`, () => {
    async function storeWith(connection: Connection): Promise<ConnectionStore> {
      const store = await newStore();
      expect(await store.write(transitions.create(connection))).toBe('written');
      return store;
    }
    const attempt = { owner: 'me', number: 1, startedAt: now, leaseUntil: now + 65 };

    it('gives back every field as it was written, and none that was not', async () => {
      const whole = storedConnection({
        notBefore: now + 30.25,
        attempt: { ...attempt, outcome: 'unknown' },
        failure: { code: 'invalid_request', status: 400, kind: 'refused', since: now - 5.5, at: now + 0.5, count: 2 },
        cause: 'response_lost',
        revoking: ['access-0', 'access-00'],
        unconfirmed: described,
        procoreUserId: '5960067',
        companyId: '11',
        companyChosenAt: now + 0.25,
        companiesCount: 2,
        companiesReadAt: now + 0.125,
        companiesFor: 'session-1',
        formerCompanyId: '12',
        restoredAt: now + 0.5,
        restoredGeneration: 2 ** 20 + 1,
        restoredRefreshToken: 'refresh-00',
      });
      const store = await storeWith(whole);
      expect(await store.read('acme')).toEqual(whole);
    });

    it('knows nothing of a connection that was never written', async () => {
      expect(await (await newStore()).read('acme')).toBeUndefined();
    });

    it('creates a connection once', async () => {
      const store = await storeWith(storedConnection());
      expect(await store.write(transitions.create(storedConnection({ generation: 9 })))).toBe('refused');
      expect((await store.read('acme'))?.generation).toBe(1);
    });

    it('takes the tokens away as a whole', async () => {
      const store = await storeWith(storedConnection());
      const connection = storedConnection();
      expect(await store.write(transitions.disconnect(connection, now))).toBe('written');
      const stored = await store.read('acme');
      expect(stored).not.toHaveProperty('tokens');
      expect(stored).toMatchObject({ status: 'disconnected', generation: 2, revoking: ['access-1'] });
    });

    it('keeps no refresh token of a set that is replaced by one without', async () => {
      const store = await storeWith(storedConnection());
      const tokens = { accessToken: 'access-2', issuedAt: now, expiresAt: now + 5400 };
      await store.write({ connectionId: 'acme', require: [], set: { tokens }, remove: [] });
      expect((await store.read('acme'))?.tokens).toEqual(tokens);
    });

    it('leaves every field alone that a write does not name', async () => {
      const store = await storeWith(storedConnection());
      await store.write(transitions.choose(storedConnection(), '11', 'session-1', now + 5));
      expect(await store.read('acme')).toEqual(
        storedConnection({ companyId: '11', companyChosenAt: now + 5, updatedAt: now + 5 }),
      );
    });

    const noCompanies = {
      condition: 'companiesAre',
      companiesReadAt: undefined,
      companyId: undefined,
      companyChosenAt: undefined,
    } as const;
    const companiesAre = { ...noCompanies, companiesReadAt: now, companyId: '11', companyChosenAt: now + 1 };
    const cases: readonly [condition: Condition, connection: Partial<Connection>, holds: boolean][] = [
      [{ condition: 'absent' }, {}, false],
      [{ condition: 'generationIs', generation: 1 }, {}, true],
      [{ condition: 'generationIs', generation: 2 }, {}, false],
      [{ condition: 'statusIs', status: 'connected' }, {}, true],
      [{ condition: 'statusIs', status: 'connected' }, { status: 'disconnected' }, false],
      [{ condition: 'attemptFreeAt', now }, {}, true],
      [{ condition: 'attemptFreeAt', now }, { attempt: { ...attempt, leaseUntil: now - 0.5 } }, true],
      [{ condition: 'attemptFreeAt', now }, { attempt: { ...attempt, leaseUntil: now } }, false],
      [{ condition: 'coolDownOverAt', now }, {}, true],
      [{ condition: 'coolDownOverAt', now }, { notBefore: now }, true],
      [{ condition: 'coolDownOverAt', now }, { notBefore: now + 0.5 }, false],
      [{ condition: 'attemptIs', owner: 'me', number: 1 }, { attempt }, true],
      [{ condition: 'attemptIs', owner: 'you', number: 1 }, { attempt }, false],
      [{ condition: 'attemptIs', owner: 'me', number: 2 }, { attempt }, false],
      [{ condition: 'attemptIs', owner: 'me', number: 1 }, {}, false],
      [{ condition: 'attemptNumberIs', attemptNumber: 0 }, {}, true],
      [{ condition: 'attemptNumberIs', attemptNumber: 0 }, { attemptNumber: 1 }, false],
      [{ condition: 'linkOlderThan', linkIssuedAt: now }, {}, true],
      [{ condition: 'linkOlderThan', linkIssuedAt: now - 100 }, {}, false],
      [{ condition: 'sessionIs', sessionId: 'session-1' }, {}, true],
      [{ condition: 'sessionIs', sessionId: 'session-2' }, {}, false],
      [{ condition: 'revokingIs', revoking: [] }, {}, true],
      [{ condition: 'revokingIs', revoking: [] }, { revoking: ['a'] }, false],
      [{ condition: 'revokingIs', revoking: ['a', 'b'] }, { revoking: ['a', 'b'] }, true],
      [{ condition: 'revokingIs', revoking: ['a', 'b'] }, { revoking: ['a'] }, false],
      [{ condition: 'revokingIs', revoking: ['a', 'b'] }, {}, false],
      [{ condition: 'rotateAtIs', rotateAt: now + 4000 }, {}, true],
      [{ condition: 'rotateAtIs', rotateAt: now }, {}, false],
      [{ condition: 'unconfirmedIs', referenceHash: undefined }, {}, true],
      [{ condition: 'unconfirmedIs', referenceHash: undefined }, { unconfirmed }, false],
      [{ condition: 'unconfirmedIs', referenceHash: 'r' }, { unconfirmed }, true],
      [{ condition: 'unconfirmedIs', referenceHash: 's' }, { unconfirmed }, false],
      [{ condition: 'unconfirmedIs', referenceHash: 'r' }, {}, false],
      [{ condition: 'unconfirmedAccountIs', changedAt: undefined }, {}, true],
      [{ condition: 'unconfirmedAccountIs', changedAt: undefined }, { unconfirmed }, true],
      [{ condition: 'unconfirmedAccountIs', changedAt: now + 0.25 }, { unconfirmed }, false],
      [{ condition: 'unconfirmedAccountIs', changedAt: now + 0.25 }, { unconfirmed: described }, true],
      [{ condition: 'unconfirmedAccountIs', changedAt: now + 0.5 }, { unconfirmed: described }, false],
      [{ condition: 'unconfirmedAccountIs', changedAt: undefined }, { unconfirmed: described }, false],
      [{ ...noCompanies }, {}, true],
      [{ ...noCompanies }, { companyId: '11' }, false],
      [{ ...noCompanies }, { companiesReadAt: now }, false],
      [{ ...noCompanies }, { companyChosenAt: now }, false],
      [{ ...companiesAre }, { companiesReadAt: now, companyId: '11', companyChosenAt: now + 1 }, true],
      [{ ...companiesAre }, { companiesReadAt: now, companyId: '11' }, false],
      [{ ...companiesAre }, { companiesReadAt: now, companyChosenAt: now + 1 }, false],
      [{ ...companiesAre }, { companyId: '11', companyChosenAt: now + 1 }, false],
    ];

    it.each(cases)('judges %j of a connection with %j as %s', async (condition, fields, isHeld) => {
      const store = await storeWith(storedConnection(fields));
      const write: ConnectionWrite = {
        connectionId: 'acme',
        require: [condition],
        set: { updatedAt: now + 1 },
        remove: [],
      };
      expect(await store.write(write)).toBe(isHeld ? 'written' : 'refused');
      expect((await store.read('acme'))?.updatedAt).toBe(isHeld ? now + 1 : now);
    });

    it('joins the conditions of a write: one that fails is enough to refuse', async () => {
      const store = await storeWith(storedConnection({ notBefore: now + 60 }));
      expect(await store.write(transitions.claim(storedConnection(), attempt))).toBe('refused');
      expect(await store.write(transitions.claim(storedConnection(), { ...attempt, startedAt: now + 60 }))).toBe(
        'written',
      );
    });

    it('refuses what is required of a connection that is not there', async () => {
      const store = await newStore();
      expect(await store.write(transitions.disconnect(storedConnection(), now))).toBe('refused');
      expect(await store.read('acme')).toBeUndefined();
    });

    it('may refuse a write that took effect, when the SDK repeats it: what is stored tells', async () => {
      const store = await newStore('repeated');
      expect(await store.write(transitions.create(storedConnection()))).toBe('refused');
      expect(await store.write(transitions.claim(storedConnection(), attempt))).toBe('refused');
      expect((await store.read('acme'))?.attempt).toEqual(attempt);
    });

    it('lets one of 200 concurrent claims win', async () => {
      const store = await storeWith(storedConnection());
      const owners = Array.from({ length: 200 }, (_, index) => `owner-${index}`);
      const answers = await Promise.all(
        owners.map((owner) => store.write(transitions.claim(storedConnection(), { ...attempt, owner }))),
      );
      const winners = owners.filter((_, index) => answers[index] === 'written');
      expect(winners).toHaveLength(1);
      expect((await store.read('acme'))?.attempt?.owner).toBe(winners[0]);
    });

    it('keeps the companies of an account that sees more than 200, for its authorization alone', async () => {
      const store = await storeWith(storedConnection());
      const ids = Array.from({ length: 9001 }, (_, index) => String(562_949_953_421_312 + index));
      await store.keepCompanies('acme', 'session-1', ids);
      expect(await store.companies('acme', 'session-1')).toEqual(ids);
      expect(await store.companies('acme', 'session-2')).toEqual([]);
      expect(await store.companies('other', 'session-1')).toEqual([]);
      await store.keepCompanies('acme', 'session-2', ids.slice(0, 201));
      expect(await store.companies('acme', 'session-2')).toEqual(ids.slice(0, 201));
      expect(await store.companies('acme', 'session-1')).toEqual([]);
      expect(await store.read('acme')).toEqual(storedConnection());
    });

    it('keeps nothing apart of an account that sees 200 companies', async () => {
      const store = await storeWith(storedConnection());
      await store.keepCompanies(
        'acme',
        'session-1',
        Array.from({ length: 200 }, (_, index) => String(index)),
      );
      expect(await store.companies('acme', 'session-1')).toEqual([]);
    });

    it('lists what is due in its shard, earliest first, page by page', async () => {
      const store = await newStore();
      const ids = Array.from({ length: 200 }, (_, index) => `connection-${index}`);
      await Promise.all(
        ids.map((connectionId, index) =>
          store.write(transitions.create(storedConnection({ connectionId, rotateAt: now - 1000 + index * 10 }))),
        ),
      );
      for (const shard of dueShards.slice(0, 3)) {
        const expected = ids
          .map((connectionId, index) => ({ connectionId, rotateAt: now - 1000 + index * 10 }))
          .filter(({ connectionId, rotateAt }) => dueShardOf(connectionId) === shard && rotateAt <= now);
        const list = async () => {
          const listed = [];
          let cursor: string | undefined;
          do {
            const page = await store.due(shard, now, 3, cursor);
            expect(page.connections.length).toBeLessThanOrEqual(3);
            listed.push(...page.connections);
            cursor = page.cursor;
          } while (cursor !== undefined);
          return listed;
        };
        await expect.poll(list).toEqual(expected);
      }
    });

    it('lists a connection no more once its rotateAt is removed, and again when it is set', async () => {
      const store = await storeWith(storedConnection({ rotateAt: now }));
      // Eventually consistent: at AWS an index may follow some milliseconds later.
      const list = async () => (await store.due(dueShardOf('acme'), now, 10)).connections;
      await expect.poll(list).toEqual([{ connectionId: 'acme', rotateAt: now }]);
      await store.write({ connectionId: 'acme', require: [], set: { updatedAt: now }, remove: ['rotateAt'] });
      await expect.poll(list).toEqual([]);
      await store.write({ connectionId: 'acme', require: [], set: { rotateAt: now - 5 }, remove: [] });
      await expect.poll(list).toEqual([{ connectionId: 'acme', rotateAt: now - 5 }]);
    });
  });
}
