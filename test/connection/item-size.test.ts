import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attempt, Connection } from '../../functions/connection/connection.ts';
import { afterWrite, type ConnectionWrite } from '../../functions/connection/connection-store.ts';
import * as transitions from '../../functions/connection/transitions.ts';
import * as unconfirmedTransitions from '../../functions/connection/unconfirmed-transitions.ts';
import type { TokenSet } from '../../functions/oauth/token-endpoint.ts';
import { startTime } from './world.ts';

/**
 * How large DynamoDB counts a value, in bytes, rounded up: a text by its UTF-8, a number by its digits, lists and maps
 * with 3 bytes and one for each element.
 *
 * @see [Item sizes](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html)
 */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return 21;
  if (Array.isArray(value)) return 3 + value.reduce((sum: number, one) => sum + 1 + sizeOf(one), 0);
  if (typeof value !== 'object' || value === null) return 1;
  return 3 + Object.entries(value).reduce((sum, [name, one]) => sum + Buffer.byteLength(name) + 1 + sizeOf(one), 0);
}

let made = 0;
function tokenSet(characters: number): TokenSet {
  made += 1;
  const token = (name: string) => `${name}-${made}-`.padEnd(characters, 'x');
  return { accessToken: token('a'), refreshToken: token('r'), issuedAt: startTime, expiresAt: startTime + 5400 };
}

const sessionOf = (n: number) => String(n).padStart(64, 'a');
/** The longest that a JSON number of Procore can be. */
const companyIds = (count: number) => Array.from({ length: count }, (_, n) => String(9_007_199_254_740_991 - n));

/** Everything that makes an item longer, in any order. */
type Change = (connection: Connection, tokens: TokenSet, n: number) => ConnectionWrite;
const changes: Readonly<Record<string, Change>> = {
  reconnect: (connection, tokens, n) =>
    transitions.reconnect(
      connection,
      {
        ...{ connectionId: connection.connectionId, grant: 'authorization_code', tokens },
        authorizedBy: { sessionId: sessionOf(n), linkIssuedAt: startTime + n },
      },
      startTime + n,
    ),
  propose: (connection, tokens, n) =>
    unconfirmedTransitions.propose(
      connection,
      {
        ...{ connectionId: connection.connectionId, tokens },
        authorizedBy: { sessionId: sessionOf(n), linkIssuedAt: startTime + n, referenceHash: sessionOf(n) },
      },
      { now: startTime + n, expiresAt: startTime + n + 1800.123456 },
    ),
  describe: (connection, _, n) =>
    connection.unconfirmed
      ? unconfirmedTransitions.describeUnconfirmed(connection, connection.unconfirmed, companyIds(200), startTime + n)
      : transitions.noteTold(connection, startTime + n),
  confirm: (connection, _, n) =>
    connection.unconfirmed
      ? unconfirmedTransitions.confirm(connection, connection.unconfirmed, startTime + n)
      : transitions.noteTold(connection, startTime + n),
  surrender: (connection, tokens, n) => transitions.surrender(connection, tokens.accessToken, startTime + n),
  rotate: (connection, tokens, n) => transitions.replace(connection, tokens, { now: startTime + n, fraction: 0.3 }),
  disconnect: (connection, _, n) => transitions.disconnect(connection, startTime + n),
  list: (connection, _, n) =>
    transitions.noteCompanies(connection, companyIds(5000), { now: startTime + n, fraction: 0 }),
  choose: (connection, _, n) =>
    transitions.choose(connection, companyIds(1)[0] ?? '', connection.authorizedBy.sessionId, startTime + n),
  check: (connection, tokens, n) =>
    transitions.check(connection, tokens, { procoreUserId: '9'.repeat(16), now: startTime + n, fraction: 0.5 }),
  claim: (connection, _, n) => transitions.claim(connection, attemptOf(connection, n)),
  fail: (connection, _, n) =>
    transitions.coolDown(connection, connection.attempt ?? attemptOf(connection, n), {
      journal: 'suspect',
      failure: { code: 'x'.repeat(40), status: 400, kind: 'refused', since: startTime, at: startTime + n, count: n },
      notBefore: startTime + n + 1800.123456,
      now: startTime + n,
    }),
};

function attemptOf({ attemptNumber }: Connection, n: number): Attempt {
  const startedAt = startTime + n + 0.123456;
  return { owner: 'o'.repeat(43), number: attemptNumber + 1, startedAt, leaseUntil: startedAt + 65 };
}

/** The largest that the item of one connection becomes in its life. */
function largest(lives: readonly string[], characters: number): number {
  const [first, second] = [tokenSet(characters), tokenSet(characters)];
  let connection = transitions.newConnection(
    'monthly-sandbox',
    {
      ...{ connectionId: 'c'.repeat(128), grant: 'authorization_code', tokens: first },
      authorizedBy: { sessionId: sessionOf(0), linkIssuedAt: startTime },
    },
    startTime,
  );
  let bytes = sizeOf({ ...connection, dueShard: 'due-15' });
  for (const [n, name] of lives.entries()) {
    const change = changes[name];
    if (!change) throw new Error(`There is no ${name}`);
    const isFresh = ['reconnect', 'rotate', 'surrender', 'propose'].includes(name);
    connection = afterWrite(connection, change(connection, isFresh ? tokenSet(characters) : second, n));
    bytes = Math.max(bytes, sizeOf({ ...connection, dueShard: 'due-15' }));
  }
  return bytes;
}

describe('the item of a connection', () => {
  const lives = fc.array(fc.constantFrom(...Object.keys(changes)), { minLength: 1, maxLength: 120 });

  it('stays under 100 kB in whatever life, with tokens of 16 kB and any number of companies', () => {
    fc.assert(
      fc.property(lives, (life) => {
        expect(largest(life, 16_384)).toBeLessThan(100_000);
      }),
      { numRuns: 300 },
    );
  });

  it('reaches most of that where people connect again and again, and keeps what is newest for revocation', () => {
    const again = Array.from({ length: 70 }, () => 'reconnect');
    expect(largest([...again, 'list', 'claim', 'fail'], 16_384)).toBeGreaterThan(80_000);
    expect(largest([...again, 'propose', 'describe', 'list', 'surrender'], 16_384)).toBeGreaterThan(80_000);
    const few = transitions.reconnect(
      { ...connectionWith(['1', '2', '3'].map((name) => name.padEnd(16_384, 'x'))), tokens: tokenSet(16_384) },
      {
        ...{ connectionId: 'c', grant: 'authorization_code', tokens: tokenSet(10) },
        authorizedBy: { sessionId: 's', linkIssuedAt: 9 },
      },
      startTime,
    ).set.revoking;
    expect(few?.map(([first]) => first)).toEqual(['2', '3', 'a']);
  });

  it('stays small with tokens of a usual size, however often people connect again', () => {
    fc.assert(
      fc.property(lives, (life) => {
        expect(largest(life, 900)).toBeLessThan(65_000);
      }),
      { numRuns: 200 },
    );
  });

  it('is under 4 kB for an ordinary connection: tokens of 900 characters, twenty companies, one of them chosen', () => {
    const authorized = transitions.newConnection(
      'production',
      {
        ...{ connectionId: 'customer-4711', grant: 'authorization_code', tokens: tokenSet(900) },
        ...{ authorizedBy: { sessionId: sessionOf(1), linkIssuedAt: startTime } },
        companies: { companyIds: companyIds(20), companyId: companyIds(1)[0] ?? '' },
      },
      startTime,
    );
    const working = afterWrite(authorized, transitions.claim(authorized, attemptOf(authorized, 1)));
    expect(sizeOf({ ...working, procoreUserId: '1234567', dueShard: 'due-15' })).toBeLessThan(4000);
  });
});

function connectionWith(revoking: readonly string[]): Connection {
  const connection = transitions.newConnection(
    'sandbox',
    {
      ...{ connectionId: 'c', grant: 'authorization_code', tokens: tokenSet(10) },
      authorizedBy: { sessionId: 's', linkIssuedAt: 1 },
    },
    startTime,
  );
  return { ...connection, revoking };
}
