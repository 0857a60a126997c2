import { atATime } from '../at-a-time.ts';
import type { Clock, Sleep } from '../clock.ts';
import type { KindOfWork, Slice, SliceEnd } from '../jobs/work-slice.ts';
import type { Observer } from '../observer.ts';
import { ProcoreApiError, refusalOf } from '../procore/api-error.ts';
import { changedBefore } from '../procore/changed-list.ts';
import { type ApiPath, type CompanyClient, timeRange } from '../procore/client.ts';
import { type ExactJson, exactId, isJsonObject } from '../procore/exact-json.ts';
import type { Query } from '../procore/listing.ts';
import { EndlessListError, NotAListError } from '../procore/paging.ts';
import type { Acceptance } from './acceptance.ts';
import { type BackfillProgress, type BackfillRequest, nothingDone, ofTheCompany } from './backfill-request.ts';
import { filledPath } from './filled-path.ts';
import { firstWalk, readWalkedPage, stepOver } from './list-walk.ts';
import { idNumber, packIds, unpackIds } from './packed-ids.ts';
import { recordEvent } from './record-event.ts';
import type { Subscription, SubscriptionStore } from './subscription.ts';

/** What {@link backfillWork} needs, besides a slice. */
export interface BackfillDependencies {
  readonly store: Pick<SubscriptionStore, 'read'>;
  /** Gives a client whose calls end within the slice, and that spends no more than background work may. */
  readonly clientFor: (subscription: Subscription, remaining: Slice['remaining']) => CompanyClient;
  /** Takes a record in as an event of origin `backfilled`. */
  readonly acceptBackfilled: (body: Uint8Array) => Promise<Acceptance>;
  /** Tells about how many messages wait in the queue of events. */
  readonly waitingEvents: () => Promise<number>;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly observer: Observer;
}

/** A backfill sends nothing while so many messages wait: live events come first. */
const mostWaiting = 200;

/** How many events are sent at a time, and before it is asked again how many wait. */
const [sendsAtATime, chunk] = [10, 50];

/** A page is not asked for with less time, in milliseconds: it has to be read and sent. */
const pageMs = 15_000;

/** How often it is looked whether the queue has room, in milliseconds, and for how long before others have their turn. */
const [roomCheckMs, roomPatienceMs] = [1000, 10_000];

/** After which answers a backfill goes on later, in seconds. */
const later = { noRoom: 30, rateLimited: 60, rateLimitedAtMost: 3600, refused: 30 } as const;

/** A filter by time needs an end. It lies so far ahead that no record leaves the list while it is read, in seconds. */
const aheadSeconds = 366 * 24 * 3600;

/** One slice of a backfill, and what it works with. */
interface Backfill extends BackfillDependencies {
  readonly slice: Slice;
  readonly request: BackfillRequest;
  readonly resourceName: string;
  readonly client: CompanyClient;
}

/**
 * Sends every record of a resource as an event, list by list, page by page. After each page it is written down how far it
 * has come: who dies reads that page again. Where a record has sent an event already, the ledger and the queue know it.
 */
export function backfillWork(dependencies: BackfillDependencies): KindOfWork {
  return {
    async work(slice): Promise<SliceEnd> {
      const { companyId, request, subject = '' } = slice.job;
      const subscription = await dependencies.store.read(companyId);
      if (subscription === undefined) {
        return failed(`Company ${companyId} has no subscription any more, so there is no connection to call it with.`);
      }
      const client = dependencies.clientFor(subscription, slice.remaining);
      const backfill = { ...dependencies, slice, client, request: request as BackfillRequest, resourceName: subject };
      try {
        return await workLists(backfill, subscription);
      } catch (error) {
        const end = endFor(error, dependencies.clock());
        if (end === undefined) throw error;
        return end;
      }
    },
  };
}

async function workLists(backfill: Backfill, subscription: Subscription): Promise<SliceEnd> {
  const { slice, clock, observer, resourceName } = backfill;
  let progress = slice.job.checkpoint as BackfillProgress | undefined;
  let since = clock();
  if (progress === undefined) {
    progress = await begin(backfill, subscription);
    if ((await slice.save(progress)) === 'lost') return again(clock());
  }
  while (progress.lists !== '') {
    if (slice.remaining() < pageMs) return again(clock(), progress);
    const turn: BackfillProgress | SliceEnd = await workPage(backfill, progress);
    if ('outcome' in turn) return turn;
    const now = clock();
    progress = { ...turn, workedSeconds: progress.workedSeconds + now - since };
    since = now;
    if ((await slice.save(progress)) === 'lost') return again(now);
  }
  const { listsInAll, hidden, sent } = progress;
  if (hidden !== undefined && hidden.projects === listsInAll) return { ...failed(hidden.text), checkpoint: progress };
  observer.note('backfill.done', { companyId: slice.job.companyId, resourceName, count: sent });
  return { outcome: 'done', checkpoint: progress };
}

/** Finds out which lists there are. A project that comes later brings its records by webhook. */
async function begin(
  { request, client }: Backfill,
  { projects }: Pick<Subscription, 'projects'>,
): Promise<BackfillProgress> {
  const ids = request.level === 'company' ? [ofTheCompany] : await projectsOf(request, client, projects);
  const lists = packIds(ids);
  if (lists === undefined) throw new RangeError(`${ids.length} projects are more than a backfill can remember.`);
  return { ...nothingDone, lists, listsInAll: ids.length };
}

async function projectsOf(
  { projectId }: BackfillRequest,
  client: CompanyClient,
  wanted: Subscription['projects'],
): Promise<readonly bigint[]> {
  if (projectId !== undefined) return [idNumber(projectId)];
  if (wanted !== 'all') return wanted.map(idNumber);
  const ids: bigint[] = [];
  // This list has no pages, and inactive projects too.
  for await (const project of client.list(`/rest/v1.0/companies/${client.companyId}/projects`)) {
    const id = isJsonObject(project) ? exactId(project.id) : undefined;
    if (id !== undefined) ids.push(idNumber(id));
  }
  return ids;
}

/** Reads one page and sends its records. @returns how far it has come, or how the slice ends */
async function workPage(backfill: Backfill, progress: BackfillProgress): Promise<BackfillProgress | SliceEnd> {
  const { client, request, slice } = backfill;
  const [list = ofTheCompany, ...others] = unpackIds(progress.lists);
  const projectId = list === ofTheCompany ? null : String(list);
  const path = filledPath(request.path, client.companyId, projectId);
  const walk = progress.walk ?? firstWalk;
  if (!(await hasRoom(backfill))) return again(backfill.clock() + later.noRoom, progress);
  const read = await readWalkedPage(
    { path, query: queryOf(request, slice.job.createdAt), get: (asked) => client.get(asked as ApiPath), refusalOf },
    walk,
  ).catch((error: unknown) => {
    if (projectId !== null && isHidden(error)) return { hidden: error.message };
    throw error;
  });
  const { walk: _, ...rest } = progress;
  const nextList = { ...rest, lists: packIds(others) ?? '', listsDone: progress.listsDone + 1 };
  if ('hidden' in read) {
    const { projects, text } = progress.hidden ?? { projects: 0, text: read.hidden };
    return { ...nextList, hidden: { projects: projects + 1, text } };
  }
  if ('smaller' in read) return { ...progress, walk: read.smaller };
  const step = stepOver(path, walk, read);
  const counts = await sendRecords(backfill, projectId, step.records);
  if (counts === 'no_room') return again(backfill.clock() + later.noRoom, progress);
  if (counts.refused > 0) return again(backfill.clock() + later.refused, progress);
  const counted = {
    sent: progress.sent + counts.sent,
    known: progress.known + counts.known,
    unusable: progress.unusable + counts.unusable,
  };
  if (step.next !== undefined) return { ...progress, ...counted, walk: step.next };
  return { ...nextList, ...counted, unproven: progress.unproven + Number(!step.isWhole) };
}

function queryOf({ since }: BackfillRequest, begunAt: number): Query {
  return since === undefined ? {} : { 'filters[updated_at]': timeRange(since, begunAt + aheadSeconds) };
}

/** A tool that is off in one project, or a project that this person may not see, does not keep the others from it. */
function isHidden(error: unknown): error is ProcoreApiError {
  return error instanceof ProcoreApiError && ['forbidden', 'not_visible'].includes(error.code);
}

/** Waits a while for room in the queue. */
async function hasRoom({ waitingEvents, sleep, slice }: Backfill): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += roomCheckMs) {
    if ((await waitingEvents()) + chunk <= mostWaiting) return true;
    if (waitedMs >= roomPatienceMs || slice.remaining() < pageMs) return false;
    await sleep(roomCheckMs);
  }
}

const becameOf = {
  accepted: 'sent',
  duplicate: 'known',
  // The erasure removes the backfill as well.
  erased: 'known',
  unavailable: 'refused',
  // The id is none that an event can have.
  quarantined: 'unusable',
  discarded: 'unusable',
} as const satisfies Record<Acceptance, string>;

/** Sends records as events, as many at a time as the queue has room for. */
async function sendRecords(backfill: Backfill, projectId: string | null, records: readonly ExactJson[]) {
  const { request, slice, resourceName, client, acceptBackfilled } = backfill;
  const counts = { sent: 0, known: 0, refused: 0, unusable: 0 };
  const { since } = request;
  const wanted = since === undefined ? records : records.filter((record) => !changedBefore(record, since));
  const begunAt = new Date(slice.job.createdAt * 1000).toISOString();
  const send = atATime(sendsAtATime, async (record: ExactJson) => {
    const resourceId = isJsonObject(record) ? exactId(record.id) : undefined;
    if (!isJsonObject(record) || resourceId === undefined) return 'unusable';
    // What is read now is not older than the beginning, so that is a time that says of no older state that it is new.
    const updatedAt = timeOf(record.updated_at) ?? begunAt;
    const { companyId } = client;
    const found = { companyId, ...(projectId !== null && { projectId }), resourceName, resourceId, updatedAt };
    const acceptance = await acceptBackfilled(recordEvent('backfilled', found));
    return becameOf[acceptance];
  });
  for (let from = 0; from < wanted.length; from += chunk) {
    if (from > 0 && !(await hasRoom(backfill))) return 'no_room';
    for (const became of await Promise.all(wanted.slice(from, from + chunk).map(send))) counts[became] += 1;
  }
  return counts;
}

/** Gives a time as Procore writes it. @returns undefined when nobody could compare it with that of an event */
function timeOf(text: ExactJson | undefined): string | undefined {
  const isTime = typeof text === 'string' && /^[\d-]{10}T[\d:]{8}(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text);
  return isTime && !Number.isNaN(Date.parse(text)) ? text : undefined;
}

const failed = (reason: string) => ({ outcome: 'failed', reason }) as const;

const again = (nextAt: number, checkpoint?: BackfillProgress): SliceEnd => ({
  ...{ outcome: 'again', nextAt },
  ...(checkpoint && { checkpoint }),
});

/**
 * What an error means that trying again does not help. A connection or a company that is disconnected is tried again: the
 * backfill goes on when it is connected.
 *
 * @returns undefined when the slice is to be tried again
 */
function endFor(error: unknown, now: number): SliceEnd | undefined {
  if (error instanceof NotAListError || error instanceof EndlessListError) return failed(error.message);
  if (!(error instanceof ProcoreApiError)) return undefined;
  if (error.code === 'rate_limited') {
    return again(now + Math.min(error.retryAfterSeconds ?? later.rateLimited, later.rateLimitedAtMost));
  }
  return error.diagnosis.retry ? undefined : failed(error.message);
}
