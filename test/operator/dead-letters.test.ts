import { describe, expect, it } from 'vitest';
import {
  type DeadLetter,
  type DeadLetterQueue,
  peekDeadLetters,
  redriveDeadLetters,
} from '../../lib/operator/dead-letters.ts';

/** A FIFO queue: of a group whose letter is in somebody's hand no further one comes. */
function fifo(...initial: readonly (readonly [group: string, body: string])[]) {
  let made = 0;
  const letter = (groupId: string, body: string): DeadLetter => {
    made += 1;
    return { messageId: `m${made}`, receipt: `r${made}`, groupId, body, reason: 'permanent', sentAt: made };
  };
  const letters = initial.map(([groupId, body]) => letter(groupId, body));
  const inHand = new Set<string>();
  const resent: string[] = [];
  const queue: DeadLetterQueue & { comesBack?: boolean } = {
    count: async () => letters.length,
    async receive() {
      const locked = new Set(letters.filter(({ receipt }) => inHand.has(receipt)).map(({ groupId }) => groupId));
      const free = letters.filter(({ groupId }) => !locked.has(groupId)).slice(0, 3);
      for (const { receipt } of free) inHand.add(receipt);
      return free;
    },
    async giveBack(given) {
      for (const { receipt } of given) inHand.delete(receipt);
    },
    async redrive({ body, groupId }) {
      resent.push(body);
      if (queue.comesBack) letters.push(letter(groupId, body));
    },
    async delete({ receipt }) {
      letters.splice(
        letters.findIndex((one) => one.receipt === receipt),
        1,
      );
      inHand.delete(receipt);
    },
  };
  return { queue, letters, inHand, resent };
}

describe('dead letters', () => {
  it('are shown and given back', async () => {
    const { queue, letters, inHand } = fifo(['a', '1'], ['a', '2'], ['b', '3']);
    expect((await peekDeadLetters(queue, 100)).map(({ body }) => body)).toEqual(['1', '2', '3']);
    expect(letters).toHaveLength(3);
    expect(inHand.size).toBe(0);
  });

  it('are sent again in the order of their groups, then gone', async () => {
    const { queue, letters, resent } = fifo(['a', '1'], ['b', '2'], ['a', '3'], ['a', '4'], ['b', '5']);
    expect(
      await redriveDeadLetters(
        queue,
        () => true,
        () => {},
      ),
    ).toEqual({ redriven: 5, kept: 0 });
    expect(resent).toEqual(['1', '2', '3', '4', '5']);
    expect(letters).toEqual([]);
  });

  it('of the same group stay behind one that is not chosen', async () => {
    const { queue, letters, inHand } = fifo(['a', '1'], ['a', '2'], ['b', '3'], ['a', '4']);
    const chosen = ({ body }: DeadLetter) => body !== '1';
    expect(await redriveDeadLetters(queue, chosen, () => {})).toEqual({ redriven: 1, kept: 2 });
    expect(letters.map(({ body }) => body)).toEqual(['1', '2', '4']);
    expect(inHand.size).toBe(0);
  });

  it('that fail again at once are not sent round and round', async () => {
    const { queue, letters, resent } = fifo(['a', '1'], ['b', '2']);
    queue.comesBack = true;
    expect(
      await redriveDeadLetters(
        queue,
        () => true,
        () => {},
      ),
    ).toMatchObject({ redriven: 2 });
    expect(resent).toEqual(['1', '2']);
    expect(letters).toHaveLength(2);
  });

  it('are given back when sending fails, and nothing is deleted', async () => {
    const { queue, letters } = fifo(['a', '1'], ['b', '2']);
    queue.redrive = () => Promise.reject(new Error('throttled'));
    await expect(
      redriveDeadLetters(
        queue,
        () => true,
        () => {},
      ),
    ).rejects.toThrow('throttled');
    expect(letters).toHaveLength(2);
  });
});
