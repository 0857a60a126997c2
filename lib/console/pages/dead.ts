import type { Attended } from '../../../functions/webhook/ledger.ts';
import { readAttended, redriveThese } from '../../operator/actions/events-dead.ts';
import { deadLettersOf, ledgerOf } from '../../operator/event-queues.ts';
import { counted } from '../../operator/table.ts';
import { plain } from '../../operator/tries.ts';
import type { Page, Said } from '../frame.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import { ago } from '../moment.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, pathOf, pathOfEvent } from '../request.ts';
import { formToken, inEnvironment, type Routing } from '../routing.ts';

/** Adds the list of dead letters, and their redrive. */
export function addDeadLetters({ app, context, place, page, done, form }: Routing): void {
  app.get(`${inEnvironment}/dead`, async (request) => page(request, deadPage(context, await place(request))));
  app.post(`${inEnvironment}/dead/redrive`, async (request) => {
    const found = await place(request);
    const { event = [], all } = await form(request);
    const said = await redriveFromPage(found, all === undefined ? new Set(event) : 'all');
    return done(request, `${pathOf(found.environment)}/dead`, said);
  });
}

/** Shows what failed for good, from the ledger: no message is taken before something is done. */
async function deadPage({ entrance, clock }: ConsoleContext, { environment }: Place): Promise<Page> {
  const [count, found] = await Promise.all([
    deadLettersOf(environment).count(),
    readAttended(ledgerOf(environment).attention('dead')),
  ]);
  const path = pathOf(environment);
  const rows = found.map((one) => deadRow(one, path, clock()));
  const about = { title: 'Dead letters', about: environment, section: 'dead' } as const;
  if (count + rows.length === 0) {
    const text =
      'There are none. Events that on-event.ts gives up, or that fail for too long, are kept here for 14 days.';
    return { ...about, body: markup`<section class="sheet" aria-label="Dead letters"><p>${text}</p></section>` };
  }
  return {
    ...about,
    body: markup`<section class="sheet" aria-label="Dead letters">
<p>The queue holds about ${counted(count, 'message')}; ${found.length} of them ${found.length === 1 ? 'is' : 'are'} in the ledger.</p>
<form method="post" action="${path}/dead/redrive">${formToken(entrance.formToken)}
${rows.length === 0 ? nothing : markup`<table class="cards told"><thead><tr><th scope="col">Choose</th><th scope="col">Reason</th><th scope="col">Set aside</th><th scope="col">What</th><th scope="col">Detail</th></tr></thead><tbody>${rows}</tbody></table><p></p>`}
${rows.length === 0 ? nothing : markup`<button>Send the chosen ones again</button> `}<button name="all" value="yes" class="second">Send all again</button>
</form>
<p class="quiet">Those of one resource go in their order: one stays while an older one of its resource is not chosen.</p>
</section>`,
  };
}

function deadRow({ subject, since, deadLettered, tried }: Attended, path: string, now: number): Markup {
  const { reason = '-', detail } = deadLettered ?? {};
  const last = tried?.tries.at(-1);
  const why = plain(detail ?? [last?.errorName, last?.text].filter(Boolean).join(': '));
  const facts = markup`<td data-name="Reason">${reason}</td><td data-name="Set aside">${ago(since, now)}</td>`;
  if (subject.kind !== 'webhook_event') {
    const { connectionId, change } = subject.change;
    return markup`<tr><td></td>${facts}<td data-name="What">connection ${connectionId} ${change}</td><td data-name="Detail">${why}</td></tr>`;
  }
  const { id, resourceName, eventType, resourceId } = subject.event;
  const what = `${resourceName} ${eventType} ${resourceId}`;
  return markup`<tr><td><input type="checkbox" name="event" value="${id}" aria-label="${what}"></td>${facts}<td data-name="What"><a href="${pathOfEvent(path, id)}">${what}</a></td><td data-name="Detail">${why}</td></tr>`;
}

async function redriveFromPage({ environment, session }: Place, chosen: ReadonlySet<string> | 'all'): Promise<Said> {
  if (chosen !== 'all' && chosen.size === 0) return { ok: false, text: 'Nothing was chosen, and nothing was done.' };
  const { done, kept } = await redriveThese(environment, session.terminal, chosen);
  const text = `Sent ${counted(done, 'dead letter')} to the queue again.`;
  if (done > 0 || chosen === 'all') return { ok: true, text: kept === 0 ? text : `${text} ${kept} stayed.` };
  const why =
    'None of the chosen ones is in the queue, or others of their resources stand before them. Send all, or open one and send it from the ledger.';
  return { ok: false, text: why };
}
