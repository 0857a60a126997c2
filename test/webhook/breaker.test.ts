import { describe, expect, it } from 'vitest';
import { keyBreaker } from '../../functions/webhook/breaker.ts';
import { received, workerWorld } from './worker-world.ts';

function setUp(fraction = 0) {
  const time = { now: 1000 };
  const breaker = keyBreaker({ clock: () => time.now, randomFraction: () => fraction });
  const fail = (...ids: string[]) => {
    for (const id of ids) breaker.failed('key', id);
  };
  return { time, breaker, fail };
}

const five = ['a', 'b', 'c', 'a', 'b'];

describe('a breaker', () => {
  it('opens after five failures of three events without a success, for its key alone', () => {
    const { breaker, fail } = setUp();
    fail(...five.slice(0, 4));
    expect(breaker.hold('key')).toBeUndefined();
    fail('b');
    expect(breaker.hold('key')).toBe(5);
    expect(breaker.hold('another key')).toBeUndefined();
  });

  it('stays closed for one or two events that fail, and while some succeed', () => {
    const { breaker, fail } = setUp();
    fail('a', 'b', 'a', 'b', 'a', 'b', 'a');
    expect(breaker.hold('key')).toBeUndefined();
    breaker.succeeded('key');
    fail(...five.slice(0, 4));
    breaker.succeeded('key');
    fail('c');
    expect(breaker.hold('key')).toBeUndefined();
  });

  it('lets one try it out when its time is over, and is open twice as long when that one fails, to 5 min', () => {
    const { breaker, fail, time } = setUp();
    fail(...five);
    const pauses: (number | undefined)[] = [];
    for (let opening = 1; opening <= 8; opening += 1) {
      const pause = breaker.hold('key') ?? 0;
      pauses.push(pause);
      time.now += pause;
      expect(breaker.hold('key')).toBeUndefined();
      expect(breaker.hold('key')).toBe(20);
      fail('a');
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  });

  it('closes when the one that tries it out succeeds, and begins again from 5 s', () => {
    const { breaker, fail, time } = setUp();
    fail(...five);
    time.now += 5;
    expect(breaker.hold('key')).toBeUndefined();
    fail('a');
    time.now += 10;
    expect(breaker.hold('key')).toBeUndefined();
    breaker.succeeded('key');
    expect(breaker.hold('key')).toBeUndefined();
    fail(...five);
    expect(breaker.hold('key')).toBe(5);
  });

  it('lets another one try it out when the try said nothing, or had no end', () => {
    const { breaker, fail, time } = setUp();
    fail(...five);
    time.now += 5;
    breaker.hold('key');
    breaker.ended('key');
    expect(breaker.hold('key')).toBeUndefined();
    time.now += 59;
    expect(breaker.hold('key')).toBe(20);
    time.now += 1;
    expect(breaker.hold('key')).toBeUndefined();
  });

  it('is not opened further by tries that were under way when it opened', () => {
    const { breaker, fail } = setUp();
    fail(...five, 'c', 'd', 'e');
    expect(breaker.hold('key')).toBe(5);
  });

  it('opens at once after a try that hung, for five times as long, to 5 min', () => {
    const { breaker, time } = setUp();
    breaker.failed('key', 'a', 30);
    expect(breaker.hold('key')).toBe(150);
    time.now += 150;
    expect(breaker.hold('key')).toBeUndefined();
    breaker.failed('key', 'a', 55);
    expect(breaker.hold('key')).toBe(275);
  });

  it('stays closed when one hangs while others succeed, or one began too late', () => {
    const { breaker, time } = setUp();
    time.now += 40;
    breaker.succeeded('key');
    time.now += 15;
    breaker.failed('key', 'a', 55);
    expect(breaker.hold('key')).toBeUndefined();
    const { breaker: another } = setUp();
    another.failed('key', 'a', 19);
    expect(another.hold('key')).toBeUndefined();
  });

  it('spreads by chance what comes back', () => {
    const { breaker, fail } = setUp(0.999_999);
    fail(...five);
    // Open for three quarters of 5 s, and put off by up to a quarter longer.
    expect(breaker.hold('key')).toBe(5);
    breaker.failed('hung', 'a', 55);
    expect(breaker.hold('hung')).toBe(172);
  });

  it('forgets keys that failed long ago when it has to remember others', () => {
    const { breaker, fail } = setUp();
    fail(...five);
    for (let other = 0; other < 1000; other += 1) breaker.failed(`key ${other}`, 'a');
    expect(breaker.hold('key')).toBeUndefined();
  });
});

describe('the worker', () => {
  const batchOf = (companyId: string, from: number) =>
    Array.from({ length: 5 }, (_, index) =>
      received({ id: `${companyId}-${from + index}`, companyId, resourceId: String(from + index) }),
    );

  it('puts the events of a company that fails off untried, unwritten and uncounted, and handles those of others', async () => {
    const world = workerWorld();
    const { work, handled, postponed, failing, writes, ids } = world;
    for (const { messageId } of batchOf('1', 0))
      failing.set(messageId.replace('message of ', ''), new Error('out of order'));
    await work(...batchOf('1', 0));
    expect(handled).toHaveLength(5);
    writes.length = 0;
    const undone = await work(...batchOf('1', 100), ...batchOf('2', 0));
    expect(undone).toHaveLength(5);
    expect(
      ids()
        .slice(5)
        .every((id) => id.startsWith('2-')),
    ).toBe(true);
    expect(writes).toEqual(Array.from({ length: 5 }, () => 'markHandled'));
    expect(postponed.slice(-5).map(({ seconds }) => seconds)).toEqual([5, 5, 5, 5, 5]);
  });

  it('handles everything again when the company’s system is back', async () => {
    const { work, failing, time } = workerWorld();
    for (let index = 0; index < 5; index += 1) failing.set(`1-${index}`, new Error('out of order'));
    await work(...batchOf('1', 0));
    failing.clear();
    expect(await work(...batchOf('1', 0))).toHaveLength(5);
    time.now += 5;
    // One tries it out first, when several come at once.
    expect(await work(...batchOf('1', 0))).toHaveLength(4);
    expect(await work(...batchOf('1', 1))).toEqual([]);
  });
});
