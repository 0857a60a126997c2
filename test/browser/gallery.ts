import { type FailureName, failureKinds } from '../../functions/connect/failure-kinds.ts';
import type { PageLook } from '../../functions/connect/page-frame.ts';
import type { Page, WayOn } from '../../functions/connect/pages.ts';

const connectionId = 'a-connection-whose-name-is-as-long-as-a-name-may-be-'.padEnd(128, 'x');
const displayName = 'Bouwmaatschappij Van der Heijden & Zonen Internationaal Holding B.V. (Rotterdam)';
const secret = 'S'.repeat(48);
const sessionId = 'a'.repeat(64);
const longCompany = {
  companyId: '9223372036854775783',
  name: `Anlagenbauversicherung${'saktiengesellschaft'.repeat(5)}`,
};
const companies = [
  longCompany,
  ...['Beta & Söhne', 'Γάμμα', '株式会社建設'].map((name, id) => ({ companyId: `${id}`, name })),
];
const many = Array.from({ length: 50 }, (_, index) => ({ companyId: `${4000 + index}`, name: `Builder ${index}` }));
const startAgain = { way: 'start_again', sessionId } as const;
const waysOn: Partial<Record<FailureName, WayOn>> = {
  cookie_missing: { way: 'open_link', link: secret },
  client_missing: { way: 'open_link', link: secret },
  state_expired: startAgain,
  denied: startAgain,
  code_refused: startAgain,
  client_refused: startAgain,
  authorization_refused: startAgain,
  procore_unavailable: startAgain,
  interrupted: startAgain,
  under_way: { way: 'look_again' },
};

/** The look of an integration that has decided on nothing. */
const bare: PageLook = { environment: 'sandbox', language: 'en' };

const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><rect width="40" height="40" rx="8" fill="#7a2e00"/><path d="M10 30L20 8l10 22z" fill="#fff"/><text x="48" y="28" font-family="sans-serif" font-size="22">Acme</text></svg>';

/** The look of one that has decided on everything. */
export const branded: PageLook = {
  environment: 'production',
  language: 'en',
  appName: 'Acme Field Reports',
  accentColor: { light: '#8a3800', dark: '#ffb27d' },
  supportContact: 'help@acme.example',
  logo: `data:image/svg+xml;base64,${Buffer.from(logo).toString('base64')}`,
};

const company = { name: 'company', connectionId, sessionId, query: '', nothingChosen: false } as const;
const few = { ...company, companies, matching: 4, total: 4 };

/** A page with its look, and its name for files and tests. */
export interface Exhibit {
  readonly name: string;
  readonly page: Page;
  readonly look: PageLook;
}

const failures = (Object.keys(failureKinds) as FailureName[]).map(
  (name) => ({ name, referenceId: 'y4REVp8F6lF1', connectionId, wayOn: waysOn[name] }) as const,
);

const pages: Readonly<Record<string, Page>> = {
  start: { name: 'start', connectionId, link: secret },
  'start-named': { name: 'start', connectionId, displayName, link: secret },
  connected: { name: 'connected', connectionId, companyName: 'Beta & Söhne' },
  'connected-named': { name: 'connected', connectionId, displayName, companyName: longCompany.name },
  'connected-nowhere': { name: 'connected', connectionId, isInstalledNowhere: true },
  company: few,
  'company-nothing-chosen': { ...few, nothingChosen: true },
  'company-many': { ...company, companies: many, matching: 1873, total: 1873 },
  'company-found': { ...company, companies: many.slice(0, 3), matching: 3, total: 1873, query: 'builder 1' },
  'company-not-found': { ...company, companies: [], matching: 0, total: 1873, query: longCompany.name },
  home: { name: 'home' },
  'not-found': { name: 'not_found' },
  ...Object.fromEntries(failures.map((page) => [page.name, page])),
};

/** Every page that people can meet, with the longest contents: without decisions, with all of them, and in German. */
export const gallery: readonly Exhibit[] = Object.entries(pages).flatMap(([name, page]) => [
  { name, page, look: bare },
  { name: `branded-${name}`, page, look: branded },
  { name: `german-${name}`, page, look: { ...bare, language: 'de' } },
]);
