import { describe, expect, it } from 'vitest';
import { fromNow, showMoment, span } from '../../lib/operator/table.ts';

const now = 1_800_000_000;

describe('a time, as people read it', () => {
  it.each([
    [now, 'now'],
    [now - 0.4, 'now'],
    [now - 45, '45 s ago'],
    [now - 200, '3 min ago'],
    [now + 42 * 60, 'in 42 min'],
    [now + 5 * 3600, 'in 5 h'],
    [now - 3 * 86_400, '3 d ago'],
    [undefined, '-'],
  ])('%s is %s', (at, text) => {
    expect(fromNow(at, now)).toBe(text);
  });

  it('stands beside the exact one where there is room', () => {
    expect(showMoment(now - 200, now)).toBe('2027-01-15T07:56:40Z (3 min ago)');
    expect(showMoment(undefined, now)).toBe('-');
  });

  it.each([
    [-5, '0 s'],
    [119.9, '119 s'],
    [120, '2 min'],
    [7199, '119 min'],
    [7200, '2 h'],
    [172_799, '47 h'],
    [172_800, '2 d'],
  ])('%s seconds last %s', (seconds, text) => {
    expect(span(seconds)).toBe(text);
  });
});
