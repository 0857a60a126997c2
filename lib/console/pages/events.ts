import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type ArrivedEvent, ledgerSeconds } from '../../../functions/webhook/ledger.ts';
import { ledgerOf } from '../../operator/event-queues.ts';
import { type EventFilter, type EventStatus, fitsFilter, statusOf } from '../../operator/event-search.ts';
import { exitCodes, OperatorError } from '../../operator/exit-codes.ts';
import { showTime } from '../../operator/table.ts';
import type { Page } from '../frame.ts';
import { followEvents } from '../live-events.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import { ago } from '../moment.ts';
import { addressOf, optional } from '../query.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, pathOf, pathOfEvent } from '../request.ts';
import { inEnvironment, type Routing } from '../routing.ts';

const statuses = ['handled', 'failed', 'waiting'] as const satisfies readonly EventStatus[];
/** Which events a list shows, as its address says it. */
const eventListQuery = z.object({
  company: optional,
  resource: optional,
  status: z.enum(statuses).optional().catch(undefined),
  /** Stands anywhere in the id. */
  id: optional,
  /** Only those that arrived before, epoch seconds: a time that a date can hold. */
  before: z.coerce.number().positive().max(8_640_000_000_000).optional().catch(undefined),
});

type EventListQuery = z.output<typeof eventListQuery>;

/** How far back one list looks, in seconds, and how many events it shows. */
const lookBackSeconds = 24 * 3600;
const mostShown = 100;
/** How many rows a live list keeps. */
const mostLive = 1000;
/** How often a live list looks, in milliseconds. */
const livePauseMs = 500;

/** Adds the list of events, which follows what happens. */
export function addEvents({ app, context, place, page, live }: Routing): void {
  const isAnyBefore = olderLook(context);
  app.get(`${inEnvironment}/events`, async (request) => {
    const [found, query] = [await place(request), eventListQuery.parse(request.req.query())];
    return page(request, eventsPage(context, found, query, isAnyBefore));
  });
  app.get(`${inEnvironment}/live/events`, async (request) => {
    const [found, query] = [await place(request), eventListQuery.parse(request.req.query())];
    if (!found.environment.local) {
      const why = 'Events are followed on this machine alone: on AWS every look is paid for.';
      throw new OperatorError('not_followed', why, exitCodes.notFound);
    }
    return live(request, 'rows', async function* (signal) {
      const pause = () => delay(livePauseMs, undefined, { signal }).catch(() => {});
      const following = { signal, pause, clock: context.clock };
      const path = pathOf(found.environment);
      for await (const entries of followEvents(ledgerOf(found.environment), following)) {
        const rows = entries
          .filter((entry) => fits(entry, query))
          .map((entry) => eventRow(entry, path, context.clock()));
        if (rows.length > 0) yield rows.join('');
      }
    });
  });
}

/** Shows the newest events that fit, of one day at most; older ones are a page further. */
async function eventsPage(
  { clock }: ConsoleContext,
  place: Place,
  query: EventListQuery,
  isAnyBefore: OlderLook,
): Promise<Page> {
  const { environment } = place;
  const until = query.before ?? clock() + 1;
  const since = until - lookBackSeconds;
  const found = await newestOf(matching(place, query, since, until));
  const path = `${pathOf(environment)}/events`;
  const [oldest] = found.shown;
  const older = found.hasMore && oldest !== undefined ? oldest.arrivedAt : since;
  const hasOlder = found.hasMore || (await isAnyBefore(place, older));
  const isLive = environment.local && query.before === undefined;
  const rows = found.shown.toReversed().map((entry) => eventRow(entry, pathOf(environment), clock()));
  const live = isLive
    ? markup`data-live="${pathOf(environment)}/live/events?${addressOf(query)}" data-most="${mostLive}" aria-live="off"`
    : nothing;
  return {
    title: 'Events',
    about: environment,
    section: 'events',
    body: markup`${filterForm(path, query)}
<section class="sheet" aria-label="Events">
<p class="quiet">${isLive ? markup`<span data-still role="status">Not live</span>. ` : nothing}Events that arrived from <time>${showTime(older)}</time> to <time>${showTime(until)}</time>, the newest first.</p>
<table class="cards"><thead><tr><th scope="col">Status</th><th scope="col">Arrived</th><th scope="col">What</th><th scope="col">Company</th><th scope="col">Event</th><th scope="col">Reason</th></tr></thead>
<tbody id="events" ${live}>${rows}</tbody></table>
${rows.length === 0 ? markup`<p class="quiet none">No event of this time fits.</p>` : nothing}
${linksTo(path, query, hasOlder ? older : undefined)}
</section>`,
  };
}

/** @param older where the next page begins; undefined when nothing is older */
function linksTo(path: string, query: EventListQuery, older: number | undefined): Markup {
  const link = (text: string, before: number | undefined) =>
    markup`<a href="${path}?${addressOf({ ...query, before })}">${text}</a>`;
  const links = [
    ...(older === undefined ? [] : [link('Older', older)]),
    ...(query.before === undefined ? [] : [link('The newest', undefined)]),
  ];
  return links.length === 0
    ? nothing
    : markup`<p>${links.map((one, index) => markup`${index === 0 ? '' : ' · '}${one}`)}</p>`;
}

/** Tells whether any event of an environment arrived before a time. */
type OlderLook = (place: Place, until: number) => Promise<boolean>;

/** Makes such a look. What was empty stays empty, so each goes on where the last one has ended. */
function olderLook({ clock }: ConsoleContext): OlderLook {
  const emptyUntil = new Map<string, number>();
  return async ({ environment }, until) => {
    const path = pathOf(environment);
    const from = Math.max(clock() - ledgerSeconds, emptyUntil.get(path) ?? 0);
    if (from >= until) return false;
    for await (const _ of ledgerOf(environment).arrivals(from, until)) return true;
    emptyUntil.set(path, until);
    return false;
  };
}

interface Found {
  readonly shown: readonly ArrivedEvent[];
  readonly hasMore: boolean;
}

/** Those of the oldest moment stay together: the next page begins before it. */
async function newestOf(entries: AsyncIterable<ArrivedEvent>): Promise<Found> {
  const shown: ArrivedEvent[] = [];
  let hasMore = false;
  for await (const entry of entries) {
    shown.push(entry);
    const [first] = shown;
    const cut = shown.at(-mostShown);
    if (first === undefined || cut === undefined || first.arrivedAt === cut.arrivedAt) continue;
    shown.splice(
      0,
      shown.findIndex(({ arrivedAt }) => arrivedAt === cut.arrivedAt),
    );
    hasMore = true;
  }
  return { shown, hasMore };
}

async function* matching(
  { environment }: Place,
  query: EventListQuery,
  since: number,
  until: number,
): AsyncGenerator<ArrivedEvent> {
  for await (const entry of ledgerOf(environment).arrivals(since, until)) if (fits(entry, query)) yield entry;
}

function fits(entry: ArrivedEvent, { company, resource, status, id }: EventListQuery): boolean {
  const filter: EventFilter = {
    ...(company !== undefined && { companyId: company }),
    ...(resource !== undefined && { resourceName: resource }),
    ...(status !== undefined && { status }),
  };
  const isMeant = id === undefined || entry.event.id.toLowerCase().includes(id.toLowerCase());
  return isMeant && fitsFilter(entry, filter);
}

function filterForm(path: string, { company, resource, status, id }: EventListQuery): Markup {
  const chosen = (value: EventStatus) => (value === status ? markup`selected` : nothing);
  return markup`<form class="sheet" method="get" action="${path}" role="search" aria-label="Events">
<div class="fields">
<label>Company <input name="company" inputmode="numeric" value="${company ?? ''}"></label>
<label>Resource <input name="resource" value="${resource ?? ''}"></label>
<label>Status <select name="status"><option value="">any</option>${statuses.map((value) => markup`<option ${chosen(value)}>${value}</option>`)}</select></label>
<label>Text in the id <input name="id" value="${id ?? ''}"></label>
<button>Show</button>
</div></form>`;
}

function eventRow(entry: ArrivedEvent, path: string, now: number): Markup {
  const { id, eventType, resourceName, resourceId, companyId } = entry.event;
  const status = statusOf(entry);
  return markup`<tr id="event-${id}"><td><span class="badge ${status}">${status}</span></td><td data-name="Arrived">${ago(entry.arrivedAt, now)}</td><td data-name="What">${resourceName} ${eventType} ${resourceId}</td><td data-name="Company">${companyId}</td><td data-name="Event" class="whole"><a href="${pathOfEvent(path, id)}"><code>${id}</code></a></td><td>${reasonOf(entry)}</td></tr>`;
}

function reasonOf({ failures, deadLettered, handledAt }: ArrivedEvent): string {
  if (handledAt !== undefined || failures + (deadLettered ? 1 : 0) === 0) return '';
  return [
    `failed ${failures} ${failures === 1 ? 'time' : 'times'}`,
    ...(deadLettered ? [deadLettered.reason] : []),
  ].join(', ');
}
