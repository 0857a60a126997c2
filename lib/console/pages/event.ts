import type { ArrivedEvent } from '../../../functions/webhook/ledger.ts';
import type { Try } from '../../../functions/webhook/try-record.ts';
import { readEntry, replay, statusText } from '../../operator/actions/events.ts';
import { redrive } from '../../operator/actions/events-dead.ts';
import { marksNow, marksText } from '../../operator/event-marks.ts';
import { statusOf } from '../../operator/event-search.ts';
import { type ResourceNow, readResourceNow } from '../../operator/resource-now.ts';
import { showMoment, showTime } from '../../operator/table.ts';
import { outcomes, plain } from '../../operator/tries.ts';
import { fixtureOf } from '../fixture.ts';
import type { Page, Said } from '../frame.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, completed, idIn, pathOf, pathOfEvent } from '../request.ts';
import { actionForm, inEnvironment, type Routing } from '../routing.ts';

/** Adds the page of one event, its replay and redrive, and what Procore says of its resource when it is asked. */
export function addEvent({ app, context, place, page, done }: Routing): void {
  app.get(`${inEnvironment}/events/:event`, async (request) =>
    page(request, eventPage(context, await place(request), idIn(request.req.param('event')))),
  );
  app.post(`${inEnvironment}/events/:event/resource`, async (request) => {
    const [found, event] = [await place(request), idIn(request.req.param('event'))];
    const { event: known } = await readEntry(found.environment, event);
    const now = await readResourceNow(found.environment, found.session.terminal, known);
    return page(request, eventPage(context, found, event, now));
  });
  app.post(`${inEnvironment}/events/:event/redrive`, async (request) => {
    const [found, event] = [await place(request), idIn(request.req.param('event'))];
    const path = pathOfEvent(pathOf(found.environment), event);
    const { text } = await redrive(found.session, { environment: undefined, all: false }, event);
    return done(request, path, { ok: true, text });
  });
  app.post(`${inEnvironment}/events/:event/replay`, async (request) => {
    const [found, event] = [await place(request), idIn(request.req.param('event'))];
    const path = pathOfEvent(pathOf(found.environment), event);
    return done(request, path, await replayFromPage(found, event));
  });
}

/** Shows one event: what it reports, what became of it, its tries, and how a test gets the same one. */
async function eventPage(
  context: ConsoleContext,
  { environment }: Place,
  eventId: string,
  now?: ResourceNow,
): Promise<Page> {
  const entry = await readEntry(environment, eventId);
  const marks = await marksNow(environment, entry.event);
  const isDead = statusOf(entry) === 'failed' && entry.deadLettered !== undefined;
  const path = pathOfEvent(pathOf(environment), entry.event.id);
  return {
    title: `${entry.event.resourceName} ${entry.event.eventType} ${entry.event.resourceId}`,
    about: environment,
    section: 'events',
    body: markup`<section class="sheet" aria-label="What became of it">
<dl>${[...factsOf(entry, context.clock()), ['marks now', marksText(marks)]].map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<div class="fields">${actionForm(context, { path: `${path}/replay`, name: 'Send it to on-event.ts again' })}${
      isDead
        ? actionForm(context, { path: `${path}/redrive`, name: 'Redrive its dead letter', look: 'second' })
        : nothing
    }</div>
<p class="quiet">${isDead ? 'The first sends it from the ledger, and its dead letter stays; the second takes the dead letter back to the queue. ' : nothing}The marks are what on-event.ts is told of it, if it comes now.</p>
</section>
${triesPart(entry)}
${resourcePart(context, environment, path, now)}
<section class="sheet"><h2>What it reports</h2><pre tabindex="0" role="group" aria-label="The event as JSON">${JSON.stringify(entry.event, null, 2)}</pre></section>
<section class="sheet"><h2>For a test</h2><p>The same event in a test of your on-event.ts, with the kit of the package.</p>
<pre id="fixture" tabindex="0" role="group" aria-label="The event as code">${fixtureOf(entry.event)}</pre><button type="button" class="second" data-copy="fixture">Copy</button></section>`,
  };
}

/** Procore is asked when a button says so: each call counts in the rate limit. */
function resourcePart(
  context: ConsoleContext,
  { local, name }: Place['environment'],
  path: string,
  now: ResourceNow | undefined,
): Markup {
  const tell = (text: string) => completed(text, context.selection, local, name);
  return markup`<section class="sheet" aria-labelledby="resource"><h2 id="resource">What Procore says of it now</h2>${
    now === undefined ? nothing : resourceAnswer(now, tell)
  }${actionForm(context, { path: `${path}/resource`, name: now === undefined ? 'Ask Procore' : 'Ask again', look: 'second' })}</section>`;
}

function resourceAnswer(now: ResourceNow, tell: (text: string) => string): Markup {
  if ('refused' in now) return markup`<p class="said fault" role="alert">${tell(now.refused.message)}</p>`;
  const { path, connectionId, text, isCut } = now;
  return markup`<p><code>${path}</code>, asked as the connection ${connectionId}${isCut ? `; the first ${text.length} characters` : nothing}.</p>
<pre tabindex="0" role="group" aria-label="The resource as JSON">${text}</pre>`;
}

/** Sends an event to on-event.ts once more, as `procore events replay` does. */
async function replayFromPage({ session }: Place, eventId: string): Promise<Said> {
  const all = { environment: undefined, since: undefined, until: undefined, company: undefined };
  const { text } = await replay(session, { ...all, resource: undefined, status: undefined, yes: true }, eventId);
  return { ok: true, text };
}

function factsOf(entry: ArrivedEvent, now: number): readonly (readonly [string, string])[] {
  const { event, arrivedAt, handledAt, failures, deadLettered } = entry;
  const reason = deadLettered === undefined ? '-' : [deadLettered.reason, deadLettered.detail ?? ''].join(' ').trim();
  return [
    ['event', event.id],
    ['status', statusText(entry)],
    ['company', event.companyId],
    ['project', event.projectId ?? '-'],
    ['occurred', event.timestamp ?? '-'],
    ['arrived', showMoment(arrivedAt, now)],
    ['handled', showMoment(handledAt, now)],
    ['failures', String(failures)],
    ['dead letter', plain(reason)],
  ];
}

function triesPart({ tried }: ArrivedEvent): Markup {
  const tries = (tried?.tries ?? []).toReversed();
  if (tries.length === 0) return nothing;
  return markup`<section class="sheet"><h2>Its last tries</h2>
<table class="cards told"><thead><tr><th scope="col">When</th><th scope="col">How it ended</th><th scope="col">Where</th><th scope="col">What it said</th></tr></thead>
<tbody>${tries.map(tryRow)}</tbody></table></section>`;
}

function tryRow({ at, durationMs, outcome, errorName, text, frame, remedy }: Try): Markup {
  const ran = durationMs === undefined ? '' : ` after ${durationMs} ms`;
  const error = errorName === undefined ? nothing : markup`<strong>${plain(errorName)}</strong> `;
  const help = remedy === undefined ? nothing : markup`<p>What to do: ${plain(remedy)}</p>`;
  return markup`<tr><td data-name="When"><time>${showTime(at)}</time></td><td data-name="How it ended">${outcomes[outcome]}${ran}</td><td data-name="Where">${frame === undefined ? '-' : markup`<code>${plain(frame)}</code>`}</td><td data-name="What it said">${error}${plain(text ?? '')}${help}</td></tr>`;
}
