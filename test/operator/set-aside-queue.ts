import type { DeadLetter, DeadLetterQueue } from '../../lib/operator/dead-letters.ts';
import { type VirtualTime, virtualTime } from '../connection/virtual-time.ts';

/** What {@link fifoQueue} is made of, besides its letters. */
export interface FifoOptions {
  /** How long each call takes, in seconds. @default 0 */
  readonly callSeconds?: number;
  /** Whether a letter that is redriven fails again, and how long after that it is back, in seconds. @default never */
  readonly comesBackAfter?: (body: string) => number | undefined;
}

/** A dead-letter queue as SQS keeps it: FIFO, and what is in hand is hidden for a minute. */
export interface FifoQueue {
  readonly queue: DeadLetterQueue;
  readonly time: VirtualTime;
  /** Bodies of the letters that are there, in hand or not. */
  bodies(): readonly string[];
  /** Bodies of those that are hidden from others. */
  inHand(): readonly string[];
  /** Bodies in the order in which they were redriven. */
  readonly resent: readonly string[];
  /** How many calls were under way at the same time at most. */
  most(): number;
}

interface Kept {
  readonly letter: Omit<DeadLetter, 'receipt'>;
  receives: number;
  visibleAt: number;
}

const inHandSeconds = 60;

/** Makes a dead-letter queue in a virtual time; its letters are given by group and body. */
export function fifoQueue(
  initial: readonly (readonly [group: string, body: string])[],
  { callSeconds = 0, comesBackAfter = () => undefined }: FifoOptions = {},
): FifoQueue {
  const time = virtualTime(1_800_000_000);
  const { clock } = time;
  const kept = new Map<string, Kept>();
  const resent: string[] = [];
  let made = 0;
  const setAside = (groupId: string, body: string, visibleAt: number) => {
    made += 1;
    const letter = { messageId: `m${made}`, groupId, body, reason: 'permanent', sentAt: visibleAt };
    kept.set(letter.messageId, { letter, receives: 0, visibleAt });
  };
  for (const [groupId, body] of initial) setAside(groupId, body, clock());
  let underWay = 0;
  let most = 0;
  const call = async <Result>(act: () => Result): Promise<Result> => {
    underWay += 1;
    most = Math.max(most, underWay);
    if (callSeconds > 0) await time.sleep(callSeconds * 1000);
    underWay -= 1;
    return act();
  };
  const held = ({ messageId, receipt }: DeadLetter) => {
    const found = kept.get(messageId);
    return found && receipt === `${messageId}/${found.receives}` && found.visibleAt > clock() ? found : undefined;
  };
  const hidden = () => [...kept.values()].filter(({ visibleAt }) => visibleAt > clock());

  const queue: DeadLetterQueue = {
    count: () => call(() => kept.size),
    receive: () =>
      call(() => {
        const locked = new Set<string>();
        const received: DeadLetter[] = [];
        for (const each of kept.values()) {
          const { letter } = each;
          if (each.visibleAt > clock()) locked.add(letter.groupId);
          if (locked.has(letter.groupId)) continue;
          each.receives += 1;
          each.visibleAt = clock() + inHandSeconds;
          received.push({ ...letter, receipt: `${letter.messageId}/${each.receives}` });
          if (received.length === 10) break;
        }
        return received;
      }),
    giveBack: (letters) =>
      call(() => {
        for (const letter of letters) {
          const found = held(letter);
          if (found) found.visibleAt = clock();
        }
      }),
    redrive: ({ body, groupId }) =>
      call(() => {
        resent.push(body);
        const seconds = comesBackAfter(body);
        if (seconds !== undefined) setAside(groupId, body, clock() + seconds);
      }),
    delete: (letter) =>
      call(() => {
        if (held(letter) === undefined) throw new Error(`The receipt of ${letter.messageId} has expired.`);
        kept.delete(letter.messageId);
      }),
  };
  return {
    queue,
    time,
    resent,
    bodies: () => [...kept.values()].map(({ letter }) => letter.body),
    inHand: () => hidden().map(({ letter }) => letter.body),
    most: () => most,
  };
}
