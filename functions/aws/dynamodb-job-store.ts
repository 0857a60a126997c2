import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { atOnce, type Job, type JobError, type JobState, jobIdOf, jobShardOf, parseJobId } from '../jobs/job.ts';
import { deathPauseSeconds, type JobChange, type JobStore, type Lease, statesForChange } from '../jobs/job-store.ts';
import { pack, unpack } from '../jobs/packed.ts';
import { jobsDueIndex, jobsKey } from '../settings.ts';
import {
  deleteItem,
  type EnvironmentTable,
  type Item,
  type ItemChange,
  ownItem,
  putItem,
  queryPage,
  type Requirement,
  readItem,
  updateItemUnread,
} from './environment-table.ts';

const { partitionKey, sortKey } = jobsKey;
const { partitionKey: shardKey, sortKey: dueKey } = jobsDueIndex;

/** All attributes but key and environment. The owner stays when its lease has ended: a repeated write knows itself. */
interface JobItem {
  readonly state: JobState;
  /** See `packed.ts`. */
  readonly request: Uint8Array;
  readonly checkpoint?: Uint8Array;
  /** Of active jobs alone, with their shard: the index holds what has both. */
  readonly nextAt?: number;
  readonly dueShard?: string;
  readonly leaseOwner?: string;
  readonly leaseUntil?: number;
  /** How much later than its lease's end the job is due after the next claim, should that slice die as well; seconds. */
  readonly deathPause?: number;
  /** When a person last wanted it to go on at once, epoch seconds; until the next claim, or the end of the slice. */
  readonly askedAt?: number;
  /** When a person last wanted that; it stays. */
  readonly wantedAt?: number;
  readonly failures: number;
  readonly lastError?: JobError;
  readonly lookedAt?: number;
  readonly createdAt: number;
}

const stateIs =
  (...states: readonly JobState[]): Requirement =>
  ({ name, value }) =>
    states.map((state) => `${name('state')} = ${value(state)}`).join(' OR ');

const isDueAt =
  (now: number): Requirement =>
  ({ name, value }) =>
    `${name(dueKey)} <= ${value(now)}`;

const leaseIsOverAt =
  (now: number): Requirement =>
  ({ name, value }) =>
    `attribute_not_exists(${name('leaseUntil')}) OR ${name('leaseUntil')} <= ${value(now)}`;

const leaseIsOf =
  (owner: string): Requirement =>
  ({ name, value }) =>
    `${name('leaseOwner')} = ${value(owner)} AND attribute_exists(${name('leaseUntil')})`;

const nobodyAsked: Requirement = ({ name }) => `attribute_not_exists(${name('askedAt')})`;

/** The table of jobs, and what all methods do with it. */
function jobItems(table: EnvironmentTable) {
  const keyOf = (id: string) => ({ [partitionKey]: table.environment, [sortKey]: id });
  return {
    table,
    keyOf,
    read: (id: string) => readItem(table, keyOf(id)) as Promise<(Item & JobItem) | undefined>,
    update: async (id: string, change: ItemChange) =>
      (await updateItemUnread(table, keyOf(id), change)).outcome === 'written',
  };
}

type JobItems = ReturnType<typeof jobItems>;

/**
 * Keeps jobs in the `jobs` table: the environment is the partition key, the job's id the sort key, so that one query lists
 * those of a kind or of a company. The sparse index of due ones holds keys only, of active jobs alone.
 */
export function dynamoDbJobStore(table: EnvironmentTable): JobStore {
  const items = jobItems(table);
  return { ...keptJobs(items), ...slices(items), ...listedJobs(items) };
}

/** Jobs as people and the beginning of work see them. */
function keptJobs({ table, keyOf, read, update }: JobItems): Pick<JobStore, 'read' | 'create' | 'change' | 'remove'> {
  return {
    async read(id) {
      const kept = await read(id);
      return kept && jobOf(id, kept);
    },

    async create({ request, checkpoint, nextAt, createdAt, ...name }) {
      const id = jobIdOf(name);
      const item = {
        ...{
          state: 'active',
          request: pack(request, 'request'),
          nextAt,
          [shardKey]: jobShardOf(id),
          failures: 0,
          createdAt,
        },
        ...(checkpoint !== undefined && { checkpoint: pack(checkpoint, 'checkpoint') }),
      };
      const isFree: Requirement = (to) =>
        `attribute_not_exists(${to.name(sortKey)}) OR ${stateIs('done', 'failed', 'cancelled')(to)}`;
      if ((await putItem(table, keyOf(id), item, [isFree])) === 'written') return 'created';
      // The SDK may have repeated a write that took effect: what is stored may be ours.
      const { [partitionKey]: _, [sortKey]: __, ...stored } = (await read(id)) ?? ({} as Item & JobItem);
      return sameItem(stored, item) ? 'created' : 'under_way';
    },

    async change(id, change, now) {
      if (await update(id, changeOf(id, change, now))) return 'changed';
      return (await read(id)) === undefined ? 'absent' : 'refused';
    },

    async remove(id) {
      await deleteItem(table, keyOf(id));
    },
  };
}

/** What the slices of a job do under its lease. */
function slices({ table, keyOf, read, update }: JobItems): Pick<JobStore, 'claim' | 'checkpoint' | 'finish'> {
  return {
    async claim({ jobId, owner, until }, now, spreadSeconds = 0, dueBy = now) {
      await updateItemUnread(table, keyOf(jobId), {
        set: { leaseOwner: owner, leaseUntil: until },
        setSum: { [dueKey]: { of: 'deathPause', plus: until + spreadSeconds } },
        add: { deathPause: deathPauseSeconds },
        remove: ['askedAt'],
        require: [stateIs('active'), isDueAt(dueBy), leaseIsOverAt(now)],
      });
      // Won or lost, or won by a first try whose answer was lost: the item says which.
      const kept = await read(jobId);
      const isOurs = kept?.leaseOwner === owner && kept.leaseUntil !== undefined;
      return (isOurs ? jobOf(jobId, kept) : undefined) ?? 'refused';
    },

    async checkpoint({ jobId, owner, until }, checkpoint) {
      const lease = { leaseUntil: until, [dueKey]: until, deathPause: deathPauseSeconds };
      const set = { checkpoint: pack(checkpoint, 'checkpoint'), ...lease };
      return (await update(jobId, { set, require: [leaseIsOf(owner)] })) ? 'written' : 'lost';
    },

    async finish({ jobId, owner }: Lease, { checkpoint, nextAt, lastError, ...end }) {
      const write = (dueAt: number | undefined, ...require: Requirement[]) =>
        update(jobId, {
          set: {
            ...end,
            nextAt: dueAt,
            lastError,
            ...(checkpoint !== undefined && { checkpoint: pack(checkpoint, 'checkpoint') }),
          },
          remove: [
            ...['leaseUntil', 'deathPause', 'askedAt'],
            ...(dueAt === undefined ? [dueKey, shardKey] : []),
            ...(lastError === undefined ? ['lastError'] : []),
          ],
          require: [leaseIsOf(owner), ...require],
        });
      if (await write(nextAt, nobodyAsked)) return 'written';
      const isEnded = (kept: JobItem | undefined) => kept?.leaseOwner === owner && kept.leaseUntil === undefined;
      const kept = await read(jobId);
      if (isEnded(kept)) return 'written';
      // A person wanted it to go on at once, while this slice was worked.
      const dueAt = kept?.askedAt === undefined || nextAt === undefined ? nextAt : atOnce;
      if (await write(dueAt)) return 'written';
      return isEnded(await read(jobId)) ? 'written' : 'lost';
    },
  };
}

function listedJobs({ table }: JobItems): Pick<JobStore, 'due' | 'list'> {
  return {
    async due(shard, now, limit, cursor) {
      const { items, next } = await queryPage(table, {
        IndexName: jobsDueIndex.name,
        KeyConditionExpression: '#shard = :shard AND #due <= :now',
        ExpressionAttributeNames: { '#shard': shardKey, '#due': dueKey },
        ExpressionAttributeValues: marshall({ ':shard': shard, ':now': now }),
        Limit: limit,
        ...(cursor !== undefined && { ExclusiveStartKey: JSON.parse(cursor) }),
      });
      const jobs = items
        .map((item) => unmarshall(item))
        .filter((item) => item[partitionKey] === table.environment)
        .map((item) => ({ id: String(item[sortKey]), nextAt: Number(item[dueKey]) }));
      return { jobs, ...(next && { cursor: JSON.stringify(next) }) };
    },

    async list({ kind, companyId }, limit, cursor) {
      // Behind `#` comes whatever ids of the same company have, before it the digits of longer ones.
      const [from, to] =
        kind === undefined
          ? ['!', '~']
          : companyId === undefined
            ? [`${kind}#`, `${kind}#~`]
            : [`${kind}#${companyId}`, `${kind}#${companyId}#\u{ffff}`];
      const { items, next } = await queryPage(table, {
        ConsistentRead: true,
        KeyConditionExpression: '#environment = :environment AND #id BETWEEN :from AND :to',
        ExpressionAttributeNames: { '#environment': partitionKey, '#id': sortKey },
        ExpressionAttributeValues: marshall({ ':environment': table.environment, ':from': from, ':to': to }),
        Limit: limit,
        ...(cursor !== undefined && { ExclusiveStartKey: JSON.parse(cursor) }),
      });
      const jobs = items.flatMap((attributes) => {
        const item = ownItem(table, attributes) as Item & JobItem;
        return jobOf(String(item[sortKey]), item) ?? [];
      });
      return { jobs, ...(next && { cursor: JSON.stringify(next) }) };
    },
  };
}

/** A change by a person: what it writes, and of which states. */
function changeOf(id: string, change: JobChange, now: number): ItemChange {
  const { from, to } = statesForChange[change];
  const isDue = to === 'active';
  return {
    set: {
      state: to,
      ...(isDue && { [dueKey]: change === 'run' ? atOnce : now, [shardKey]: jobShardOf(id), failures: 0 }),
      ...(change === 'run' && { askedAt: now, wantedAt: now }),
    },
    remove: [
      ...(change === 'run' ? [] : ['leaseOwner', 'leaseUntil', 'deathPause', 'askedAt']),
      ...(isDue ? [] : [dueKey, shardKey]),
    ],
    require: [stateIs(...from)],
  };
}

/** @returns undefined for a job of a kind that only a later version knows */
function jobOf(id: string, item: JobItem): Job | undefined {
  const name = parseJobId(id);
  if (name === undefined) return undefined;
  const { state, request, checkpoint, nextAt, leaseOwner, leaseUntil, failures, lastError, lookedAt, createdAt } = item;
  const { wantedAt } = item;
  const deaths = (item.deathPause ?? 0) / deathPauseSeconds - 1;
  return {
    ...{ ...name, id, state, request: unpack(request), failures, createdAt },
    ...(checkpoint !== undefined && { checkpoint: unpack(checkpoint) }),
    ...(nextAt !== undefined && { nextAt }),
    ...(leaseOwner !== undefined && leaseUntil !== undefined && { lease: { owner: leaseOwner, until: leaseUntil } }),
    ...(deaths > 0 && { deaths }),
    ...(lastError !== undefined && { lastError }),
    ...(lookedAt !== undefined && { lookedAt }),
    ...(wantedAt !== undefined && { wantedAt }),
  };
}

/** Compares what is stored with what was written, attribute by attribute. */
function sameItem(stored: Item, written: Item): boolean {
  const spelt = (item: Item) =>
    JSON.stringify(
      Object.entries(item)
        .map(([name, value]) => [name, value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value])
        .toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
    );
  return spelt(stored) === spelt(written);
}
