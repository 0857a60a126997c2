import { describe, expect, it } from 'vitest';
import { quarantineMessage } from '../../functions/webhook/quarantine.ts';
import { type DeadLetter, peekDeadLetters, redriveDeadLetters } from '../../lib/operator/dead-letters.ts';
import type { QuarantinedDelivery } from '../../lib/operator/quarantine.ts';
import { goThrough } from '../../lib/operator/set-aside.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { type FifoQueue, fifoQueue } from './set-aside-queue.ts';

const never = new AbortController().signal;
const letters = (count: number, groups: number) =>
  Array.from({ length: count }, (_, index) => [`g${index % groups}`, String(index)] as const);

function redrive(
  { queue, time }: FifoQueue,
  {
    chosen = () => true,
    progress = () => {},
    signal = never,
  }: {
    readonly chosen?: (letter: DeadLetter) => boolean;
    readonly progress?: (done: number) => void;
    readonly signal?: AbortSignal;
  } = {},
) {
  return time.run(redriveDeadLetters(queue, chosen, { progress, signal }));
}

describe('dead letters', () => {
  it('are shown and given back', async () => {
    const { queue, bodies, inHand } = fifoQueue([
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
    ]);
    expect((await peekDeadLetters(queue, 100, never)).map(({ body }) => body)).toEqual(['1', '2', '3']);
    expect(bodies()).toHaveLength(3);
    expect(inHand()).toEqual([]);
  });

  it('are sent again in the order of their groups, then gone', async () => {
    const fifo = fifoQueue(letters(25, 3));
    expect(await redrive(fifo)).toEqual({ done: 25, kept: 0, interrupted: false });
    for (const group of [0, 1, 2]) {
      const sent = fifo.resent.map(Number).filter((index) => index % 3 === group);
      expect(sent).toEqual(sent.toSorted((one, other) => one - other));
    }
    expect(fifo.resent).toHaveLength(25);
    expect(fifo.bodies()).toEqual([]);
  });

  it('of the same group stay behind one that is not chosen', async () => {
    const fifo = fifoQueue([
      ['a', '1'],
      ['a', '2'],
      ['b', '3'],
      ['a', '4'],
    ]);
    const chosen = ({ body }: DeadLetter) => body !== '1';
    expect(await redrive(fifo, { chosen })).toEqual({ done: 1, kept: 3, interrupted: false });
    expect(fifo.bodies()).toEqual(['1', '2', '4']);
    expect(fifo.inHand()).toEqual([]);
  });

  it('that fail again at once are not sent round and round', async () => {
    const fifo = fifoQueue(letters(30, 30), { comesBackAfter: () => 0 });
    expect(await redrive(fifo)).toMatchObject({ done: 30 });
    expect(fifo.resent.toSorted()).toEqual(
      letters(30, 30)
        .map(([, body]) => body)
        .toSorted(),
    );
    expect(fifo.bodies()).toHaveLength(30);
    expect(fifo.inHand()).toEqual([]);
  });

  it('are given back when sending fails, and none that was not sent is deleted', async () => {
    const fifo = fifoQueue(letters(12, 12));
    const { redrive: send } = fifo.queue;
    fifo.queue.redrive = (letter) => (letter.body === '7' ? Promise.reject(new Error('throttled')) : send(letter));
    await expect(redrive(fifo)).rejects.toThrow('throttled');
    expect(fifo.bodies()).toContain('7');
    expect([...fifo.bodies(), ...fifo.resent].toSorted()).toEqual(
      letters(12, 12)
        .map(([, body]) => body)
        .toSorted(),
    );
    expect(fifo.inHand()).toEqual([]);
  });

  it('are redriven in one run, 20,000 of 50 ms a call, though every seventh fails again a minute later', async () => {
    const fifo = fifoQueue(letters(20_000, 4000), {
      callSeconds: 0.05,
      comesBackAfter: (body) => (Number(body) % 7 === 0 ? 75 : undefined),
    });
    const began = fifo.time.clock();
    const told: number[] = [];
    const { done } = await redrive(fifo, { progress: (count) => told.push(count) });
    expect(done).toBe(20_000);
    expect(new Set(fifo.resent).size).toBe(20_000);
    expect(fifo.resent).toHaveLength(20_000);
    expect(fifo.bodies().every((body) => Number(body) % 7 === 0)).toBe(true);
    expect(fifo.most()).toBe(10);
    expect(told.at(-1)).toBe(20_000);
    expect(fifo.time.clock() - began).toBeLessThan(600);
  }, 60_000);

  it('are each sent or still there after Ctrl-C at any call, none in hand', async () => {
    for (let callsBefore = 0; callsBefore < 60; callsBefore++) {
      const fifo = fifoQueue(letters(20, 7), { callSeconds: 0.05 });
      const interruption = new AbortController();
      let calls = 0;
      for (const name of ['receive', 'redrive', 'delete'] as const) {
        const call = fifo.queue[name] as (...values: unknown[]) => Promise<never>;
        fifo.queue[name] = (...values: unknown[]) => {
          if (calls === callsBefore) interruption.abort();
          calls += 1;
          return call(...values);
        };
      }
      const { done, interrupted } = await redrive(fifo, { signal: interruption.signal });
      expect(fifo.inHand()).toEqual([]);
      expect(fifo.resent).toHaveLength(done);
      const all = [...fifo.resent, ...fifo.bodies()].toSorted();
      expect(all).toEqual(
        letters(20, 7)
          .map(([, body]) => body)
          .toSorted(),
      );
      if (interrupted && calls > callsBefore + 20) throw new Error(`${calls - callsBefore} calls after Ctrl-C.`);
    }
  });
});

describe('going through a queue', () => {
  it('ends though what is kept is handed out again before all of it was seen', async () => {
    // 10 in 2 s: after a minute 300 of 1,000 have been seen, and the first ones come again.
    const { queue, time, inHand } = fifoQueue(letters(1000, 1000), { callSeconds: 1 });
    const seen = new Set<string>();
    const judge = async ({ messageId }: DeadLetter) => {
      if (seen.has(messageId)) throw new Error(`${messageId} is judged a second time.`);
      seen.add(messageId);
      await time.sleep(1000);
      return 'keep' as const;
    };
    const { kept } = await time.run(goThrough(queue, { judge, progress: () => {}, signal: never }));
    expect(kept).toBe(seen.size);
    expect(kept).toBeGreaterThan(290);
    expect(inHand()).toEqual([]);
  });

  it('deletes without working it again what is handed out again because its deletion failed', async () => {
    const fifo = fifoQueue([['a', '1']]);
    const { delete: remove } = fifo.queue;
    let deletions = 0;
    // SQS answers that it has deleted what was no longer in the hand of whoever has this receipt.
    fifo.queue.delete = async (letter) => {
      deletions += 1;
      if (deletions > 1) await remove(letter);
      else fifo.time.pass(61);
    };
    expect(await redrive(fifo)).toEqual({ done: 1, kept: 0, interrupted: false });
    expect(fifo.resent).toEqual(['1']);
    expect(fifo.bodies()).toEqual([]);
  });
});

describe('going through the quarantine', () => {
  async function holding(count: number) {
    const quarantine = memoryQuarantine(() => 0);
    for (let number = 0; number < count; number += 1) {
      await quarantine.keep(quarantineMessage(Buffer.from(String(number)), 'invalid_json', number));
    }
    const walk = async (judge: (delivery: QuarantinedDelivery) => 'done' | 'keep') => {
      const seen: number[] = [];
      const noting = async (delivery: QuarantinedDelivery) => {
        seen.push(delivery.receivedAt);
        return judge(delivery);
      };
      await goThrough(quarantine, { judge: noting, progress: () => {}, signal: never });
      return seen.toSorted((one, other) => one - other);
    };
    return { walk, left: () => walk(() => 'keep') };
  }

  it('shows everything, deletes what is done, and gives the rest back', async () => {
    const { walk, left } = await holding(25);
    const seen = await walk(({ receivedAt }) => (receivedAt < 23 ? 'done' : 'keep'));
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => index));
    expect(await left()).toEqual([23, 24]);
  });

  it('gives back what was kept, and what its judge failed over', async () => {
    const { walk, left } = await holding(4);
    const failing = walk(({ receivedAt }) => {
      if (receivedAt === 2) throw new Error('the judge is out');
      return receivedAt === 0 ? 'keep' : 'done';
    });
    await expect(failing).rejects.toThrow('the judge is out');
    expect(await left()).toEqual([0, 2]);
  });

  it('begins nothing further once a judge has failed', async () => {
    const { walk, left } = await holding(25);
    const failing = walk(({ receivedAt }) => {
      if (receivedAt === 0) throw new Error('the judge is out');
      return 'done';
    });
    await expect(failing).rejects.toThrow('the judge is out');
    expect((await left()).length).toBeGreaterThan(15);
  });
});
