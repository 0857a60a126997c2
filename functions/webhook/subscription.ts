import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import { sha256 } from '../sha256.ts';
import type { PayloadVersion } from './webhook-event.ts';

/** The levels of Procore's catalogue of resources. */
export const resourceLevels = ['company', 'project'] as const;

/** Whether Procore reports a resource on a company's hook or on a project's. */
export type ResourceLevel = (typeof resourceLevels)[number];

/** What a trigger listens to. v2.0 knows no other actions. */
export const triggerActions = ['create', 'update', 'delete'] as const;

/** One of {@link triggerActions}. */
export type TriggerAction = (typeof triggerActions)[number];

/** A resource that is wanted, as Procore's catalogue spells it. */
export interface WantedResource {
  readonly name: string;
  readonly level: ResourceLevel;
  readonly actions: readonly TriggerAction[];
}

/** A hook at Procore that serves a subscription. */
export interface SubscribedHook {
  readonly hookId: string;
  /** null for the company's own hook. */
  readonly projectId: string | null;
  /** {@link fingerprint} of the `Authorization` value that we last set; Procore shows only its end. */
  readonly authorization: string;
  /** When we set it, epoch seconds. */
  readonly authorizedAt: number;
  /** When the audit last looked at the hook, epoch seconds. */
  readonly checkedAt: number;
  /** Up to when the audit has taken in its lost deliveries, epoch seconds; absent before the first time. */
  readonly recoveredAt?: number;
}

/** What we want registered at Procore for one company, and which connection serves it. */
export interface Subscription {
  readonly environment: ProcoreEnvironmentName;
  readonly companyId: string;
  /** The connection by which hooks are kept, and by which `onEvent` reads this company. */
  readonly connectionId: string;
  /** Tells our hooks from those of other apps: a to z, 0 to 9 and `-`. */
  readonly namespace: string;
  readonly destinationUrl: string;
  readonly payloadVersion: PayloadVersion;
  readonly resources: readonly WantedResource[];
  /** The projects whose resources are wanted; `all` follows new ones. */
  readonly projects: 'all' | readonly string[];
  readonly hooks: readonly SubscribedHook[];
  /** The audit warns when Procore has had nothing to deliver for this many hours; 0 for never. */
  readonly silenceHours: number;
  readonly createdAt: number;
  /** When what is wanted last changed, epoch seconds. */
  readonly updatedAt: number;
  /** When an audit last began with it, epoch seconds. The next audit begins with the one that has waited longest. */
  readonly begunAt?: number;
  /** Up to when the audit has taken in the lost deliveries of every hook, epoch seconds. */
  readonly auditedAt?: number;
  /** Hooks whose last look failed, and when (epoch seconds). They take their turn like the others. */
  readonly failedLooks?: readonly { readonly projectId: string | null; readonly at: number }[];
  /** How many hooks in a row had nothing to deliver for `silenceHours`. */
  readonly silentHooks?: number;
  /** Ids of lost deliveries that are in quarantine, newest last. Each one goes there once. */
  readonly setAside?: readonly string[];
}

/** A subscription as it is stored. `revision` counts its writes, so that the second of two writers is told. */
export interface StoredSubscription extends Subscription {
  readonly revision: number;
}

/** Where subscriptions are kept, one for each company. */
export interface SubscriptionStore {
  /** Reads a company's subscription, strongly consistent. */
  read(companyId: string): Promise<StoredSubscription | undefined>;
  /** Lists all of this environment, in the order of their company ids' text. */
  list(): Promise<readonly StoredSubscription[]>;
  /**
   * Writes a subscription if the stored one is still of the revision that was read; undefined means that none was
   * stored.
   *
   * @returns the new revision, or `changed` when somebody else has written meanwhile
   */
  save(subscription: Subscription, revision: number | undefined): Promise<number | 'changed'>;
  /** Removes it unless somebody else has written meanwhile. */
  remove(companyId: string, revision: number): Promise<'removed' | 'changed'>;
}

/**
 * Gives a fingerprint of an `Authorization` value for tables and logs, where the value itself does not belong.
 *
 * @returns 16 hexadecimal characters of its sha-256; a value has 285 bits, so nobody can find it by the fingerprint
 */
export function fingerprint(value: string): string {
  return sha256(value).slice(0, 16);
}
