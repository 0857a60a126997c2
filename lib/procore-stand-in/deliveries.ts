import { type Kept, KeptCounter, KeptMap, keptNowhere } from '../kept.ts';
import type { MovableClock } from './clock.ts';
import type { PostOutcome } from './delivery-post.ts';
import type { Hook, HookStore } from './hooks.ts';
import type { Randomness } from './randomness.ts';
import type { Unknowns } from './unknowns.ts';

/** One try to deliver; times in epoch milliseconds. */
export interface DeliveryAttempt extends PostOutcome {
  readonly id: string;
  readonly startedAt: number;
  readonly completedAt: number;
}

/** One event on its way to one hook. */
export interface Delivery {
  readonly id: string;
  readonly hookId: string;
  readonly resourceName: string;
  readonly eventType: string;
  /** The body, to the character. */
  readonly payload: string;
  /** The Authorization value that the hook had when the event happened. */
  readonly authorization: string | undefined;
  readonly createdAt: number;
  status: 'enqueued' | 'retrying' | 'delivered' | 'failed' | 'discarded';
  readonly attempts: DeliveryAttempt[];
}

/** Makes one attempt at a destination. */
export type PostAttempt = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
) => Promise<PostOutcome>;

/** What a {@link DeliveryQueue} works with. */
export interface DeliveryQueueParts {
  readonly clock: MovableClock;
  readonly hooks: HookStore;
  readonly unknowns: Unknowns;
  readonly randomness: Randomness;
}

/** All deliveries to one destination URL: a failure pauses every one of them. */
interface Endpoint {
  readonly url: string;
  readonly queue: Delivery[];
  failingSince?: number | undefined;
  pauseSeconds: number;
  notBefore: number;
  working?: Promise<void> | undefined;
}

const longestPauseSeconds = 3600;
const flushAfterMs = 12 * 3600 * 1000;
/** How many deliveries a healthy endpoint gets at once, in no certain order. */
const deliveriesAtOnce = 8;

/**
 * Procore's delivery rule: a 2xx in time is success and resets everything; a failure pauses the whole endpoint for 1 s,
 * doubling to 1 h, with one delivery tried each time; after 12 h of failure without a success the queue is discarded.
 *
 * @see [PROCORE.md, section 3.8](PROCORE.md#38-reliability)
 */
export class DeliveryQueue {
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #deliveries: KeptMap<Delivery>;
  readonly #clock: MovableClock;
  readonly #hooks: HookStore;
  readonly #unknowns: Unknowns;
  readonly #randomness: Randomness;
  readonly #post: PostAttempt;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  readonly #ids: KeptCounter;

  /** What is kept undelivered waits until {@link settle} or {@link advanceTo} is called. */
  constructor({ clock, hooks, unknowns, randomness }: DeliveryQueueParts, post: PostAttempt, kept: Kept = keptNowhere) {
    this.#clock = clock;
    this.#hooks = hooks;
    this.#unknowns = unknowns;
    this.#randomness = randomness;
    this.#post = post;
    this.#deliveries = new KeptMap(kept, 'deliveries');
    this.#ids = new KeptCounter(kept, 'delivery ids', 900_000_001);
    for (const delivery of this.#deliveries.values()) {
      const hook = hooks.find(delivery.hookId);
      const isWaiting = delivery.status === 'enqueued' || delivery.status === 'retrying';
      if (hook && isWaiting) this.#endpointOf(hook.destinationUrl).queue.push(delivery);
    }
  }

  /** Queues an event for a hook; {@link settle} or the timer delivers it. */
  enqueue(hook: Hook, event: Pick<Delivery, 'resourceName' | 'eventType' | 'payload'>): Delivery {
    const delivery: Delivery = {
      ...event,
      id: this.#nextId(),
      hookId: hook.id,
      authorization: hook.authorization,
      createdAt: this.#clock.now(),
      status: 'enqueued',
      attempts: [],
    };
    this.#deliveries.set(delivery.id, delivery);
    this.#endpointOf(hook.destinationUrl).queue.push(delivery);
    this.#setTimer();
    return delivery;
  }

  /** Delivers something again, as Procore does when an acknowledgement came late. */
  enqueueAgain(deliveryId: string): void {
    const delivery = this.#deliveries.get(deliveryId);
    const hook = delivery && this.#hooks.find(delivery.hookId);
    if (!delivery || !hook) throw new Error(`There is no delivery ${deliveryId} of a hook that still exists.`);
    this.#endpointOf(hook.destinationUrl).queue.push(delivery);
    this.#setTimer();
  }

  /** The deliveries of one hook, or all, oldest first. */
  list(hookId?: string): Delivery[] {
    return [...this.#deliveries.values()].filter((delivery) => hookId === undefined || delivery.hookId === hookId);
  }

  /** Delivers everything that is due now, and waits for it and for what is under way. */
  async settle(): Promise<void> {
    for (;;) {
      const due = [...this.#endpoints.values()].filter((endpoint) => endpoint.working || this.#isDue(endpoint));
      if (due.length === 0 || this.#stopped) break;
      await Promise.all(due.map((endpoint) => this.#work(endpoint)));
    }
    this.#setTimer();
  }

  /** Moves the clock to a time (epoch milliseconds) and delivers what falls due on the way, in its order. */
  async advanceTo(target: number): Promise<void> {
    await this.settle();
    for (;;) {
      const next = this.#nextDue();
      if (next === undefined || next > target || this.#stopped) break;
      this.#clock.moveTo(next);
      await this.settle();
    }
    this.#clock.moveTo(target);
    await this.settle();
  }

  /** Delivers nothing more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #work(endpoint: Endpoint): Promise<void> {
    endpoint.working ??= (async () => {
      try {
        while (this.#isDue(endpoint) && !this.#stopped) await this.#deliverSome(endpoint);
      } finally {
        endpoint.working = undefined;
      }
    })();
    return endpoint.working;
  }

  async #deliverSome(endpoint: Endpoint): Promise<void> {
    const { failingSince, queue } = endpoint;
    if (failingSince !== undefined && this.#clock.now() >= failingSince + flushAfterMs) {
      this.#flush(endpoint);
      return;
    }
    const batch = this.#deliverable(endpoint).slice(0, failingSince === undefined ? deliveriesAtOnce : 1);
    for (const delivery of batch) queue.splice(queue.indexOf(delivery), 1);
    const outcomes = await Promise.all(
      this.#randomness.shuffle(batch).map(async (delivery) => ({
        delivery,
        success: await this.#attempt(endpoint.url, delivery),
      })),
    );
    const failed = batch.filter((one) => outcomes.some(({ delivery, success }) => delivery === one && !success));
    if (failed.length < batch.length) resetFailure(endpoint);
    if (failed.length === 0) return;
    queue.unshift(...failed);
    endpoint.failingSince ??= this.#clock.now();
    endpoint.pauseSeconds = Math.min(endpoint.pauseSeconds * 2 || 1, longestPauseSeconds);
    endpoint.notBefore = this.#clock.now() + endpoint.pauseSeconds * 1000;
  }

  async #attempt(url: string, delivery: Delivery): Promise<boolean> {
    const current = this.#hooks.find(delivery.hookId)?.authorization;
    const authorization = this.#unknowns.retryAuthorization === 'current' ? current : delivery.authorization;
    const userAgent = this.#unknowns.deliveryUserAgent;
    const startedAt = this.#clock.now();
    const outcome = await this.#post(
      url,
      {
        ...(authorization !== undefined && { authorization }),
        ...(userAgent !== 'none' && { 'user-agent': userAgent }),
      },
      delivery.payload,
    );
    delivery.attempts.push({ ...outcome, id: this.#nextId(), startedAt, completedAt: this.#clock.now() });
    delivery.status = outcome.success ? 'delivered' : 'retrying';
    this.#deliveries.set(delivery.id, delivery);
    return outcome.success;
  }

  #flush(endpoint: Endpoint): void {
    for (const delivery of endpoint.queue.splice(0)) {
      delivery.status = delivery.attempts.length === 0 ? 'discarded' : this.#unknowns.flushedAttemptStatus;
      this.#deliveries.set(delivery.id, delivery);
      if (this.#unknowns.flushDisablesHooks) this.#hooks.change(delivery.hookId, { status: 'disabled' });
    }
    resetFailure(endpoint);
  }

  #deliverable({ queue }: Endpoint): Delivery[] {
    return queue.filter(({ hookId }) => this.#hooks.find(hookId)?.status === 'active');
  }

  #dueAt(endpoint: Endpoint): number | undefined {
    if (this.#deliverable(endpoint).length === 0) return undefined;
    const { failingSince, notBefore } = endpoint;
    return failingSince === undefined ? notBefore : Math.min(notBefore, failingSince + flushAfterMs);
  }

  #isDue(endpoint: Endpoint): boolean {
    const dueAt = this.#dueAt(endpoint);
    return dueAt !== undefined && dueAt <= this.#clock.now();
  }

  #nextDue(): number | undefined {
    const times = [...this.#endpoints.values()].flatMap((endpoint) => this.#dueAt(endpoint) ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const next = this.#nextDue();
    if (next === undefined || this.#stopped) return;
    const wait = Math.max(10, next - this.#clock.now());
    this.#timer = setTimeout(() => void this.settle(), Math.min(wait, 3_600_000)).unref();
  }

  #endpointOf(url: string): Endpoint {
    let endpoint = this.#endpoints.get(url);
    if (!endpoint) {
      endpoint = { url, queue: [], pauseSeconds: 0, notBefore: 0 };
      this.#endpoints.set(url, endpoint);
    }
    return endpoint;
  }

  #nextId(): string {
    return String(this.#ids.next());
  }
}

function resetFailure(endpoint: Endpoint): void {
  endpoint.failingSince = undefined;
  endpoint.pauseSeconds = 0;
  endpoint.notBefore = 0;
}
