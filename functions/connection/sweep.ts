import type { Clock, RemainingTime } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { ConnectionStore, DueConnection } from './connection-store.ts';
import { dueInOrder } from './due.ts';

/** Where due connections wait for `token-rotation`. */
export interface RotationQueue {
  /**
   * Queues up to {@link rotationBatch} connections. A connection that was queued for the same `rotateAt` within the last
   * five minutes is not queued again.
   *
   * @returns how many the queue refused
   */
  send(connections: readonly DueConnection[]): Promise<{ readonly refused: number }>;

  /** Counts the messages that wait or are being worked, approximately. */
  waiting(): Promise<number>;
}

/** How many messages one call of {@link RotationQueue.send} takes. */
export const rotationBatch = 10;

/** How many batches are sent side by side. A send waits for its answer most of the time. */
const concurrency = 8;

/**
 * With so many messages in the queue nothing more is sent. What waits there for long is out of date when its turn comes:
 * vending may have rotated it meanwhile.
 */
const longQueue = 5000;

/** After so many messages the length of the queue is asked for again. */
const lookAfter = 1000;

/**
 * A connection that has been due for longer than this, in seconds, may be in the queue although SQS, which remembers a
 * message for 300 s, would take it for a new one.
 */
const rememberedSeconds = 240;

/** A connection that has been due for longer than this, in seconds, counts as overdue: five sweeps have passed. */
export const overdueSeconds = 300;

/** The sweep stops when less time is left, in milliseconds. The sweep of the next minute goes on. */
const stopMs = 5000;

/** How many connections one sweep found and queued. */
export interface SweepReport {
  readonly due: number;
  readonly overdue: number;
  readonly queued: number;
}

/** The queue refused some due connections. The sweep of the next minute tries again. */
export class SweepIncompleteError extends ConnectorError {
  override readonly name = 'SweepIncompleteError';
  readonly code = 'sweep_incomplete';
  constructor(refused: number, options?: ErrorOptions) {
    super(`${refused} due connections could not be queued for rotation. The next sweep tries again.`, options);
  }
}

/** What a sweep works with. */
interface SweepDependencies {
  readonly store: Pick<ConnectionStore, 'due'>;
  readonly queue: RotationQueue;
  readonly clock: Clock;
  readonly remaining: RemainingTime;
  readonly observer: Observer;
}

/**
 * Queues every connection whose `rotateAt` has come, in the order of these times over all shards, until the queue is
 * long. It reads only keys and no tokens, and it changes no connection, so nothing is lost when a sweep dies.
 *
 * @returns how many connections it found and queued
 * @throws SweepIncompleteError when the queue refused some connections; all others are queued
 * @throws whatever the store throws for one shard, or the queue for a batch; the others are queued all the same
 */
export async function sweepDueConnections(dependencies: SweepDependencies): Promise<SweepReport> {
  const { store, clock, remaining, observer } = dependencies;
  const now = clock();
  const totals = { due: 0, overdue: 0 };
  let fault: unknown;
  const pages = dueInOrder(store, now, {
    page(connections) {
      totals.due += connections.length;
      totals.overdue += connections.filter(({ rotateAt }) => rotateAt < now - overdueSeconds).length;
    },
    fault(error) {
      fault ??= error;
    },
  });
  const outlet = new Outlet(dependencies.queue, now);
  for await (const connection of pages) {
    if (await outlet.isQueued(connection)) continue;
    outlet.add(connection);
    if (outlet.isRoundFull() && (remaining() < stopMs || !(await outlet.send()))) break;
  }
  if (remaining() >= stopMs) await outlet.send();

  // No zeros: a metric costs by the hour in which something was said of it. That the sweep runs Lambda itself counts.
  if (totals.due > 0) observer.count('sweepDue', totals.due);
  if (totals.overdue > 0) observer.count('sweepOverdue', totals.overdue);
  const { queued, refused } = outlet;
  observer.note('sweep.done', { count: queued });
  fault ??= outlet.fault;
  if (fault !== undefined) throw fault;
  if (refused > 0) throw new SweepIncompleteError(refused);
  return { ...totals, queued };
}

/** Sends connections in rounds of batches, as long as the queue is not long. */
class Outlet {
  queued = 0;
  refused = 0;
  /** The first thing that a send has thrown. */
  fault: unknown;
  readonly #queue: RotationQueue;
  readonly #now: number;
  #round: DueConnection[] = [];
  /** How long the queue is, with what was sent since it was asked. */
  #length: number | undefined;
  #sentSinceAsked = 0;
  /** How many messages of earlier sweeps wait, that were not yet met among the due connections. */
  #unmet = 0;

  constructor(queue: RotationQueue, now: number) {
    this.#queue = queue;
    this.#now = now;
  }

  /**
   * Tells whether a connection waits in the queue already, as far as SQS will not notice. The queue is worked in its
   * order. So of the connections that have been due for minutes, those that are due first wait in it: as many as wait.
   */
  async isQueued({ rotateAt }: DueConnection): Promise<boolean> {
    // Where nothing has been due for minutes the queue cannot be long, and is not asked.
    if (rotateAt > this.#now - rememberedSeconds) return false;
    if (this.#length === undefined) this.#unmet = await this.#ask();
    if (this.#unmet === 0) return false;
    this.#unmet -= 1;
    return true;
  }

  add(connection: DueConnection): void {
    this.#round.push(connection);
  }

  isRoundFull(): boolean {
    return this.#round.length >= concurrency * rotationBatch;
  }

  /** Sends what was added. @returns false when the queue is too long for that */
  async send(): Promise<boolean> {
    const round = this.#round;
    if (this.#sentSinceAsked >= lookAfter) await this.#ask();
    if ((this.#length ?? 0) >= longQueue) return false;
    this.#round = [];
    const starts = Array.from({ length: Math.ceil(round.length / rotationBatch) }, (_, batch) => batch * rotationBatch);
    await Promise.all(starts.map((start) => this.#sendBatch(round.slice(start, start + rotationBatch))));
    this.#sentSinceAsked += round.length;
    this.#length = (this.#length ?? 0) + round.length;
    return true;
  }

  async #sendBatch(batch: readonly DueConnection[]): Promise<void> {
    try {
      const { refused } = await this.#queue.send(batch);
      this.refused += refused;
      this.queued += batch.length - refused;
    } catch (error) {
      this.fault ??= error;
    }
  }

  /** A queue that does not say how long it is counts as short: a send will show whether it works. */
  async #ask(): Promise<number> {
    this.#length = await this.#queue.waiting().catch(() => 0);
    this.#sentSinceAsked = 0;
    return this.#length;
  }
}
