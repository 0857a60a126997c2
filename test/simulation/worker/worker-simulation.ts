import { eventQueueLimits, type ReceivedMessage } from '../../../functions/webhook/work-queue.ts';
import { instantLedger } from '../../../lib/testing/instant-ledger.ts';
import type { Choices } from '../choices.ts';
import { Invocation } from '../invocation.ts';
import { Machine } from '../machine.ts';
import { type Fate, fateOf } from './fates.ts';
import { SimulatedFifo } from './fifo.ts';
import { Integrator } from './integrator.ts';
import { type Scenario, startTime } from './scenario.ts';
import { WorkerWatch } from './watch.ts';
import { Weather } from './weather.ts';
import { WorkerProcess, type WorkerSurroundings, type WorkerUseCases } from './worker-process.ts';

/** The versions that are deployed: mostly one. Of several, each process runs one, as a deployment mixes them. */
export type WorkerVersions = WorkerUseCases | readonly [WorkerUseCases, WorkerUseCases];

/** As the stack sets up function and queue, in seconds. */
const timeoutSeconds = 60;
const retentionSeconds = 14 * 24 * 3600;

/** How long after the last of a scenario's troubles all the others end, too; seconds. */
const calmAfter = 600;

/** One place of the event source's concurrency. */
interface Slot {
  process?: WorkerProcess | undefined;
  running?: { readonly holder: Invocation } | undefined;
}

/** A queue, the worker's invocations, and the integrator's code. */
export class WorkerSimulation {
  readonly machine = new Machine(startTime);
  readonly scenario: Scenario;
  readonly watch: WorkerWatch;
  readonly fifo: SimulatedFifo;
  readonly invocations: Invocation[] = [];
  readonly #versions: WorkerVersions;
  readonly #choices: Choices;
  readonly #skewSeconds: number;
  readonly #weather: Weather;
  readonly #surroundings: WorkerSurroundings;
  readonly #slots: readonly Slot[];
  readonly #bySubject = new Map<string, Fate>();
  #polledAt = Number.POSITIVE_INFINITY;

  constructor(versions: WorkerVersions, choices: Choices, scenario: Scenario, skewSeconds: number) {
    this.#versions = versions;
    this.#choices = choices;
    this.scenario = scenario;
    this.#skewSeconds = skewSeconds;
    const { machine } = this;
    const fates = scenario.arrivals.map(fateOf);
    for (const fate of fates) this.#bySubject.set(fate.subjectId, fate);
    const watch = new WorkerWatch(machine, fates, scenario, skewSeconds);
    this.watch = watch;
    this.fifo = new SimulatedFifo(
      () => machine.now,
      {
        visibilitySeconds: eventQueueLimits.visibilitySeconds,
        maxReceiveCount: eventQueueLimits.receives,
        ...{ retentionSeconds, lookAhead: scenario.lookAhead },
      },
      {
        expired: (message) => watch.gone(message, 'expired'),
        deleted: (message) => watch.gone(message, 'deleted'),
        moved: (message) => watch.moved(message),
      },
    );
    this.#weather = new Weather(machine, choices, scenario);
    this.#surroundings = {
      ...{ watch, fifo: this.fifo, weather: this.#weather, giveUpAfterHours: scenario.giveUpAfterHours },
      ledger: instantLedger(() => machine.now),
      integrator: new Integrator(machine, choices, scenario.outages, watch),
      randomFraction: () => (this.#weather.isCalm ? 0.5 : choices.fraction()),
      fateOf: (id) => this.#bySubject.get(id) as Fate,
      tell: (line) => machine.tell?.(line),
      wake: () => this.#wake(),
    };
    this.#slots = Array.from({ length: scenario.slots }, () => ({}));
  }

  /** Runs until the queue is empty. */
  async run(): Promise<void> {
    const { machine, scenario } = this;
    for (const fate of this.watch.fates) {
      for (const at of fate.arrival.sentAt) machine.after(at * 1000, () => this.#send(fate));
    }
    const { redriveAt, outages, throttled, ledgerOutage, queueOutage } = scenario;
    if (redriveAt !== undefined) machine.after(redriveAt * 1000, () => this.#redrive());
    const ends = [...outages.map(({ until }) => until), throttled.until, ledgerOutage[1], queueOutage[1]];
    machine.after((Math.max(...ends) + calmAfter) * 1000, () => this.#calm());
    await machine.run(() => {
      this.#reap();
      this.watch.inspect();
    });
    this.fifo.expire();
    this.watch.inspect();
  }

  #calm(): void {
    this.machine.tell?.('nothing goes wrong any more but events themselves');
    this.#weather.isCalm = true;
    this.watch.calmSince = this.machine.now;
  }

  #send(fate: Fate): void {
    const message = this.fifo.send(fate);
    this.watch.sent(message, fate);
    this.machine.tell?.(`${message.messageId} is sent: ${fate.arrival.id} (${fate.arrival.nature})`);
    this.#wake();
  }

  #redrive(): void {
    for (const [messageId, { fate }] of [...this.watch.dead]) {
      this.watch.redriven(messageId);
      this.#send(fate);
    }
  }

  /** Has the event source look at the queue when there is something on it, and somebody to work it. */
  #wake(): void {
    const { now } = this.machine;
    if (this.#slots.every(({ running }) => running !== undefined)) return;
    const readyAt = this.fifo.nextReadyAt();
    if (readyAt === undefined) return;
    const lag = this.#weather.isCalm ? 0.02 : 0.01 + this.#choices.fraction() ** 3 * 0.5;
    const at = Math.max(readyAt, now) + lag;
    if (at >= this.#polledAt) return;
    this.#polledAt = at;
    this.machine.after((at - now) * 1000, () => this.#poll(at));
  }

  #poll(planned: number): void {
    // A later plan has taken its place.
    if (planned !== this.#polledAt) return;
    this.#polledAt = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots) {
      if (slot.running !== undefined) continue;
      const messages = this.fifo.receive(this.scenario.batch);
      if (messages.length === 0) break;
      for (const message of messages) this.watch.handedOut(message);
      this.#invoke(slot, messages);
    }
    this.#wake();
  }

  #invoke(slot: Slot, messages: readonly ReceivedMessage[]): void {
    const { machine, scenario } = this;
    const { throttled } = scenario;
    const ids = () => messages.map(({ messageId, receiveCount }) => `${messageId} (${receiveCount})`).join(', ');
    if (this.#weather.isIn([throttled.from, throttled.until]) && this.#choices.chance(throttled.share)) {
      machine.tell?.(`Lambda is throttled, with ${ids()} in hand`);
      return;
    }
    const holder = new Invocation(machine, this.#weather.isCalm ? undefined : this.#choices, {
      name: `worker-${this.invocations.length + 1}`,
      seconds: timeoutSeconds,
      skewSeconds: this.#skewSeconds,
      crashes: scenario.crashes,
    });
    this.invocations.push(holder);
    machine.tell?.(`${holder.name} starts with ${ids()}`);
    slot.process ??= new WorkerProcess(this.#version(), holder, this.#surroundings);
    slot.running = { holder };
    machine.after(timeoutSeconds * 1000, () => {});
    slot.process.work(holder, messages).then(
      (undone) => this.#returned(slot, holder, messages, new Set(undone)),
      (error: unknown) => this.watch.fail('W1', `the worker throws: ${String(error)}`),
    );
  }

  #returned(slot: Slot, holder: Invocation, messages: readonly ReceivedMessage[], undone: ReadonlySet<string>): void {
    if (!holder.isAlive) return;
    holder.state = 'returned';
    if (slot.process) this.watch.returned(slot.process.witness);
    this.machine.tell?.(`${holder.name} returns, not done: ${[...undone]}`);
    for (const { messageId, receipt } of messages) {
      if (undone.has(messageId)) continue;
      // Rarely the event source dies before it has deleted what is done.
      if (this.#weather.isCalm || !this.#choices.chance(this.scenario.undeleted)) this.fifo.delete(receipt);
    }
    slot.running = undefined;
    if (!this.#weather.isCalm && this.#choices.chance(this.scenario.recycled)) slot.process = undefined;
    this.#wake();
  }

  /** Frees the places of processes that have died. */
  #reap(): void {
    for (const slot of this.#slots) {
      const { running, process } = slot;
      if (running === undefined || running.holder.isAlive) continue;
      this.machine.tell?.(`${running.holder.name} is dead (${running.holder.state})`);
      if (process) this.watch.died(process.witness);
      slot.running = undefined;
      slot.process = undefined;
      this.#wake();
    }
  }

  #version(): WorkerUseCases {
    if (!Array.isArray(this.#versions)) return this.#versions as WorkerUseCases;
    const version = this.#weather.isCalm ? this.invocations.length % 2 : this.#choices.chance(0.5) ? 0 : 1;
    return this.#versions[version] as WorkerUseCases;
  }
}
