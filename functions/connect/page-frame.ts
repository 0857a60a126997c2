import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { PageTone } from './failure-kinds.ts';
import { html, type Markup, nothing, ownMarkup } from './markup.ts';
import { type PageLanguage, pageTexts } from './page-language.ts';
import type { PageSite } from './page-site.ts';
import { pageStyle } from './page-style.ts';

/** How a page is shown: whose it is, and in which language. */
export interface PageLook extends PageSite {
  readonly language: PageLanguage;
}

/** What a page shows between its header and its footer, and what support is told of it. */
export interface PageContent {
  readonly tone: PageTone;
  readonly title: string;
  readonly body: Markup;
  /** For the closed part: each label with its value, in plain text. */
  readonly details?: readonly (readonly [label: string, value: string])[];
  /** For the closed part: what the operator has to do, in English. */
  readonly remedy?: string | undefined;
  /** The subject of a mail to support. */
  readonly subject?: string;
  /** The body has a link to support already. */
  readonly hasContact?: boolean;
}

const environmentNames: Readonly<Record<ProcoreEnvironmentName, string>> = {
  production: 'Procore',
  sandbox: 'Procore Developer Sandbox',
  'monthly-sandbox': 'Procore Monthly Sandbox',
  federal: 'Procore Federal',
};

const signPaths = {
  success: 'M8 12.4l2.7 2.7L16 9.5',
  notice: 'M12 11v5.2M12 7.6v.2',
  fault: 'M12 7.3v5.4M12 16.2v.2',
} as const;

function renderSign(tone: PageTone, { language }: PageLook): Markup {
  if (tone === 'plain') return nothing;
  return html`<p class="sign"><svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/><path d="${signPaths[tone]}"/></svg>${pageTexts[language][tone]}</p>
`;
}

/** Names who asks for the account in a text, and who runs it: the app, or "this integration" in the page's language. */
export function whoAsks({ appName, language }: PageLook): { readonly app: string; readonly operators: string } {
  const { app, operators, operatorsOfApp } = pageTexts[language];
  if (appName === undefined) return { app, operators };
  return { app: appName, operators: operatorsOfApp.replace('{app}', () => appName) };
}

/**
 * Makes the address that a link to support opens.
 *
 * @param subject of the mail, where it is a mail
 * @returns undefined where no contact is set
 */
export function supportAddress({ supportContact }: PageSite, subject = ''): string | undefined {
  if (supportContact === undefined || supportContact.startsWith('https://')) return supportContact;
  return `mailto:${supportContact}${subject === '' ? '' : `?subject=${encodeURIComponent(subject)}`}`;
}

function renderFooter({ details = [], remedy, subject, hasContact }: PageContent, look: PageLook): Markup {
  const texts = pageTexts[look.language];
  const address = hasContact ? undefined : supportAddress(look, subject);
  const contact =
    address === undefined ? nothing : html`<p>${texts.questions} <a href="${address}">${texts.contact}</a></p>`;
  if (details.length === 0)
    return address === undefined
      ? nothing
      : html`
<footer>${contact}</footer>`;
  const rows = details.map(([label, value]) => html`<dt>${label}</dt><dd>${value}</dd>`);
  return html`
<footer>${contact}<details><summary>${texts.details}</summary><dl>${rows}</dl>${
    remedy === undefined ? nothing : html`<p lang="en">${remedy}</p>`
  }</details></footer>`;
}

/**
 * Renders a whole page around its content: plain HTML without a script. All that it shows is escaped.
 *
 * @returns the HTML document
 */
export function renderFrame(content: PageContent, look: PageLook): string {
  const { appName, logo, environment, language } = look;
  const { tone, title, body } = content;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${appName === undefined ? title : `${title} – ${appName}`}</title>
<style>${ownMarkup(pageStyle(look))}</style>
</head>
<body>
<main class="${tone}">
<p class="who">${logo === undefined ? nothing : html`<img src="${logo}" alt="">`}${
    appName === undefined ? nothing : html`<strong>${appName}</strong>`
  }<span>${environmentNames[environment]}</span></p>
${renderSign(tone, look)}<h1>${title}</h1>
${body}${renderFooter(content, look)}
</main>
</body>
</html>
`.text;
}
