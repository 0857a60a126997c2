import { describe, expect, it } from 'vitest';
import type { Clock } from '../../functions/clock.ts';
import { type Subject, subjectId } from '../../functions/webhook/event-message.ts';
import {
  type ArrivedEvent,
  type Attended,
  type Attention,
  type Ledger,
  type LedgerReader,
  ledgerSeconds,
} from '../../functions/webhook/ledger.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import { aboutEvent, sampleEvent, sampleTime, sampleTries } from '../webhook/sample-events.ts';
import type { Repetition } from './sending-twice.ts';

/** A change of a connection, which makes a message's subject, too. */
function aboutChange(connectionId: string): Subject {
  const change = {
    connectionId,
    environment: 'sandbox',
    change: 'connected',
    generation: 3,
    reconnect: '',
    at: 5,
  } as const;
  return { kind: 'connection_change', change };
}

/** What of a subject the index of what wants attention lists: a ledger of other tests may hold more. */
async function listed(ledger: LedgerReader, attention: Attention, of: WebhookEvent | Subject): Promise<Attended[]> {
  const id = subjectId('kind' in of ? of : aboutEvent(of));
  const found: Attended[] = [];
  for await (const entry of ledger.attention(attention)) if (subjectId(entry.subject) === id) found.push(entry);
  return found;
}

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
      await ledger.markHandled(aboutEvent(event), 3000);
      expect(await ledger.find(event.id)).toEqual({ event, handledAt: 3000 });
      expect(await ledger.record(event, 2999)).toBe('recorded');
      expect(await ledger.find(event.id)).toEqual({ event, receivedAt: 2999, handledAt: 3000 });
      expect((await ledger.history(event)).handledBefore).toBe(true);
    });

    it('knows an event that the worker saw although its recording was lost', async () => {
      const { ledger, event } = setUp();
      await ledger.recordFailure(aboutEvent(event), sampleTries());
      expect(await ledger.find(event.id)).toEqual({ event });
    });

    it('keeps the last tries of an event and why it was last a dead letter, and what else is known of it', async () => {
      const { ledger, event } = setUp();
      const about = aboutEvent(event);
      await ledger.record(event, 1000);
      expect(await ledger.tries(about)).toBeUndefined();
      expect(await ledger.show(event.id)).toEqual({
        event,
        arrivedAt: expect.any(Number),
        failures: 0,
        receivedAt: 1000,
      });
      await ledger.recordFailure(about, sampleTries(), { reason: 'fails_alone' });
      const tried = sampleTries({ failures: 2, counted: 1, lastCountedAt: sampleTime + 9.5 });
      await ledger.recordFailure(about, tried, { reason: 'permanent', detail: 'no such cost code' });
      expect(await ledger.tries(about)).toEqual(tried);
      expect(await ledger.show(event.id)).toMatchObject({
        receivedAt: 1000,
        failures: 2,
        tried,
        deadLettered: { reason: 'permanent', detail: 'no such cost code' },
      });
      expect(await ledger.tries(aboutEvent({ ...event, id: `${event.id}-other` }))).toBeUndefined();
    });

    it('keeps a try that has begun without counting a failure', async () => {
      const { ledger, event } = setUp();
      const tried = sampleTries({ startedAt: sampleTime + 3 });
      await ledger.keepTries(aboutEvent(event), tried);
      expect(await ledger.show(event.id)).toMatchObject({ failures: 0, tried });
      expect(await listed(ledger, 'failing', event)).toEqual([]);
    });

    it('lists what is failing or dead until it is handled', async () => {
      const { ledger, event, time } = setUp();
      const about = aboutEvent(event);
      const tried = sampleTries({ firstTriedAt: time.now - 60 });
      await ledger.recordFailure(about, tried);
      const failing = { subject: about, attention: 'failing', since: time.now - 60, tried };
      // Eventually consistent: at AWS an index may follow some milliseconds later.
      await expect.poll(() => listed(ledger, 'failing', event)).toEqual([failing]);
      expect(await listed(ledger, 'dead', event)).toEqual([]);
      await ledger.recordFailure(about, tried, { reason: 'permanent' });
      const dead = { ...failing, attention: 'dead', since: time.now, deadLettered: { reason: 'permanent' } };
      await expect.poll(() => listed(ledger, 'dead', event)).toEqual([dead]);
      expect(await listed(ledger, 'failing', event)).toEqual([]);
      await ledger.markHandled(about, time.now + 1, tried);
      await expect.poll(() => listed(ledger, 'dead', event)).toEqual([]);
      expect(await ledger.tries(about)).toEqual(tried);
    });

    it('keeps a change of a connection that fails, lists it, and is done with it when it was handled', async () => {
      const { ledger, event, time } = setUp();
      const about = aboutChange(event.id);
      await ledger.markHandled(about, time.now);
      expect(await ledger.tries(about)).toBeUndefined();
      await ledger.recordFailure(about, sampleTries());
      expect(await ledger.tries(about)).toEqual(sampleTries());
      await expect.poll(() => listed(ledger, 'failing', about)).toHaveLength(1);
      await ledger.markHandled(about, time.now, sampleTries());
      await expect.poll(() => listed(ledger, 'failing', about)).toEqual([]);
      expect(await ledger.find(event.id)).toBeUndefined();
    });

    it('is done with a change that failed, also when whoever handled it did not know that', async () => {
      const { ledger, event, time } = setUp();
      const about = aboutChange(event.id);
      await ledger.recordFailure(about, sampleTries());
      await expect.poll(() => listed(ledger, 'failing', about)).toHaveLength(1);
      await ledger.markHandled(about, time.now);
      await expect.poll(() => listed(ledger, 'failing', about)).toEqual([]);
      expect(await ledger.tries(about)).toEqual(sampleTries());
    });

    it('keeps how the events of a key fare, each time by itself, for 30 days', async () => {
      const { ledger, event, time } = setUp();
      expect(await ledger.health(event.id)).toEqual({});
      await ledger.noteHealth(event.id, { watchedUntil: time.now + 3600 });
      await ledger.noteHealth(event.id, { succeededAt: time.now + 0.25 });
      expect(await ledger.health(event.id)).toEqual({ watchedUntil: time.now + 3600, succeededAt: time.now + 0.25 });
      expect(await ledger.health(`${event.id}-other`)).toEqual({});
      time.now += ledgerSeconds + 2;
      expect(await ledger.health(event.id)).toEqual({});
    });

    it('tells the newest handled event of the same resource, whatever the order of handling', async () => {
      const { ledger, event } = setUp();
      const newer = { ...event, id: `${event.id}-newer`, occurredAt: sampleTime + 5.000001 };
      expect(await ledger.history(event)).toEqual({ handledBefore: false, newestHandled: null });
      await ledger.markHandled(aboutEvent(newer), 3000);
      await ledger.markHandled(aboutEvent(event), 3001);
      expect(await ledger.history(event)).toEqual({ handledBefore: true, newestHandled: sampleTime + 5.000001 });
      const elsewhere = { ...event, id: `${event.id}-elsewhere`, projectId: null };
      expect(await ledger.history(elsewhere)).toEqual({ handledBefore: false, newestHandled: null });
    });

    it('takes a time in the future for now, or every later event of the resource would look stale', async () => {
      const { ledger, event, time } = setUp();
      await ledger.markHandled(aboutEvent({ ...event, occurredAt: 253_402_300_799 }), time.now);
      expect((await ledger.history(event)).newestHandled).toBe(time.now + 180);
    });

    it('marks an event without a readable time as handled and leaves its resource alone', async () => {
      const { ledger, event } = setUp();
      await ledger.markHandled(aboutEvent({ ...event, occurredAt: null }), 3000);
      expect(await ledger.history(event)).toEqual({ handledBefore: true, newestHandled: null });
    });

    it('lists by arrival what intake recorded and what only the worker saw, oldest first, over midnight', async () => {
      const { ledger, event, time } = setUp();
      const from = (made + 1) * 10_000 * 86_400;
      const arrived = async (since: number, until: number): Promise<ArrivedEvent[]> => {
        const found: ArrivedEvent[] = [];
        for await (const entry of ledger.arrivals(since, until)) found.push(entry);
        return found;
      };
      for (let index = 0; index < 130; index += 1) {
        time.now = from - 60 + index;
        await ledger.record({ ...event, id: `${event.id}-${index}` }, time.now);
      }
      time.now = from + 500.5;
      await ledger.recordFailure(aboutEvent({ ...event, id: `${event.id}-seen` }), sampleTries());
      time.now = from + 600;
      await ledger.markHandled(aboutEvent({ ...event, id: `${event.id}-0` }), time.now);
      // Eventually consistent: at AWS an index may follow some milliseconds later.
      await expect.poll(() => arrived(from - 60, from + 501)).toHaveLength(131);
      const all = await arrived(from - 60, from + 501);
      expect(all.map((entry) => entry.event.id)).toEqual([
        ...Array.from({ length: 130 }, (_, index) => `${event.id}-${index}`),
        `${event.id}-seen`,
      ]);
      expect(all[0]).toMatchObject({ arrivedAt: from - 60, handledAt: from + 600, failures: 0 });
      expect(all.at(-1)).toMatchObject({ arrivedAt: from + 500.5, failures: 1 });
      expect(await ledger.show(`${event.id}-seen`)).toEqual(all.at(-1));
      expect(await ledger.show(`${event.id}-nobody`)).toBeUndefined();
      const many = [...all.map((entry) => entry.event.id), `${event.id}-nobody`];
      const read = (await ledger.showAll(many)).toSorted((one, other) => one.arrivedAt - other.arrivedAt);
      expect(read).toEqual(all);
      const odd: string[] = [];
      const isEven = (id: string) => /[02468]$/.test(id);
      for await (const entry of ledger.arrivals(from - 60, from - 55, isEven)) odd.push(entry.event.id);
      expect(odd).toEqual([`${event.id}-1`, `${event.id}-3`]);
      expect((await arrived(from - 60, from - 58)).map(({ arrivedAt }) => arrivedAt)).toEqual([from - 60, from - 59]);
      expect(await arrived(from + 501, from + 999)).toEqual([]);
    });

    it('forgets after 30 days, whether or not the item is still there', async () => {
      const { ledger, event, time } = setUp();
      await ledger.record(event, 1000);
      await ledger.markHandled(aboutEvent(event), 1001);
      time.now += ledgerSeconds - 1;
      expect(await ledger.find(event.id)).toBeDefined();
      time.now += 2;
      expect(await ledger.find(event.id)).toBeUndefined();
      expect(await ledger.history(event)).toEqual({ handledBefore: false, newestHandled: null });
    });
  });
}
