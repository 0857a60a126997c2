import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { exitCodes, OperatorError } from '../../operator/exit-codes.ts';
import { followLog, type LogEntry, type LogFilter, logLevels, readRecentLog } from '../../operator/recent-log.ts';
import { plain } from '../../operator/tries.ts';
import type { Page } from '../frame.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import { addressOf, optional } from '../query.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, pathOf } from '../request.ts';
import { inEnvironment, type Routing } from '../routing.ts';

/** Which lines a page shows, as its address says it. */
const logQuery = z.object({
  event: optional,
  level: z.enum(logLevels).optional().catch(undefined),
  connection: optional,
  text: optional,
  /** On AWS nothing is read before somebody asks. */
  read: optional,
});

type LogQuery = z.output<typeof logQuery>;

/** How far back the log is read, in milliseconds; how many lines are shown, and how often it is looked for new ones. */
const lookBackMs = 15 * 60_000;
const mostShown = 500;
const pauseMs = 500;
/** Of a value so much is shown, in characters. */
const longestValue = 400;

/** Adds the functions' log: on this machine it follows what happens, on AWS it is read when somebody asks. */
export function addLog({ app, context, place, page, live }: Routing): void {
  app.get(`${inEnvironment}/log`, async (request) =>
    page(request, logPage(context, await place(request), logQuery.parse(request.req.query()))),
  );
  app.get(`${inEnvironment}/live/log`, async (request) => {
    const [{ environment }, filter] = [await place(request), logQuery.parse(request.req.query())];
    if (!environment.local) {
      const why = 'The log is followed on this machine alone: on AWS it is read when somebody asks.';
      throw new OperatorError('not_followed', why, exitCodes.notFound);
    }
    return live(request, 'rows', async function* (signal) {
      const pause = () => delay(pauseMs, undefined, { signal }).catch(() => {});
      const bounds = boundsOf(context, environment);
      for await (const entries of followLog(environment, filter, { signal, pause, bounds })) {
        yield entries.map(logRow).join('');
      }
    });
  });
}

/** On AWS one answer of CloudWatch of each log is enough for somebody who waits. */
function boundsOf({ clock }: ConsoleContext, { local }: Place['environment']) {
  return { since: Math.floor(clock() * 1000) - lookBackMs, most: mostShown, ...(!local && { pages: 1 }) };
}

async function logPage(context: ConsoleContext, { environment }: Place, query: LogQuery): Promise<Page> {
  const path = `${pathOf(environment)}/log`;
  const { local } = environment;
  const isRead = local || query.read !== undefined;
  const entries = isRead ? await readRecentLog(environment, query, boundsOf(context, environment)) : [];
  const { read: _, ...filter } = query;
  const live = local
    ? markup`data-live="${pathOf(environment)}/live/log?${addressOf(filter)}" data-most="${mostShown}" aria-live="off"`
    : nothing;
  const table = markup`<table class="cards"><thead><tr><th scope="col">When (UTC)</th><th scope="col">Level</th><th scope="col">Function</th><th scope="col">What</th></tr></thead>
<tbody id="log" ${live}>${entries.toReversed().map(logRow)}</tbody></table>`;
  return {
    title: 'Log',
    about: environment,
    section: 'log',
    body: markup`${filterForm(path, query, local)}
<section class="sheet" aria-label="Log">
<p class="quiet">${local ? markup`<span data-still role="status">Not live</span>. The lines of all functions` : 'The lines of the functions whose logs have an output'} of the last 15 minutes, the newest first, ${mostShown} at most.${local ? nothing : ' Of each log one answer of CloudWatch is read.'}</p>
${isRead ? table : markup`<p>Nothing is read before you ask.</p>`}
${isRead && entries.length === 0 ? markup`<p class="quiet none">No line of this time fits.</p>` : nothing}
</section>`,
  };
}

function filterForm(path: string, { event, level, connection, text }: LogFilter, local: boolean): Markup {
  const chosen = (value: string) => (value === level ? markup`selected` : nothing);
  return markup`<form class="sheet" method="get" action="${path}" role="search" aria-label="Log">
${local ? nothing : markup`<input type="hidden" name="read" value="yes">`}<div class="fields">
<label>Event begins with <input name="event" value="${event ?? ''}"></label>
<label>Level, at least <select name="level"><option value="">any</option>${logLevels.map((value) => markup`<option ${chosen(value)}>${value}</option>`)}</select></label>
<label>Connection <input name="connection" value="${connection ?? ''}"></label>
<label>Text in the line <input name="text" value="${text ?? ''}"></label>
<button>${local ? 'Show' : 'Read the last 15 minutes'}</button>
</div></form>`;
}

const badges = { DEBUG: 'note', INFO: 'note', WARN: 'soon', ERROR: 'now' } as const;
/** What only the machine reads. */
const unshown = new Set(['requestId', 'traceId', 'message']);

function logRow({ id, at, writer, level, event, fields }: LogEntry): Markup {
  const { message } = fields;
  const named = Object.entries(fields).filter(([name, value]) => !unshown.has(name) && value !== undefined);
  return markup`<tr id="log-${id}"><td data-name="When"><time>${new Date(at).toISOString().slice(11, 23)}</time></td><td data-name="Level"><span class="badge ${badges[level]}">${level}</span></td><td data-name="Function">${writer}</td><td data-name="What"><strong>${plain(event)}</strong>${message === undefined ? nothing : markup` ${shown(message)}`}${named.map(([name, value]) => markup` <span class="quiet">${plain(name)}</span> ${shown(value)}`)}</td></tr>`;
}

function shown(value: unknown): string {
  const text = plain(typeof value === 'object' ? JSON.stringify(value) : String(value));
  return text.length > longestValue ? `${text.slice(0, longestValue)} …` : text;
}
