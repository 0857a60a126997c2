import { describe, expect, it } from 'vitest';
import { isCounted, keyEvidence } from '../../functions/webhook/evidence.ts';
import { memoryLedger } from '../memory/ledger.ts';
import { received, workerWorld } from './worker-world.ts';

function setUp() {
  const time = { now: 1000 };
  const calls: string[] = [];
  const ledger = memoryLedger(
    () => time.now,
    (method) => {
      calls.push(method);
      return undefined;
    },
  );
  const process = () => keyEvidence({ ledger, clock: () => time.now });
  return { time, calls, process };
}

describe('evidence', () => {
  it('is written of no key of which nothing fails, and its item is read once a minute and process', async () => {
    const { time, calls, process } = setUp();
    const evidence = process();
    for (let event = 0; event < 59; event += 1) {
      await evidence.succeeded('key', time.now);
      time.now += 1;
    }
    expect(calls).toEqual(['health']);
    time.now += 1;
    await evidence.succeeded('key', time.now);
    expect(calls).toEqual(['health', 'health']);
  });

  it('of a success in another process counts from a minute after the first failure on', async () => {
    const { time, process } = setUp();
    const [one, another] = [process(), process()];
    await one.succeeded('key', time.now);
    expect(await another.failed('key')).toBeUndefined();
    time.now += 60;
    await one.succeeded('key', time.now - 0.5);
    expect(await another.failed('key')).toBe(1059.5);
    expect(await another.failed('another key')).toBeUndefined();
  });

  it('is written at most once a minute a key and process, of ten successes at once, too', async () => {
    const { time, calls, process } = setUp();
    const evidence = process();
    await evidence.failed('key');
    for (let minute = 0; minute < 5; minute += 1) {
      calls.length = 0;
      await Promise.all(Array.from({ length: 10 }, () => evidence.succeeded('key', time.now)));
      expect(calls.filter((call) => call === 'noteHealth')).toHaveLength(1);
      time.now += 60;
    }
  });

  it('is no longer written an hour after the last failure', async () => {
    const { time, calls, process } = setUp();
    const evidence = process();
    await evidence.failed('key');
    time.now += 3601;
    calls.length = 0;
    await evidence.succeeded('key', time.now);
    expect(calls).toEqual(['health']);
  });

  it('costs a failure one read, and a write in half an hour', async () => {
    const { time, calls, process } = setUp();
    const evidence = process();
    for (let failure = 0; failure < 6; failure += 1) {
      await evidence.failed('key');
      time.now += 600;
    }
    expect(calls.filter((call) => call === 'health')).toHaveLength(6);
    expect(calls.filter((call) => call === 'noteHealth')).toHaveLength(2);
  });

  it('is looked up again when it could not be read', async () => {
    const answers: (() => Promise<object>)[] = [
      () => Promise.reject(new Error('out of order')),
      async () => ({ watchedUntil: 9999 }),
    ];
    const noted: unknown[] = [];
    const ledger = {
      health: () => answers.shift()?.() ?? Promise.reject(new Error('asked too often')),
      noteHealth: async (_: string, health: unknown) => void noted.push(health),
    };
    const evidence = keyEvidence({ ledger, clock: () => 1000 });
    await expect(evidence.succeeded('key', 999)).rejects.toThrow('out of order');
    await evidence.succeeded('key', 999);
    expect(noted).toEqual([{ succeededAt: 999 }]);
  });
});

describe('a failure counts', () => {
  it.each([
    ['for the first time when another one succeeded since the first try', { firstTriedAt: 10 }, 11, true],
    ['not by a success before it', { firstTriedAt: 10 }, 10, false],
    [
      'again when another one succeeded since the last one that counted',
      { firstTriedAt: 10, lastCountedAt: 20 },
      21,
      true,
    ],
    ['not twice by one success', { firstTriedAt: 10, lastCountedAt: 20 }, 15, false],
    ['not without a success', { firstTriedAt: 10 }, undefined, false],
  ])('%s', (_, record, succeededAt, counts) => {
    expect(isCounted(record, succeededAt)).toBe(counts);
  });
});

describe('the worker', () => {
  it('writes no more for an event that is handled than its own mark', async () => {
    const { work, writes } = workerWorld();
    for (let event = 0; event < 20; event += 1) await work(received({ id: `${event}` }));
    expect(writes).toEqual(Array.from({ length: 20 }, () => 'markHandled'));
  });

  it('goes on when evidence can be neither read nor written', async () => {
    const out = () => Promise.reject(new Error('out of order'));
    const { work, failing, observer } = workerWorld({ evidence: { succeeded: out, failed: out } });
    expect(await work(received({ id: 'a' }))).toEqual([]);
    failing.set('b', new Error('no'));
    expect(await work(received({ id: 'b' }))).toEqual(['message of b']);
    expect(observer.notes).toContainEqual(['event.evidence_unwritten', { eventId: 'a', errorName: 'Error' }]);
    expect(observer.notes).toContainEqual(['event.evidence_unread', { eventId: 'b', errorName: 'Error' }]);
  });
});
