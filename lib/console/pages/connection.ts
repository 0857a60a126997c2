import type { Context } from 'hono';
import { z } from 'zod';
import { connectionFacts } from '../../operator/actions/connections.ts';
import type { Generation } from '../../operator/connection/generations.ts';
import { type ConnectionHistory, type ConnectionPicture, pictureOf } from '../../operator/connection/picture.ts';
import { showEnd, showLasted, showReach, showTook, showWhy, surenessText } from '../../operator/connection/show.ts';
import type { TimelineRow } from '../../operator/connection/timeline.ts';
import type { Tone } from '../../operator/connection/words.ts';
import type { StoredConnection } from '../../operator/stored-connection.ts';
import { counted, fromNow, showTime } from '../../operator/table.ts';
import type { Page } from '../frame.ts';
import { lifeChart } from '../life-chart.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, completed, idIn, pathOf, segmentOf } from '../request.ts';
import { actionForm, inEnvironment, type Routing } from '../routing.ts';

/** How far back the logs are read that somebody asks for, in days. */
const lookBacks = [1, 7, 30] as const;
const usualDays = 7;

/** As many rows of the timeline are on the page, the newest ones. */
const mostRows = 100;

/** How far back the address of the page asks for the logs; on AWS they are not read without being asked for. */
const query = z.object({ days: z.coerce.number().pipe(z.literal(lookBacks)).optional().catch(undefined) });

/** Adds the page of one connection: how it stands, and what has become of it. */
export function addConnection({ app, context, place, page }: Routing): void {
  app.get(`${inEnvironment}/connections/:connection`, async (request) => {
    const found = await place(request);
    const { days = found.environment.local ? usualDays : undefined } = query.parse(request.req.query());
    return page(request, connectionPage(context, found, connectionOf(request), days));
  });
}

/** Gives the path of one connection's page. @param environment the path of its environment's pages */
export function pathOfConnection(environment: string, connectionId: string): string {
  return `${environment}/connections/${segmentOf(connectionId)}`;
}

/** Reads which connection a path of {@link pathOfConnection} is about, and what lies below it. */
export function connectionOf(request: Context): string {
  return idIn(request.req.param('connection'));
}

async function connectionPage(
  context: ConsoleContext,
  place: Place,
  connectionId: string,
  days: number | undefined,
): Promise<Page> {
  const { environment } = place;
  const now = context.clock();
  const since = days === undefined ? undefined : now - days * 86_400;
  const picture = await pictureOf(environment, connectionId, { now, since });
  return {
    title: connectionId,
    about: environment,
    section: 'connections',
    body: markup`<p><a href="${pathOf(environment)}/connections">All connections</a></p>
${statePart(context, place, picture, now)}
<section class="sheet" id="history"><h2>What happened</h2>
${picture.history === undefined ? nothing : historyPart(context, place, picture.history, { now, connectionId })}
${logForm(place, connectionId, days)}
</section>`,
  };
}

/** Facts that stand in the title, in the frame, in the bar, or above all others. */
const shownElsewhere: ReadonlySet<string> = new Set([
  ...['connection', 'environment', 'life of the token', 'what is wrong', 'what to do'],
]);

/** Shows what is stored, what is wrong, and what can be done. */
function statePart(
  context: ConsoleContext,
  { environment }: Place,
  { connection, stopped, trouble }: ConnectionPicture,
  now: number,
): Markup {
  const tell = (text: string) => completed(text, context.selection, environment.local, environment.name);
  const look = connection.status === 'disconnected' ? 'note' : trouble?.needsPerson ? 'now' : 'soon';
  const facts = connectionFacts(connection, stopped, now).filter(([name]) => !shownElsewhere.has(name));
  return markup`<section class="sheet" aria-label="How it stands">
<p>${connectionBadge(connection)}</p>
${trouble === undefined ? nothing : markup`<ul class="problems"><li class="${look}"><p>${tell(trouble.cause)}</p><p>${tell(trouble.remedy)}</p></li></ul>`}
${connection.status === 'connected' ? markup`<div class="token">${lifeOf(connection, now)}</div>` : nothing}
<dl>${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<p></p>
${connectionButtons(context, pathOf(environment), connection, 'page')}
</section>`;
}

/** Shows a connection's status as a badge. */
export function connectionBadge({ status }: StoredConnection): Markup {
  const look = status === 'reauthorization_required' ? 'failed' : status;
  return markup`<span class="badge ${look}">${status.replaceAll('_', ' ')}</span>`;
}

/**
 * Shows what can be done with a connection.
 *
 * @param from where the reader is, and comes back to
 */
export function connectionButtons(
  context: ConsoleContext,
  environment: string,
  { connectionId, status }: StoredConnection,
  from: 'list' | 'page',
): Markup {
  const own = pathOfConnection(environment, connectionId);
  const link = { path: `${environment}/connections/link`, name: 'Make a link' };
  const rotate =
    status === 'connected'
      ? actionForm(context, { path: `${own}/rotate`, name: 'Rotate', fields: { from }, look: 'second' })
      : nothing;
  const makeLink =
    status !== 'connected' || from === 'page'
      ? actionForm(context, { ...link, fields: { connection: connectionId, from }, look: 'second' })
      : nothing;
  const end =
    status === 'disconnected'
      ? nothing
      : actionForm(context, { path: `${own}/disconnect`, name: 'Disconnect', fields: { from }, look: 'danger' });
  return markup`<div class="fields">${rotate}${makeLink}${end}</div>`;
}

/** Shows how much of a token's life is left, as a bar and in words. @param now epoch seconds */
export function lifeOf({ connectionId, status, issuedAt, expiresAt }: StoredConnection, now: number): Markup {
  if (status !== 'connected' || issuedAt === undefined || expiresAt === undefined) return markup`-`;
  const left = Math.max(0, Math.floor((expiresAt - now) / 60));
  const all = Math.max(1, Math.round((expiresAt - issuedAt) / 60));
  // It is rotated at three quarters of its life: with less than a tenth left something is late.
  return markup`<meter min="0" max="${all}" low="${all * 0.1}" high="${all * 0.2}" optimum="${all}" value="${Math.min(left, all)}" aria-label="Minutes left of the token of ${connectionId}">${left} of ${all}</meter><br>${left} of ${all} min left, until <time>${showTime(expiresAt)}</time>`;
}

function logForm({ environment }: Place, connectionId: string, days: number | undefined): Markup {
  const path = pathOfConnection(pathOf(environment), connectionId);
  const cost = environment.local
    ? 'On this machine the logs reach back to the start of the system.'
    : 'The logs of eight functions are read from CloudWatch, which may take a minute.';
  return markup`<form method="get" action="${path}#history"><div class="fields"><label>Look back <select name="days">${lookBacks.map(
    (one) =>
      markup`<option value="${one}" ${one === (days ?? usualDays) ? markup`selected` : nothing}>${counted(one, 'day')}</option>`,
  )}</select></label><button class="second">Read the logs</button></div></form><p class="quiet">${cost}</p>`;
}

function historyPart(
  context: ConsoleContext,
  { environment }: Place,
  history: ConnectionHistory,
  { now, connectionId }: { readonly now: number; readonly connectionId: string },
): Markup {
  const { rows, generations } = history;
  const reach = showReach(history).map((sentence) => markup`<p class="quiet">${sentence}</p>`);
  const shown = rows.slice(-mostRows).toReversed();
  const all = `npm run procore -- connections show ${connectionId}`;
  const more = completed(all, context.selection, environment.local, environment.name);
  return markup`${rows.length + generations.length === 0 ? nothing : lifeChart(history, now)}
${generations.length === 0 ? nothing : generationsTable(generations, now)}
${shown.length === 0 ? nothing : timelineTable(shown, now)}
${rows.length > shown.length ? markup`<p class="quiet">The newest ${shown.length} of ${rows.length}. All of them: <code>${more}</code></p>` : nothing}
<p></p>${reach}`;
}

function generationsTable(generations: readonly Generation[], now: number): Markup {
  const rows = generations
    .toReversed()
    .map(
      (one) =>
        markup`<tr><td data-name="Generation">${one.generation}</td><td data-name="Began"><time>${showTime(one.beganAt)}</time></td><td data-name="Ended"><time>${showEnd(one)}</time></td><td data-name="Lasted" class="whole">${showLasted(one, now)}</td><td data-name="Why">${showWhy(one)}</td></tr>`,
    );
  return markup`<h3>Generations of its tokens</h3><table class="cards" id="generations"><thead><tr><th scope="col" class="whole">Generation</th><th scope="col">Began</th><th scope="col">Ended</th><th scope="col" class="whole">Lasted</th><th scope="col">Why</th></tr></thead><tbody>${rows}</tbody></table>`;
}

/** How a row is marked, by what it means. */
const badges: Readonly<Record<Tone, readonly [look: string, name: string]>> = {
  good: ['handled', 'new tokens'],
  plain: ['note', 'note'],
  trouble: ['waiting', 'trouble'],
  end: ['failed', 'end'],
};

function timelineTable(rows: readonly TimelineRow[], now: number): Markup {
  return markup`<h3>Timeline, the newest first</h3><table class="cards" id="timeline"><thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col" class="whole">Generation</th><th scope="col" class="whole">Took</th><th scope="col" class="whole">How sure</th></tr></thead><tbody>${rows.map((row) => timelineRow(row, now))}</tbody></table>`;
}

function timelineRow({ at, event, tone, what, generation, tookMs, sure, log }: TimelineRow, now: number): Markup {
  const [look, name] = badges[tone];
  return markup`<tr><td data-name="When"><time>${showTime(at)}</time><br><span class="quiet">${fromNow(at, now)}</span></td><td data-name="What"><span class="badge ${look}">${name}</span> ${what}<br><span class="quiet"><code>${event}</code> in the log of ${log}</span></td><td data-name="Generation" class="whole">${generation ?? '-'}</td><td data-name="Took" class="whole">${showTook(tookMs) || '-'}</td><td data-name="How sure" class="whole">${surenessText[sure]}</td></tr>`;
}
