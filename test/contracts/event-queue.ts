import { beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionChange, ConnectionChanges } from '../../functions/connection/connection-change.ts';
import type { EventQueue } from '../../functions/webhook/acceptance.ts';
import { readEventMessage, type WebhookEventMessage } from '../../functions/webhook/event-message.ts';
import type { EventWorkQueue, ReceivedMessage } from '../../functions/webhook/work-queue.ts';
import type { QueuedMessage } from '../memory/sqs.ts';
import { sampleEvent } from '../webhook/sample-events.ts';

/** A queue under test, and what lies on it. */
export interface QueueUnderTest {
  readonly queue: EventQueue & ConnectionChanges;
  messages(): Promise<readonly QueuedMessage[]>;
}

/** What every event queue must do; `makeQueue` gives an empty one. */
export function eventQueueContract(makeQueue: () => Promise<QueueUnderTest>): void {
  const message = (id: string, otherwise: Parameters<typeof sampleEvent>[0] = {}): WebhookEventMessage => ({
    kind: 'webhook_event',
    environment: 'sandbox',
    event: sampleEvent({ id, ...otherwise }),
    receivedAt: 1738884853,
  });
  const change: ConnectionChange = {
    connectionId: 'customer:7',
    environment: 'sandbox',
    change: 'connected',
    generation: 3,
    reconnect: 'npm run procore -- connect customer:7',
    at: 1738884853,
  };

  describe('event queue contract', () => {
    let underTest: QueueUnderTest;

    beforeEach(async () => {
      underTest = await makeQueue();
    });

    it('carries an event unchanged, every digit of its ids', async () => {
      const sent = message('5982324300946918154', { resourceId: '9007199254740993' });
      expect(await underTest.queue.send(sent)).toBe('sent');
      const messages = await underTest.messages();
      expect(messages).toHaveLength(1);
      expect(readEventMessage(messages[0]?.body ?? '')).toEqual(sent);
    });

    it('offers what a consumer filters by', async () => {
      await underTest.queue.send(message('1'));
      expect((await underTest.messages())[0]?.attributes).toEqual({
        kind: 'webhook_event',
        eventType: 'update',
        resourceName: 'RFIs',
        companyId: '1357908642',
      });
    });

    it('drops a second copy of an event, also when the payload differs', async () => {
      await underTest.queue.send(message('1'));
      expect(await underTest.queue.send({ ...message('1'), receivedAt: 1738884999 })).toBe('sent');
      await underTest.queue.send(message('2'));
      expect(await underTest.messages()).toHaveLength(2);
    });

    it('takes an event again that is sent as a replay, in the group of its resource', async () => {
      await underTest.queue.send(message('1'));
      for (const replayId of ['first', 'first', 'second']) await underTest.queue.send({ ...message('1'), replayId });
      const messages = await underTest.messages();
      expect(messages.map(({ body }) => JSON.parse(body).replayId)).toEqual([undefined, 'first', 'second']);
      expect(new Set(messages.map(({ groupId }) => groupId)).size).toBe(1);
    });

    it('groups by resource, whatever characters its name has', async () => {
      await underTest.queue.send(message('1', { resourceName: 'Größe "über" alles 🏗' }));
      await underTest.queue.send(message('2', { resourceName: 'Größe "über" alles 🏗', eventType: 'delete' }));
      await underTest.queue.send(message('3', { resourceName: 'Größe "über" alles 🏗', projectId: null }));
      const groups = (await underTest.messages()).map(({ groupId }) => groupId);
      expect(groups).toHaveLength(3);
      expect(new Set(groups).size).toBe(2);
    });

    it('takes characters that SQS refuses to take as they are', async () => {
      const sent = message('1', { timestamp: 'a\uFFFE\uFFFF\u0000\u001F\uD800' });
      expect(await underTest.queue.send(sent)).toBe('sent');
      expect(readEventMessage((await underTest.messages())[0]?.body ?? '')).toEqual(sent);
    });

    it('refuses what is too long for SQS instead of throwing', async () => {
      const related = Array.from({ length: 40_000 }, (_, index) => ({ id: String(index), name: 'Direct Costs' }));
      expect(await underTest.queue.send(message('1', { relatedResources: related }))).toBe('refused');
    });

    it('announces a change of a connection once for each generation, in order with its other changes', async () => {
      await underTest.queue.announce(change);
      await underTest.queue.announce(change);
      await underTest.queue.announce({ ...change, change: 'disconnected', generation: 4 });
      const messages = await underTest.messages();
      expect(messages.map(({ attributes }) => attributes)).toEqual([
        { kind: 'connection_change', change: 'connected' },
        { kind: 'connection_change', change: 'disconnected' },
      ]);
      expect(new Set(messages.map(({ groupId }) => groupId)).size).toBe(1);
      expect(readEventMessage(messages[0]?.body ?? '')).toEqual({
        kind: 'connection_change',
        version: 1,
        environment: 'sandbox',
        change,
      });
    });
  });
}

/** A queue that the worker works, and what lies on it and on its dead-letter queue. */
export interface WorkQueueUnderTest {
  readonly queue: EventQueue;
  readonly workQueue: EventWorkQueue;
  receive(): Promise<readonly ReceivedMessage[]>;
  dead(): Promise<readonly QueuedMessage[]>;
}

/** What every queue must do that the worker has its hold on; `makeQueue` gives an empty one. */
export function eventWorkQueueContract(makeQueue: () => Promise<WorkQueueUnderTest>): void {
  const send = (queue: EventQueue, id: string, resourceId = '1') =>
    queue.send({
      kind: 'webhook_event',
      environment: 'sandbox',
      event: sampleEvent({ id, resourceId }),
      receivedAt: 1,
    });

  async function withOne() {
    const underTest = await makeQueue();
    await send(underTest.queue, 'first');
    const [message] = await underTest.receive();
    if (message === undefined) throw new Error('nothing received');
    return { ...underTest, message };
  }

  describe('event work queue contract', () => {
    it('hands out nothing of a group while one of it is in hand', async () => {
      const { queue, receive } = await withOne();
      await send(queue, 'second');
      expect(await receive()).toEqual([]);
    });

    it('offers a postponed message again in its order, and not before', async () => {
      const { queue, workQueue, receive, message } = await withOne();
      await send(queue, 'second');
      await workQueue.postpone([message], 40);
      expect(await receive()).toEqual([]);
      await workQueue.postpone([message], 0);
      expect((await receive())[0]).toMatchObject({ messageId: message.messageId, receiveCount: 2 });
    });

    it('says so when a message cannot be postponed any more', async () => {
      const { workQueue } = await makeQueue();
      const gone = { ...unread, messageId: 'gone', receipt: 'gone' };
      await expect(workQueue.postpone([gone], 5)).rejects.toThrow(/did not change the visibility of 1/);
    });

    it('sets a message aside with its reason, once for each message and not once for each event', async () => {
      const { workQueue, dead, message } = await withOne();
      await workQueue.deadLetter(message, 'permanent', {
        detail: `no such cost code\u0000${'x'.repeat(300)}`,
        lastTry: { at: 5.5, outcome: 'permanent', text: 'no\u0000such \uFFFFcode' },
      });
      await workQueue.deadLetter(message, 'permanent');
      expect(await dead()).toEqual([
        {
          body: message.body,
          groupId: message.groupId,
          attributes: {
            kind: 'webhook_event',
            eventType: 'update',
            resourceName: 'RFIs',
            companyId: '1357908642',
            reason: 'permanent',
            detail: expect.stringMatching(/^no such cost code x{238}$/),
            lastTry: '{"at":5.5,"outcome":"permanent","text":"no\\u0000such \\uffffcode"}',
          },
        },
      ]);
      // As a redrive makes it: the same event in a new message.
      await workQueue.deadLetter({ ...message, messageId: 'after-redrive' }, 'fails_alone');
      expect(await dead()).toHaveLength(2);
    });

    it('deletes messages that are done, and the next of their group comes', async () => {
      const { queue, workQueue, receive, message } = await withOne();
      await send(queue, 'second');
      await workQueue.delete([message]);
      expect((await receive()).map(({ body }) => JSON.parse(body).event.id)).toEqual(['second']);
      // Lambda deletes it again, as it was not reported.
      await workQueue.delete([message]);
    });

    it('hands out further messages as Lambda does, as many as asked for', async () => {
      const { queue, workQueue, message } = await withOne();
      for (const resourceId of ['2', '3', '4']) await send(queue, `of ${resourceId}`, resourceId);
      const more = await workQueue.receive(2);
      expect(more.map(({ body }) => JSON.parse(body).event.id)).toEqual(['of 2', 'of 3']);
      expect(more[0]).toMatchObject({
        receiveCount: 1,
        sentAt: expect.any(Number),
        firstReceivedAt: expect.any(Number),
      });
      expect(more[0]?.groupId).not.toBe(message.groupId);
      expect(await workQueue.receive(10)).toHaveLength(1);
      expect(await workQueue.receive(10)).toEqual([]);
    });

    it('tells when a message was sent and first received, whatever became of it since', async () => {
      const { workQueue, receive, message } = await withOne();
      expect(message.sentAt).toBeLessThanOrEqual(message.firstReceivedAt);
      await workQueue.postpone([message], 0);
      const [again] = await receive();
      expect(again).toMatchObject({ sentAt: message.sentAt, firstReceivedAt: message.firstReceivedAt });
    });

    it('sets a message aside that nobody can read, as it is', async () => {
      const { workQueue, dead, message } = await withOne();
      await workQueue.deadLetter({ ...message, body: 'not ours' }, 'unreadable_message');
      expect(await dead()).toMatchObject([{ body: 'not ours', attributes: { reason: 'unreadable_message' } }]);
    });
  });
}

/** What every event queue and its working side do while the queue throttles: they throw, and do not answer. */
export function throttledEventQueueContract(
  throttled: () => Promise<{ readonly queue: EventQueue & ConnectionChanges; readonly workQueue: EventWorkQueue }>,
): void {
  it('throws at every operation while it is throttled', async () => {
    const { queue, workQueue } = await throttled();
    const event = sampleEvent();
    const message = unread;
    await expect(queue.send({ kind: 'webhook_event', environment: 'sandbox', event, receivedAt: 1 })).rejects.toThrow();
    await expect(queue.announce(throttledChange)).rejects.toThrow();
    await expect(workQueue.postpone([message], 5)).rejects.toThrow();
    await expect(workQueue.deadLetter(message, 'permanent')).rejects.toThrow();
    await expect(workQueue.delete([message])).rejects.toThrow();
    await expect(workQueue.receive(5)).rejects.toThrow();
  });
}

/** A message that is on no queue. */
const unread: ReceivedMessage = {
  ...{ messageId: 'm', receipt: 'r', groupId: 'g', body: '{}' },
  ...{ receiveCount: 1, sentAt: 1, firstReceivedAt: 1 },
};

const throttledChange: ConnectionChange = {
  connectionId: 'acme',
  environment: 'sandbox',
  change: 'connected',
  generation: 1,
  reconnect: 'connect it again',
  at: 1,
};
