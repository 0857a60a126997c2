import type { Choices } from './choices.ts';
import type { Machine } from './machine.ts';

/** How an invocation's process may die on a call of a port. */
type Death = 'before_sending' | 'while_under_way' | 'before_answer';

/** A call of a port: when it takes effect and what comes back, in milliseconds from its beginning. */
export interface PortCall<Answer> {
  readonly effectMs: number;
  readonly answerMs: number;
  /** What happens at the other side; its value is the answer unless `lost`. */
  readonly effect: () => Answer;
  /** What the caller gets in place of the answer. */
  readonly lost?: Error;
}

/**
 * One invocation of one function: a process with its own clock, that lives until it returns, is killed at its time-out
 * or crashes. A dead one gets no answer and sends nothing more; what it had sent still takes effect.
 */
export class Invocation {
  readonly name: string;
  readonly endsAt: number;
  /** What its clock shows beyond true time, in seconds. */
  readonly clockOffset: number;
  state: 'alive' | 'returned' | 'threw' | 'crashed' | 'timed_out' = 'alive';
  /** Whether a port has thrown at it. */
  isTroubled = false;
  readonly owners = new Set<string>();
  /** Whether it runs the version before, which need not keep what this one promises anew. */
  isOlder = false;
  readonly #machine: Machine;
  #callsToDeath: number;
  readonly #death: Death;

  constructor(
    machine: Machine,
    choices: Choices | undefined,
    {
      name,
      seconds,
      skewSeconds,
      crashes,
    }: { readonly name: string; readonly seconds: number; readonly skewSeconds: number; readonly crashes: number },
  ) {
    this.name = name;
    this.#machine = machine;
    this.endsAt = machine.now + seconds;
    const lean = choices?.fraction() ?? 0;
    // Two fifths of the clocks are right; the others lead or lag, half of them by all that is allowed.
    this.clockOffset = lean < 0.4 ? 0 : Math.max(-0.5, Math.min(0.5, (lean - 0.7) * 3.3)) * skewSeconds;
    const dies = choices?.chance(crashes) ?? false;
    this.#callsToDeath = dies && choices ? 1 + Math.floor(choices.fraction() ** 2 * 30) : Number.POSITIVE_INFINITY;
    this.#death =
      dies && choices ? choices.pick<Death>(['before_answer', 'while_under_way', 'before_sending']) : 'before_answer';
  }

  get isAlive(): boolean {
    if (this.state === 'alive' && this.#machine.now >= this.endsAt) this.state = 'timed_out';
    return this.state === 'alive';
  }

  readonly clock = (): number => this.#machine.now + this.clockOffset;

  /** What is left, honestly, in milliseconds. */
  readonly remaining = (): number => (this.endsAt - this.#machine.now) * 1000;

  readonly sleep = (milliseconds: number): Promise<void> =>
    this.call({ effectMs: milliseconds, answerMs: milliseconds, effect: () => undefined });

  /** Makes a call; the promise stays open for ever when the process dies first. */
  call<Answer>({ effectMs, answerMs, effect, lost }: PortCall<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (!this.isAlive) return;
      this.#callsToDeath -= 1;
      const death = this.#callsToDeath <= 0 ? this.#death : undefined;
      if (death === 'before_sending' || death === 'while_under_way') this.state = 'crashed';
      if (this.state === 'crashed') this.#machine.tell?.(`${this.name} crashes (${death})`);
      if (death === 'before_sending') return;
      this.#machine.after(effectMs, () => {
        const answer = effect();
        if (death === 'before_answer' && this.isAlive) this.state = 'crashed';
        if (death === 'before_answer') this.#machine.tell?.(`${this.name} crashes`);
        const finish = () => {
          if (!this.isAlive) return;
          if (lost === undefined) return resolve(answer);
          this.isTroubled = true;
          this.#machine.tell?.(`${this.name} gets ${lost.name}`);
          reject(lost);
        };
        if (answerMs <= effectMs) finish();
        else this.#machine.after(answerMs - effectMs, finish);
      });
    });
  }
}
