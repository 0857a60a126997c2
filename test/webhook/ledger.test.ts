import { describe, expect, it } from 'vitest';
import { arrivalPartition, arrivalPartitions, seenUpTo } from '../../functions/webhook/ledger.ts';

describe('the ledger', () => {
  it.each([
    [1000, 1000],
    [1180, 1180],
    [1181, 1180],
    [9999, 1180],
  ])('sees a resource up to the time of its event, 3 minutes from now at most: %i at 1000 s is %i', (at, seen) => {
    expect(seenUpTo(at, 1000)).toBe(seen);
  });

  it('lists a day in four partitions, and puts each event into one of its day', () => {
    const day = 20_000;
    expect(arrivalPartitions(day)).toEqual(['20000#0', '20000#1', '20000#2', '20000#3']);
    const partitionsOf = (at: number) =>
      new Set(Array.from({ length: 100 }, (_, id) => arrivalPartition(String(id), at)));
    const sorted = (partitions: Set<string>) => [...partitions].toSorted();
    expect(sorted(partitionsOf(day * 86_400))).toEqual(arrivalPartitions(day));
    expect(sorted(partitionsOf((day + 1) * 86_400 - 0.001))).toEqual(arrivalPartitions(day));
    expect(sorted(partitionsOf((day + 1) * 86_400))).toEqual(arrivalPartitions(day + 1));
  });

  it('puts an event into the same partition whenever it is asked', () => {
    expect(arrivalPartition('0A1B2C3D4F5G6H7I8J9K0LMN', 1_738_884_853)).toBe(
      arrivalPartition('0A1B2C3D4F5G6H7I8J9K0LMN', 1_738_884_999),
    );
  });
});
