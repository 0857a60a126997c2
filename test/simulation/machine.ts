import { Heap } from './heap.ts';

/**
 * A virtual clock with the steps that are to come. Between two steps everything that can go on without a port's answer
 * goes on to its end, so a schedule is the order of the steps and nothing else.
 */
export class Machine {
  /** Epoch seconds; true time, which no worker's clock need show. */
  now: number;
  readonly #steps = new Heap<() => void>();
  /** How many steps were taken. */
  taken = 0;
  /** Hears what happens, to tell the story of one schedule; called as `tell?.(…)`, so that silence costs nothing. */
  tell: ((line: string) => void) | undefined;

  constructor(now: number) {
    this.now = now;
  }

  /** Plans a step so many milliseconds from now. */
  after(milliseconds: number, run: () => void): void {
    this.#steps.put(this.now + milliseconds / 1000, run);
  }

  /**
   * Takes steps, earliest first and in the order of their planning, until none is left.
   *
   * @param inspect is called after every step; throws to end the run
   * @param isOver ends the run early, with steps left
   */
  async run(inspect: () => void, isOver: () => boolean = () => false): Promise<void> {
    // What was begun without a step must come to its first call of a port.
    await quiet();
    for (let step = this.#steps.take(); step !== undefined; step = this.#steps.take()) {
      this.now = Math.max(this.now, step.at);
      this.taken += 1;
      step.item();
      await quiet();
      inspect();
      if (isOver()) return;
    }
  }
}

/** Waits until no promise is left that can go on: Node runs a tick only when the queue of microtasks is empty. */
function quiet(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
