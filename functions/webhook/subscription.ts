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

/** A list of records that is read, since webhooks may miss changes. */
export interface ReconciledList {
  /** The name under which its events come, as webhooks name it, e.g. `RFIs`. */
  readonly name: string;
  /** Path, perhaps with a query, in which `{company_id}` and `{project_id}` stand for ids. */
  readonly path: string;
  /** A list of the company, or one list in each project. */
  readonly level: ResourceLevel;
  /** The list is documented without `filters[updated_at]`: it is only ever read as a whole, and once a day at most. */
  readonly wholeOnly?: true;
}

/** What is read at Procore without being told, see `reconcile-work.ts`. */
export interface ReconcileWish {
  /** How often, in hours. */
  readonly hours: number;
  readonly lists: readonly ReconciledList[];
  /** Whether records that are no longer there are told as well. */
  readonly reportVanished?: boolean;
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
  /** Absent when nothing is read without being told; a subscription of an older release has none. */
  readonly reconcile?: ReconcileWish;
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
  /** Whether Procore's list of the company's hooks has those of its projects, too; absent before it was seen. */
  readonly companyListsProjects?: boolean;
  /** Ids of lost deliveries that are in quarantine, newest last. Each one goes there once. */
  readonly setAside?: readonly string[];
}

/** A subscription as it is stored. `revision` counts its writes, so that the second of two writers is told. */
export interface StoredSubscription extends Subscription {
  readonly revision: number;
}

/** One page of subscriptions. */
export interface SubscriptionPage {
  readonly subscriptions: readonly StoredSubscription[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** Where subscriptions are kept, one for each company. */
export interface SubscriptionStore {
  /** Reads a company's subscription, strongly consistent. */
  read(companyId: string): Promise<StoredSubscription | undefined>;
  /** Lists all of this environment, in the order of their company ids' text: for people, who wait for it. */
  list(): Promise<readonly StoredSubscription[]>;
  /**
   * Lists a bounded page of them, in the same order.
   *
   * @param cursor where an earlier page ended
   */
  page(limit: number, cursor?: string): Promise<SubscriptionPage>;
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
