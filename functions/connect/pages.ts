import { type CompanyPage, companyContent } from './company-page.ts';
import { type FailureName, failureKinds } from './failure-kinds.ts';
import { fill, html, type Markup, nothing } from './markup.ts';
import { operatorRemedies } from './operator-remedies.ts';
import { type PageContent, type PageLook, renderFrame, supportAddress, whoAsks } from './page-frame.ts';
import { pageTexts } from './page-language.ts';

/**
 * How the reader of a failure page goes on: with a button that starts again with the session's own link, with a button
 * that opens the first page of the link, or with a link that asks for the same address again.
 */
export type WayOn =
  | { readonly way: 'start_again'; readonly sessionId: string }
  | { readonly way: 'open_link'; readonly link: string }
  | { readonly way: 'look_again' };

/** The first page, with the button that leads to Procore. */
interface StartPage {
  readonly name: 'start';
  readonly connectionId: string;
  /** What the account is connected to, in the words of whoever made the link. */
  readonly displayName?: string | undefined;
  // The form holds the token of the link, because the POST must name it. A person who sees the page has it.
  readonly link: string;
}

/** The last page. */
interface ConnectedPage {
  readonly name: 'connected';
  readonly connectionId: string;
  readonly displayName?: string | undefined;
  readonly companyName?: string | undefined;
  /** The account sees no company, so the app is installed in none. */
  readonly isInstalledNowhere?: boolean;
}

/** A page that says why something failed. */
interface FailurePage {
  readonly name: FailureName;
  readonly referenceId: string;
  readonly connectionId?: string | undefined;
  readonly wayOn?: WayOn | undefined;
}

/** A page of the connect flow with what it shows. No page can hold an access token, a code or a state. */
export type Page =
  | StartPage
  | ConnectedPage
  | CompanyPage
  | FailurePage
  /** What is at `/`, and at every address that has no page. */
  | { readonly name: 'home' | 'not_found' };

function renderWayOn(wayOn: WayOn | undefined, { language }: PageLook): Markup {
  const texts = pageTexts[language];
  switch (wayOn?.way) {
    case 'start_again':
      return html`<form method="post" action="/oauth/start"><input type="hidden" name="again" value="${wayOn.sessionId}"><button>${texts.startAgain}</button></form>`;
    case 'open_link':
      return html`<form method="get" action="/oauth/start"><input type="hidden" name="link" value="${wayOn.link}"><button>${texts.openLink}</button></form>`;
    case 'look_again':
      // An empty reference means the address of this page, so the page need not contain its own address.
      return html`<p class="act"><a class="button" href="">${texts.lookAgain}</a></p>`;
    default:
      return nothing;
  }
}

function startContent({ connectionId, displayName, link }: StartPage, look: PageLook): PageContent {
  const texts = pageTexts[look.language];
  const { app } = whoAsks(look);
  const asks =
    displayName === undefined
      ? fill(texts.startFor, { app })
      : fill(texts.startForName, { app, name: html`<strong>${displayName}</strong>` });
  return {
    tone: 'plain',
    title: texts.startTitle,
    body: html`<p>${asks}</p>
<p>${texts.startNext}</p>
<form method="post" action="/oauth/start"><input type="hidden" name="link" value="${link}"><button>${texts.connect}</button></form>`,
    details: [[texts.connection, connectionId]],
  };
}

function connectedContent(page: ConnectedPage, look: PageLook): PageContent {
  const texts = pageTexts[look.language];
  const { app } = whoAsks(look);
  const details = [[texts.connection, page.connectionId] as const];
  if (page.isInstalledNowhere) {
    return {
      tone: 'notice',
      title: texts.nowhereTitle,
      body: html`<p>${fill(texts.nowhere, { app })}</p>
<h2>${texts.whatToDo}</h2>
<p>${fill(texts.nowhereWhatToDo, { app })}</p>`,
      details,
    };
  }
  const { displayName, companyName } = page;
  const connected =
    displayName === undefined
      ? fill(texts.connected, { app })
      : fill(texts.connectedName, { app, name: html`<strong>${displayName}</strong>` });
  const company =
    companyName === undefined
      ? nothing
      : html`<p>${fill(texts.connectedCompany, { company: html`<strong>${companyName}</strong>` })}</p>
`;
  return {
    tone: 'success',
    title: texts.connectedTitle,
    body: html`<p>${connected}</p>
${company}<p>${texts.canClose}</p>`,
    details,
  };
}

function failureContent({ name, referenceId, connectionId, wayOn }: FailurePage, look: PageLook): PageContent {
  const texts = pageTexts[look.language];
  const { tone, mendedBy } = failureKinds[name];
  const { title, why, whatToDo } = texts.failures[name];
  const who = { ...whoAsks(look), details: texts.details };
  const subject = `${texts.reference} ${referenceId}`;
  // To start again is no help where somebody else has to mend something first.
  const address = mendedBy === 'operator' ? supportAddress(look, subject) : undefined;
  const contact =
    address === undefined ? nothing : html`<p class="act"><a class="button" href="${address}">${texts.contact}</a></p>`;
  return {
    tone,
    title,
    body: html`<p>${fill(why, who)}</p>
<h2>${texts.whatToDo}</h2>
<p>${fill(whatToDo, who)}</p>
${mendedBy === 'operator' ? contact : renderWayOn(wayOn, look)}`,
    details: [
      [texts.reference, referenceId],
      ...(connectionId === undefined ? [] : [[texts.connection, connectionId] as const]),
      [texts.code, name],
    ],
    remedy: operatorRemedies[name],
    subject,
    hasContact: address !== undefined,
  };
}

function contentOf(page: Page, look: PageLook): PageContent {
  const texts = pageTexts[look.language];
  switch (page.name) {
    case 'start':
      return startContent(page, look);
    case 'connected':
      return connectedContent(page, look);
    case 'company':
      return companyContent(page, look);
    case 'home':
      return { tone: 'plain', title: texts.homeTitle, body: html`<p>${fill(texts.home, { ...whoAsks(look) })}</p>` };
    case 'not_found':
      return { tone: 'notice', title: texts.notFoundTitle, body: html`<p>${texts.notFound}</p>` };
    default:
      return failureContent(page, look);
  }
}

/**
 * Renders a page: plain HTML without a script. All that it shows is escaped.
 *
 * @returns the HTML document
 */
export function renderPage(page: Page, look: PageLook): string {
  return renderFrame(contentOf(page, look), look);
}

/** Gives the HTTP status with which a page is sent. */
export function pageStatus(page: Page): number {
  switch (page.name) {
    case 'start':
    case 'connected':
    case 'home':
      return 200;
    case 'company':
      return page.nothingChosen ? 400 : 200;
    case 'not_found':
      return 404;
    default:
      return failureKinds[page.name].status;
  }
}
