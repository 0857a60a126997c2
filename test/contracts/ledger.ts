import { describe, expect, it } from 'vitest';
import type { Clock } from '../../functions/clock.ts';
import { type ArrivedEvent, type Ledger, type LedgerReader, ledgerSeconds } from '../../functions/webhook/ledger.ts';
import { sampleEvent, sampleTime } from '../webhook/sample-events.ts';
import type { Repetition } from './sending-twice.ts';

/** What every ledger must do; `makeLedger` gives one that knows none of the events yet. */
export function ledgerContract(makeLedger: (clock: Clock, repetition?: Repetition) => Ledger & LedgerReader): void {
  let made = 0;
  const setUp = (repetition?: Repetition) => {
    const time = { now: sampleTime + 10 };
    const ledger = makeLedger(() => time.now, repetition);
    made += 1;
    const event = sampleEvent({ id: `event-${made}`, resourceId: `90071992547409931${made}` });
    return { time, ledger, event };
  };

  describe('ledger contract', () => {
    it('finds what was recorded, every digit of it, and nothing else', async () => {
      const { ledger, event } = setUp();
      expect(await ledger.find(event.id)).toBeUndefined();
      expect(await ledger.record(event, 1000.25)).toBe('recorded');
      expect(await ledger.find(event.id)).toStrictEqual({ event, receivedAt: 1000.25 });
      expect(await ledger.find(`${event.id}0`)).toBeUndefined();
    });

    it('says known to a second recording and keeps the first time', async () => {
      const { ledger, event } = setUp();
      await ledger.record(event, 1000);
      expect(await ledger.record(event, 2000)).toBe('known');
      expect(await ledger.find(event.id)).toEqual({ event, receivedAt: 1000 });
    });

    it('says known when the SDK repeats a recording whose answer was lost', async () => {
      const { ledger, event } = setUp('repeated');
      expect(await ledger.record(event, 1000)).toBe('known');
      expect(await ledger.find(event.id)).toEqual({ event, receivedAt: 1000 });
    });

    it('says recorded to exactly one of fifty recordings at once', async () => {
      const { ledger, event } = setUp();
      const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ledger.record(event, index)));
      expect(answers.filter((answer) => answer === 'recorded')).toHaveLength(1);
    });

    it('keeps the mark of a worker that was faster than the recording', async () => {
      const { ledger, event } = setUp();
      await ledger.markHandled(event, 3000);
      expect(await ledger.find(event.id)).toEqual({ event, handledAt: 3000 });
      expect(await ledger.record(event, 2999)).toBe('recorded');
      expect(await ledger.find(event.id)).toEqual({ event, receivedAt: 2999, handledAt: 3000 });
      expect((await ledger.history(event)).handledBefore).toBe(true);
    });

    it('knows an event that the worker saw although its recording was lost', async () => {
      const { ledger, event } = setUp();
      await ledger.countFailure(event);
      expect(await ledger.find(event.id)).toEqual({ event });
    });

    it('keeps why an event was last a dead letter, and what else is known of it', async () => {
      const { ledger, event } = setUp();
      await ledger.record(event, 1000);
      expect((await ledger.show(event.id))?.deadLettered).toBeUndefined();
      await ledger.markDeadLettered(event, { reason: 'tries_spent' });
      await ledger.markDeadLettered(event, { reason: 'permanent', detail: 'no such cost code' });
      expect(await ledger.show(event.id)).toMatchObject({
        receivedAt: 1000,
        failures: 0,
        deadLettered: { reason: 'permanent', detail: 'no such cost code' },
      });
    });

    it('counts failures by event', async () => {
      const { ledger, event } = setUp();
      await ledger.record(event, 1000);
      expect(await ledger.countFailure(event)).toBe(1);
      expect(await ledger.countFailure(event)).toBe(2);
      expect(await ledger.countFailure({ ...event, id: `${event.id}-other` })).toBe(1);
    });

    it('tells the newest handled event of the same resource, whatever the order of handling', async () => {
      const { ledger, event } = setUp();
      const newer = { ...event, id: `${event.id}-newer`, occurredAt: sampleTime + 5.000001 };
      expect(await ledger.history(event)).toEqual({ handledBefore: false, newestHandled: null });
      await ledger.markHandled(newer, 3000);
      await ledger.markHandled(event, 3001);
      expect(await ledger.history(event)).toEqual({ handledBefore: true, newestHandled: sampleTime + 5.000001 });
      const elsewhere = { ...event, id: `${event.id}-elsewhere`, projectId: null };
      expect(await ledger.history(elsewhere)).toEqual({ handledBefore: false, newestHandled: null });
    });

    it('takes a time in the future for now, or every later event of the resource would look stale', async () => {
      const { ledger, event, time } = setUp();
      await ledger.markHandled({ ...event, occurredAt: 253_402_300_799 }, time.now);
      expect((await ledger.history(event)).newestHandled).toBe(time.now + 180);
    });

    it('marks an event without a readable time as handled and leaves its resource alone', async () => {
      const { ledger, event } = setUp();
      await ledger.markHandled({ ...event, occurredAt: null }, 3000);
      expect(await ledger.history(event)).toEqual({ handledBefore: true, newestHandled: null });
    });

    it('lists by arrival what intake recorded and what only the worker saw, oldest first, over midnight', async () => {
      const { ledger, event, time } = setUp();
      const from = (made + 1) * 10_000 * 86_400;
      const listed = async (since: number, until: number): Promise<ArrivedEvent[]> => {
        const found: ArrivedEvent[] = [];
        for await (const entry of ledger.arrivals(since, until)) found.push(entry);
        return found;
      };
      for (let index = 0; index < 130; index += 1) {
        time.now = from - 60 + index;
        await ledger.record({ ...event, id: `${event.id}-${index}` }, time.now);
      }
      time.now = from + 500.5;
      await ledger.countFailure({ ...event, id: `${event.id}-seen` });
      time.now = from + 600;
      await ledger.markHandled({ ...event, id: `${event.id}-0` }, time.now);
      // Eventually consistent: at AWS an index may follow some milliseconds later.
      await expect.poll(() => listed(from - 60, from + 501)).toHaveLength(131);
      const all = await listed(from - 60, from + 501);
      expect(all.map((entry) => entry.event.id)).toEqual([
        ...Array.from({ length: 130 }, (_, index) => `${event.id}-${index}`),
        `${event.id}-seen`,
      ]);
      expect(all[0]).toMatchObject({ arrivedAt: from - 60, handledAt: from + 600, failures: 0 });
      expect(all.at(-1)).toMatchObject({ arrivedAt: from + 500.5, failures: 1 });
      expect(await ledger.show(`${event.id}-seen`)).toEqual(all.at(-1));
      expect(await ledger.show(`${event.id}-nobody`)).toBeUndefined();
      expect((await listed(from - 60, from - 58)).map(({ arrivedAt }) => arrivedAt)).toEqual([from - 60, from - 59]);
      expect(await listed(from + 501, from + 999)).toEqual([]);
    });

    it('forgets after 30 days, whether or not the item is still there', async () => {
      const { ledger, event, time } = setUp();
      await ledger.record(event, 1000);
      await ledger.markHandled(event, 1001);
      time.now += ledgerSeconds - 1;
      expect(await ledger.find(event.id)).toBeDefined();
      time.now += 2;
      expect(await ledger.find(event.id)).toBeUndefined();
      expect(await ledger.history(event)).toEqual({ handledBefore: false, newestHandled: null });
    });
  });
}
