import type { JobStore } from '../../functions/jobs/job-store.ts';
import { leaseSeconds, type WokenUp, workSlice } from '../../functions/jobs/work-slice.ts';
import type { VendedToken } from '../../functions/procore/access-token-source.ts';
import { procoreClient } from '../../functions/procore/client.ts';
import { acceptDelivery } from '../../functions/webhook/acceptance.ts';
import { backfillWork } from '../../functions/webhook/backfill.ts';
import {
  type BackfillProgress,
  type BackfillRequest,
  backfillId,
  backfillJob,
} from '../../functions/webhook/backfill-request.ts';
import { deduplicationId, type WebhookEventMessage } from '../../functions/webhook/event-message.ts';
import type { Subscription } from '../../functions/webhook/subscription.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import { instantLedger } from '../../lib/testing/instant-ledger.ts';
import { memoryJobStore } from '../memory/job-store.ts';
import { startTime } from '../procore/client-world.ts';
import { recordingObserver } from './sample-events.ts';
import { sampleSubscription } from './sample-subscription.ts';

export const companyId = '5358233';

/** A record as a list shows it. */
export interface ListedRecord {
  readonly id: string;
  readonly updated_at?: string;
}

/** One list of a Procore that a test has in its hands. */
export interface FakeList {
  /** In the order of the list. */
  records: ListedRecord[];
  /** What its answers tell besides records. @default a count */
  readonly tells?: 'count' | 'links' | 'nothing';
  /** Page size that it gives, whatever is asked for. */
  readonly ownPerPage?: number;
}

/** What a test wants otherwise. */
export interface BackfillWorldOptions {
  /** Lists by their paths without queries. */
  readonly lists: ReadonlyMap<string, FakeList>;
  readonly request?: BackfillRequest;
  readonly subscription?: Partial<Subscription> | 'none';
  /** Called before each call of Procore. @returns what it answers in place of a page */
  readonly beforeCall?: (url: URL) => Response | undefined;
  /** Called before (`false`) and after (`true`) every effect outside of the process; one that never ends is a kill. */
  readonly around?: (port: string, isDone: boolean) => Promise<void>;
  /** How many messages the worker handles whenever time passes. @default all that wait */
  readonly drain?: number;
}

export const rfisPath = '/rest/v1.0/projects/{project_id}/rfis';
export const rfisOf = (projectId: string | number) => rfisPath.replace('{project_id}', String(projectId));

/** One company, its lists, a queue with a worker, and the job of one backfill, by a clock of its own. */
export async function backfillWorld({ lists, request, subscription = {}, ...options }: BackfillWorldOptions) {
  const time = { now: startTime };
  const clock = () => time.now;
  const calls: string[] = [];
  const events: WebhookEvent[] = [];
  const waiting: WebhookEventMessage[] = [];
  const known = new Map<string, number>();
  const most = { waiting: 0 };
  const through = async <Result>(port: string, effect: () => Result | Promise<Result>): Promise<Result> => {
    await options.around?.(port, false);
    const result = await effect();
    await options.around?.(port, true);
    return result;
  };
  const pass = (seconds: number) => {
    time.now += seconds;
    events.push(...waiting.splice(0, options.drain ?? waiting.length).map(({ event }) => event));
  };
  const ledger = instantLedger(clock);
  const observer = recordingObserver();
  const client = procoreClient({
    environment: 'sandbox',
    tokens: { environment: 'sandbox', connectionId: 'acme', current: async () => token, rejected: async () => token },
    fetch: (input) =>
      through('procore', () => {
        const url = new URL(String(input instanceof Request ? input.url : input));
        calls.push(url.pathname + url.search);
        time.now += 0.1;
        return options.beforeCall?.(url) ?? answer(lists, url);
      }),
    clock,
    sleep: async (milliseconds) => pass(milliseconds / 1000),
    randomFraction: () => 0,
    remaining: () => 60_000,
    observer,
  });
  const acceptance = {
    environment: 'sandbox' as const,
    queue: {
      send: (message: Parameters<Parameters<typeof acceptDelivery>[1]['queue']['send']>[0]) =>
        through('queue', () => {
          if (message.kind !== 'webhook_event') throw new Error('not an event');
          const id = deduplicationId(message);
          if (clock() - (known.get(id) ?? Number.NEGATIVE_INFINITY) >= 300) {
            known.set(id, clock());
            waiting.push(message);
            most.waiting = Math.max(most.waiting, waiting.length);
          }
          return 'sent' as const;
        }),
    },
    ledger: {
      find: (id: string) => through('ledger', () => ledger.find(id)),
      record: (event: WebhookEvent, at: number) => through('ledger', () => ledger.record(event, at)),
    },
    quarantine: { keep: async () => 'kept' as const },
    clock,
    observer,
  };
  const work = backfillWork({
    store: {
      read: async () =>
        subscription === 'none'
          ? undefined
          : { ...sampleSubscription({ projects: 'all', ...subscription }), revision: 1 },
    },
    clientFor: () => client.company(companyId),
    acceptBackfilled: (body) => acceptDelivery(body, acceptance, 'backfilled'),
    waitingEvents: () => through('queue', () => waiting.length),
    clock,
    sleep: async (milliseconds) => pass(milliseconds / 1000),
    observer,
  });
  const store = watchedStore(memoryJobStore(), through);
  const id = backfillId(companyId, 'RFIs');
  /** Begins the same backfill once more. */
  const again = () =>
    store.create(backfillJob(companyId, 'RFIs', request ?? { level: 'project', path: rfisPath }, clock()));
  await again();
  let owners = 0;
  /** Works one slice; `dies` ends it from outside, and then its lease has to run out. */
  const slice = async (dies: Promise<'killed'> = new Promise(() => {})): Promise<WokenUp | 'killed'> => {
    const sliceStart = clock();
    const worked = workSlice(id, {
      ...{ store, kinds: { backfill: work }, clock, randomFraction: () => 0.5, observer },
      randomId: () => `owner-${owners++}`,
      remaining: () => 80_000 - (clock() - sliceStart) * 1000,
    });
    const became = await Promise.race([worked, dies]);
    pass(became === 'killed' ? leaseSeconds + 1 : 0);
    return became;
  };
  const read = async () => {
    const job = await store.read(id);
    if (job === undefined) throw new Error('no job');
    return { ...job, progress: job.checkpoint as BackfillProgress };
  };
  return {
    ...{ time, calls, events, waiting, most, store, ledger, notes: observer.notes, id, slice, read, pass, again },
    /** Works slices until the job has ended, or `most` of them. */
    async untilDone(mostSlices = 1000) {
      for (let slices = 0; slices < mostSlices && (await read()).state === 'active'; slices++) {
        const { nextAt = clock() } = await read();
        pass(Math.max(0, nextAt - clock()));
        await slice();
      }
      pass(0);
      return read();
    },
  };
}

const token: VendedToken<'sandbox'> = {
  accessToken: 'token',
  expiresAt: Number.POSITIVE_INFINITY,
  generation: 1,
  environment: 'sandbox',
  apiHost: 'https://sandbox.procore.com',
  companyIds: [companyId],
};

function watchedStore(
  store: JobStore,
  through: <Result>(port: string, effect: () => Promise<Result>) => Promise<Result>,
): JobStore {
  return {
    ...store,
    read: (id) => store.read(id),
    create: (job) => store.create(job),
    claim: (lease, now) => store.claim(lease, now),
    change: (id, change, now) => store.change(id, change, now),
    checkpoint: (lease, checkpoint) => through('job', () => store.checkpoint(lease, checkpoint)),
    finish: (lease, end) => through('job', () => store.finish(lease, end)),
  };
}

function answer(lists: ReadonlyMap<string, FakeList>, url: URL): Response {
  if (url.pathname === `/rest/v1.0/companies/${companyId}/projects`) {
    const ids = [...lists.keys()].map((path) => /projects\/(\d+)/.exec(path)?.[1] ?? '');
    return json(ids.map((id) => ({ id: Number(id) })));
  }
  const list = lists.get(url.pathname);
  if (list === undefined) return json({ errors: 'Not Found' }, 404);
  const { records, tells = 'count', ownPerPage } = list;
  const perPage = Math.min(ownPerPage ?? Number.POSITIVE_INFINITY, Number(url.searchParams.get('per_page')));
  const page = Number(url.searchParams.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(records.length / perPage));
  const link = [
    ...(page < last
      ? [`<http://x.test/?page=${page + 1}>; rel="next"`, `<http://x.test/?page=${last}>; rel="last"`]
      : []),
    ...(page > 1 ? ['<http://x.test/?page=1>; rel="prev"'] : []),
  ].join(', ');
  return json(records.slice((page - 1) * perPage, page * perPage), 200, {
    ...(tells === 'count' && { total: String(records.length), 'per-page': String(perPage) }),
    ...(tells === 'links' && link !== '' && { link }),
  });
}

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

/** Makes records with ids from a number on, all changed long ago. */
export function records(count: number, from = 1): ListedRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    id: String(from + index),
    updated_at: '2026-01-05T08:00:00Z',
  }));
}
