import { expect, it } from 'vitest';
import { followEvents } from '../../lib/console/live-events.ts';
import { instantLedger } from '../../lib/testing/instant-ledger.ts';
import { aboutEvent, sampleEvent, sampleTries } from '../webhook/sample-events.ts';

/** Follows a ledger in which something is done before each look but the first, and counts what is read. */
async function follow(
  ...steps: readonly ((ledger: ReturnType<typeof instantLedger>, time: { now: number }) => unknown)[]
) {
  const time = { now: 1_800_000_000 };
  const ledger = instantLedger(() => time.now);
  const reads = { arrivals: 0, again: 0 };
  const counting = {
    async *arrivals(...range: Parameters<typeof ledger.arrivals>) {
      for await (const entry of ledger.arrivals(...range)) {
        reads.arrivals += 1;
        yield entry;
      }
    },
    async showAll(ids: readonly string[]) {
      reads.again += ids.length;
      return ledger.showAll(ids);
    },
  };
  const [first, ...later] = steps;
  await first?.(ledger, time);
  const ending = new AbortController();
  const pause = async () => {
    const next = later.shift();
    if (next === undefined) ending.abort();
    time.now += 0.5;
    await next?.(ledger, time);
  };
  const told: string[][] = [];
  const following = { signal: ending.signal, clock: () => time.now, pause };
  for await (const entries of followEvents(counting, following)) {
    told.push(entries.map(({ event, handledAt, failures }) => `${event.id} ${handledAt ? 'handled' : failures}`));
  }
  return { told, reads };
}

const eventOf = (id: string) => sampleEvent({ id });

it('tells each event when it arrives and when it changes, and nothing twice', async () => {
  const { told } = await follow(
    (ledger, { now }) => ledger.record(eventOf('one'), now),
    (ledger, { now }) => ledger.record(eventOf('two'), now),
    () => {},
    (ledger) => ledger.recordFailure(aboutEvent(eventOf('two')), sampleTries()),
    (ledger, { now }) => ledger.markHandled(aboutEvent(eventOf('one')), now),
    () => {},
  );
  expect(told).toEqual([['one 0'], ['two 0'], ['two 1'], ['one handled']]);
});

it('tells what becomes of an event however long it takes', async () => {
  const { told } = await follow(
    (ledger, { now }) => ledger.record(eventOf('slow'), now),
    (_, time) => {
      time.now += 3600;
    },
    (ledger, { now }) => ledger.markHandled(aboutEvent(eventOf('slow')), now),
  );
  expect(told).toEqual([['slow 0'], ['slow handled']]);
});

it('misses nothing that arrives while a look takes long', async () => {
  const { told } = await follow(
    () => {},
    (ledger, time) => {
      const arrived = ledger.record(eventOf('meanwhile'), time.now);
      time.now += 60;
      return arrived;
    },
  );
  expect(told).toEqual([['meanwhile 0']]);
});

it('reads what was handled once, and of what waits a bounded number each time', async () => {
  const many = Array.from({ length: 500 }, (_, index) => eventOf(`event-${index}`));
  const { told, reads } = await follow(
    async (ledger, { now }) => {
      for (const event of many) await ledger.record(event, now);
      for (const event of many.slice(0, 250)) await ledger.markHandled(aboutEvent(event), now);
    },
    () => {},
    () => {},
    () => {},
  );
  expect(told.flat()).toHaveLength(500);
  expect(reads).toEqual({ arrivals: 500, again: 300 });
});
