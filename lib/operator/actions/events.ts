import { eventQueue } from '../../../functions/place.ts';
import { systemClock, systemRandomId } from '../../../functions/system.ts';
import type { ArrivedEvent } from '../../../functions/webhook/ledger.ts';
import { commandGroup, environmentOption, operatorCommand } from '../command.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { ledgerOf } from '../event-queues.ts';
import { type EventFilter, findEvents, statusOf } from '../event-search.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import { placeOf } from '../place.ts';
import { replayEvent } from '../replay.ts';
import { counted, layOut, showTime } from '../table.ts';
import { readTime } from '../times.ts';
import { dead, redrive } from './events-dead.ts';
import { quarantine } from './events-quarantine.ts';
import { reconcile } from './events-reconcile.ts';
import { tail } from './events-tail.ts';

const timeOptions = {
  environment: environmentOption,
  since: { type: 'string', description: 'How long ago (90m, 2h, 3d), or ISO 8601', valueHint: 'time' },
  until: { type: 'string', description: 'The same; now when left out', valueHint: 'time' },
  company: { type: 'string', description: 'Only of this company', valueHint: 'id' },
  resource: { type: 'string', description: 'Only of this resource name, e.g. "RFIs"', valueHint: 'name' },
  status: { type: 'string', description: 'Only handled, failed or waiting ones', valueHint: 'status' },
} as const;

const list = operatorCommand({
  description: 'Shows the events of the last 30 days, oldest first',
  args: {
    ...timeOptions,
    since: { ...timeOptions.since, default: '24h' },
    limit: { type: 'string', description: 'At most so many, the newest', default: '100', valueHint: 'number' },
  },
  async run({ terminal, environment: find }, args) {
    const environment = await find(args.environment);
    const limit = /^[1-9]\d{0,5}$/.test(args.limit) ? Number(args.limit) : 0;
    if (limit === 0) throw usageError('--limit is a whole number of 1 or more.');
    const found: ArrivedEvent[] = [];
    let all = 0;
    await terminal.working('Reading the ledger', async (say) => {
      for await (const entry of select(environment, args)) {
        all += 1;
        found.push(entry);
        if (found.length > limit) found.shift();
        if (all % 1000 === 0) say(`Reading the ledger: ${all} events so far`);
      }
    });
    const data = { environment: environment.name, count: all, events: found.map(describe) };
    return { data, text: showList(found, all) };
  },
});

const show = operatorCommand({
  description: 'Shows one event and what became of it',
  args: {
    eventId: { type: 'positional', description: 'The event’s id', required: true },
    environment: environmentOption,
  },
  async run({ environment: find }, args) {
    const entry = await readEntry(await find(args.environment), args.eventId);
    return { data: describe(entry), text: JSON.stringify(describe(entry), null, 2) };
  },
});

const replay = operatorCommand({
  description: 'Sends events to on-event.ts once more: one by its id, or all of a time',
  args: {
    eventId: { type: 'positional', description: 'The event’s id', required: false },
    ...timeOptions,
    yes: { type: 'boolean', description: 'Do not ask' },
  },
  async run({ terminal, environment: find }, args) {
    if ((args.eventId === undefined) === (args.since === undefined))
      throw usageError('Give an event’s id, or --since.');
    const environment = await find(args.environment);
    const queue = eventQueue(placeOf(environment), environment.clients.sqs);
    const chosen: ArrivedEvent[] = [];
    if (args.eventId !== undefined) chosen.push(await readEntry(environment, args.eventId));
    else {
      await terminal.working('Reading the ledger', async (say) => {
        for await (const entry of select(environment, args)) {
          chosen.push(entry);
          if (chosen.length % 1000 === 0) say(`Reading the ledger: ${chosen.length} events so far`);
        }
      });
    }
    if (args.eventId === undefined && args.yes !== true && chosen.length > 0) {
      if (!terminal.interactive)
        throw usageError(`This replays ${counted(chosen.length, 'event')}. Say --yes where nobody can be asked.`);
      if (!(await terminal.confirm(`Replay ${counted(chosen.length, 'event')}?`))) {
        return { data: { replayed: 0, eventIds: [] }, text: 'Nothing was done.' };
      }
    }
    const replayId = systemRandomId();
    await terminal.working('Sending', async (say) => {
      for (const [index, entry] of chosen.entries()) {
        await replayEvent(entry, replayId, { queue, environment: environment.name });
        if (index % 100 === 99) say(`Sending: ${index + 1} of ${chosen.length}`);
      }
    });
    const data = { replayed: chosen.length, eventIds: chosen.map(({ event }) => event.id) };
    return {
      data,
      text: `Sent ${counted(chosen.length, 'event')} to the queue again. See them arrive: npm run procore -- events tail`,
    };
  },
});

/** `procore events list|show|replay|dead|redrive|quarantine|reconcile|tail`. */
export const events = commandGroup('Shows, replays and rescues webhook events', {
  list,
  show,
  replay,
  dead,
  redrive,
  quarantine,
  reconcile,
  tail,
});

interface Selection {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly company?: string | undefined;
  readonly resource?: string | undefined;
  readonly status?: string | undefined;
}

function select(environment: DeployedEnvironment, args: Selection): AsyncGenerator<ArrivedEvent> {
  const now = systemClock();
  const since = readTime(args.since ?? '24h', now);
  // The range excludes its end, and what arrives in this moment is not meant.
  const until = args.until === undefined ? now : readTime(args.until, now);
  const status = (['handled', 'failed', 'waiting'] as const).find((one) => one === args.status);
  if (args.status !== undefined && status === undefined) throw usageError('--status is handled, failed or waiting.');
  const filter: EventFilter = {
    ...(args.company !== undefined && { companyId: args.company }),
    ...(args.resource !== undefined && { resourceName: args.resource }),
    ...(status !== undefined && { status }),
  };
  return findEvents(ledgerOf(environment), since, until, filter);
}

async function readEntry(environment: DeployedEnvironment, eventId: string): Promise<ArrivedEvent> {
  const entry = await ledgerOf(environment).show(eventId);
  if (entry !== undefined) return entry;
  throw new OperatorError(
    'event_not_found',
    `${environment.name} has no event "${eventId}". Events are kept for 30 days; see them with: npm run procore -- events list`,
    exitCodes.notFound,
  );
}

function describe(entry: ArrivedEvent) {
  return { ...entry, status: statusOf(entry) };
}

function showStatus(entry: ArrivedEvent): string {
  const { failures, deadLettered, handledAt } = entry;
  const { reason, detail } = deadLettered ?? {};
  const why = reason === undefined || handledAt !== undefined ? '' : detail ? `${reason}: ${detail}` : reason;
  const notes = [...(failures > 0 ? [counted(failures, 'failure')] : []), ...(why === '' ? [] : [why])];
  return statusOf(entry) + (notes.length > 0 ? ` (${notes.join(', ')})` : '');
}

function showList(found: readonly ArrivedEvent[], all: number): string {
  if (found.length === 0) return 'No events.';
  const rows = found.map((entry) => {
    const { id, eventType, resourceName, resourceId, companyId } = entry.event;
    return [showTime(entry.arrivedAt), id, companyId, `${resourceName} ${eventType}`, resourceId, showStatus(entry)];
  });
  const table = layOut([['ARRIVED', 'EVENT', 'COMPANY', 'WHAT', 'RESOURCE', 'STATUS'], ...rows]);
  return all > found.length ? `${table}\nThe newest ${found.length} of ${all}; --limit shows more.` : table;
}
