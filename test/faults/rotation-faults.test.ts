import { afterEach, describe, expect, it } from 'vitest';
import type { Connection, ReauthorizationCause } from '../../functions/connection/connection.ts';
import { vendAccessToken } from '../../functions/connection/vending.ts';
import { systemSleep } from '../../functions/system.ts';
import type { Unknowns } from '../../lib/procore-stand-in/unknowns.ts';
import { useTable } from '../contracts/use-table.ts';
import { type RotationWorld, rotationWorld, shortPatienceMs } from './rotation-world.ts';

const table = useTable('Connections');
let world: RotationWorld | undefined;
afterEach(() => world?.stop());

async function newWorld(unknowns: Partial<Unknowns> = {}): Promise<RotationWorld> {
  world = await rotationWorld(table, unknowns);
  return world;
}

/** One way to fail, what it leaves, and how it ends. */
interface Row {
  readonly fault: string;
  /** What becomes of the refresh token at Procore. */
  readonly procore: 'never asked' | 'burns it' | 'spares it';
  readonly unknowns?: Partial<Unknowns>;
  arrange(world: RotationWorld): void | Promise<void>;
  /** The journal and the failure right after; `rotated` when there was no failure. */
  readonly after: 'rotated' | { readonly journal: 'unknown' | 'none'; readonly failure: string };
  /** After the cool-down and one more try: the cause of the verdict, or `connected`. */
  readonly end: 'connected' | ReauthorizationCause;
}

const unanswered = { journal: 'unknown', failure: 'unknown' } as const;
const noEffect = { kind: 'server-error', effect: false } as const;

function answerTooLate(world: RotationWorld): void {
  world.nextPatienceMs = shortPatienceMs;
  world.proxy.inject({ delayMs: shortPatienceMs + 500 });
}

/** functions/connection/README.md shows this table: keep the two alike. */
const rows: readonly Row[] = [
  {
    fault: 'a cut before the request',
    procore: 'never asked',
    arrange: ({ proxy }) => proxy.inject('cut_before_request'),
    after: unanswered,
    end: 'connected',
  },
  {
    fault: 'a cut after the request',
    procore: 'burns it',
    arrange: ({ proxy }) => proxy.inject('cut_after_request'),
    after: unanswered,
    end: 'response_lost',
  },
  {
    fault: 'a cut after the request',
    procore: 'spares it',
    arrange({ proxy, standIn }) {
      standIn.control.failNext('token', noEffect);
      proxy.inject('cut_after_request');
    },
    after: unanswered,
    end: 'connected',
  },
  {
    fault: 'a cut within the response body',
    procore: 'burns it',
    arrange: ({ proxy }) => proxy.inject('cut_in_response_body'),
    after: unanswered,
    end: 'response_lost',
  },
  {
    fault: 'an answer after the time-out',
    procore: 'burns it',
    arrange: answerTooLate,
    after: unanswered,
    end: 'response_lost',
  },
  {
    fault: 'an answer after the time-out',
    procore: 'spares it',
    arrange(faulty) {
      faulty.standIn.control.failNext('token', noEffect);
      answerTooLate(faulty);
    },
    after: unanswered,
    end: 'connected',
  },
  {
    fault: 'an answer late but in time',
    procore: 'burns it',
    arrange: ({ proxy }) => proxy.inject({ delayMs: 50 }),
    after: 'rotated',
    end: 'connected',
  },
  {
    fault: 'an answer 5xx',
    procore: 'burns it',
    arrange: ({ standIn }) => standIn.control.failNext('token', { kind: 'server-error', effect: true }),
    after: unanswered,
    end: 'response_lost',
  },
  {
    fault: 'an answer 5xx',
    procore: 'spares it',
    arrange: ({ standIn }) => standIn.control.failNext('token', noEffect),
    after: unanswered,
    end: 'connected',
  },
  {
    fault: 'a refused connection',
    procore: 'never asked',
    arrange: (unplugged) => unplugged.unplugProcore(),
    after: { journal: 'none', failure: 'not_sent' },
    end: 'connected',
  },
  {
    fault: 'an answer 429',
    procore: 'burns it',
    unknowns: { throttlingBurnsRefreshToken: true },
    arrange: ({ standIn }) => standIn.control.failNext('token', { kind: 'throttled', retryAfterSeconds: 40 }),
    after: { journal: 'unknown', failure: 'throttled' },
    end: 'response_lost',
  },
  {
    fault: 'an answer 429',
    procore: 'spares it',
    unknowns: { throttlingBurnsRefreshToken: false },
    arrange: ({ standIn }) => standIn.control.failNext('token', { kind: 'throttled', retryAfterSeconds: 40 }),
    after: { journal: 'unknown', failure: 'throttled' },
    end: 'connected',
  },
  {
    fault: 'a cached client secret refused',
    procore: 'spares it',
    unknowns: { refusedClientBurnsRefreshToken: false },
    arrange(changed) {
      changed.staleClient = { clientId: 'client-1', clientSecret: 'the-old-one' };
    },
    after: 'rotated',
    end: 'connected',
  },
];

const doors = {
  'token-rotation': (rotated: RotationWorld) => rotated.attend(),
  // More than is left asks for a rotation; what cannot be had is refused, which the table is about.
  'access-token': (rotated: RotationWorld) => rotated.vend(2000).catch(() => {}),
};

describe.each(Object.entries(doors))('a fault on the wire, through %s', (_, rotate) => {
  it.each(rows)('$fault, and Procore $procore: $end', async ({ procore, unknowns, arrange, after, end }) => {
    const faulty = await newWorld(unknowns);
    const before = await faulty.stored();
    const proxied = faulty.loginOrigin;
    await arrange(faulty);
    await rotate(faulty);

    // Right after: nothing has ended, and a caller has a token that works.
    const found = await faulty.stored();
    expect(found.status).toBe('connected');
    expect(faulty.refreshes() > 0).toBe(procore !== 'never asked');
    expect(await faulty.accepts((await faulty.vend()).accessToken)).toBe(true);
    if (after === 'rotated') expect(found.generation).toBe(before.generation + 1);
    else expectCoolDown(found, before, after);

    // Nobody asks before the cool-down is over.
    const asked = faulty.refreshes();
    await rotate(faulty);
    expect(faulty.refreshes()).toBe(asked);

    // Afterwards: the network works again, and one more try decides.
    faulty.loginOrigin = proxied;
    faulty.pass((found.notBefore ?? faulty.clock()) - faulty.clock() + 1);
    await rotate(faulty);
    const last = await faulty.stored();
    if (end === 'connected') await expectUsable(faulty, last, before);
    else await expectEnded(faulty, last, end);
    for (const secret of faulty.standIn.control.issuedSecrets()) {
      expect(JSON.stringify([faulty.notes, faulty.announced])).not.toContain(secret);
    }
  });
});

function expectCoolDown(
  found: Connection,
  before: Connection,
  { journal, failure }: Exclude<Row['after'], string>,
): void {
  expect(found.tokens).toEqual(before.tokens);
  expect(found.failure).toMatchObject({ code: failure, count: 1 });
  expect(found.attempt?.outcome ?? 'none').toBe(journal);
  expect(found.notBefore).toBeGreaterThan(4500);
}

async function expectUsable(ended: RotationWorld, last: Connection, before: Connection): Promise<void> {
  expect(last).toMatchObject({ status: 'connected', generation: before.generation + 1 });
  expect(last).not.toHaveProperty('attempt');
  expect(last).not.toHaveProperty('failure');
  expect(await ended.accepts((await ended.vend()).accessToken)).toBe(true);
  expect(ended.announced).toEqual([]);
}

async function expectEnded(ended: RotationWorld, last: Connection, cause: ReauthorizationCause): Promise<void> {
  expect(last).toMatchObject({ status: 'reauthorization_required', cause });
  expect(ended.announced).toMatchObject([{ change: 'reauthorization_required', cause }]);
  await expect(ended.vend()).rejects.toMatchObject({ code: 'reauthorization_required', reason: cause });
  // From then on Procore is not asked again.
  const asked = ended.refreshes();
  ended.pass(3600);
  await ended.attend();
  await expect(ended.vend()).rejects.toMatchObject({ code: 'reauthorization_required' });
  expect(ended.refreshes()).toBe(asked);
}

describe('DynamoDB fails between the refresh and the write of its tokens', () => {
  const outage = (faulty: RotationWorld, fault: 'throttled' | 'cut', calls = Number.POSITIVE_INFINITY) => {
    const before = faulty.dynamoDb.failed;
    faulty.dynamoDb.judge = () => (faulty.refreshes() > 0 && faulty.dynamoDb.failed - before < calls ? fault : 'none');
  };
  const heal = (faulty: RotationWorld) => {
    faulty.dynamoDb.judge = () => 'none';
  };

  it('writes again until DynamoDB takes them, when it comes back in time', async () => {
    const faulty = await newWorld();
    outage(faulty, 'throttled', 5);
    expect(await faulty.attend()).toBe(true);
    expect(faulty.events()).toEqual(['rotation.claimed', 'rotation.replaced']);
    expect((await faulty.stored()).generation).toBe(2);
  });

  it.each(['throttled', 'cut'] as const)(
    'puts them in escrow, vends them, and lands them later (%s)',
    async (fault) => {
      const faulty = await newWorld();
      outage(faulty, fault);
      const vended = await faulty.vend(2000);
      expect(faulty.events()).toEqual(['rotation.claimed', 'rotation.escrowed']);
      expect(await faulty.accepts(vended.accessToken)).toBe(true);
      expect((await faulty.stored()).generation).toBe(1);
      heal(faulty);
      expect(await faulty.recover()).toBe(1);
      expect(faulty.events().at(-1)).toBe('rotation.recovered');
      expect(await faulty.stored()).toMatchObject({ generation: 2, tokens: { accessToken: vended.accessToken } });
      expect(faulty.refreshes()).toBe(1);
    },
  );

  it('keeps them in escrow while DynamoDB refuses', async () => {
    const faulty = await newWorld();
    outage(faulty, 'throttled');
    expect(await faulty.attend()).toBe(true);
    expect(await faulty.recover()).toBe(0);
    expect(faulty.events().at(-1)).toBe('message.failed');
  });

  it('doubts a refusal while the escrow may hold a success, and heals a verdict when it lands', async () => {
    const faulty = await newWorld();
    outage(faulty, 'throttled');
    expect(await faulty.attend()).toBe(true);
    heal(faulty);
    // The lease ends, somebody replays, and Procore refuses what it has burnt.
    faulty.pass(120);
    await faulty.attend();
    expect(await faulty.stored()).toMatchObject({ status: 'connected', attempt: { outcome: 'suspect' } });
    faulty.pass(400);
    await faulty.attend();
    expect(await faulty.stored()).toMatchObject({ status: 'reauthorization_required', cause: 'response_lost' });
    expect(await faulty.recover()).toBe(1);
    expect(await faulty.stored()).toMatchObject({ status: 'connected', generation: 2 });
    expect(faulty.announced.map(({ change }) => change)).toEqual(['reauthorization_required', 'connected']);
    expect(await faulty.accepts((await faulty.vend()).accessToken)).toBe(true);
  });

  it.each(Object.entries(doors))('says so when SQS is out as well, and ends flagged, through %s', async (door) => {
    const faulty = await newWorld();
    outage(faulty, 'throttled');
    await faulty.stopSqs();
    if (door === 'token-rotation') {
      expect(await faulty.attend()).toBe(false);
      expect(faulty.notes.at(-1)).toEqual(['message.failed', expect.objectContaining({ code: 'token_set_lost' })]);
    } else {
      await expect(faulty.vend(2000)).rejects.toMatchObject({ code: 'token_set_lost' });
    }
    heal(faulty);
    // The journal has no outcome: whoever comes next knows that the refresh token may be spent.
    const left = await faulty.stored();
    expect(left).toMatchObject({ status: 'connected', generation: 1, attempt: { number: 1 } });
    expect(left.attempt).not.toHaveProperty('outcome');
    expect(await faulty.accepts((await faulty.vend()).accessToken)).toBe(true);
    faulty.pass(120);
    await faulty.attend();
    faulty.pass(400);
    await faulty.attend();
    await expectEnded(faulty, await faulty.stored(), 'response_lost');
  });
});

describe('DynamoDB fails before the refresh', () => {
  /** Lets the first calls of an operation fail. */
  const failFirst = (faulty: RotationWorld, wanted: string, fault: 'throttled' | 'lost', calls: number) => {
    faulty.dynamoDb.judge = ({ operation }) =>
      operation === wanted && faulty.dynamoDb.failed < calls ? fault : 'none';
  };

  it('believes its own claim when only the answer was lost', async () => {
    const faulty = await newWorld();
    failFirst(faulty, 'UpdateItem', 'lost', 1);
    expect(await faulty.attend()).toBe(true);
    expect(await faulty.stored()).toMatchObject({ generation: 2, attemptNumber: 1 });
    expect(faulty.refreshes()).toBe(1);
  });

  it('spends nothing when the claim was refused', async () => {
    const faulty = await newWorld();
    failFirst(faulty, 'UpdateItem', 'throttled', 1);
    expect(await faulty.attend()).toBe(false);
    expect(faulty.refreshes()).toBe(0);
    expect(await faulty.attend()).toBe(true);
    expect((await faulty.stored()).generation).toBe(2);
  });

  it('vends after a read or two that DynamoDB throttled', async () => {
    const faulty = await newWorld();
    failFirst(faulty, 'GetItem', 'throttled', 2);
    expect(await faulty.vend()).toMatchObject({ generation: 1 });
  });

  it('serves a crowd of whom DynamoDB throttles some claims and polls, with one refresh', async () => {
    const faulty = await newWorld();
    faulty.standIn.control.failNext('token', { kind: 'slow', milliseconds: 150 });
    let isClaimed = false;
    faulty.dynamoDb.judge = ({ operation }) => {
      // The first claim passes; of what comes after it, the most of the crowd's claims and some polls do not.
      const isAfterClaim = isClaimed;
      isClaimed ||= operation === 'UpdateItem';
      return isAfterClaim && faulty.dynamoDb.failed < 25 ? 'throttled' : 'none';
    };
    const own = { sleep: systemSleep, remaining: () => 20_000 };
    const vended = await Promise.all(
      Array.from({ length: 20 }, () =>
        vendAccessToken(
          { ...faulty.invocation(), ...own },
          { connectionId: faulty.connectionId, minValidSeconds: 2000 },
        ),
      ),
    );
    expect(new Set(vended.map(({ generation }) => generation))).toEqual(new Set([2]));
    expect(faulty.refreshes()).toBe(1);
    expect(faulty.dynamoDb.failed).toBe(25);
  });
});
