import { createHash } from 'node:crypto';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { PayloadVersion } from './webhook-event.ts';

/** The levels of Procore's catalogue of resources. */
export const resourceLevels = ['company', 'project'] as const;

/** Whether Procore reports a resource on a company's hook or on a project's. */
export type ResourceLevel = (typeof resourceLevels)[number];

/** What a trigger listens to; v2.0 knows no others. */
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
  /** The audit warns when Procore has had nothing to deliver for so many hours; 0 for never. */
  readonly silenceHours: number;
  readonly createdAt: number;
  /** When what is wanted last changed, epoch seconds. */
  readonly updatedAt: number;
  /** When an audit last began with it, epoch seconds: the one that has waited longest is the next one's first. */
  readonly begunAt?: number;
  /** Up to when the audit has taken in the lost deliveries of every hook, epoch seconds. */
  readonly auditedAt?: number;
  /** Where the last look at a hook has failed, and when, epoch seconds: it takes its turn like the others. */
  readonly failedLooks?: readonly { readonly projectId: string | null; readonly at: number }[];
  /** How many hooks in a row were found to have had nothing to deliver for `silenceHours`. */
  readonly silentHooks?: number;
  /** Ids of lost deliveries that were put into quarantine, newest last: each goes there once. */
  readonly setAside?: readonly string[];
}

/** A subscription as it is stored; `revision` counts its writes, so that of two writers one is told. */
export interface StoredSubscription extends Subscription {
  readonly revision: number;
}

/** Where subscriptions are kept; one for each company. */
export interface SubscriptionStore {
  /** Reads a company's subscription, strongly consistent. */
  read(companyId: string): Promise<StoredSubscription | undefined>;
  /** Lists all of this environment, in the order of their company ids' text. */
  list(): Promise<readonly StoredSubscription[]>;
  /**
   * Writes a subscription over the revision that was read; over none when `revision` is undefined.
   *
   * @returns the new revision, or `changed` when somebody else has written meanwhile
   */
  save(subscription: Subscription, revision: number | undefined): Promise<number | 'changed'>;
  /** Removes it unless somebody else has written meanwhile. */
  remove(companyId: string, revision: number): Promise<'removed' | 'changed'>;
}

/**
 * Stands for an `Authorization` value where the value itself may not be: in tables and logs.
 *
 * @returns 16 hexadecimal characters of its sha-256; the values have 285 bits, so it leads nobody back
 */
export function fingerprint(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 16);
}
