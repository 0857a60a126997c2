import { describe, expect, it } from 'vitest';
import { groupId, queueJson, type WebhookEventMessage } from '../../functions/webhook/event-message.ts';
import type { EventWorkQueue, ReceivedMessage } from '../../functions/webhook/work-queue.ts';
import { type DeadLetter, type DeadLetterQueue, redriveDeadLetters } from '../../lib/operator/dead-letters.ts';
import type { QueuedMessage } from '../memory/sqs.ts';
import { sampleEvent } from '../webhook/sample-events.ts';

/** A dead-letter queue, what fills it, and the event queue to which it is redriven. */
export interface DeadLettersUnderTest {
  readonly letters: DeadLetterQueue;
  readonly workQueue: Pick<EventWorkQueue, 'deadLetter'>;
  /** What lies on the event queue. */
  events(): Promise<readonly QueuedMessage[]>;
}

const attributes = { kind: 'webhook_event', eventType: 'update', resourceName: 'RFIs', companyId: '1357908642' };

/** What every dead-letter queue must do; `makeQueue` gives an empty one. */
export function deadLettersContract(makeQueue: () => Promise<DeadLettersUnderTest>): void {
  /** Sets an event of a resource aside. */
  async function setAside({ workQueue }: DeadLettersUnderTest, id: string, resourceId: string, messageId = `of ${id}`) {
    const message: WebhookEventMessage = {
      kind: 'webhook_event',
      environment: 'sandbox',
      event: sampleEvent({ id, resourceId }),
      receivedAt: 1,
    };
    const received: ReceivedMessage = {
      ...{ messageId, receipt: 'r', groupId: groupId(message), body: queueJson(message) },
      ...{ receiveCount: 5, sentAt: 1, firstReceivedAt: 1 },
    };
    await workQueue.deadLetter(received, 'permanent', { detail: 'no such cost code' });
  }
  const idOf = ({ body }: { readonly body: string }) => JSON.parse(body).event.id as string;
  /** Receives until nothing comes: SQS may hand out one of a group, or less than there is. */
  async function receiveAll(letters: DeadLetterQueue): Promise<readonly DeadLetter[]> {
    const all: DeadLetter[] = [];
    for (;;) {
      const some = await letters.receive();
      if (some.length === 0) return all;
      all.push(...some);
    }
  }

  describe('dead-letter queue contract', () => {
    it('shows a letter with its body, group, reason and time', async () => {
      const underTest = await makeQueue();
      await setAside(underTest, 'a', '1');
      const [letter] = await underTest.letters.receive();
      expect(letter).toMatchObject({ reason: 'permanent', detail: 'no such cost code', sentAt: expect.any(Number) });
      expect(letter?.messageId).not.toBe('');
      expect(letter?.groupId).not.toBe('');
      expect(letter && idOf(letter)).toBe('a');
      expect(Number.isNaN(letter?.sentAt)).toBe(false);
    });

    it('counts letters, in hand or not', async () => {
      const underTest = await makeQueue();
      expect(await underTest.letters.count()).toBe(0);
      for (const id of ['a', 'b', 'c']) await setAside(underTest, id, id);
      await underTest.letters.receive();
      expect(await underTest.letters.count()).toBe(3);
    });

    it('hides what is in hand, and of its group what is behind it', async () => {
      const underTest = await makeQueue();
      for (const id of ['a', 'b', 'c']) await setAside(underTest, id, 'same resource');
      const inHand = await underTest.letters.receive();
      expect(inHand.map(idOf)[0]).toBe('a');
      expect(await underTest.letters.receive()).toEqual([]);
      await underTest.letters.giveBack(inHand);
      expect((await underTest.letters.receive()).map(idOf)[0]).toBe('a');
    });

    it('deletes one letter and no other', async () => {
      const underTest = await makeQueue();
      for (const id of ['a', 'b']) await setAside(underTest, id, id);
      const inHand = await receiveAll(underTest.letters);
      for (const letter of inHand) {
        if (idOf(letter) === 'a') await underTest.letters.delete(letter);
        else await underTest.letters.giveBack([letter]);
      }
      expect((await receiveAll(underTest.letters)).map(idOf)).toEqual(['b']);
    });

    it.each([
      ['of one group', ['1', '1', '1']],
      ['of different groups', ['1', '2', '3']],
      ['of equal and different groups', ['1', '2', '1']],
    ])(
      'redrives three letters %s: three arrive, in the order of their groups, with their attributes',
      async (_, ofResources) => {
        const underTest = await makeQueue();
        for (const [index, resourceId] of ofResources.entries())
          await setAside(underTest, `event ${index}`, resourceId);
        const redriven = await redriveDeadLetters(underTest.letters, () => true, {
          progress: () => {},
          signal: new AbortController().signal,
        });
        expect(redriven).toEqual({ done: 3, kept: 0, interrupted: false });
        const events = await underTest.events();
        expect(events.map(idOf).toSorted()).toEqual(['event 0', 'event 1', 'event 2']);
        for (const group of new Set(events.map((event) => event.groupId))) {
          const ids = events.filter((event) => event.groupId === group).map(idOf);
          expect(ids).toEqual(ids.toSorted());
        }
        expect(new Set(events.map((event) => event.groupId)).size).toBe(new Set(ofResources).size);
        expect(events.map((event) => event.attributes)).toEqual([attributes, attributes, attributes]);
        expect(await underTest.letters.count()).toBe(0);
      },
    );

    it('sends a letter once, though it is redriven twice, and again when its event was set aside again', async () => {
      const underTest = await makeQueue();
      await setAside(underTest, 'a', '1');
      const [letter] = await underTest.letters.receive();
      if (letter === undefined) throw new Error('nothing in hand');
      await underTest.letters.redrive(letter);
      await underTest.letters.redrive(letter);
      expect(await underTest.events()).toHaveLength(1);
      await underTest.letters.delete(letter);
      await setAside(underTest, 'a', '1', 'of a after its redrive');
      const [again] = await underTest.letters.receive();
      if (again === undefined) throw new Error('nothing in hand');
      await underTest.letters.redrive(again);
      expect((await underTest.events()).map(idOf)).toEqual(['a', 'a']);
    });
  });
}

/** What every dead-letter queue does while it is throttled. */
export function throttledDeadLettersContract(throttled: DeadLetterQueue): void {
  it('throws at every operation while it is throttled', async () => {
    const letter: DeadLetter = {
      messageId: 'm',
      receipt: 'r',
      groupId: 'g',
      body: '{}',
      reason: 'permanent',
      sentAt: 1,
    };
    await expect(throttled.count()).rejects.toThrow();
    await expect(throttled.receive()).rejects.toThrow();
    await expect(throttled.giveBack([letter])).rejects.toThrow();
    await expect(throttled.redrive(letter)).rejects.toThrow();
    await expect(throttled.delete(letter)).rejects.toThrow();
  });
}
