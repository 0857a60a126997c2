import type { EventMarks } from '../../../functions/webhook/event-handlers.ts';
import { longestUnmarked } from '../../../functions/webhook/run-message.ts';
import type { DeadLetterNote, DeadLetterReason, ReceivedMessage } from '../../../functions/webhook/work-queue.ts';
import type { Invocation } from '../invocation.ts';
import type { Machine } from '../machine.ts';
import { type Invariant, Violation } from '../violation.ts';
import { type Fate, isEnded } from './fates.ts';
import type { FifoMessage } from './fifo.ts';
import type { Scenario } from './scenario.ts';

/** What a process of the worker has seen, as far as invariants are about it. */
export interface Witness {
  /** Keys of which a try has failed since their last success in this process. */
  readonly failedKeys: Set<string>;
  /** Events of which a try is under way in this invocation, until its end is written down or cannot be. */
  readonly underWay: Set<Fate>;
  /** Suspects whose beginning this invocation has written down, and neither their end nor put them off. */
  readonly open: Set<Fate>;
  /** Events that this invocation has tried. */
  readonly tried: Set<Fate>;
}

/**
 * So many seconds at most a group is put off, whoever it belongs to: beyond its company's share, or taken by a worker
 * that has to leave it to another.
 */
const longestShare = 40;

/** When SQS would soon delete a message. */
const retention = { hours: 240 } as const;

/** How long a message may wait after its time, when it was received a few times, and when many: then pauses are long. */
const longWait = { few: 2 * 3600, many: 13 * 3600 } as const;

/** From so many receives on every pause is long, so that receives last. */
const freeReceives = 400;

/** Sees all that becomes of events and holds it against the invariants. */
export class WorkerWatch {
  /** The first violation; the worker catches errors, so it is thrown by the scheduler, not in their midst. */
  violation: Violation | undefined;
  /** Whether it looks away: to see what a mutant does when nothing goes wrong. */
  isBlind = false;
  /** Since when nothing goes wrong any more, epoch seconds; undefined while something does. */
  calmSince: number | undefined;
  readonly fates: readonly Fate[];
  /** Every message by its id, also those that left the queue. */
  readonly ofMessage = new Map<string, Fate>();
  readonly dead = new Map<string, { readonly fate: Fate; readonly reason: string }>();
  readonly #deadMessages = new Set<string>();
  readonly #firstReceivedAt = new Map<string, number>();
  readonly #machine: Machine;
  readonly #scenario: Pick<Scenario, 'giveUpAfterHours'>;
  readonly #skewSeconds: number;
  readonly #groups: ReadonlyMap<string, readonly Fate[]>;
  #arrived = 0;

  constructor(machine: Machine, fates: readonly Fate[], scenario: Scenario, skewSeconds: number) {
    this.#machine = machine;
    this.fates = fates;
    this.#groups = Map.groupBy(fates, ({ groupId }) => groupId);
    this.#scenario = scenario;
    this.#skewSeconds = skewSeconds;
  }

  fail(invariant: Invariant, detail: string): void {
    if (this.isBlind) return;
    this.violation ??= new Violation(invariant, `${detail} (at ${this.#machine.now.toFixed(3)})`);
  }

  /** Throws what was found. */
  readonly inspect = (): void => {
    if (this.violation) throw this.violation;
  };

  readonly now = (): number => this.#machine.now;

  /** A message comes to the queue. */
  sent({ messageId }: FifoMessage, fate: Fate): void {
    this.ofMessage.set(messageId, fate);
    if (fate.firstSentAt !== undefined) return;
    fate.firstSentAt = this.#machine.now;
    fate.order = ++this.#arrived;
  }

  /** A message left the queue. */
  gone(message: FifoMessage, how: 'deleted' | 'expired'): void {
    const fate = this.#fate(message);
    fate.goneAt ??= this.#machine.now;
    // The ledger refused the mark for longer than an event is kept on the queue for it.
    const heldFor = this.#machine.now - (this.#firstReceivedAt.get(message.messageId) ?? this.#machine.now);
    if (fate.markedAt === undefined && heldFor >= longestUnmarked - this.#skewSeconds) fate.wasLetGo = true;
    if (fate.handledAt !== undefined || this.#deadMessages.has(message.messageId)) return;
    this.fail('W1', `${nameOf(fate)} is ${how} and was neither handled nor set aside`);
  }

  /** SQS gave a message up, without a word why. */
  moved(message: FifoMessage): void {
    const fate = this.#fate(message);
    this.#letter(message.messageId, fate, 'received_too_often');
    this.fail('W6', `${nameOf(fate)} was received so often that SQS set it aside, for no reason`);
  }

  /** The ledger tells what happened to an event before. */
  historyRead(fate: Fate): void {
    fate.historyReadAt = this.#machine.now;
  }

  /** The integrator's code is called. */
  began(holder: Invocation, witness: Witness, fate: Fate, marks: EventMarks | undefined): void {
    fate.firstTriedAt ??= this.#machine.now;
    witness.underWay.add(fate);
    witness.tried.add(fate);
    const group = this.#groups.get(fate.groupId) ?? [];
    const earlier = group.find((other) => other.order > 0 && other.order < fate.order && !isEnded(other));
    if (earlier) this.fail('W5', `${holder.name} runs ${nameOf(fate)} before ${nameOf(earlier)}, which came first`);
    if (marks === undefined || marks.stale === null) return;
    const read = fate.historyReadAt ?? 0;
    const isMarked = ({ markedAt = Number.POSITIVE_INFINITY }: Fate) => markedAt < read;
    const newer = group.find((other) => isMarked(other) && other.occurredAt > fate.occurredAt);
    if (newer && !marks.stale) this.fail('W5', `${nameOf(fate)} comes unmarked after ${nameOf(newer)}, a later one`);
    // What is off the queue is known to be handled, also where the ledger refused that for minutes.
    const isOver = ({ handledAt, goneAt = Number.POSITIVE_INFINITY, deadFor, wasLetGo }: Fate) =>
      handledAt !== undefined && goneAt < read && deadFor.length === 0 && !wasLetGo;
    const over = group.find((other) => other !== fate && isOver(other) && other.occurredAt > fate.occurredAt);
    if (over && !marks.stale)
      this.fail('W5', `${nameOf(fate)} comes unmarked after ${nameOf(over)}, whose mark is missing`);
    if (isMarked(fate) && !marks.handledBefore) this.fail('W5', `${nameOf(fate)} comes unmarked a second time`);
  }

  /** The integrator's code has ended. */
  ended({ failedKeys }: Witness, fate: Fate, how: 'handled' | 'failed'): void {
    const { now } = this.#machine;
    if (how === 'handled') fate.handledAt = now;
    else fate.lastFailedAt = now;
    if (fate.key === undefined) return;
    if (how === 'handled') failedKeys.delete(fate.key);
    else failedKeys.add(fate.key);
  }

  /** The process has died. */
  died({ underWay, open }: Witness): void {
    for (const fate of new Set([...underWay, ...open])) {
      // One whose try was over, and could neither be closed nor put off, cannot be told from one that died.
      if (!underWay.has(fate) || underWay.size === 1) fate.deathsAlone += 1;
    }
  }

  /** Messages are put off. */
  postponing(holder: Invocation, witness: Witness, messages: readonly ReceivedMessage[], seconds: number): void {
    const [first] = messages;
    if (first === undefined || seconds <= longestShare || first.receiveCount >= freeReceives) return;
    const fate = this.#fate(first);
    const isItsOwn = fate.key === undefined || witness.tried.has(fate) || witness.failedKeys.has(fate.key);
    // A suspect waits while the ledger is out, and whatever the dead-letter queue refuses.
    if (isItsOwn || holder.isTroubled) return;
    this.fail('W7', `${holder.name} puts ${nameOf(fate)} off for ${seconds} s, and nothing of its key has failed`);
  }

  /** An invocation has returned. */
  returned({ open }: Witness): void {
    // It could neither write down how a suspect's try ended nor put the message off: that cannot be told from a death.
    for (const fate of open) fate.deathsAlone += 1;
  }

  /** A message is set aside. */
  deadLettered(message: ReceivedMessage, reason: DeadLetterReason, { lastTry }: DeadLetterNote): void {
    const fate = this.#fate(message);
    const { now } = this.#machine;
    const age = now - message.sentAt + this.#skewSeconds;
    this.#letter(message.messageId, fate, reason);
    const what = `${nameOf(fate)} is given up (${reason})`;
    const { nature } = fate.arrival;
    if (nature === 'foreign' || nature === 'unreadable') return;
    const needsTry = reason !== 'retention';
    if (needsTry && lastTry === undefined) this.fail('W6', `${what} without a try`);
    switch (reason) {
      case 'permanent':
        if (nature !== 'permanent') this.fail('W2', what);
        break;
      case 'fails_alone':
        if (nature !== 'poison' && !fate.wasInBrownOut) this.fail('W2', `${what}, and its whole key failed`);
        break;
      case 'failed_too_long':
        if (age < this.#scenario.giveUpAfterHours * 3600) this.fail('W2', `${what} after ${age.toFixed(0)} s`);
        break;
      case 'retention':
        if (age < retention.hours * 3600) this.fail('W2', `${what} after ${age.toFixed(0)} s`);
        break;
      case 'kills_worker':
        // One that was handled comes again when it was not deleted; nothing is lost with it.
        if (nature !== 'killer' && fate.handledAt === undefined && fate.deathsAlone < 2)
          this.fail('W4', `${what} and ended its process alone ${fate.deathsAlone} times`);
        break;
      default:
        this.fail('W6', `${what}, which it is not`);
    }
  }

  /** An operator sends a dead letter again. */
  redriven(messageId: string): void {
    this.dead.delete(messageId);
  }

  /** A message is handed out: looks whether it should be gone by now. */
  handedOut({ messageId, sentAt, receiveCount }: ReceivedMessage): void {
    const fate = this.#fate({ messageId });
    if (receiveCount === 1) this.#firstReceivedAt.set(messageId, this.#machine.now);
    const { now } = this.#machine;
    const slack = receiveCount < freeReceives ? longWait.few : longWait.many;
    const isFailing = fate.arrival.nature === 'poison' || fate.arrival.nature === 'hanging';
    const hours = isFailing ? this.#scenario.giveUpAfterHours : retention.hours;
    const since = isFailing && this.calmSince !== undefined ? Math.max(this.calmSince, sentAt) : sentAt;
    if (isFailing && this.calmSince === undefined) return;
    const wait = now - Math.max(since, sentAt + hours * 3600);
    if (wait > slack) this.fail('W3', `${nameOf(fate)} still waits ${(wait / 3600).toFixed(1)} h after its time`);
  }

  #letter(messageId: string, fate: Fate, reason: DeadLetterReason | 'received_too_often'): void {
    this.dead.set(messageId, { fate, reason });
    this.#deadMessages.add(messageId);
    fate.deadFor.push(reason);
    fate.deadAt = this.#machine.now;
  }

  #fate({ messageId }: Pick<FifoMessage, 'messageId'>): Fate {
    return this.ofMessage.get(messageId) as Fate;
  }
}

/** Names an event and what is the matter with it. */
export function nameOf({ arrival: { id, nature, company, resourceName, resourceId } }: Fate): string {
  return `${id} (${nature}, ${resourceName} ${resourceId} of company ${company})`;
}
