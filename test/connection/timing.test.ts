import { describe, expect, it } from 'vitest';
import { dueShardOf, dueShards } from '../../functions/connection/connection-store.ts';
import {
  coolDownSeconds,
  leaseEnd,
  rotationTime,
  suspectCoolDownSeconds,
  validSeconds,
} from '../../functions/connection/timing.ts';

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
