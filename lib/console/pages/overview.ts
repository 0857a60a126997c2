import { setTimeout as delay } from 'node:timers/promises';
import type { Stand } from '../../operator/actions/status.ts';
import { ledgerOf } from '../../operator/event-queues.ts';
import { explain } from '../../operator/explained-error.ts';
import { type Figure, figuresOf } from '../../operator/status/figures.ts';
import { isToActOn, type Problem } from '../../operator/status/problem.ts';
import { summaryOf } from '../../operator/status/show.ts';
import { setCommandsApart } from '../../operator/suggested-commands.ts';
import { outcomeChart } from '../chart.ts';
import { type Page, whereOf } from '../frame.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import { mendingOf } from '../mended-by.ts';
import { ago } from '../moment.ts';
import { countedSince, countMinutes, type MinuteOfEvents } from '../outcomes.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, type ConsoleSelection, completed, pathOf } from '../request.ts';
import type { Routing } from '../routing.ts';

/** Adds the page that says how every environment stands, and changes by itself. */
export function addOverview({ app, context, page, live }: Routing): void {
  app.get('/', async (request) => page(request, overviewPage(context)));
  app.get('/live/overview', (request) => live(request, 'content', (signal) => followOverview(context, signal)));
}

async function overviewPage(context: ConsoleContext): Promise<Page> {
  const { status, part } = await overviewPart(context).then(
    (shown) => ({ status: 200, part: shown }) as const,
    (error: unknown) => ({ status: 502, part: troublePart(context, error) }) as const,
  );
  return {
    title: 'Overview',
    status,
    beside: markup`<span class="badge" data-still role="status"></span>`,
    body: markup`<div data-live="/live/overview">${part}</div>`,
  };
}

/** In seconds: so often is tried whether what cannot be looked at is back. */
const troublePause = 5;

/** What is shown may go away, or lack credentials, for a while: the page says so, and goes on by itself. */
async function* followOverview(context: ConsoleContext, signal: AbortSignal): AsyncGenerator<Markup> {
  while (!signal.aborted) {
    try {
      for await (const _ of context.lookout.follow(signal)) yield await overviewPart(context);
    } catch (error) {
      yield troublePart(context, error);
      await delay(troublePause * 1000, undefined, { signal }).catch(() => {});
    }
  }
}

function troublePart({ local }: ConsoleContext, error: unknown): Markup {
  const { message } = explain(error, local);
  return markup`<p class="said fault" role="alert" data-away>${message}</p><p class="quiet">It is tried again every few seconds.</p>`;
}

/** The part of the overview that changes. */
async function overviewPart(context: ConsoleContext): Promise<Markup> {
  const [stands, places] = [await context.lookout.current(), await context.places()];
  const parts = await Promise.all(
    stands.map(async (stand) => {
      const place = places.find(({ environment }) => isOf(stand, environment));
      // On AWS each look at a metric is paid for: it is taken when somebody asks.
      const minutes = stand.facts.local && place ? await minutesOf(place, stand.facts.now) : undefined;
      return standPart(stand, context.selection, minutes);
    }),
  );
  return markup`${parts}`;
}

async function minutesOf({ environment }: Place, now: number): Promise<readonly MinuteOfEvents[]> {
  // The range excludes its end, and what arrives in this moment is meant, too.
  return countMinutes(ledgerOf(environment).arrivals(countedSince(now), now + 1), now);
}

function isOf({ facts }: Stand, { stackName, name }: Place['environment']): boolean {
  return facts.stackName === stackName && facts.environment === name;
}

function standPart(
  { facts, problems }: Stand,
  selection: ConsoleSelection,
  minutes: readonly MinuteOfEvents[] | undefined,
): Markup {
  const { environment: name, stackName, local, now, scannedAt } = facts;
  const [path, id] = [pathOf({ stackName, name }), `${name}-of-${stackName}`];
  const tell = (text: string) => completed(text, selection, local, name);
  const items = problems.map((problem, index) => problemItem(problem, { path, tell, id: `${id}-${index}` }));
  return markup`<section class="sheet" aria-labelledby="${id}" id="stand-${id}">
<div class="head"><h2 id="${id}"><a href="${path}/events">${name}</a> <span class="quiet">${whereOf({ local, stackName })}</span></h2>
<p><span class="badge ${problems.find(isToActOn)?.urgency ?? 'well'}">${summaryOf(problems).replace(/\.$/, '')}</span> <span class="quiet">looked ${ago(now, now)}${scannedAt === now ? nothing : markup`, connections counted ${ago(scannedAt, now)}`}</span></p></div>
${items.length === 0 ? nothing : markup`<ol class="problems">${items}</ol>`}
<dl class="tiles">${figuresOf(facts).map((figure) => tile(figure, now))}</dl>
${chartPart(facts, minutes, path)}
</section>`;
}

function chartPart(
  { environment, stackName, local }: Stand['facts'],
  minutes: readonly MinuteOfEvents[] | undefined,
  path: string,
): Markup {
  if (minutes === undefined)
    return markup`<p><a class="button second" href="${path}/activity">Events over time, from CloudWatch</a></p>`;
  const hint = local
    ? markup`<p><a href="${path}/stand-in">Let something happen at the stand-in Procore</a></p>`
    : nothing;
  return outcomeChart(minutes, 'event', `minutes-${environment}-${stackName}`, hint);
}

const urgencies: Readonly<Record<Problem['urgency'], string>> = { now: 'act now', soon: 'soon', note: 'note' };

interface Telling {
  readonly path: string;
  /** Of the item, on the page. */
  readonly id: string;
  tell(text: string): string;
}

function problemItem({ code, urgency, what, remedy }: Problem, { path, id, tell }: Telling): Markup {
  const mending = mendingOf(code);
  const { prose, commands } = setCommandsApart(tell(remedy));
  return markup`<li class="${urgency}" data-code="${code}" id="${id}"><p class="what"><span class="badge ${urgency}">${urgencies[urgency]}</span> ${tell(what)}</p>
<p>${prose}</p>
<div class="do">${'path' in mending ? markup`<a class="button" href="${path}/${mending.path}">${mending.name}</a>` : markup`<span class="quiet">${mending.elsewhere}</span>`}${commands.map((command, index) => commandPart(command, `${id}-${index}`))}</div></li>`;
}

function commandPart(command: string, id: string): Markup {
  return markup`<span class="command"><code id="${id}">${command}</code><button type="button" data-copy="${id}">Copy</button></span>`;
}

/** Shows how a part stands: its numbers, with a bar where there is an end to them. */
function tile({ name, counts, remarks, at }: Figure, now: number): Markup {
  const numbers = (counts ?? []).map(({ count, more, what, isBad, most }) => {
    const bar =
      most === undefined
        ? nothing
        : markup`<meter min="0" max="${most}" low="${most * 0.1}" high="${most * 0.3}" optimum="${most}" value="${count}" aria-label="${count} ${what}"></meter>`;
    return markup`<span class="${isBad && count > 0 ? 'count bad' : 'count'}"><b>${count}${more ? '+' : ''}</b> ${what}${bar}</span>`;
  });
  const said = counts === undefined ? ['could not be read'] : remarks;
  const since = at === undefined ? nothing : markup`<span class="count"><b>${ago(at, now)}</b></span>`;
  return markup`<div><dt>${name}</dt><dd>${numbers}${since}${said.map((text) => markup`<span class="remark">${text}</span>`)}</dd></div>`;
}
