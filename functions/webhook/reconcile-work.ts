import type { Clock } from '../clock.ts';
import type { KindOfWork, Slice, SliceEnd } from '../jobs/work-slice.ts';
import { ProcoreApiError } from '../procore/api-error.ts';
import type { CompanyClient } from '../procore/client.ts';
import { EndlessListError, NotAListError } from '../procore/paging.ts';
import { hooksApi } from './hooks-api.ts';
import type { KnownIds } from './known-ids.ts';
import { compareIds, lookForMissing } from './missing-records.ts';
import type { EmitDependencies, ListedResource } from './reconcile.ts';
import { readPage } from './reconcile-place.ts';
import {
  addedTo,
  afterList,
  afterPlace,
  beginRound,
  endRound,
  nothingRead,
  type OneRun,
  type PlannedList,
  placesOf,
  type ReconcileMemory,
  type Round,
  sinceIn,
} from './reconcile-round.ts';
import type { ReconcileWish, Subscription, SubscriptionStore } from './subscription.ts';

/** What {@link reconcileWork} needs, besides a slice. */
export interface ReconcileDependencies extends EmitDependencies {
  readonly store: Pick<SubscriptionStore, 'read'>;
  readonly knownIds: KnownIds;
  /** Gives a client whose calls end within the slice, and that spends no more than background work may. */
  readonly clientFor: (subscription: Subscription, remaining: Slice['remaining']) => CompanyClient;
  readonly clock: Clock;
}

/** Nothing is begun with less time, in milliseconds: a page has to be read and its changes sent. */
const leastMs = 15_000;

/** The checkpoint is written so often, in seconds: what was read since is read again when the process dies. */
const betweenSaves = 20;

/** When Procore's limit is used up and it does not say for how long, the job goes on after so long, in seconds. */
const limitedPause = 60;

/** So many faults in a row are no lists that cannot be read, but an outage: the job pauses. */
const mostFaults = 5;

/**
 * Works the reconciliation of a company: round after round, it reads every list of the subscription in every project and
 * emits what no webhook has brought. A job with a request of its own makes one round.
 *
 * A list that cannot be read keeps no other from it. A round that is cut off goes on from its checkpoint.
 */
export function reconcileWork(dependencies: ReconcileDependencies): KindOfWork {
  return {
    async work(slice): Promise<SliceEnd> {
      const { store, knownIds, clock } = dependencies;
      const { companyId, subject, request } = slice.job;
      const memory = (slice.job.checkpoint as ReconcileMemory | null | undefined) ?? nothingRead;
      const subscription = await store.read(companyId);
      const wanted = subject === undefined ? subscription?.reconcile : (request as OneRun);
      if (subscription === undefined || wanted === undefined) {
        if (memory.keepsIds) await knownIds.forget(companyId);
        return { outcome: 'done', checkpoint: nothingRead };
      }
      const client = dependencies.clientFor(subscription, slice.remaining);
      const run = new Reconciliation({ slice, subscription, wanted, client, memory }, dependencies);
      const end = await run.go();
      if (end !== 'over') return end;
      return 'since' in wanted
        ? { outcome: 'done', checkpoint: run.memory }
        : { outcome: 'again', nextAt: nextRound(wanted, run.memory, clock()), checkpoint: run.memory };
    },
  };
}

function nextRound({ hours }: ReconcileWish, { last }: ReconcileMemory, now: number): number {
  return Math.max((last?.startedAt ?? now) + hours * 3600, now + 60);
}

/** What one slice of a reconciliation is about. */
interface RunProps {
  readonly slice: Slice;
  readonly subscription: Subscription;
  readonly wanted: ReconcileWish | OneRun;
  readonly client: CompanyClient;
  readonly memory: ReconcileMemory;
}

/** One slice of a round. Its memory is the checkpoint; it goes on page by page. */
class Reconciliation {
  memory: ReconcileMemory;
  readonly #props: RunProps;
  readonly #dependencies: ReconcileDependencies & { readonly client: CompanyClient };
  /** The ids that were seen in the place that is being read, where they are compared. */
  #seen: Set<bigint> | undefined;
  #savedAt: number;
  #faults = 0;

  constructor(props: RunProps, dependencies: ReconcileDependencies) {
    this.memory = props.memory;
    this.#props = props;
    this.#dependencies = { ...dependencies, client: props.client };
    this.#savedAt = dependencies.clock();
  }

  /** @returns `over` when the round is */
  async go(): Promise<SliceEnd | 'over'> {
    const { slice, wanted } = this.#props;
    const { clock } = this.#dependencies;
    if (this.memory.round === undefined) await this.#begin();
    for (;;) {
      const { round } = this.memory;
      const list = round?.lists[round.list];
      if (round === undefined || list === undefined) break;
      if (slice.remaining() < leastMs) {
        await this.#keepSeen();
        return { outcome: 'again', nextAt: clock(), checkpoint: this.memory };
      }
      const end = await this.#step(round, list);
      if (end !== undefined) return end;
      if (clock() - this.#savedAt >= betweenSaves && (await this.#save()) === 'lost') {
        return { outcome: 'again', nextAt: clock() };
      }
    }
    this.memory = endRound(this.memory, clock());
    const { companyId } = slice.job;
    const found = { companyId, count: this.memory.last?.emitted, cause: 'since' in wanted ? 'run' : 'round' };
    this.#dependencies.observer.note('reconciled', found);
    return 'over';
  }

  /** Asks for the projects, as Procore shows them now: it shows the active ones. One that a person has named is read in any case. */
  async #begin(): Promise<void> {
    const { wanted, subscription, client } = this.#props;
    const { clock, knownIds } = this.#dependencies;
    const tells = 'hours' in wanted && wanted.reportVanished === true;
    if (this.memory.keepsIds && 'hours' in wanted && !tells) {
      await knownIds.forget(subscription.companyId);
      const { keepsIds: _, ...memory } = this.memory;
      this.memory = memory;
    }
    const now = clock();
    const { projects } = subscription;
    const named = 'since' in wanted ? wanted.projectId : undefined;
    const isAsked = named === undefined && wanted.lists.some(({ level }) => level === 'project');
    const listed = isAsked ? await hooksApi(client).listProjects() : [named].filter((id) => id !== undefined);
    const isAll = projects === 'all' || named !== undefined;
    this.memory = beginRound(this.memory, wanted, isAll ? listed : listed.filter((id) => projects.includes(id)), now);
  }

  /** Reads a page, or looks at the missing records of one place. @returns how the slice ends, if it does */
  async #step(round: Round, list: PlannedList): Promise<SliceEnd | undefined> {
    const places = placesOf(list, round);
    const place = places[round.place];
    try {
      if (place !== undefined) await this.#readPage(round, list, place);
      else await this.#lookForMissing(round, list);
      this.#faults = 0;
      return undefined;
    } catch (error) {
      const now = this.#dependencies.clock();
      const meaning = meaningOf(error);
      if (meaning === 'limited') {
        await this.#keepSeen();
        const pause = (error instanceof ProcoreApiError ? error.retryAfterSeconds : undefined) ?? limitedPause;
        return { outcome: 'again', nextAt: now + pause, checkpoint: this.memory };
      }
      if (meaning === 'fault' && this.#props.slice.remaining() < leastMs) return undefined;
      if (meaning === 'other' || place === undefined) throw error;
      this.#faults += Number(meaning === 'fault');
      this.#leave(round, place, 'unread');
      if (this.#faults < mostFaults) return undefined;
      await this.#save();
      throw error;
    }
  }

  async #readPage(round: Round, list: PlannedList, projectId: string | null): Promise<void> {
    const resource = this.#resourceOf(list, projectId);
    const read = { ...resource, list, since: sinceIn(this.memory, list, projectId), until: round.startedAt };
    const page = await readPage(read, round.walk, this.#dependencies);
    if (list.compares) await this.#see(resource, round.walk === undefined, page.ids);
    if (page.ignoresFilter) this.#learnIgnored(list);
    const counts = addedTo(round.counts, { ...page.counts, listed: page.listed });
    const isFailed = round.failed === true || (page.counts.failed ?? 0) > 0;
    const after: Round = { ...round, counts, ...(isFailed && { failed: true }) };
    if (page.walk !== undefined) {
      this.memory = { ...this.memory, round: { ...after, walk: page.walk } };
      return;
    }
    const how = isFailed ? 'unread' : page.isWhole ? 'whole' : 'unproven';
    const seen = list.compares ? this.#seen : undefined;
    const compared = seen === undefined ? after : await compareIds(after, resource, seen, this.#dependencies.knownIds);
    this.#leave(compared, projectId, how);
  }

  #resourceOf({ name }: PlannedList, projectId: string | null): ListedResource {
    return { companyId: this.#props.subscription.companyId, resourceName: name, projectId };
  }

  #leave(round: Round, place: string | null, how: 'whole' | 'unproven' | 'unread'): void {
    this.#seen = undefined;
    this.memory = afterPlace(this.memory, round, place, how);
  }

  #learnIgnored({ name, since }: PlannedList): void {
    const { lists } = this.memory;
    const known = lists[name] ?? { until: since };
    if (known.ignoresFilter) return;
    const { companyId } = this.#props.subscription;
    this.#dependencies.observer.note('list.filter_ignored', { companyId, resourceName: name });
    this.memory = { ...this.memory, lists: { ...lists, [name]: { ...known, ignoresFilter: true } } };
  }

  async #see(resource: ListedResource, isFirst: boolean, ids: readonly bigint[]): Promise<void> {
    // What a reading has seen that was cut off, or is going on, counts as well.
    this.#seen ??= isFirst ? new Set() : await this.#dependencies.knownIds.read({ ...resource, of: 'seen' });
    for (const id of ids) this.#seen.add(id);
  }

  async #lookForMissing(round: Round, list: PlannedList): Promise<void> {
    const { companyId, connectionId } = this.#props.subscription;
    const looked = await lookForMissing(round, list, { companyId, connectionId }, this.#dependencies);
    this.memory = looked === 'nothing left' ? afterList(this.memory, round) : { ...this.memory, round: looked };
  }

  async #save(): Promise<'saved' | 'lost'> {
    await this.#keepSeen();
    this.#savedAt = this.#dependencies.clock();
    return this.#props.slice.save(this.memory);
  }

  /** What was seen is written before the checkpoint that counts on it. */
  async #keepSeen(): Promise<void> {
    const { round } = this.memory;
    const list = round?.lists[round.list];
    if (this.#seen === undefined || round?.walk === undefined || list === undefined) return;
    const place = placesOf(list, round)[round.place] ?? null;
    await this.#dependencies.knownIds.write({ ...this.#resourceOf(list, place), of: 'seen' }, this.#seen);
  }
}

/**
 * Tells what an error of a list means: that this list cannot be read now, by Procore's word or by a fault; that the limit
 * is used up; or something that is no matter of one list, as a connection that needs a new authorization.
 */
function meaningOf(error: unknown): 'refused' | 'fault' | 'limited' | 'other' {
  if (error instanceof NotAListError || error instanceof EndlessListError) return 'refused';
  if (!(error instanceof ProcoreApiError) || error.code === 'app_not_connected') return 'other';
  if (error.code === 'rate_limited') return 'limited';
  return error.diagnosis.retry ? 'fault' : 'refused';
}
