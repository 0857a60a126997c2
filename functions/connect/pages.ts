import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { CompanyName } from './authorization-store.ts';
import { pageStyle } from './page-style.ts';
import { type FailureName, failureTexts } from './page-texts.ts';

/**
 * How the reader of a failure page goes on: with a button that starts again with the session's own link, with a button
 * that opens the first page of the link, or with a link that asks for the same address again.
 */
export type WayOn =
  | { readonly way: 'start_again'; readonly sessionId: string }
  | { readonly way: 'open_link'; readonly link: string }
  | { readonly way: 'look_again' };

/** A page of the connect flow with what it shows. No page can hold an access token, a code or a state. */
export type Page =
  // The form of the first page holds the token of the link, because the POST must name it. A person who sees the page has
  // it.
  | { readonly name: 'start'; readonly connectionId: string; readonly link: string }
  | { readonly name: 'connected'; readonly connectionId: string; readonly companyName?: string }
  | {
      readonly name: 'company';
      readonly connectionId: string;
      readonly sessionId: string;
      readonly companies: readonly CompanyName[];
      /** The form was sent without a company. */
      readonly nothingChosen: boolean;
    }
  | {
      readonly name: FailureName;
      readonly referenceId: string;
      readonly connectionId?: string | undefined;
      readonly wayOn?: WayOn | undefined;
    };

const environmentNames: Readonly<Record<ProcoreEnvironmentName, string>> = {
  production: 'Procore',
  sandbox: 'Procore Developer Sandbox',
  'monthly-sandbox': 'Procore Monthly Sandbox',
  federal: 'Procore Federal',
};

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup that is safe to put into a page. Only {@link html} makes it. */
class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Builds markup. Every value that is not markup itself is escaped, for text and for quoted attributes. */
function html(parts: TemplateStringsArray, ...values: readonly (string | Markup | readonly Markup[])[]): Markup {
  const texts = values.map((value) => {
    if (value instanceof Markup) return value.text;
    if (typeof value !== 'string') return value.map(({ text }) => text).join('');
    return value.replace(/[&<>"']/g, (character) => entities[character] ?? '');
  });
  return new Markup(String.raw({ raw: parts }, ...texts));
}

const nothing = new Markup('');

function renderWayOn(wayOn: WayOn | undefined): Markup {
  switch (wayOn?.way) {
    case 'start_again':
      return html`<form method="post" action="/oauth/start"><input type="hidden" name="again" value="${wayOn.sessionId}"><button>Start again</button></form>`;
    case 'open_link':
      return html`<form method="get" action="/oauth/start"><input type="hidden" name="link" value="${wayOn.link}"><button>Open the link again</button></form>`;
    case 'look_again':
      // An empty reference means the address of this page, so the page need not contain its own address.
      return html`<p><a href="">Look again</a></p>`;
    default:
      return nothing;
  }
}

function renderCompany({ companyId, name }: CompanyName): Markup {
  return html`<label><input type="radio" name="companyId" value="${companyId}" required><span>${name}<small>Company ${companyId}</small></span></label>`;
}

function renderBody(page: Page): { title: string; body: Markup } {
  switch (page.name) {
    case 'start':
      return {
        title: 'Connect to Procore',
        body: html`<p>You are about to connect a Procore account to <strong>${page.connectionId}</strong>.</p>
<p>Procore will ask you to sign in and to allow access. Then you come back here.</p>
<form method="post" action="/oauth/start"><input type="hidden" name="link" value="${page.link}"><button>Connect to Procore</button></form>`,
      };
    case 'connected':
      return {
        title: 'Connected',
        body: html`<p>Your Procore account is connected to <strong>${page.connectionId}</strong>${
          page.companyName === undefined ? nothing : html` for the company <strong>${page.companyName}</strong>`
        }.</p>
<p>You can close this page.</p>`,
      };
    case 'company':
      return {
        title: 'Choose the company',
        body: html`<p>Your Procore account is connected to <strong>${page.connectionId}</strong>. Your account sees several companies.</p>
${page.nothingChosen ? html`<p role="alert"><strong>Choose one company from the list.</strong></p>` : nothing}<form method="post" action="/oauth/company"><input type="hidden" name="session" value="${page.sessionId}"><fieldset><legend>Which one is this connection for?</legend>${page.companies.map(renderCompany)}</fieldset><button>Use this company</button></form>`,
      };
    default: {
      const text = failureTexts[page.name];
      return {
        title: text.title,
        body: html`<h2>Why</h2><p>${text.why}</p><h2>What to do</h2><p>${text.whatToDo}</p><h2>Who can do it</h2><p>${text.whoCanDoIt}</p>
${renderWayOn(page.wayOn)}
<p class="reference">${page.connectionId === undefined ? nothing : html`Connection <strong>${page.connectionId}</strong><br>`}Reference <strong>${page.referenceId}</strong></p>`,
      };
    }
  }
}

/**
 * Renders a page: plain HTML without a script. All that it shows is escaped.
 *
 * @returns the HTML document
 */
export function renderPage(page: Page, environment: ProcoreEnvironmentName): string {
  const environmentName = environmentNames[environment];
  const { title, body } = renderBody(page);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${new Markup(pageStyle)}</style>
</head>
<body>
<main>
<p class="where">${environmentName}</p>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.text;
}

/** Gives the HTTP status with which a page is sent. */
export function pageStatus(page: Page): number {
  if (page.name === 'start' || page.name === 'connected') return 200;
  if (page.name === 'company') return page.nothingChosen ? 400 : 200;
  return failureTexts[page.name].status;
}
