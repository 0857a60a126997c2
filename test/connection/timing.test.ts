import { describe, expect, it } from 'vitest';
import type { Connection } from '../../functions/connection/connection.ts';
import { dueShardOf, dueShards } from '../../functions/connection/connection-store.ts';
import {
  askedCoolDownSeconds,
  coolDownSeconds,
  isRotationDue,
  isUnderLease,
  leaseEnd,
  rotationTime,
  storePauseMs,
  suspectCoolDownSeconds,
  validSeconds,
} from '../../functions/connection/timing.ts';
import { connectionWorld } from './world.ts';

const issuedAt = 1_800_000_000;
const lasting = (seconds: number) => ({ accessToken: 'a', issuedAt, expiresAt: issuedAt + seconds });

describe('the time of a rotation', () => {
  it.each([
    [5400, 4050, 3780],
    [900, 675, 630],
    [7200, 5400, 5040],
    // The floor: tiny lifetimes must not make a loop.
    [30, 60, 60],
    [80, 60, 60],
  ])('a lifetime of %d s gives %d s, with the most jitter %d s', (lifetime, latest, earliest) => {
    expect(rotationTime(lasting(lifetime), 0) - issuedAt).toBe(latest);
    expect(rotationTime(lasting(lifetime), 1) - issuedAt).toBe(earliest);
  });
});

describe('the validity of a token set', () => {
  it('ends with it and never exceeds its lifetime', () => {
    expect(validSeconds(lasting(5400), issuedAt + 5390)).toBe(10);
    expect(validSeconds(lasting(5400), issuedAt + 5410)).toBe(-10);
    expect(validSeconds(lasting(5400), issuedAt - 86_400)).toBe(5400);
  });
});

describe('waits', () => {
  it('a lease outlasts its holder by the skew of two clocks and a margin', () => {
    expect(leaseEnd(issuedAt, 30_000)).toBe(issuedAt + 65);
    expect(leaseEnd(issuedAt + 0.2, 14_900)).toBeGreaterThanOrEqual(issuedAt + 0.2 + 14.9 + 35);
  });

  it('a cool-down doubles from 30 s to 30 min and jitters upwards', () => {
    expect([1, 2, 3, 7, 50].map((count) => coolDownSeconds(count, 0))).toEqual([30, 60, 120, 1800, 1800]);
    expect(coolDownSeconds(1, 1)).toBe(36);
  });

  it('a suspect refusal is doubted for longer than the escrow usually takes', () => {
    expect(suspectCoolDownSeconds(0)).toBe(300);
    expect(suspectCoolDownSeconds(1)).toBe(360);
  });

  it.each([
    [undefined, 60],
    [0, 1],
    [1, 1],
    [2, 2],
    [3600, 3600],
    [3601, 3600],
  ])(
    'are as long as Procore asks, within a second and an hour: asked %s, at the second failure %d s',
    (asked, seconds) => {
      expect(askedCoolDownSeconds(asked, 2, 0)).toBe(seconds);
      expect(askedCoolDownSeconds(asked, 2, 1)).toBeCloseTo(seconds * 1.2, 9);
    },
  );

  it('between two tries at a store double from 50 ms to a second, and chance halves them at most', () => {
    expect([1, 2, 3, 5, 6, 20].map((tries) => storePauseMs(tries, 1))).toEqual([50, 100, 200, 800, 1000, 1000]);
    expect(storePauseMs(1, 0)).toBe(25);
  });
});

describe('a lease', () => {
  it('holds to its last second, and there is none without an attempt', () => {
    const attempt = { owner: 'x', number: 1, startedAt: issuedAt, leaseUntil: issuedAt + 65 };
    expect([64, 65, 66].map((age) => isUnderLease(attempt, issuedAt + age))).toEqual([true, true, false]);
    expect(isUnderLease(undefined, issuedAt)).toBe(false);
  });
});

describe('a rotation is due', () => {
  const earliest = 3780;
  const isDue = (fields: Partial<Connection>, age = 0) =>
    isRotationDue(connectionWorld().put({ tokens: lasting(5400), ...fields }), issuedAt + age);
  const attempt = { owner: 'x', number: 1, startedAt: issuedAt, leaseUntil: issuedAt + 65 };
  const failure = { code: 'unknown', at: issuedAt, count: 1 };

  it('from the earliest time that chance may plan', () => {
    expect([isDue({}, earliest - 1), isDue({}, earliest)]).toEqual([false, true]);
  });

  it('at once after an attempt that has ended, or a failure', () => {
    expect([isDue({ attempt }), isDue({ failure })]).toEqual([true, true]);
  });

  it('not during a cool-down, but in the second in which it is over', () => {
    expect([isDue({ failure, notBefore: issuedAt + 1 }), isDue({ failure, notBefore: issuedAt })]).toEqual([
      false,
      true,
    ]);
  });

  it('never for a connection that has ended, or has no tokens', () => {
    const { tokens: _, ...bare } = connectionWorld().put();
    expect(isRotationDue({ ...bare, failure }, issuedAt + 5400)).toBe(false);
    expect(isDue({ status: 'reauthorization_required', failure }, 5400)).toBe(false);
    expect(isDue({ status: 'disconnected', failure }, 5400)).toBe(false);
  });
});

describe('the shards of the due index', () => {
  it('share connections about evenly, each always in the same one', () => {
    const shares = new Map<string, number>();
    for (let n = 0; n < 16_000; n += 1) {
      const shard = dueShardOf(`connection-${n}`);
      shares.set(shard, (shares.get(shard) ?? 0) + 1);
    }
    expect([...shares.keys()].sort()).toEqual([...dueShards].sort());
    for (const share of shares.values()) expect(Math.abs(share - 1000)).toBeLessThan(150);
    expect(dueShardOf('acme')).toBe(dueShardOf('acme'));
  });
});
