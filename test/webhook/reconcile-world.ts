import { jobIdOf } from '../../functions/jobs/job.ts';
import type { NewJob } from '../../functions/jobs/job-store.ts';
import { workSlice } from '../../functions/jobs/work-slice.ts';
import { accessTokenSource } from '../../functions/procore/access-token-source.ts';
import { procoreClient } from '../../functions/procore/client.ts';
import { procoreEnvironments } from '../../functions/procore/environment.ts';
import { readEventMessage } from '../../functions/webhook/event-message.ts';
import type { ReconcileMemory } from '../../functions/webhook/reconcile-round.ts';
import { reconcileWork } from '../../functions/webhook/reconcile-work.ts';
import type { ReconcileWish } from '../../functions/webhook/subscription.ts';
import { memoryEventQueue } from '../memory/event-queue.ts';
import { memoryJobStore } from '../memory/job-store.ts';
import { memoryKnownIds } from '../memory/known-ids.ts';
import { memoryLedger } from '../memory/ledger.ts';
import type { PortFaults } from '../memory/port.ts';
import { memoryQuarantine } from '../memory/quarantine.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { recordingObserver } from './sample-events.ts';
import { sampleSubscription } from './sample-subscription.ts';

/** A record as the simulated Procore has it: when it last changed, in epoch seconds. */
export type Records = Map<string, number>;

export const company = '5358233';
export const hour = 3600;
const start = 1_800_000_000;

/** RFIs in every project, read every six hours, with what a test wants otherwise. */
export const everySix = (otherwise: Partial<ReconcileWish> = {}): ReconcileWish => ({
  hours: 6,
  lists: [{ name: 'RFIs', path: '/rest/v1.0/projects/{project_id}/rfis', level: 'project' }],
  ...otherwise,
});

const json = (body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json', ...headers } });

/**
 * A company at a Procore of a few lines: records by project, of which a test decides what is shown and how, and the job that
 * reconciles them, in virtual time.
 */
export function reconcileWorld(wish: ReconcileWish | undefined, faults?: PortFaults) {
  const time = { now: start, callSeconds: 0.1, leftMs: 900_000 };
  const clock = () => time.now;
  const procore = {
    projects: new Map<string, Records>(),
    inactive: new Set<string>(),
    /** The list ignores `filters[updated_at]`. */
    ignoresFilter: false,
    /** So many of the last records are left out of lists, without a word. */
    leftOut: 0,
    /** Whether pages say how many records there are. */
    counts: true,
    /** Answers in place of the simulation, where it gives something. */
    instead: (_path: string, _query: URLSearchParams): Response | undefined => undefined,
    /** Called after each answer, so that records can change between two pages. */
    afterCall: () => {},
    calls: [] as string[],
  };

  function list(records: Records, query: URLSearchParams): Response {
    const [from, to] = procore.ignoresFilter ? [] : (query.get('filters[updated_at]')?.split('...') ?? []);
    const shown = [...records].filter(
      ([, at]) => from === undefined || (at >= Date.parse(from) / 1000 && at <= Date.parse(to ?? '') / 1000),
    );
    const listed = shown.slice(0, shown.length - procore.leftOut);
    const [page, size] = [Number(query.get('page')), Number(query.get('per_page'))];
    const items = listed
      .slice((page - 1) * size, page * size)
      .map(([id, at]) => ({ id: Number(id), updated_at: new Date(at * 1000).toISOString() }));
    return json(items, procore.counts ? { total: String(shown.length), 'per-page': String(size) } : {});
  }

  function answer(path: string, query: URLSearchParams): Response {
    const instead = procore.instead(path, query);
    if (instead !== undefined) return instead;
    if (path === '/rest/v1.0/projects') {
      const active = [...procore.projects.keys()].filter((id) => !procore.inactive.has(id));
      return json(Number(query.get('page') ?? 1) > 1 ? [] : active.map((id) => ({ id: Number(id) })), {
        total: String(active.length),
      });
    }
    const [, project = '', record] = /^\/rest\/v1\.0\/projects\/(\d+)\/rfis(?:\/(\d+))?$/.exec(path) ?? [];
    const records = procore.projects.get(project);
    if (records === undefined) return new Response('<html></html>', { status: 404 });
    if (record === undefined) return list(records, query);
    return records.has(record) ? json({ id: Number(record) }) : notThere();
  }

  const observer = recordingObserver();
  const tokens = accessTokenSource({
    environment: 'sandbox',
    connectionId: 'acme',
    clock,
    vend: async () => ({
      ...{ accessToken: 'token', expiresAt: clock() + 5400, generation: 1, environment: 'sandbox' as const },
      ...{ apiHost: procoreEnvironments.sandbox.apiOrigin, companyIds: [company] },
    }),
  });
  const queue = memoryEventQueue(clock);
  const store = memorySubscriptionStore([
    { ...sampleSubscription({ projects: 'all', ...(wish && { reconcile: wish }) }), revision: 1 },
  ]);
  const knownIds = memoryKnownIds();
  const jobs = memoryJobStore(faults);
  const work = reconcileWork({
    ...{
      environment: 'sandbox',
      queue,
      ledger: memoryLedger(clock),
      quarantine: memoryQuarantine(clock),
      clock,
      observer,
    },
    ...{ store, knownIds },
    clientFor: (_, remaining) =>
      procoreClient({
        ...{ environment: 'sandbox', tokens, clock, remaining, observer, randomFraction: () => 0.5 },
        fetch: async (input) => {
          const { pathname, searchParams } = new URL(String(input));
          time.now += time.callSeconds;
          procore.calls.push(`${pathname}?${searchParams}`);
          const response = answer(pathname, searchParams);
          procore.afterCall();
          return response;
        },
        sleep: async (milliseconds) => {
          time.now += milliseconds / 1000;
        },
      }).company(company),
  });
  let owners = 0;
  const dependencies = {
    ...{ store: jobs, kinds: { reconcile: work }, clock, observer },
    ...{ randomFraction: () => 0.5, randomId: () => `owner-${owners++}`, remaining: () => time.leftMs },
  };
  const id = jobIdOf({ kind: 'reconcile', companyId: company });
  return {
    ...{ time, procore, observer, store, knownIds, jobs, clock, queue },
    begin: (job: Partial<NewJob> = {}) =>
      jobs.create({ kind: 'reconcile', companyId: company, request: null, createdAt: start, nextAt: start, ...job }),
    wake: (jobId = id) => workSlice(jobId, dependencies),
    memory: async (jobId = id) => (await jobs.read(jobId))?.checkpoint as ReconcileMemory,
    /** Works slices until the round is over, moving the clock to when each is due. */
    async round(jobId = id): Promise<ReconcileMemory> {
      for (let slices = 0; slices < 500; slices++) {
        const job = await jobs.read(jobId);
        if (job?.nextAt !== undefined) time.now = Math.max(time.now, job.nextAt, job.lease?.until ?? 0);
        await workSlice(jobId, dependencies);
        const after = await jobs.read(jobId);
        const memory = after?.checkpoint as ReconcileMemory | undefined;
        if (memory !== undefined && memory.round === undefined && after?.lastError === undefined) return memory;
      }
      throw new Error('The round does not end.');
    },
    events: () =>
      queue.messages.flatMap(({ body }) => {
        const message = readEventMessage(body);
        return message?.kind === 'webhook_event' ? [message.event] : [];
      }),
  };
}

/** What Procore answers for a record that is hidden or gone. */
export const notThere = () =>
  new Response(JSON.stringify({ errors: 'Not found' }), {
    status: 404,
    headers: { 'content-type': 'application/json' },
  });

/** Records with ids from `first` on, which all changed at one time. */
export const records = (first: number, count: number, at: number): Records =>
  new Map(Array.from({ length: count }, (_, index) => [String(first + index), at]));
