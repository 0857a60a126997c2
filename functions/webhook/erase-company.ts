import type { Clock } from '../clock.ts';
import type { KindOfWork, Slice, SliceEnd } from '../jobs/work-slice.ts';
import { AccessTokenRefusedError } from '../procore/access-token-source.ts';
import { ProcoreApiError } from '../procore/api-error.ts';
import { type CompanyTraces, type Whose, whoseDelivery, whoseLetter } from './company-traces.ts';
import {
  type ErasureProgress,
  type ErasureRequest,
  type ErasureStep,
  erasureProgress,
  erasureSteps,
} from './erasure.ts';
import type { HooksApi } from './hooks-api.ts';
import type { StoredSubscription, SubscriptionStore } from './subscription.ts';
import { rememberedSeconds, type TombstoneStore } from './tombstones.ts';
import { type SetAsideQueue, walkQueue } from './walk-queue.ts';

/** What {@link eraseWork} needs, besides a slice. */
export interface ErasureDependencies {
  readonly tombstones: Pick<TombstoneStore, 'place'>;
  readonly store: Pick<SubscriptionStore, 'read' | 'remove'>;
  /** Gives Procore's webhook endpoints for a subscription's company. */
  readonly hooksOf: (subscription: StoredSubscription, remaining: Slice['remaining']) => Pick<HooksApi, 'deleteHook'>;
  /** Ends a connection and forgets what account it was. @returns whether Procore has confirmed that its tokens are revoked */
  readonly disconnect: (connectionId: string) => Promise<'revoked' | 'unrevoked'>;
  readonly traces: CompanyTraces;
  readonly deadLetters: SetAsideQueue;
  readonly quarantine: SetAsideQueue;
  readonly clock: Clock;
}

/**
 * So long after the tombstone nobody writes about the company any more, in seconds: an answer "not erased" is used for a
 * minute, what goes by it ends within 90 seconds, and clocks differ.
 */
export const quietSeconds = rememberedSeconds + 90 + 30;

/** A page is not begun with less time, in milliseconds. */
const pageMs = 10_000;

/** So often a slice fails before the erasure goes on without Procore: half an hour. */
const patience = 5;

/** So often a queue is gone through that does not come to its end. */
const mostWalks = 3;

/** One slice of an erasure. */
interface Erasure extends ErasureDependencies {
  readonly slice: Slice;
  readonly companyId: string;
  readonly request: ErasureRequest;
}

/** What a step has come to: what is known now, and whether it is over; a time (epoch seconds) says when it goes on. */
interface Stepped {
  readonly found: Partial<ErasureProgress>;
  readonly goesOn?: 'at once' | number;
}

const steps: Readonly<
  Record<Exclude<ErasureStep, 'done'>, (erasure: Erasure, so: ErasureProgress) => Promise<Stepped>>
> = {
  tombstone: async ({ tombstones, companyId, clock }) => {
    const { erasedAt } = await tombstones.place(companyId, Math.floor(clock()));
    return { found: { erasedAt } };
  },
  hooks: removeHooks,
  connections: endConnections,
  quiet: async ({ clock }, { erasedAt }) => {
    const quietAt = erasedAt + quietSeconds;
    return { found: {}, ...(clock() < quietAt && { goesOn: quietAt }) };
  },
  'dead letters': (erasure, so) => emptyQueue('dead letters', erasure, so),
  quarantine: (erasure, so) => emptyQueue('quarantine', erasure, so),
  ledger: async ({ traces, companyId }, { cursor, events, read }) => {
    const page = await traces.ledgerPage(companyId, cursor);
    return goneThrough(page.cursor, { events: events + page.deleted, read: read + page.read });
  },
  'failed calls': async ({ traces, companyId }, { cursor, failedCalls, read }) => {
    const page = await traces.exchangePage(companyId, cursor);
    return goneThrough(page.cursor, { failedCalls: failedCalls + page.deleted, read: read + page.read });
  },
  jobs: async ({ traces, companyId, slice }, { jobs }) => {
    await traces.budget(companyId);
    return { found: { jobs: jobs + (await traces.jobs(companyId, slice.job.id)) } };
  },
};

/**
 * Erases a company, step by step. First the tombstone keeps everybody from writing anything new; what was under way then
 * has ended before the tables are gone through. Each step may be done again: who dies does the last page again.
 */
export function eraseWork(dependencies: ErasureDependencies): KindOfWork {
  return {
    async work(slice): Promise<SliceEnd> {
      const { companyId, request } = slice.job;
      const erasure = { ...dependencies, slice, companyId, request: request as ErasureRequest };
      let so = erasureProgress(slice.job);
      while (so.step !== 'done') {
        if (slice.remaining() < pageMs) return { outcome: 'again', nextAt: dependencies.clock(), checkpoint: so };
        const { found, goesOn } = await steps[so.step](erasure, so);
        so = { ...so, ...found, ...(goesOn === undefined && nextOf(so.step)) };
        if ((await slice.save(so)) === 'lost') return { outcome: 'again', nextAt: dependencies.clock() };
        if (typeof goesOn === 'number') return { outcome: 'again', nextAt: goesOn, checkpoint: so };
      }
      return { outcome: 'done', checkpoint: so };
    },
  };
}

/** Begins the next step, without the notes of this one. */
function nextOf(step: ErasureStep): Partial<ErasureProgress> {
  const next = erasureSteps[erasureSteps.indexOf(step) + 1] ?? 'done';
  return { step: next, walks: 0, cursor: undefined };
}

function goneThrough(cursor: string | undefined, found: Partial<ErasureProgress>): Stepped {
  return cursor === undefined ? { found } : { found: { ...found, cursor }, goesOn: 'at once' };
}

/**
 * Deletes the hooks at Procore, then the subscription. What Procore refuses for good, or for half an hour, is left there and
 * told: what such a hook still delivers is dropped while the tombstone stands.
 */
async function removeHooks({ store, companyId, hooksOf, slice }: Erasure, so: ErasureProgress): Promise<Stepped> {
  const subscription = await store.read(companyId);
  if (subscription === undefined) return { found: {} };
  const api = hooksOf(subscription, slice.remaining);
  const left: string[] = [];
  let reason = '';
  for (const { projectId, hookId } of subscription.hooks) {
    // Those that are gone are a success the next time.
    if (slice.remaining() < pageMs) return { found: {}, goesOn: 'at once' };
    try {
      await api.deleteHook(projectId, hookId);
    } catch (error) {
      if (!isForGood(error) && slice.job.failures < patience) throw error;
      left.push(hookId);
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  if ((await store.remove(companyId, subscription.revision)) === 'changed') return { found: {}, goesOn: 'at once' };
  return {
    found: {
      subscriptions: so.subscriptions + 1,
      hooks: so.hooks + subscription.hooks.length - left.length,
      ...(left.length > 0 && { hooksLeft: { hookIds: left, reason } }),
    },
  };
}

function isForGood(error: unknown): boolean {
  return error instanceof AccessTokenRefusedError || (error instanceof ProcoreApiError && !error.diagnosis.retry);
}

/** Ends one connection after the other. */
async function endConnections({ request, disconnect }: Erasure, so: ErasureProgress): Promise<Stepped> {
  const next = request.connectionIds.find((id) => !so.disconnected.includes(id));
  if (next === undefined) return { found: {} };
  const ended = await disconnect(next);
  const found = {
    disconnected: [...so.disconnected, next],
    ...(ended === 'unrevoked' && { unrevoked: [...so.unrevoked, next] }),
  };
  return { found, goesOn: 'at once' };
}

/** Deletes the company's messages of a queue that nobody works. */
async function emptyQueue(
  name: 'dead letters' | 'quarantine',
  { deadLetters, quarantine, companyId, slice }: Erasure,
  so: ErasureProgress,
): Promise<Stepped> {
  const [queue, whose]: [SetAsideQueue, (body: string, companyId: string) => Whose] =
    name === 'quarantine' ? [quarantine, whoseDelivery] : [deadLetters, whoseLetter];
  const walk = await walkQueue(
    queue,
    (body) => whose(body, companyId),
    () => slice.remaining() - pageMs,
  );
  const [counted, walks] = [name === 'quarantine' ? 'quarantined' : 'deadLetters', so.walks + 1] as const;
  const found = { [counted]: so[counted] + walk.deleted, walks };
  const isOver = walk.isWhole || walks >= mostWalks;
  if (!isOver) return { found, goesOn: 'at once' };
  return {
    found: {
      ...found,
      unknownMessages: so.unknownMessages + walk.unknown,
      ...(!walk.isWhole && { notWhole: [...so.notWhole, name] }),
    },
  };
}
