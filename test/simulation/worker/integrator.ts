import { ConnectorError } from '../../../functions/connector-error.ts';
import type { EventMarks } from '../../../functions/webhook/event-handlers.ts';
import { Permanent } from '../../../functions/webhook/permanent.ts';
import type { Choices } from '../choices.ts';
import type { Machine } from '../machine.ts';
import type { Fate } from './fates.ts';
import { type Outage, startTime } from './scenario.ts';
import type { WorkerWatch } from './watch.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Asks the worker to come again later, as Procore's rate limit does. */
class RateLimitedError extends ConnectorError {
  readonly code = 'rate_limited';
  readonly retryAfterSeconds = 40;
}

// Made once: a stack trace costs more than the rest of a try.
const errors = {
  poison: new TypeError("Cannot read properties of undefined (reading 'cost_code')"),
  permanent: new Permanent('no such cost code'),
  throws: new Error('the database does not answer'),
  network: Object.assign(new Error('fetch failed'), { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }),
  asks: new RateLimitedError('the rate limit is spent'),
} as const;

/** The integrator's file: it works, but for what is the matter with an event, and for outages of its own systems. */
export class Integrator {
  readonly #machine: Machine;
  readonly #choices: Choices;
  readonly #outages: readonly Outage[];
  readonly #watch: WorkerWatch;

  constructor(machine: Machine, choices: Choices, outages: readonly Outage[], watch: WorkerWatch) {
    this.#machine = machine;
    this.#choices = choices;
    this.#outages = outages;
    this.#watch = watch;
  }

  /** What `onEvent` and `onConnectionChange` do. */
  async run(process: WorkerProcess, fate: Fate, marks: EventMarks | undefined, signal: AbortSignal): Promise<void> {
    const { holder, witness } = process;
    const { nature, takesMs } = fate.arrival;
    this.#machine.tell?.(`${holder.name} runs ${fate.arrival.id} (${nature}) ${marks ? JSON.stringify(marks) : ''}`);
    this.#watch.began(holder, witness, fate, marks);
    const fails = (how: string) => {
      this.#machine.tell?.(`${fate.arrival.id} ${how}`);
      this.#watch.ended(witness, fate, 'failed');
    };
    signal.addEventListener('abort', () => fails('is broken off'));
    const way = this.#way(fate);
    if (way === 'hangs') return new Promise(() => {});
    const afterMs = way === undefined ? takesMs : 30;
    await holder.call({
      ...{ effectMs: afterMs, answerMs: afterMs },
      effect: () => {
        if (signal.aborted || !holder.isAlive) return;
        if (way === 'kills') holder.state = 'crashed';
        else if (way !== undefined) fails(`fails (${way})`);
        else this.#watch.ended(witness, fate, 'handled');
      },
    });
    if (way !== undefined && way !== 'kills') throw errors[way];
  }

  #way(fate: Fate): keyof typeof errors | 'hangs' | 'kills' | undefined {
    const { nature, company } = fate.arrival;
    if (nature === 'killer') return 'kills';
    if (nature === 'hanging') return 'hangs';
    if (nature === 'permanent' || nature === 'poison') return nature;
    const since = this.#machine.now - startTime;
    const outage = this.#outages.find(
      ({ from, until, company: whose }) => since >= from && since < until && (whose ?? company) === company,
    );
    if (outage === undefined) return undefined;
    if (outage.share < 1 && !this.#choices.chance(outage.share)) return undefined;
    if (outage.share < 1) fate.wasInBrownOut = true;
    return outage.way;
  }
}
