import { describe, expect, it } from 'vitest';
import type { Attempt, Connection, Unconfirmed } from '../../functions/connection/connection.ts';
import type { ConnectionWrite } from '../../functions/connection/connection-store.ts';
import * as transitions from '../../functions/connection/transitions.ts';
import * as unconfirmedTransitions from '../../functions/connection/unconfirmed-transitions.ts';
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

const listedNow = { companiesReadAt: startTime, companiesFor: 'session-1', updatedAt: startTime };
const manyIds = Array.from({ length: 1000 }, (_, index) => String(index));
const ofTheFormer = [
  'attempt',
  'notBefore',
  'failure',
  'cause',
  'procoreUserId',
  'restoredAt',
  'restoredGeneration',
  'restoredRefreshToken',
];

const goneOn = { generation: 2 };
const othersAttempt = { attempt: { ...mine, owner: 'other' } };
const laterAttempt = { attempt: { ...mine, number: 2 } };
const noAttempt = { attempt: undefined };
const disconnected = { status: 'disconnected' } as const;
const waiting: Unconfirmed = {
  tokens: { ...tokens, accessToken: 'waiting' },
  authorizedBy: { sessionId: 'session-9', linkIssuedAt: startTime - 5, referenceHash: 'r' },
  referenceHash: 'r',
  expiresAt: startTime + 1800,
};
const othersWaiting = { unconfirmed: { ...waiting, referenceHash: 's' } };
const withWaiting: Connection = { ...read, unconfirmed: waiting };
const proposal = {
  connectionId: 'acme',
  tokens,
  authorizedBy: { sessionId: 'session-2', linkIssuedAt: startTime, referenceHash: 'n' },
};
const times = { now: startTime, expiresAt: startTime + 1800 };
const newerLink = { authorizedBy: { sessionId: 'session-3', linkIssuedAt: startTime } };
const othersRevoking = { revoking: ['access-x', 'access-y'] };

/** Each write, the connection that it is built from, and what, changed alone since then, must refuse it. */
const table: readonly [
  name: string,
  write: () => ConnectionWrite,
  from: Connection,
  refusedBy: Partial<Record<keyof Connection, unknown>>[],
][] = [
  [
    'a claim',
    () => transitions.claim(read, mine),
    read,
    [goneOn, disconnected, othersAttempt, { notBefore: startTime + 1 }, { attemptNumber: 1 }],
  ],
  [
    'the end of an attempt without tokens',
    () =>
      transitions.coolDown(claimed, mine, { journal: 'unknown', failure, notBefore: startTime + 30, now: startTime }),
    claimed,
    [goneOn, othersAttempt, laterAttempt, noAttempt],
  ],
  [
    'a verdict',
    () => transitions.refuse(claimed, mine, { cause: 'revoked', failure, now: startTime }),
    claimed,
    [goneOn, othersAttempt, laterAttempt, noAttempt],
  ],
  ['a replacement', () => transitions.replace(claimed, tokens, { now: startTime, fraction: 0 }), claimed, [goneOn]],
  [
    'a reconnection',
    () => transitions.reconnect(read, authorization, startTime),
    read,
    [goneOn, othersRevoking, newerLink, othersWaiting],
  ],
  ['a disconnection', () => transitions.disconnect(read, startTime), read, [goneOn, othersRevoking, othersWaiting]],
  [
    'a surrender',
    () => transitions.surrender(read, 'access-z', startTime),
    read,
    [goneOn, othersRevoking, othersWaiting],
  ],
  [
    'a proposal',
    () => unconfirmedTransitions.propose(read, proposal, times),
    read,
    [goneOn, othersRevoking, othersWaiting, newerLink],
  ],
  [
    'a proposal in place of another one',
    () => unconfirmedTransitions.propose(withWaiting, proposal, times),
    withWaiting,
    [goneOn, othersRevoking, othersWaiting, newerLink, { unconfirmed: undefined }],
  ],
  [
    'a confirmation',
    () => unconfirmedTransitions.confirm(withWaiting, waiting, startTime),
    withWaiting,
    [
      ...[goneOn, othersRevoking, othersWaiting, newerLink, { unconfirmed: undefined }],
      { unconfirmed: { ...waiting, account: { companyId: '7', changedAt: 1 } } },
    ],
  ],
  [
    'a choice for what waits',
    () => unconfirmedTransitions.chooseUnconfirmed(withWaiting, waiting, '7', startTime),
    withWaiting,
    [
      othersWaiting,
      { unconfirmed: undefined },
      { unconfirmed: { ...waiting, account: { companyId: '7', changedAt: 1 } } },
    ],
  ],
  [
    'the end of what waits',
    () => unconfirmedTransitions.endUnconfirmed(withWaiting, startTime),
    withWaiting,
    [goneOn, othersRevoking, othersWaiting, { unconfirmed: undefined }],
  ],
  [
    'the end of all links',
    () => unconfirmedTransitions.closeLinks({ ...read, status: 'disconnected' }, startTime),
    { ...read, status: 'disconnected' },
    [goneOn, othersRevoking, othersWaiting, { status: 'connected' }],
  ],
  ['having told', () => transitions.noteTold(read, startTime), read, [goneOn, disconnected]],
  [
    'a choice of a company',
    () => transitions.choose(read, '7', 'session-1', startTime),
    read,
    [
      { authorizedBy: { sessionId: 'session-3', linkIssuedAt: 1 } },
      { companyId: '12' },
      { companiesReadAt: startTime + 1 },
    ],
  ],
  ['a revocation done', () => transitions.strikeRevoked(read, [], startTime), read, [goneOn, othersRevoking]],
  [
    'leaving the index',
    () => transitions.leaveIndex(read, startTime),
    read,
    [goneOn, disconnected, othersRevoking, othersWaiting],
  ],
  [
    'a check of the environment',
    () => transitions.check(read, tokens, { procoreUserId: undefined, now: startTime, fraction: 0 }),
    read,
    [goneOn, disconnected, { attemptNumber: 1 }],
  ],
  [
    'a later look',
    () => transitions.lookAgainAt(read, startTime + 60, startTime),
    read,
    [goneOn, disconnected, { rotateAt: 5 }],
  ],
  [
    'a list of companies',
    () => transitions.noteCompanies(read, ['7'], { now: startTime, fraction: 0 }),
    read,
    [
      { authorizedBy: { sessionId: 'session-3', linkIssuedAt: 1 } },
      ...[goneOn, disconnected, othersRevoking, { attemptNumber: 1 }],
      ...[{ companyId: '12' }, { companiesReadAt: startTime + 1 }],
    ],
  ],
];

async function answerOf(write: ConnectionWrite, stored: Connection): Promise<'written' | 'refused'> {
  const store = memoryConnectionStore();
  store.connections.set('acme', stored);
  return store.write(write);
}

describe.each(table)('%s', (_, write, from, refusedBy) => {
  it('takes effect on what it was built from', async () => {
    expect(await answerOf(write(), from)).toBe('written');
  });

  it.each(refusedBy)('is refused when %j has changed since', async (change) => {
    expect(await answerOf(write(), { ...from, ...change } as Connection)).toBe('refused');
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

const plannedEarliest = startTime + 3780;

/** What each write changes: the fields that it sets, and those that it removes. */
const changes: readonly (readonly [
  what: string,
  write: () => ConnectionWrite,
  set: ConnectionWrite['set'],
  remove: readonly string[],
])[] = [
  [
    'a claim ends the cool-down, and comes due when its lease ends',
    () => transitions.claim(read, mine),
    { attempt: mine, attemptNumber: 1, rotateAt: startTime + 65, updatedAt: startTime },
    ['notBefore'],
  ],
  ...(
    [
      ['spendable', undefined],
      ['unanswered', { ...mine, leaseUntil: startTime + 5 }],
      ['unknown', { ...mine, leaseUntil: startTime + 5, outcome: 'unknown' }],
      ['suspect', { ...mine, leaseUntil: startTime + 5, outcome: 'suspect' }],
    ] as const
  ).map(
    ([journal, attempt]) =>
      [
        `an end without tokens comes due after its cool-down, and its journal says ${journal}`,
        () =>
          transitions.coolDown(
            claimed,
            { ...mine, outcome: 'unknown' },
            {
              journal,
              failure,
              notBefore: startTime + 30,
              now: startTime + 5,
            },
          ),
        {
          ...(attempt && { attempt }),
          failure,
          notBefore: startTime + 30,
          rotateAt: startTime + 30,
          updatedAt: startTime + 5,
        },
        attempt ? [] : ['attempt'],
      ] as const,
  ),
  [
    'a verdict keeps the tokens, and stays due until somebody is told',
    () => transitions.refuse(claimed, mine, { cause: 'revoked', failure, now: startTime }),
    {
      status: 'reauthorization_required',
      cause: 'revoked',
      failure,
      rotateAt: startTime + 120,
      updatedAt: startTime,
    },
    ['attempt', 'notBefore'],
  ],
  [
    'having told is noted by the generation',
    () => transitions.noteTold(read, startTime),
    { toldGeneration: 1, updatedAt: startTime },
    [],
  ],
  [
    'leaving the index notes it as well',
    () => transitions.leaveIndex(read, startTime),
    { toldGeneration: 1, updatedAt: startTime },
    ['rotateAt'],
  ],
  [
    'a replacement of checked tokens plans the next one',
    () => transitions.replace(claimed, tokens, { now: startTime, fraction: 1 }),
    { status: 'connected', tokens, generation: 2, rotateAt: plannedEarliest, updatedAt: startTime },
    ['attempt', 'notBefore', 'failure', 'cause', 'restoredAt', 'restoredGeneration', 'restoredRefreshToken'],
  ],
  [
    'a replacement of unchecked tokens is looked at soon',
    () => transitions.replace({ ...claimed, environmentChecked: false }, tokens, { now: startTime, fraction: 1 }),
    { status: 'connected', tokens, generation: 2, rotateAt: startTime + 120, updatedAt: startTime },
    ['attempt', 'notBefore', 'failure', 'cause', 'restoredAt', 'restoredGeneration', 'restoredRefreshToken'],
  ],
  [
    'a reconnection begins anew, and keeps what it replaces for revocation',
    () => transitions.reconnect(read, authorization, startTime),
    {
      grant: 'authorization_code',
      status: 'connected',
      tokens,
      generation: 2,
      rotateAt: startTime + 120,
      authorizedBy: authorization.authorizedBy,
      environmentChecked: false,
      revoking: ['access-x', 'access-0'],
      companyIds: [],
      updatedAt: startTime,
    },
    [...ofTheFormer, 'companyId', 'companyChosenAt', 'companiesCount', 'companiesReadAt', 'companiesFor'],
  ],
  [
    'a reconnection with companies that are known brings them in the same write',
    () =>
      transitions.reconnect(
        { ...read, revoking: [], companyId: '11' },
        { ...authorization, companies: { companyIds: ['7', '8'], companyId: '7' } },
        startTime,
      ),
    {
      grant: 'authorization_code',
      status: 'connected',
      tokens,
      generation: 2,
      rotateAt: startTime + 120,
      authorizedBy: authorization.authorizedBy,
      environmentChecked: false,
      revoking: ['access-0'],
      companyIds: ['7', '8'],
      companyId: '7',
      companiesCount: 2,
      companiesReadAt: startTime,
      companiesFor: 'session-2',
      updatedAt: startTime,
    },
    [...ofTheFormer, 'formerCompanyId', 'companyChosenAt'],
  ],
  [
    'a disconnection takes the tokens out of use for revocation',
    () => transitions.disconnect(read, startTime),
    {
      status: 'disconnected',
      generation: 2,
      revoking: ['access-x', 'access-0'],
      rotateAt: startTime + 120,
      authorizedBy: { sessionId: 'session-1', linkIssuedAt: startTime },
      updatedAt: startTime,
    },
    [
      'tokens',
      'unconfirmed',
      'attempt',
      'notBefore',
      'failure',
      'cause',
      'restoredAt',
      'restoredGeneration',
      'restoredRefreshToken',
    ],
  ],
  [
    'a surrender adds to the list, once',
    () => transitions.surrender({ ...read, rotateAt: startTime }, 'access-x', startTime),
    { revoking: ['access-x'], rotateAt: startTime + 120, updatedAt: startTime },
    [],
  ],
  [
    'a surrender does not put off what is due sooner',
    () => transitions.surrender({ ...read, rotateAt: startTime + 1 }, 'access-z', startTime),
    { revoking: ['access-x', 'access-z'], rotateAt: startTime + 1, updatedAt: startTime },
    [],
  ],
  [
    'a surrender is looked at soon where nothing else is due until later',
    () => transitions.surrender({ ...read, rotateAt: startTime + 121 }, 'access-z', startTime),
    { revoking: ['access-x', 'access-z'], rotateAt: startTime + 120, updatedAt: startTime },
    [],
  ],
  [
    'a revocation of all leaves no list, and plans nothing',
    () => transitions.strikeRevoked(read, [], startTime),
    { updatedAt: startTime },
    ['revoking'],
  ],
  [
    'a revocation of some is tried again in five minutes',
    () => transitions.strikeRevoked({ ...read, rotateAt: startTime }, ['access-x'], startTime),
    { revoking: ['access-x'], rotateAt: startTime + 300, updatedAt: startTime },
    [],
  ],
  [
    'a check plans the rotation, and notes whose account it is',
    () => transitions.check(read, tokens, { procoreUserId: '5', now: startTime, fraction: 1 }),
    { environmentChecked: true, procoreUserId: '5', rotateAt: plannedEarliest, updatedAt: startTime },
    [],
  ],
  [
    'a check of an account whose companies are not listed is followed by a look soon',
    () =>
      transitions.check({ ...read, companiesFor: 'session-0' }, tokens, {
        ...{ procoreUserId: undefined, now: startTime, fraction: 1 },
      }),
    { environmentChecked: true, rotateAt: startTime + 120, updatedAt: startTime },
    [],
  ],
  ...([{ attempt: mine }, { failure }] as const).map(
    (underWay) =>
      [
        `a check leaves the time alone that ${Object.keys(underWay)} has set`,
        () =>
          transitions.check({ ...read, ...underWay }, tokens, {
            procoreUserId: undefined,
            now: startTime,
            fraction: 1,
          }),
        { environmentChecked: true, updatedAt: startTime },
        [],
      ] as const,
  ),
  [
    'a later look moves the time',
    () => transitions.lookAgainAt(read, startTime + 60, startTime),
    { rotateAt: startTime + 60, updatedAt: startTime },
    [],
  ],
  [
    'a list of one company chooses it',
    () => transitions.noteCompanies(read, ['7'], { now: startTime, fraction: 0 }),
    { companyIds: ['7'], companyId: '7', companiesCount: 1, ...listedNow },
    ['formerCompanyId'],
  ],
  [
    'a list with what was chosen before a reconnect chooses it again',
    () => transitions.noteCompanies({ ...read, formerCompanyId: '9' }, ['8', '9'], { now: startTime, fraction: 0 }),
    { companyIds: ['8', '9'], companyId: '9', companiesCount: 2, ...listedNow },
    ['formerCompanyId'],
  ],
  [
    'a list of more companies than the item has room for is counted',
    () => transitions.noteCompanies(read, manyIds, { now: startTime, fraction: 0 }),
    { companyIds: manyIds.slice(0, 200), companiesCount: 1000, ...listedNow },
    ['companyId', 'formerCompanyId'],
  ],
  [
    'a list plans the rotation where nothing else is to be done',
    () => {
      const { revoking: _, ...atRest } = read;
      return transitions.noteCompanies({ ...atRest, tokens }, ['7'], { now: startTime, fraction: 1 });
    },
    { companyIds: ['7'], companyId: '7', companiesCount: 1, rotateAt: plannedEarliest, ...listedNow },
    ['formerCompanyId'],
  ],
  [
    'a list without the chosen company drops the choice',
    () => transitions.noteCompanies({ ...read, companyId: '7' }, ['8', '9'], { now: startTime, fraction: 0 }),
    { companyIds: ['8', '9'], companiesCount: 2, ...listedNow },
    ['companyId', 'formerCompanyId'],
  ],
  [
    'an empty list drops the choice',
    () => transitions.noteCompanies({ ...read, companyId: '7' }, [], { now: startTime, fraction: 0 }),
    { companyIds: [], companiesCount: 0, ...listedNow },
    ['companyId', 'formerCompanyId'],
  ],
  [
    'a choice is one field',
    () => transitions.choose(read, '7', 'session-1', startTime),
    { companyId: '7', companyChosenAt: startTime, updatedAt: startTime },
    [],
  ],
];

describe('what a write changes', () => {
  it.each(changes)('%s', (_, write, set, remove) => {
    const made = write();
    expect(made.set).toStrictEqual(set);
    expect(made.remove).toEqual(remove);
  });

  it('is everything, for a new connection', () => {
    const connection = transitions.newConnection('sandbox', authorization, startTime);
    expect(connection).toStrictEqual({
      environment: 'sandbox',
      connectionId: 'acme',
      grant: 'authorization_code',
      status: 'connected',
      tokens,
      generation: 1,
      rotateAt: startTime + 120,
      attemptNumber: 0,
      authorizedBy: { sessionId: 'session-2', linkIssuedAt: startTime },
      environmentChecked: false,
      companyIds: [],
      createdAt: startTime,
      updatedAt: startTime,
    });
    const { connectionId, ...set } = connection;
    expect(transitions.create(connection)).toStrictEqual({
      connectionId,
      require: [{ condition: 'absent' }],
      set,
      remove: [],
    });
  });

  it('is looked at sooner than in two minutes only when the tokens die sooner', () => {
    const brief = { ...tokens, expiresAt: startTime + 80 };
    expect(transitions.newConnection('sandbox', { ...authorization, tokens: brief }, startTime).rotateAt).toBe(
      startTime + 60,
    );
  });

  it('holds no list to revoke where there is nothing to revoke', () => {
    const { tokens: _, revoking: __, ...bare } = read;
    expect(transitions.reconnect(bare, authorization, startTime).set).not.toHaveProperty('revoking');
    expect(transitions.disconnect(bare, startTime).set).not.toHaveProperty('revoking');
  });

  it('holds no refresh token where neither the answer nor the set before has one', () => {
    const { refreshToken: _, ...bare } = tokens;
    const { set } = transitions.replace({ ...claimed, tokens: bare }, bare, { now: startTime, fraction: 0 });
    expect(set.tokens).toStrictEqual(bare);
  });

  it('is not conditional on a time that the connection has not', () => {
    const { rotateAt: _, ...resting } = read;
    expect(transitions.lookAgainAt(resting, startTime, startTime).require).toEqual([
      { condition: 'generationIs', generation: 1 },
      { condition: 'statusIs', status: 'connected' },
    ]);
  });
});
