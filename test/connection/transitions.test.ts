import { describe, expect, it } from 'vitest';
import type { Attempt, Connection } from '../../functions/connection/connection.ts';
import type { ConnectionWrite } from '../../functions/connection/connection-store.ts';
import * as transitions from '../../functions/connection/transitions.ts';
import { memoryConnectionStore } from '../memory/connection-store.ts';
import { connectionWorld, startTime } from './world.ts';

const mine: Attempt = { owner: 'me', number: 1, startedAt: startTime, leaseUntil: startTime + 65 };
const read = connectionWorld().put({ revoking: ['access-x'] });
const claimed: Connection = { ...read, attempt: mine, attemptNumber: 1 };
const failure = { code: 'unknown', at: startTime, count: 1 };
const tokens = { accessToken: 'new', refreshToken: 'new-r', issuedAt: startTime, expiresAt: startTime + 5400 };
const authorization = {
  connectionId: 'acme',
  grant: 'authorization_code',
  tokens,
  authorizedBy: { sessionId: 'session-2', linkIssuedAt: startTime },
} as const;

const goneOn = { generation: 2 };
const othersAttempt = { attempt: { ...mine, owner: 'other' } };
const laterAttempt = { attempt: { ...mine, number: 2 } };
const noAttempt = { attempt: undefined };
const disconnected = { status: 'disconnected' } as const;
const othersRevoking = { revoking: ['access-x', 'access-y'] };

/** Each write, the connection that it is built from, and what, changed alone since then, must refuse it. */
const table: readonly [
  name: string,
  write: ConnectionWrite,
  from: Connection,
  refusedBy: Partial<Record<keyof Connection, unknown>>[],
][] = [
  [
    'a claim',
    transitions.claim(read, mine),
    read,
    [goneOn, disconnected, othersAttempt, { notBefore: startTime + 1 }, { attemptNumber: 1 }],
  ],
  [
    'the end of an attempt without tokens',
    transitions.coolDown(claimed, mine, { journal: 'unknown', failure, notBefore: startTime + 30, now: startTime }),
    claimed,
    [goneOn, othersAttempt, laterAttempt, noAttempt],
  ],
  [
    'a verdict',
    transitions.refuse(claimed, mine, { cause: 'revoked', failure, now: startTime }),
    claimed,
    [goneOn, othersAttempt, laterAttempt, noAttempt],
  ],
  ['a replacement', transitions.replace(claimed, tokens, { now: startTime, fraction: 0 }), claimed, [goneOn]],
  [
    'a reconnection',
    transitions.reconnect(read, authorization, startTime),
    read,
    [goneOn, othersRevoking, { authorizedBy: { sessionId: 'session-3', linkIssuedAt: startTime } }],
  ],
  ['a disconnection', transitions.disconnect(read, startTime), read, [goneOn, othersRevoking]],
  ['a surrender', transitions.surrender(read, 'access-z', startTime), read, [goneOn, othersRevoking]],
  ['a revocation done', transitions.strikeRevoked(read, [], startTime), read, [goneOn, othersRevoking]],
  ['leaving the index', transitions.leaveIndex(read, startTime), read, [goneOn, disconnected, othersRevoking]],
  [
    'a check of the environment',
    transitions.check(read, tokens, { procoreUserId: undefined, now: startTime, fraction: 0 }),
    read,
    [goneOn, disconnected, { attemptNumber: 1 }],
  ],
  [
    'a later look',
    transitions.lookAgainAt(read, startTime + 60, startTime),
    read,
    [goneOn, disconnected, { rotateAt: 5 }],
  ],
  [
    'a list of companies',
    transitions.noteCompanies(read, ['7'], startTime),
    read,
    [{ authorizedBy: { sessionId: 'session-3', linkIssuedAt: 1 } }],
  ],
];

async function answerOf(write: ConnectionWrite, stored: Connection): Promise<'written' | 'refused'> {
  const store = memoryConnectionStore();
  store.connections.set('acme', stored);
  return store.write(write);
}

describe.each(table)('%s', (_, write, from, refusedBy) => {
  it('takes effect on what it was built from', async () => {
    expect(await answerOf(write, from)).toBe('written');
  });

  it.each(refusedBy)('is refused when %j has changed since', async (change) => {
    expect(await answerOf(write, { ...from, ...change } as Connection)).toBe('refused');
  });
});

describe('a replacement', () => {
  it('is not kept out by anything but its generation: not by a verdict, nor by another’s attempt or cool-down', async () => {
    const write = transitions.replace(claimed, tokens, { now: startTime, fraction: 0 });
    const stored: Connection = {
      ...claimed,
      ...othersAttempt,
      status: 'reauthorization_required',
      notBefore: startTime + 1000,
      revoking: [],
    };
    expect(await answerOf(write, stored)).toBe('written');
  });
});
