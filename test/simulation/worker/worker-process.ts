import { silentObserver } from '../../../functions/observer.ts';
import { companyClientWhenCalled } from '../../../functions/webhook/event-client.ts';
import type { EventHandlers } from '../../../functions/webhook/event-handlers.ts';
import { type Subject, subjectId } from '../../../functions/webhook/event-message.ts';
import type { Ledger } from '../../../functions/webhook/ledger.ts';
import type { WorkDependencies } from '../../../functions/webhook/work-dependencies.ts';
import type { EventWorkQueue, ReceivedMessage } from '../../../functions/webhook/work-queue.ts';
import type { Invocation } from '../invocation.ts';
import type { Fate } from './fates.ts';
import type { SimulatedFifo } from './fifo.ts';
import type { Integrator } from './integrator.ts';
import type { Witness, WorkerWatch } from './watch.ts';
import type { Weather } from './weather.ts';

/** The worker's use cases, real or mutated. */
export type WorkerUseCases = typeof import('./use-cases.ts');

/** What all processes of the worker share. */
export interface WorkerSurroundings {
  readonly ledger: Ledger;
  readonly fifo: SimulatedFifo;
  readonly weather: Weather;
  readonly watch: WorkerWatch;
  readonly integrator: Integrator;
  readonly giveUpAfterHours: number;
  readonly randomFraction: () => number;
  readonly fateOf: (subjectId: string) => Fate;
  readonly tell: (line: string) => void;
  /** Something on the queue may be handed out sooner than was thought. */
  readonly wake: () => void;
}

/** One process of the function `webhook-worker`: it remembers from invocation to invocation, until it ends. */
export class WorkerProcess {
  /** The invocation that it runs, or ran last. */
  holder: Invocation;
  readonly witness: Witness = { failedKeys: new Set(), underWay: new Set(), tried: new Set(), open: new Set() };
  readonly #useCases: WorkerUseCases;
  readonly #dependencies: WorkDependencies;

  constructor(useCases: WorkerUseCases, holder: Invocation, surroundings: WorkerSurroundings) {
    this.holder = holder;
    this.#useCases = useCases;
    const clock = () => this.holder.clock();
    const { randomFraction, giveUpAfterHours } = surroundings;
    const ledger = this.#ledgerOf(surroundings);
    this.#dependencies = {
      environment: 'sandbox',
      companyClient: (companyId) =>
        companyClientWhenCalled('sandbox', companyId, () => Promise.reject(new Error('nobody calls Procore here'))),
      secret: () => Promise.reject(new Error('nobody asks for secrets here')),
      reads: { resourceChanged: () => {}, connectionChanged: () => {} },
      handlers: async () => this.#handlersOf(surroundings),
      frameOf: () => undefined,
      ledger,
      queue: this.#queueOf(surroundings),
      evidence: useCases.keyEvidence({ ledger, clock }),
      breaker: useCases.keyBreaker({ clock, randomFraction }),
      unmarked: new Map(),
      // Remembered for a minute by the real worker, and only a hint: no point at which anything can go wrong.
      subscriptions: { read: async () => undefined },
      ownClientId: async () => undefined,
      observer: silentObserver,
      ...{ giveUpAfterHours, clock, randomFraction },
      sleep: (milliseconds) => this.holder.sleep(milliseconds),
      remaining: () => this.holder.remaining(),
    };
  }

  /** Runs an invocation. @returns the ids of the messages that are not done */
  work(holder: Invocation, messages: readonly ReceivedMessage[]): Promise<readonly string[]> {
    this.holder = holder;
    for (const seen of [this.witness.underWay, this.witness.tried, this.witness.open]) seen.clear();
    return this.#useCases.workBatch(messages, this.#dependencies);
  }

  #handlersOf({ integrator, fateOf }: WorkerSurroundings): EventHandlers {
    return {
      onEvent: (event, { signal }) => integrator.run(this, fateOf(event.id), event.marks, signal),
      onConnectionChange: (change, { signal }) =>
        integrator.run(this, fateOf(subjectId({ kind: 'connection_change', change })), undefined, signal),
    };
  }

  #ledgerOf({ ledger, weather, watch, fateOf, tell }: WorkerSurroundings): Ledger {
    const call = <Answer>(effect: () => Promise<Answer>): Promise<Answer> =>
      weather.call<unknown>(this.holder, 'ledgerOutage', effect) as Promise<Answer>;
    const look = <Answer>(effect: () => Promise<Answer>): Promise<Answer> =>
      weather.call<unknown>(this.holder, 'ledgerReadOutage', effect) as Promise<Answer>;
    const { witness } = this;
    /** The end of a try is written down, or that fails for good. */
    const close = async (
      subject: Subject,
      name: string,
      effect: () => Promise<void>,
      isDead = false,
    ): Promise<void> => {
      const fate = fateOf(subjectId(subject));
      const write = () => {
        tell(`${this.holder.name} writes ${name} of ${fate.arrival.id}`);
        witness.open.delete(fate);
        // It ended in a living process, and that is written: what it did before is forgiven.
        if (!isDead) fate.deathsAlone = 0;
        return effect();
      };
      await call(write).finally(() => witness.underWay.delete(fate));
    };
    return {
      ...ledger,
      history: (event) => {
        const fate = fateOf(event.id);
        return look(() => {
          watch.historyRead(fate);
          return ledger.history(event);
        });
      },
      markHandled: (subject, at, tried) =>
        close(subject, 'markHandled', () => {
          const fate = fateOf(subjectId(subject));
          if (subject.kind === 'webhook_event') fate.markedAt ??= watch.now();
          return ledger.markHandled(subject, at, tried);
        }),
      tries: (subject) => look(() => ledger.tries(subject)),
      keepTries: (subject, tried) => {
        if (tried.startedAt === undefined) {
          return close(subject, 'keepTries', () => ledger.keepTries(subject, tried));
        }
        const fate = fateOf(subjectId(subject));
        // From now on: the write may take effect when the process has died.
        witness.open.add(fate);
        return call(() => {
          tell(`${this.holder.name} writes that ${fate.arrival.id} begins`);
          return ledger.keepTries(subject, tried);
        });
      },
      recordFailure: (subject, tried, deadLettered) =>
        close(
          subject,
          `recordFailure ${JSON.stringify({ ...tried, tries: tried.tries.length })}`,
          () => ledger.recordFailure(subject, tried, deadLettered),
          deadLettered !== undefined,
        ),
      health: (key) => look(() => ledger.health(key)),
      noteHealth: (key, health) => call(() => ledger.noteHealth(key, health)),
    };
  }

  #queueOf({ fifo, weather, watch, tell, wake }: WorkerSurroundings): EventWorkQueue {
    const call = <Answer>(effect: () => Answer): Promise<Answer> => weather.call(this.holder, 'queueOutage', effect);
    return {
      postpone: async (messages, seconds) => {
        watch.postponing(this.holder, this.witness, messages, seconds);
        const unchanged = await call(() => {
          tell(`${this.holder.name} puts ${messages.map(({ messageId }) => messageId)} off for ${seconds} s`);
          for (const { messageId } of messages) this.witness.open.delete(watch.ofMessage.get(messageId) as Fate);
          const refused = messages.filter(({ receipt }) => !fifo.changeVisibility(receipt, seconds));
          wake();
          return refused;
        });
        if (unchanged.length > 0) throw new Error(`${unchanged.length} are in other hands`);
      },
      deadLetter: (message, reason, note = {}) =>
        call(() => {
          tell(`${this.holder.name} sets ${message.messageId} aside: ${reason}`);
          watch.deadLettered(message, reason, note);
          this.witness.open.delete(watch.ofMessage.get(message.messageId) as Fate);
        }),
      delete: (messages) =>
        call(() => {
          tell(`${this.holder.name} deletes ${messages.map(({ messageId }) => messageId)}`);
          for (const { receipt } of messages) fifo.delete(receipt);
          wake();
        }),
      receive: (most) =>
        call(() => {
          // Nobody else has them when the process is dead: they stay hidden for a while.
          const messages = fifo.receive(most);
          if (messages.length > 0) tell(`${this.holder.name} takes ${messages.map(({ messageId }) => messageId)}`);
          for (const message of messages) watch.handedOut(message);
          return messages;
        }),
    };
  }
}
