interface Step {
  /** Epoch seconds. */
  readonly at: number;
  readonly run: () => void;
}

/**
 * A virtual clock with the steps that are to come. Between two steps everything that can go on without a port's answer
 * goes on to its end, so a schedule is the order of the steps and nothing else.
 */
export class Machine {
  /** Epoch seconds; true time, which no worker's clock need show. */
  now: number;
  readonly #steps: Step[] = [];
  /** How many steps were taken. */
  taken = 0;
  /** Hears what happens, to tell the story of one schedule; called as `tell?.(…)`, so that silence costs nothing. */
  tell: ((line: string) => void) | undefined;

  constructor(now: number) {
    this.now = now;
  }

  /** Plans a step so many milliseconds from now. */
  after(milliseconds: number, run: () => void): void {
    this.#steps.push({ at: this.now + milliseconds / 1000, run });
  }

  /**
   * Takes steps, earliest first and in the order of their planning, until none is left.
   *
   * @param inspect is called after every step; throws to end the run
   */
  async run(inspect: () => void): Promise<void> {
    // What was begun without a step must come to its first call of a port.
    await quiet();
    for (let step = this.#nextStep(); step !== undefined; step = this.#nextStep()) {
      this.now = Math.max(this.now, step.at);
      this.taken += 1;
      step.run();
      await quiet();
      inspect();
    }
  }

  #nextStep(): Step | undefined {
    const steps = this.#steps;
    let earliest = 0;
    for (let index = 1; index < steps.length; index += 1) {
      if ((steps[index] as Step).at < (steps[earliest] as Step).at) earliest = index;
    }
    return steps.splice(earliest, 1)[0];
  }
}

/** Waits until no promise is left that can go on: Node runs a tick only when the queue of microtasks is empty. */
function quiet(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
