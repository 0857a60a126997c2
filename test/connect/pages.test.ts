import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toBrowserResponse } from '../../functions/connect/browser-answer.ts';
import { type FailureName, failureKinds } from '../../functions/connect/failure-kinds.ts';
import { operatorRemedies } from '../../functions/connect/operator-remedies.ts';
import type { PageLook } from '../../functions/connect/page-frame.ts';
import { pageLanguages, pageTexts } from '../../functions/connect/page-language.ts';
import { type Page, pageStatus, renderPage, type WayOn } from '../../functions/connect/pages.ts';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { contrast } from '../../lib/cloud/page-settings.ts';

const failureNames = Object.keys(failureKinds) as FailureName[];
const nasty = `"><script>alert('x')</script>&{{7*7}}\u2028`;
const bare: PageLook = { environment: 'sandbox', language: 'en' };
const branded: PageLook = {
  ...bare,
  appName: 'Acme Reports',
  supportContact: 'help@acme.example',
  logo: 'data:image/png;base64,AAAA',
};
const company = {
  name: 'company',
  connectionId: 'acme',
  sessionId: 'b'.repeat(64),
  query: '',
  companies: [
    { companyId: '1', name: 'One' },
    { companyId: '2', name: 'Two' },
  ],
  matching: 2,
  total: 2,
  nothingChosen: false,
} as const;

const pages: readonly Page[] = [
  { name: 'start', connectionId: 'acme', link: 'a'.repeat(48) },
  { name: 'connected', connectionId: 'acme' },
  { name: 'connected', connectionId: 'acme', companyName: 'Acme' },
  { name: 'connected', connectionId: 'acme', isInstalledNowhere: true },
  { ...company, nothingChosen: true },
  { ...company, matching: 40, total: 40 },
  { name: 'home' },
  { name: 'not_found' },
  ...failureNames.map((name): Page => ({ name, referenceId: 'REF123', connectionId: 'acme' })),
];

/** What a person reads before opening anything: the page without its head and its closed part, without markup. */
const seenOf = (page: Page, look: PageLook = bare) =>
  (/<main[\s\S]*<\/main>/.exec(renderPage(page, look))?.[0] ?? '')
    .replace(/<details>[\s\S]*<\/details>/, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
const closedPartOf = (page: Page, look: PageLook = bare) =>
  /<details>([\s\S]*)<\/details>/.exec(renderPage(page, look))?.[1] ?? '';

describe('every page', () => {
  it.each(pages.flatMap((page) => pageLanguages.map((language) => [page.name, language, page] as const)))(
    '%s in "%s" is a whole document without a script',
    (_, language, page) => {
      const document = renderPage(page, { ...bare, language });
      expect(document).toMatch(new RegExp(`^<!doctype html>\n<html lang="${language}">`));
      expect(document).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
      expect(document.match(/<h1>/g)).toHaveLength(1);
      expect(document.match(/<main /g)).toHaveLength(1);
      expect(document).toContain('Procore Developer Sandbox');
      expect(document).not.toMatch(/<script|<img|<link|\son\w+=|style="|javascript:|https?:/i);
      expect(document).not.toMatch(/undefined|\[object|\$\{|\{\w+\}/);
    },
  );

  it.each(pages.map((page) => [page.name, page] as const))(
    '%s shows the key of a connection in the closed part alone',
    (_, page) => {
      const key = 'internal-key-77';
      const shown = 'connectionId' in page ? { ...page, connectionId: key } : page;
      expect(seenOf(shown)).not.toContain(key);
      if ('connectionId' in page) expect(closedPartOf(shown)).toContain(`<dd>${key}</dd>`);
    },
  );

  it.each(pages.map((page) => [page.name, page] as const))('%s says who asks, and where people get help', (_, page) => {
    const document = renderPage(page, branded);
    expect(document).toContain('<img src="data:image/png;base64,AAAA" alt=""><strong>Acme Reports</strong>');
    expect(document).toMatch(/<a [^>]*href="mailto:help@acme\.example/);
    expect(renderPage(page, { ...branded, supportContact: 'https://help.acme.example/?a=1&b' })).toContain(
      'href="https://help.acme.example/?a=1&amp;b"',
    );
  });

  it('is sent with the strict policy, no referrer, no sniffing and no storing', () => {
    const page: Page = { name: 'connected', connectionId: 'acme' };
    const policyOf = (look: PageLook) => toBrowserResponse({ answer: 'page', page }, look);
    const { headers, body } = policyOf(bare);
    const style = /<style>([\s\S]*)<\/style>/.exec(body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers).toEqual({
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; frame-ancestors 'none'`,
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(policyOf(branded).headers['content-security-policy']).toBe(
      `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; frame-ancestors 'none'`,
    );
    const accentColor = { light: '#123456', dark: '#abcdef' };
    const coloured = policyOf({ ...bare, accentColor });
    expect(coloured.body).toContain('--mark: #123456;');
    expect(coloured.headers['content-security-policy']).not.toContain(hash);
  });

  it('escapes everything that it shows', () => {
    const shown: readonly Page[] = [
      { name: 'start', connectionId: nasty, displayName: nasty, link: nasty },
      { name: 'connected', connectionId: nasty, displayName: nasty, companyName: nasty },
      {
        ...company,
        connectionId: nasty,
        sessionId: nasty,
        query: nasty,
        companies: [{ companyId: nasty, name: nasty }],
      },
      { ...company, query: nasty, companies: [], matching: 0, total: 12 },
      { name: 'failed', connectionId: nasty, referenceId: nasty, wayOn: { way: 'start_again', sessionId: nasty } },
      { name: 'failed', referenceId: nasty, wayOn: { way: 'open_link', link: nasty } },
    ];
    for (const page of shown) {
      const document = renderPage(page, { ...branded, appName: nasty });
      expect(document).not.toContain('<script');
      expect(document).not.toContain(`">&`);
      expect(document).toContain('&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;{{7*7}}');
    }
  });
});

describe('every failure page', () => {
  it.each(failureNames)('%s says what happened, why and what to do, and to support its code and reference', (name) => {
    for (const language of pageLanguages) {
      const look = { ...bare, environment: 'production', language } as const;
      const { app, operators, details, failures } = pageTexts[language];
      const seen = seenOf({ name, referenceId: 'REF123' }, look);
      for (const text of Object.values(failures[name])) {
        const filled = text
          .replaceAll('{app}', app)
          .replaceAll('{operators}', operators)
          .replaceAll('{details}', details);
        expect(seen).toContain(filled.charAt(0).toUpperCase() + filled.slice(1));
      }
      expect(seen).toContain(pageTexts[language][failureKinds[name].tone]);
      expect(seen).not.toContain('REF123');
      expect(closedPartOf({ name, referenceId: 'REF123' }, look)).toContain(`<dd>REF123</dd>`);
      expect(closedPartOf({ name, referenceId: 'REF123' }, look)).toContain(`<dd>${name}</dd>`);
    }
  });

  it.each(failureNames)('%s leaves commands and protocol words to its closed part', (name) => {
    const words = /npm run|client id|secret|redirect URI|token|authorization code/i;
    for (const language of pageLanguages) {
      expect(seenOf({ name, referenceId: 'REF123' }, { ...bare, language })).not.toMatch(words);
    }
  });

  it.each(failureNames.filter((name) => failureKinds[name].mendedBy === 'operator'))(
    '%s, which only the operator can mend, offers to write to support and not to start again',
    (name) => {
      const page: Page = { name, referenceId: 'REF123', wayOn: { way: 'start_again', sessionId: 'b'.repeat(64) } };
      expect(renderPage(page, bare)).not.toMatch(/<button|class="button"/);
      expect(renderPage(page, branded)).not.toContain('<button');
      expect(renderPage(page, branded)).toContain(
        '<a class="button" href="mailto:help@acme.example?subject=Reference%20REF123">Contact support</a>',
      );
      expect(closedPartOf(page)).toContain('<p lang="en">');
      expect(operatorRemedies[name]).toBeDefined();
    },
  );

  it('has the status of the design', () => {
    const statuses = Object.fromEntries(
      failureNames.map((name) => [name, pageStatus({ name, referenceId: 'REF123' })] as const),
    );
    expect(statuses).toEqual({
      link_unknown: 400,
      link_expired: 400,
      link_spent: 400,
      link_used_up: 400,
      cookie_missing: 400,
      foreign_post: 403,
      state_unknown: 400,
      stranger: 400,
      state_expired: 400,
      denied: 200,
      code_refused: 400,
      client_refused: 502,
      client_missing: 502,
      authorization_refused: 502,
      procore_unavailable: 503,
      superseded: 409,
      wrong_environment: 502,
      under_way: 503,
      interrupted: 503,
      choice_unknown: 400,
      failed: 500,
    });
  });
});

describe('what a page says', () => {
  const start = { name: 'start', connectionId: 'acme', link: 'a'.repeat(48) } as const;
  const connected = { name: 'connected', connectionId: 'acme' } as const;

  it.each<[string, Page, PageLook, string]>([
    [
      'before it goes to Procore',
      start,
      bare,
      'Procore Developer Sandbox Connect to Procore This integration asks for access to your Procore account. ' +
        'Procore will ask you to sign in and to allow access. Then you come back here. Connect to Procore',
    ],
    [
      'before it goes to Procore, with names',
      { ...start, displayName: 'Miller & Sons' },
      branded,
      'Acme Reports Procore Developer Sandbox Connect to Procore Acme Reports asks for access to your Procore account. ' +
        'It is for Miller &amp; Sons . Procore will ask you to sign in and to allow access. Then you come back here. ' +
        'Connect to Procore Questions? Contact support',
    ],
    [
      'after success',
      connected,
      bare,
      'Procore Developer Sandbox Done Connected Your Procore account is connected to this integration. You can close this page.',
    ],
    [
      'after success, with names',
      { ...connected, displayName: 'Miller', companyName: 'One' },
      { ...bare, appName: 'Acme' },
      'Acme Procore Developer Sandbox Done Connected Your Procore account is connected to Acme, for Miller . ' +
        'The company is One . You can close this page.',
    ],
    [
      'where the app is installed nowhere: who installs it, and where',
      { ...connected, isInstalledNowhere: true },
      { ...bare, appName: 'Acme' },
      'Acme Procore Developer Sandbox Please note Connected, but not installed yet Your Procore account is connected, ' +
        'but it sees no company in which Acme is installed. Until then it can read nothing. What you can do ' +
        'Ask an administrator of your company in Procore to install Acme: in Procore, under App Management of the company. ' +
        'You need not connect again after that.',
    ],
    [
      'where a company is to be chosen',
      company,
      bare,
      'Procore Developer Sandbox Choose the company Your Procore account is connected. One more step: your account sees ' +
        'several companies. Which company is this connection for? One Company 1 Two Company 2 Use this company',
    ],
    [
      'in German',
      connected,
      { ...bare, language: 'de' },
      'Procore Developer Sandbox Fertig Verbunden Diese Integration ist jetzt mit Ihrem Procore-Konto verbunden. ' +
        'Sie können diese Seite schließen.',
    ],
  ])('%s', (_, page, look, text) => {
    expect(seenOf(page, look)).toBe(text);
  });

  it('where no company was chosen, as an alert', () => {
    expect(renderPage({ ...company, nothingChosen: true }, bare)).toContain(
      '<p role="alert"><strong>Choose one company from the list.</strong></p>',
    );
  });

  it('where there are more companies than it shows, and offers a search from twelve on', () => {
    expect(renderPage({ ...company, matching: 11, total: 11 }, bare)).not.toContain('<input type="search"');
    const cut = { ...company, matching: 1873, total: 1873 };
    expect(seenOf(cut)).toContain('2 of 1873 companies are shown. Search to see the others.');
    expect(renderPage(cut, bare)).toContain('<form class="find" method="get" action="/oauth/company" role="search">');
    expect(seenOf({ ...cut, query: 'o', matching: 2 })).toContain('2 companies. Show all companies');
    const none = { ...cut, query: 'x', companies: [], matching: 0 };
    expect(seenOf(none)).toContain('No company was found for x . Show all companies');
    expect(renderPage(none, bare)).not.toContain('Use this company');
  });

  it.each<[string, WayOn | undefined, string]>([
    ['no way on', undefined, ''],
    [
      'a way to start again',
      { way: 'start_again', sessionId: 'b'.repeat(64) },
      `<form method="post" action="/oauth/start"><input type="hidden" name="again" value="${'b'.repeat(64)}">` +
        '<button>Start again</button></form>',
    ],
    [
      'a way to open the link',
      { way: 'open_link', link: 'a'.repeat(48) },
      `<form method="get" action="/oauth/start"><input type="hidden" name="link" value="${'a'.repeat(48)}">` +
        '<button>Open the link again</button></form>',
    ],
    ['a way to look again', { way: 'look_again' }, '<p class="act"><a class="button" href="">Look again</a></p>'],
  ])('after a failure, with %s', (_, wayOn, form) => {
    const document = renderPage({ name: 'failed', referenceId: 'REF123', wayOn }, bare);
    expect(/<\/p>\n(<form.*<\/form>|<p class="act">.*<\/p>|)\n<footer>/.exec(document)?.[1]).toBe(form);
  });

  it.each<[ProcoreEnvironmentName, string]>([
    ['production', 'Procore'],
    ['sandbox', 'Procore Developer Sandbox'],
    ['monthly-sandbox', 'Procore Monthly Sandbox'],
    ['federal', 'Procore Federal'],
  ])('of the environment %s', (environment, where) => {
    expect(renderPage(connected, { ...bare, environment })).toContain(`<span>${where}</span>`);
  });

  it('in its status: choosing is fine, choosing nothing is not', () => {
    expect(pageStatus(start)).toBe(200);
    expect(pageStatus(connected)).toBe(200);
    expect(pageStatus(company)).toBe(200);
    expect(pageStatus({ ...company, nothingChosen: true })).toBe(400);
    expect(pageStatus({ name: 'home' })).toBe(200);
    expect(pageStatus({ name: 'not_found' })).toBe(404);
  });
});

describe('an answer', () => {
  const page: Page = { name: 'connected', connectionId: 'acme' };

  it('sets a cookie where it has one, and none otherwise', () => {
    expect(toBrowserResponse({ answer: 'page', page }, bare).cookies).toEqual([]);
    expect(toBrowserResponse({ answer: 'page', page, setCookie: 'a=b' }, bare).cookies).toEqual(['a=b']);
    const redirect = { answer: 'redirect', location: 'https://app.example.com/' } as const;
    expect(toBrowserResponse({ ...redirect, setCookie: 'a=b' }, bare).cookies).toEqual(['a=b']);
  });

  it('asks to wait in whole seconds, rounded up, and is silent when Procore was', () => {
    const headers = (retryAfterSeconds?: number) =>
      toBrowserResponse({ answer: 'page', page, retryAfterSeconds }, bare).headers;
    expect(headers(17)['retry-after']).toBe('17');
    expect(headers(17.1)['retry-after']).toBe('18');
    expect(headers()).not.toHaveProperty('retry-after');
  });

  it('that leads elsewhere has the headers of every answer, and no body', () => {
    const redirect = { answer: 'redirect', location: 'https://app.example.com/' } as const;
    const response = toBrowserResponse(redirect, bare);
    const { headers } = toBrowserResponse({ answer: 'page', page }, bare);
    expect(response).toEqual({
      statusCode: 303,
      headers: { ...headers, location: 'https://app.example.com/' },
      cookies: [],
      body: '',
    });
  });
});

describe('the colours', () => {
  const style = renderPage({ name: 'connected', connectionId: 'acme' }, bare);
  const [light = '', dark = ''] = [...style.matchAll(/:root \{([^}]*)\}/g)].map(([, rules]) => rules);
  const colorOf = (rules: string, name: string) => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(rules)?.[1] ?? '';

  it.each([
    ['light', light],
    ['dark', dark],
  ])('of the %s look have the contrast that WCAG AA asks for', (_, rules) => {
    for (const [text, ground] of [
      ['ink', 'sheet'],
      ['quiet', 'sheet'],
      ['mark', 'sheet'],
      ['ink', 'ground'],
      ['success', 'soft-success'],
      ['notice', 'soft-notice'],
      ['fault', 'soft-fault'],
    ] as const) {
      const ratio = contrast(colorOf(rules, text), colorOf(rules, ground));
      expect(ratio, `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });
});
