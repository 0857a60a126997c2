import {
  type DescribedDelivery,
  type QuarantineWish,
  walkQuarantine,
} from '../../operator/actions/events-quarantine.ts';
import { readQueueDepth } from '../../operator/aws/queue-depths.ts';
import { sha256Prefix } from '../../operator/parsers.ts';
import { counted } from '../../operator/table.ts';
import type { Page } from '../frame.ts';
import { type Markup, markup, nothing } from '../markup.ts';
import { ago } from '../moment.ts';
import type { Place } from '../quiet-session.ts';
import { type ConsoleContext, pathOf } from '../request.ts';
import { actionForm, confirmationPage, inEnvironment, type Routing } from '../routing.ts';

/** Nothing is done, and no body wanted. */
const looking: QuarantineWish = { body: undefined, retry: false, delete: undefined };
/** So much of a body is shown, in bytes. */
const mostShownBytes = 20_000;

/** Adds the quarantine: what is there, a body, another try, and deleting. Messages are taken only when a button says so. */
export function addQuarantine({ app, context, place, page, done, form }: Routing): void {
  const path = `${inEnvironment}/quarantine`;
  const chosen = async (request: Parameters<typeof form>[0]) => sha256Prefix((await form(request)).sha256?.[0] ?? '');
  app.get(path, async (request) => page(request, quarantinePage(context, await place(request))));
  app.post(`${path}/look`, async (request) => {
    const found = await place(request);
    const { seen } = await walkQuarantine(found.environment, found.session.terminal, looking);
    return page(request, seen.length === 0 ? noneSeenPage(context, found) : listPage(context, found, seen));
  });
  app.post(`${path}/body`, async (request) => {
    const [found, sha256] = [await place(request), await chosen(request)];
    const wish = { ...looking, body: sha256 };
    const { seen } = await walkQuarantine(found.environment, found.session.terminal, wish);
    return page(
      request,
      bodyPage(
        found,
        sha256,
        seen.find(({ isShown }) => isShown),
      ),
    );
  });
  app.post(`${path}/retry`, async (request) => {
    const found = await place(request);
    const { seen } = await walkQuarantine(found.environment, found.session.terminal, { ...looking, retry: true });
    const taken = seen.filter(({ isDone }) => isDone).length;
    const text = `Took in ${counted(taken, 'delivery')}; ${seen.length - taken} cannot be read yet.`.replace(
      'deliverys',
      'deliveries',
    );
    return done(request, `${pathOf(found.environment)}/quarantine`, { ok: true, text });
  });
  app.post(`${path}/delete`, async (request) => {
    const [found, sha256] = [await place(request), await chosen(request)];
    const back = `${pathOf(found.environment)}/quarantine`;
    if ((await form(request)).sure === undefined) {
      const question = `Delete the delivery ${sha256.slice(0, 16)}? Nobody can bring it back: Procore does not send it again.`;
      const action = { path: `${back}/delete`, name: 'Delete it', fields: { sha256 } };
      return page(request, confirmationPage(context, found, { question, action, back }));
    }
    const wish = { ...looking, delete: sha256 };
    const { seen } = await walkQuarantine(found.environment, found.session.terminal, wish);
    const deleted = seen.some(({ isDone }) => isDone);
    return done(request, back, { ok: deleted, text: deleted ? 'Deleted.' : 'It was not there any more.' });
  });
}

async function countOf({ environment: { clients, queueUrl } }: Place): Promise<number> {
  const { waiting, inFlight } = await readQueueDepth(clients.sqs, queueUrl('Quarantine'));
  return waiting + inFlight;
}

async function quarantinePage(context: ConsoleContext, place: Place): Promise<Page> {
  const count = await countOf(place);
  const text =
    count === 0
      ? 'There are none, as far as the queue counts. Deliveries that could not be read as an event are kept here for 14 days.'
      : `About ${count} ${count === 1 ? 'delivery that' : 'deliveries that'} could not be read.`;
  return framedQuarantine(context, place, markup`<p>${text}</p>`);
}

/** What another look has taken is not seen, and is there all the same. */
async function noneSeenPage(context: ConsoleContext, place: Place): Promise<Page> {
  const count = await countOf(place);
  const text =
    count === 0
      ? 'The quarantine is empty.'
      : `About ${count} ${count === 1 ? 'delivery is' : 'deliveries are'} in the hands of another look. Look again in two minutes.`;
  return framedQuarantine(context, place, markup`<p>${text}</p>`);
}

function framedQuarantine(context: ConsoleContext, { environment }: Place, content: Markup): Page {
  const path = `${pathOf(environment)}/quarantine`;
  return {
    title: 'Quarantine',
    about: environment,
    section: 'quarantine',
    body: markup`<section class="sheet" aria-label="Quarantine">${content}
<div class="fields">${actionForm(context, { path: `${path}/look`, name: 'Look at them' })}${actionForm(context, { path: `${path}/retry`, name: 'Take in what can be read by now', look: 'second' })}</div>
<p class="quiet">A look hides them from others until it has ended.</p></section>`,
  };
}

function listPage(context: ConsoleContext, place: Place, seen: readonly DescribedDelivery[]): Page {
  const path = `${pathOf(place.environment)}/quarantine`;
  const rows = seen.map(({ reason, receivedAt, bytes, sha256 }) => {
    const fields = { sha256 };
    return markup`<tr><td data-name="Reason">${reason}</td><td data-name="Received">${ago(receivedAt, context.clock())}</td><td data-name="Bytes">${bytes}</td><td data-name="SHA-256"><code>${sha256.slice(0, 16)}</code></td><td><div class="fields">${actionForm(context, { path: `${path}/body`, name: 'Body', fields, look: 'second' })}${actionForm(context, { path: `${path}/delete`, name: 'Delete', fields, look: 'danger' })}</div></td></tr>`;
  });
  return framedQuarantine(
    context,
    place,
    markup`<table class="cards"><thead><tr><th scope="col">Reason</th><th scope="col">Received</th><th scope="col">Bytes</th><th scope="col">SHA-256</th><th scope="col">Do</th></tr></thead><tbody>${rows}</tbody></table><p></p>`,
  );
}

function bodyPage({ environment }: Place, sha256: string, delivery: DescribedDelivery | undefined): Page {
  const back = markup`<p><a href="${pathOf(environment)}/quarantine">Back to the quarantine</a></p>`;
  const about = { about: environment, section: 'quarantine', title: `Body of ${sha256.slice(0, 16)}` } as const;
  if (delivery?.bodyBase64 === undefined) return { ...about, body: markup`<p>It is not there any more.</p>${back}` };
  const body = Buffer.from(delivery.bodyBase64, 'base64');
  const shown = body.subarray(0, mostShownBytes);
  const isCut = shown.length < delivery.bytes;
  return {
    ...about,
    body: markup`${isCut ? markup`<p>The first ${shown.length} of ${delivery.bytes} bytes.</p>` : nothing}
<section class="sheet"><h2>As text</h2><pre tabindex="0" role="group" aria-label="The body as text">${shown.toString('utf8').replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD')}</pre></section>
<section class="sheet"><h2>As hex</h2><pre tabindex="0" role="group" aria-label="The body as hex">${hexOf(shown)}</pre></section>${back}`,
  };
}

function hexOf(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const line = Buffer.from(bytes.subarray(at, at + 16)).toString('hex');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${line.replaceAll(/(..)(?=.)/g, '$1 ')}`);
  }
  return lines.join('\n');
}
