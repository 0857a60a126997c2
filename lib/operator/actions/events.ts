import { eventQueue } from '../../../functions/place.ts';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import { systemClock, systemRandomId } from '../../../functions/system.ts';
import type { EventMarks } from '../../../functions/webhook/event-handlers.ts';
import type { ArrivedEvent } from '../../../functions/webhook/ledger.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { marksNow, marksText } from '../event-marks.ts';
import { ledgerOf } from '../event-queues.ts';
import { type EventFilter, type EventStatus, findEvents, statusOf } from '../event-search.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import { placeOf } from '../place.ts';
import { replayEvent } from '../replay.ts';
import { type ResourceNow, readResourceNow } from '../resource-now.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, YesFlag } from '../shared-parameters.ts';
import { counted, fromNow, indent, showFacts, showMoment, showTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { showTries } from '../tries.ts';

/** Which events are meant; times in epoch seconds. */
interface Selection extends EnvironmentFlag {
  readonly since: number;
  readonly until: number | undefined;
  readonly company: string | undefined;
  readonly resource: string | undefined;
  readonly status: EventStatus | undefined;
}

/** Shows the newest events that fit, oldest first. */
export async function list(
  { terminal, environment: find }: StackSession,
  flags: Selection & { readonly limit: number },
): Promise<Report> {
  const environment = await find(flags.environment);
  const found: ArrivedEvent[] = [];
  const all = await readLedger(terminal, select(environment, flags), (entry) => {
    found.push(entry);
    if (found.length > flags.limit) found.shift();
  });
  const data = { environment: environment.name, count: all, events: found.map(describe) };
  const now = systemClock();
  return { data, text: [showEvents(found, all, now), ...showLastTries(found, environment.name, now)].join('\n\n') };
}

/** Shows one event and what became of it; and what Procore says of its resource now, when that is asked for. */
export async function show(
  session: StackSession,
  flags: EnvironmentFlag & { readonly resourceNow: boolean },
  eventId: string,
): Promise<Report> {
  const environment = await session.environment(flags.environment);
  const entry = await readEntry(environment, eventId);
  const marks = await marksNow(environment, entry.event);
  const shown = { data: { ...describe(entry), marks }, text: showEvent(entry, environment.name, marks, systemClock()) };
  if (!flags.resourceNow) return shown;
  const resourceNow = await readResourceNow(environment, session.terminal, entry.event);
  return {
    data: { ...shown.data, resourceNow },
    text: `${shown.text}\n\n${showResourceNow(resourceNow)}`,
    exitCode: 'refused' in resourceNow ? exitCodes.failed : exitCodes.done,
  };
}

/** Sends one event, or all that fit, to on-event.ts once more. */
export async function replay(
  { terminal, environment: find }: StackSession,
  flags: Omit<Selection, 'since'> & YesFlag & { readonly since: number | undefined },
  eventId: string | undefined,
): Promise<Report> {
  const { since } = flags;
  const environment = await find(flags.environment);
  const chosen: ArrivedEvent[] = [];
  if (eventId !== undefined && since === undefined) chosen.push(await readEntry(environment, eventId));
  else if (eventId === undefined && since !== undefined) {
    await readLedger(terminal, select(environment, { ...flags, since }), (entry) => chosen.push(entry));
  } else throw usageError('Give either the id of an event, or --since.');
  if (since !== undefined && !flags.yes && chosen.length > 0) {
    const question = `Replay ${counted(chosen.length, 'event')}?`;
    if (!(await terminal.confirm(question))) return { data: { replayed: 0, eventIds: [] }, text: 'Nothing was done.' };
  }
  await send(environment, terminal, chosen);
  const data = { replayed: chosen.length, eventIds: chosen.map(({ event }) => event.id) };
  const sent = `Sent ${counted(chosen.length, 'event')} to the queue again.`;
  // With `worker: false` nothing of ours logs them.
  const follow = ` See them arrive: npm run procore -- events tail --environment ${environment.name}`;
  return { data, text: environment.hasWorker ? `${sent}${follow}` : `${sent} Your own consumer gets them.` };
}

async function readLedger(
  terminal: Terminal,
  entries: AsyncIterable<ArrivedEvent>,
  take: (entry: ArrivedEvent) => void,
): Promise<number> {
  let count = 0;
  await terminal.working('Reading the ledger', async (say) => {
    for await (const entry of entries) {
      take(entry);
      count += 1;
      if (count % 1000 === 0) say(`Reading the ledger: ${count} events so far`);
    }
  });
  return count;
}

async function send(environment: DeployedEnvironment, terminal: Terminal, chosen: readonly ArrivedEvent[]) {
  const queue = eventQueue(placeOf(environment), environment.clients.sqs);
  const replayId = systemRandomId();
  await terminal.working('Sending', async (say) => {
    for (const [index, entry] of chosen.entries()) {
      await replayEvent(entry, replayId, { queue, environment: environment.name });
      if (index % 100 === 99) say(`Sending: ${index + 1} of ${chosen.length}`);
    }
  });
}

function select(
  environment: DeployedEnvironment,
  { since, until, company, resource, status }: Selection,
): AsyncGenerator<ArrivedEvent> {
  const filter: EventFilter = {
    ...(company !== undefined && { companyId: company }),
    ...(resource !== undefined && { resourceName: resource }),
    ...(status !== undefined && { status }),
  };
  // The range excludes its end, and what arrives in this moment is not meant.
  return findEvents(ledgerOf(environment), since, until ?? systemClock(), filter);
}

/** Reads one event. @throws OperatorError when there is none */
export async function readEntry(environment: DeployedEnvironment, eventId: string): Promise<ArrivedEvent> {
  const entry = await ledgerOf(environment).show(eventId);
  if (entry !== undefined) return entry;
  throw new OperatorError(
    'event_not_found',
    `${environment.name} has no event "${eventId}". Events are kept for 30 days. See those there are: npm run ` +
      `procore -- events list --environment ${environment.name} --since 30d`,
    exitCodes.notFound,
  );
}

function describe(entry: ArrivedEvent) {
  return { ...entry, status: statusOf(entry) };
}

/** How often it failed, and why it was given up. */
function showReason({ failures, deadLettered, handledAt }: ArrivedEvent): string {
  const { reason, detail } = deadLettered ?? {};
  const why = reason === undefined || handledAt !== undefined ? '' : detail ? `${reason}: ${detail}` : reason;
  return [...(failures > 0 ? [counted(failures, 'failure')] : []), ...(why === '' ? [] : [why])].join(', ');
}

/** Shows the last try of each event that has failed and was not handled since. */
function showLastTries(
  found: readonly ArrivedEvent[],
  environment: ProcoreEnvironmentName,
  now: number,
): readonly string[] {
  return found
    .filter((entry) => statusOf(entry) === 'failed' && entry.tried !== undefined)
    .map(({ event, tried }) => `${event.id}\n${showTries(tried, environment, now, 1)}`);
}

/** Says what became of an event. A failed one is not lost: only the dead-letter queue ends its tries. */
export function statusText(entry: ArrivedEvent): string {
  const status = statusOf(entry);
  if (status !== 'failed') return status;
  return entry.deadLettered === undefined
    ? 'failed, and will be tried again by itself'
    : 'failed, and was put in the dead-letter queue';
}

/** Says what Procore answered about a resource. */
export function showResourceNow(now: ResourceNow): string {
  if ('refused' in now) return indent(`Procore, asked for the resource: ${now.refused.message}`, '');
  const { path, connectionId, text, isCut } = now;
  const [shownPath = ''] = path.split('?');
  const head = `What Procore says of it now${isCut ? ', the beginning' : ''}, asked as ${connectionId}:`;
  return `${indent(head, '')}\n${shownPath}\n${text}`;
}

/**
 * Shows one event with all tries that are kept of it.
 *
 * @param marks what on-event.ts would be told of it now
 * @param now epoch seconds
 */
export function showEvent(
  entry: ArrivedEvent,
  environment: ProcoreEnvironmentName,
  marks: EventMarks,
  now: number,
): string {
  const { event, arrivedAt, handledAt, tried } = entry;
  const facts = showFacts([
    ['event', event.id],
    ['status', statusText(entry)],
    ['what', `${event.resourceName} ${event.eventType} ${event.resourceId}`],
    ['company', event.companyId],
    ['project', event.projectId ?? '-'],
    ['arrived', showMoment(arrivedAt, now)],
    ['handled', showMoment(handledAt, now)],
    ['reason', showReason(entry) || '-'],
    ['marks now', marksText(marks)],
  ]);
  const tries = showTries(tried, environment, now);
  return tries === '' ? facts : `${facts}\n\nIts last tries, the newest at the end:\n${tries}`;
}

/** Shows events in a table. @param all how many there are, shown or not @param now epoch seconds */
export function showEvents(found: readonly ArrivedEvent[], all: number, now: number): string {
  if (found.length === 0) return 'No events.';
  const rows = found.map((entry) => {
    const { id, eventType, resourceName, resourceId, companyId } = entry.event;
    const what = `${resourceName} ${eventType} ${resourceId}`;
    return [statusOf(entry), fromNow(entry.arrivedAt, now), what, companyId, id, showReason(entry)];
  });
  const table = showTable(['STATUS', 'ARRIVED', 'WHAT', 'COMPANY', 'EVENT', 'REASON'], rows);
  return all > found.length ? `${table}\nThe newest ${found.length} of ${all}; --limit shows more.` : table;
}
