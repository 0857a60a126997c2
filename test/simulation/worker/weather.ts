import type { Choices } from '../choices.ts';
import type { Invocation } from '../invocation.ts';
import type { Machine } from '../machine.ts';
import { type Scenario, startTime } from './scenario.ts';

/** What the SDK throws when its tries are over. One is enough: a stack trace costs more than the rest of a call. */
class AwsFault extends Error {
  override readonly name = 'ProvisionedThroughputExceededException';
}
const fault = new AwsFault('the simulated AWS refuses');

/** How a call goes wrong. */
const faults = ['slow', 'throttled', 'answer_lost', 'repeated', 'timed_out'] as const;

/** As long as the ledger's adapter waits for its calls, in milliseconds. */
const sdkTimeoutMs = 600;

/** What is out at a time. */
type Outages = 'ledgerOutage' | 'ledgerReadOutage' | 'queueOutage';

/** Calls of AWS, with the faults that their clients show. */
export class Weather {
  isCalm = false;
  readonly #machine: Machine;
  readonly #choices: Choices | undefined;
  readonly #scenario: Pick<Scenario, 'faults' | Outages>;

  /** @param choices undefined for good weather */
  constructor(machine: Machine, choices: Choices | undefined, scenario: Pick<Scenario, 'faults' | Outages>) {
    this.#machine = machine;
    this.#choices = choices;
    this.#scenario = scenario;
  }

  isIn([from, until]: readonly [number, number]): boolean {
    const since = this.#machine.now - startTime;
    return !this.isCalm && since >= from && since < until;
  }

  /** Makes a call of the ledger or the queue. */
  call<Answer>(holder: Invocation, of: Outages, effect: () => Answer): Promise<Answer> {
    const choices = this.#choices;
    if (choices === undefined || this.isCalm || !holder.isAlive) {
      return holder.call({ effectMs: 5, answerMs: 5, effect });
    }
    const refused = (ms: number) =>
      holder.call<Answer>({ effectMs: ms, answerMs: ms, effect: () => undefined as Answer, lost: fault });
    if (this.isIn(this.#scenario[of])) return refused(choices.chance(0.3) ? sdkTimeoutMs : 20);
    const share = this.#scenario.faults;
    if (share === 0 || !choices.chance(share)) {
      // Mostly a few milliseconds, rarely half a second.
      const effectMs = 2 + choices.fraction() ** 8 * 500;
      return holder.call({ effectMs, answerMs: effectMs, effect });
    }
    switch (choices.pick(faults)) {
      case 'slow':
        return holder.call({ effectMs: 500, answerMs: 500, effect });
      case 'throttled':
        return refused(60);
      case 'answer_lost':
        return holder.call({ effectMs: 100, answerMs: sdkTimeoutMs, effect, lost: fault });
      case 'repeated':
        this.#machine.after(2, () => void effect());
        return holder.call({ effectMs: 300, answerMs: 300, effect });
      default:
        return refused(sdkTimeoutMs);
    }
  }
}
