import type { Connection } from '../../functions/connection/connection.ts';
import type { ConnectionChange, ConnectionChanges } from '../../functions/connection/connection-change.ts';
import {
  afterWrite,
  type ConnectionStore,
  type ConnectionWrite,
  type DueConnection,
  dueShardOf,
} from '../../functions/connection/connection-store.ts';
import type { Escrow, EscrowedTokenSet } from '../../functions/connection/escrow.ts';
import type { RotationQueue } from '../../functions/connection/sweep.ts';
import { holds } from '../memory/connection-store.ts';
import type { Choices } from './choices.ts';
import type { Invocation } from './invocation.ts';
import type { Machine } from './machine.ts';
import type { SimulatedProcore } from './simulated-procore.ts';
import type { Watch } from './watch.ts';

/** How much goes wrong at AWS: shares of calls, and times (epoch seconds) of an outage. */
export interface AwsWeather {
  readonly faults: number;
  readonly tableOutage: readonly [from: number, until: number];
  /** How long the table is out when Procore has just given a token set; seconds, 0 for never. */
  readonly outageAtSuccess: number;
  readonly escrowOutage: readonly [from: number, until: number];
  /** Between these times this share of the table's calls times out. */
  readonly brownOut: readonly [from: number, until: number];
  readonly brownOutShare: number;
  /** Share of the claims that take effect at once, and whose answer is lost late. */
  readonly lateClaims: number;
}

/** An error of the AWS SDK, when its two tries are over. */
class AwsFault extends Error {
  override readonly name = 'ProvisionedThroughputExceededException';
}

// One is enough: a stack trace costs more than the rest of a call.
const fault = new AwsFault('the simulated AWS refuses');

/** How a call goes wrong. */
const faults = ['slow', 'slow_answer', 'throttled', 'timed_out', 'answer_lost', 'repeated', 'echoed'] as const;

const sdkTimeoutMs = 2000;

/** What the simulated queues hand on. */
export interface Deliveries {
  /** Connections came to the rotation queue. */
  readonly rotate: (connections: readonly DueConnection[]) => void;
  /** A token set came to the escrow queue. */
  readonly recover: () => void;
}

/** Table and queues, with the faults that their clients show. */
export class SimulatedAws {
  isCalm = false;
  readonly connections = new Map<string, Connection>();
  readonly escrowed = new Set<EscrowedTokenSet>();
  readonly announced = new Set<string>();
  #successOutageUntil = 0;
  readonly #queued = new Map<string, number>();
  readonly #shards = new Map<string, string>();
  readonly #machine: Machine;
  readonly #choices: Choices;
  readonly #weather: AwsWeather;
  readonly #watch: Watch;
  readonly #procore: SimulatedProcore;
  readonly #deliveries: Deliveries;

  constructor(
    machine: Machine,
    choices: Choices,
    weather: AwsWeather,
    watch: Watch,
    procore: SimulatedProcore,
    deliveries: Deliveries,
  ) {
    this.#machine = machine;
    this.#choices = choices;
    this.#weather = weather;
    this.#watch = watch;
    this.#procore = procore;
    this.#deliveries = deliveries;
  }

  /** Procore has given a token set: the worst moment for the table to go. */
  tokensGiven(): void {
    const { outageAtSuccess } = this.#weather;
    // Once: the next success shall find its place.
    if (outageAtSuccess > 0 && this.#successOutageUntil === 0) {
      this.#successOutageUntil = this.#machine.now + outageAtSuccess;
    }
  }

  /** The table as one invocation reaches it. */
  storeFor(holder: Invocation): ConnectionStore {
    return {
      environment: 'sandbox',
      read: (connectionId) => this.#call(holder, () => this.connections.get(connectionId)),
      write: async (write) => {
        const answer = await this.#call(
          holder,
          () => this.#write(holder, write),
          (first) => (first === 'written' ? this.#write(holder, write) : first),
          undefined,
          write.set.attempt !== undefined && write.set.failure === undefined ? this.#weather.lateClaims : 0,
        );
        this.#watch.ended(holder, write.connectionId);
        return answer;
      },
      due: (shard, now) => {
        const connections = [...this.connections.values()]
          .flatMap(({ connectionId, rotateAt }) => (rotateAt === undefined ? [] : [{ connectionId, rotateAt }]))
          .filter(({ connectionId, rotateAt }) => this.#shardOf(connectionId) === shard && rotateAt <= now);
        // An empty shard is no point at which anything can happen.
        if (connections.length === 0) return Promise.resolve({ connections });
        return this.#call(holder, () => ({ connections }));
      },
      // No account of the simulation sees so many companies.
      keepCompanies: async () => {},
      companies: async () => [],
    };
  }

  /** The escrow queue as one invocation reaches it. */
  escrowFor(holder: Invocation): Escrow {
    return {
      deposit: async (escrowed) => {
        const deposit = () => {
          this.#machine.tell?.(`${holder.name} puts ${escrowed.tokens.accessToken} into escrow`);
          if (!this.escrowed.has(escrowed)) this.#watch.deposited(holder, escrowed, this.#procore);
          this.escrowed.add(escrowed);
          this.#deliveries.recover();
        };
        try {
          await this.#call(holder, deposit, deposit, this.#weather.escrowOutage);
        } catch (error) {
          const set = this.#procore.byAccessToken.get(escrowed.tokens.accessToken);
          if (set) set.isEscrowRefused = true;
          throw error;
        }
      },
    };
  }

  /** The event queue as one invocation reaches it. */
  changesFor(holder: Invocation): ConnectionChanges {
    return {
      announce: (change) => {
        const effect = () => {
          this.#watch.told(holder, change);
          this.announced.add(nameOf(change));
        };
        return this.#call(holder, effect, effect, this.#weather.escrowOutage);
      },
    };
  }

  /** The rotation queue as the sweep reaches it: what is queued twice within five minutes is dropped. */
  queueFor(holder: Invocation): RotationQueue {
    return {
      send: (connections) =>
        this.#call(
          holder,
          () => {
            const fresh = connections.filter(({ connectionId, rotateAt }) => {
              const name = `${connectionId} ${rotateAt}`;
              const before = this.#queued.get(name);
              if (before !== undefined && this.#machine.now - before < 300) return false;
              this.#queued.set(name, this.#machine.now);
              return true;
            });
            if (fresh.length > 0) this.#deliveries.rotate(fresh);
            return { refused: 0 };
          },
          undefined,
          this.#weather.escrowOutage,
        ),
      waiting: async () => 0,
    };
  }

  #write(writer: Invocation, write: ConnectionWrite): 'written' | 'refused' {
    const stored = this.connections.get(write.connectionId);
    const refusal = write.require.find((condition) => !holds(condition, stored));
    this.#machine.tell?.(
      `${writer.name} writes ${JSON.stringify(write.set)}, removes ${write.remove}: ${refusal?.condition ?? 'written'}`,
    );
    if (refusal) return 'refused';
    const after = afterWrite(stored ?? ({ connectionId: write.connectionId } as Connection), write);
    this.connections.set(write.connectionId, after);
    this.#watch.ended(writer, write.connectionId);
    this.#watch.written(writer, stored, after, this.#procore);
    return 'written';
  }

  #shardOf(connectionId: string): string {
    const known = this.#shards.get(connectionId) ?? dueShardOf(connectionId);
    this.#shards.set(connectionId, known);
    return known;
  }

  /** @param outage of a queue; the table's own when absent */
  #isOut(outage: readonly [from: number, until: number] | undefined): boolean {
    const { now } = this.#machine;
    const [from, until] = outage ?? this.#weather.tableOutage;
    return (now >= from && now < until) || (outage === undefined && now < this.#successOutageUntil);
  }

  /** Whether a call of the table falls victim to a brown-out. */
  #isBrownedOut(): boolean {
    const { brownOut, brownOutShare } = this.#weather;
    const [from, until] = brownOut;
    const { now } = this.#machine;
    return now >= from && now < until && this.#choices.chance(brownOutShare);
  }

  /**
   * @param again the same request when the SDK repeats it after it took effect
   * @param outage of a queue; the table's own when absent
   * @param late how likely it takes effect at once and its answer is lost late
   */
  #call<Answer>(
    holder: Invocation,
    effect: () => Answer,
    again: (first: Answer) => Answer = (first) => first,
    outage?: readonly [from: number, until: number],
    late = 0,
  ): Promise<Answer> {
    if (this.isCalm || !holder.isAlive) return holder.call({ effectMs: 5, answerMs: 5, effect });
    if (late > 0 && this.#choices.chance(late)) {
      return holder.call({ effectMs: 2, answerMs: 2 * sdkTimeoutMs, effect, lost: fault });
    }
    if (outage === undefined && this.#isBrownedOut()) {
      const answerMs = 2 * sdkTimeoutMs;
      // Half of them take effect all the same.
      if (this.#choices.chance(0.5)) return holder.call({ effectMs: 20, answerMs, effect, lost: fault });
      return holder.call<Answer>({ effectMs: answerMs, answerMs, effect: () => undefined as Answer, lost: fault });
    }
    if (this.#isOut(outage)) {
      const answerMs = this.#choices.chance(0.3) ? 2 * sdkTimeoutMs : 20;
      return holder.call<Answer>({ effectMs: answerMs, answerMs, effect: () => undefined as Answer, lost: fault });
    }
    if (!this.#choices.chance(this.#weather.faults)) {
      // Mostly a few milliseconds, rarely up to a second.
      const effectMs = 2 + this.#choices.fraction() ** 8 * 1000;
      return holder.call({ effectMs, answerMs: effectMs, effect });
    }
    const slowMs = 100 + this.#choices.fraction() * (sdkTimeoutMs - 200);
    switch (this.#choices.pick(faults)) {
      case 'slow':
        return holder.call({ effectMs: slowMs, answerMs: slowMs, effect });
      case 'slow_answer':
        return holder.call({ effectMs: 2, answerMs: slowMs, effect });
      case 'throttled':
        return holder.call<Answer>({ effectMs: 60, answerMs: 60, effect: () => undefined as Answer, lost: fault });
      case 'timed_out':
        return holder.call<Answer>({
          effectMs: 2 * sdkTimeoutMs,
          answerMs: 2 * sdkTimeoutMs,
          effect: () => undefined as Answer,
          lost: fault,
        });
      case 'answer_lost':
        return holder.call({ effectMs: slowMs, answerMs: 2 * sdkTimeoutMs, effect, lost: fault });
      case 'repeated': {
        // The first try takes effect, its answer is lost, the second try is answered.
        let first: Answer;
        this.#machine.after(2, () => {
          first = effect();
        });
        const effectMs = sdkTimeoutMs + 20;
        return holder.call({ effectMs, answerMs: effectMs, effect: () => again(first) });
      }
      default:
        // Echoed: the first try hangs on its way, the second is answered; then the first arrives.
        this.#machine.after(sdkTimeoutMs + 20 + this.#choices.fraction() * 20_000, () => void effect());
        return holder.call({ effectMs: sdkTimeoutMs + 10, answerMs: sdkTimeoutMs + 10, effect });
    }
  }
}

/** Names an announcement. */
export function nameOf({
  connectionId,
  change,
  generation,
}: Pick<ConnectionChange, 'connectionId' | 'change' | 'generation'>) {
  return `${connectionId} ${change} ${generation}`;
}
