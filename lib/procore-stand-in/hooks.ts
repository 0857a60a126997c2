import { type Kept, KeptCounter, KeptMap, keptNowhere } from '../kept.ts';
import type { MovableClock } from './clock.ts';
import { readFixture } from './fixtures.ts';

/** Version of the payload that a hook's events have. */
export type PayloadVersion = 'v2' | 'v2.0' | 'v3.0' | 'v4.0';

/** Every payload version, oldest first. @see [PROCORE.md, section 3.1](PROCORE.md#31-which-api) */
export const payloadVersions: readonly PayloadVersion[] = ['v2', 'v2.0', 'v3.0', 'v4.0'];

/** What a hook listens to. */
export interface Trigger {
  readonly id: string;
  readonly resourceName: string;
  readonly eventType: string;
}

/** What a hook's maker says about it. */
export interface HookFields {
  readonly payloadVersion: PayloadVersion;
  readonly namespace: string;
  readonly destinationUrl: string;
  /** The Authorization header's value, sent verbatim. */
  readonly authorization?: string | undefined;
}

/** A hook; times in epoch milliseconds. */
export interface Hook extends HookFields {
  readonly id: string;
  readonly companyId: string;
  /** Null for a company's hook. */
  readonly projectId: string | null;
  readonly status: 'active' | 'disabled';
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly triggers: readonly Trigger[];
}

/** An entry of the catalogue of resource names. */
export interface WebhookResource {
  readonly category: string;
  readonly tool: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** The names that company hooks and those that project hooks can listen to. */
export const webhookResources = readFixture('webhook-resources') as {
  readonly company: readonly WebhookResource[];
  readonly project: readonly WebhookResource[];
};

/** The stand-in's hooks. */
export class HookStore {
  readonly #hooks: KeptMap<Hook>;
  readonly #clock: MovableClock;
  readonly #ids: KeptCounter;

  constructor(clock: MovableClock, kept: Kept = keptNowhere) {
    this.#clock = clock;
    this.#hooks = new KeptMap(kept, 'hooks');
    this.#ids = new KeptCounter(kept, 'hook ids', 43593499);
  }

  /** Adds an active hook without triggers. */
  add(owner: Pick<Hook, 'companyId' | 'projectId'>, fields: HookFields): Hook {
    const now = this.#clock.now();
    const hook: Hook = {
      ...owner,
      ...fields,
      id: this.#nextId(),
      status: 'active',
      createdAt: now,
      updatedAt: now,
      triggers: [],
    };
    this.#hooks.set(hook.id, hook);
    return hook;
  }

  /** All hooks, oldest first. */
  all(): Hook[] {
    return [...this.#hooks.values()];
  }

  /** A hook by its id, as it is now. */
  find(id: string): Hook | undefined {
    return this.#hooks.get(id);
  }

  /** Changes a hook that exists; returns it as it is then. */
  change(id: string, change: Partial<HookFields & Pick<Hook, 'status'>>): Hook | undefined {
    return this.#put(id, change);
  }

  /** Adds a trigger to a hook that exists. */
  addTrigger(hookId: string, resourceName: string, eventType: string): Trigger {
    const trigger = { id: this.#nextId(), resourceName, eventType };
    this.#put(hookId, { triggers: [...(this.#hooks.get(hookId)?.triggers ?? []), trigger] });
    return trigger;
  }

  /** Removes a trigger; false when the hook has none of that id. */
  removeTrigger(hookId: string, triggerId: string): boolean {
    const before = this.#hooks.get(hookId)?.triggers ?? [];
    const after = before.filter(({ id }) => id !== triggerId);
    this.#put(hookId, { triggers: after });
    return after.length < before.length;
  }

  /** Removes a hook with its triggers; false when there is none of that id. */
  remove(id: string): boolean {
    return this.#hooks.delete(id);
  }

  #put(id: string, change: Partial<Hook>): Hook | undefined {
    const before = this.#hooks.get(id);
    if (!before) return undefined;
    const after: Hook = { ...before, ...change, updatedAt: this.#clock.now() };
    this.#hooks.set(id, after);
    return after;
  }

  #nextId(): string {
    return String(this.#ids.next());
  }
}
