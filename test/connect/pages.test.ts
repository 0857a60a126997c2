import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toBrowserResponse } from '../../functions/connect/browser-answer.ts';
import { type FailureName, failureTexts } from '../../functions/connect/page-texts.ts';
import { type Page, pageStatus, renderPage, type WayOn } from '../../functions/connect/pages.ts';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';

const failureNames = Object.keys(failureTexts) as FailureName[];
const nasty = `"><script>alert('x')</script>&{{7*7}}\u2028`;

const pages: readonly Page[] = [
  { name: 'start', connectionId: 'acme', link: 'a'.repeat(48) },
  { name: 'connected', connectionId: 'acme' },
  { name: 'connected', connectionId: 'acme', companyName: 'Acme' },
  {
    name: 'company',
    connectionId: 'acme',
    sessionId: 'b'.repeat(64),
    companies: [
      { companyId: '1', name: 'One' },
      { companyId: '2', name: 'Two' },
    ],
    nothingChosen: true,
  },
  ...failureNames.map((name): Page => ({ name, referenceId: 'REF123', connectionId: 'acme' })),
];

describe('every page', () => {
  it.each(pages.map((page) => [page.name, page] as const))('%s is a whole document without a script', (_, page) => {
    const document = renderPage(page, 'sandbox');
    expect(document).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(document).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(document.match(/<h1>/g)).toHaveLength(1);
    expect(document.match(/<main>/g)).toHaveLength(1);
    expect(document).toContain('Procore Developer Sandbox');
    expect(document).not.toMatch(/<script|<img|<link|\son\w+=|style="|javascript:|https?:/i);
    expect(document).not.toMatch(/undefined|\[object|\$\{/);
  });

  it('is sent with the strict policy, no referrer, no sniffing and no storing', () => {
    const page: Page = { name: 'connected', connectionId: 'acme' };
    const { headers, body } = toBrowserResponse({ answer: 'page', page }, 'sandbox');
    const style = /<style>([\s\S]*)<\/style>/.exec(body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers).toEqual({
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; frame-ancestors 'none'`,
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });

  it('escapes everything that it shows', () => {
    const shown: readonly Page[] = [
      { name: 'start', connectionId: nasty, link: nasty },
      { name: 'connected', connectionId: nasty, companyName: nasty },
      {
        name: 'company',
        connectionId: nasty,
        sessionId: nasty,
        companies: [{ companyId: nasty, name: nasty }],
        nothingChosen: false,
      },
      { name: 'failed', connectionId: nasty, referenceId: nasty, wayOn: { way: 'start_again', sessionId: nasty } },
      { name: 'failed', referenceId: nasty, wayOn: { way: 'open_link', link: nasty } },
    ];
    for (const page of shown) {
      const document = renderPage(page, 'sandbox');
      expect(document).not.toContain('<script');
      expect(document).not.toContain(`">&`);
      expect(document).toContain('&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;{{7*7}}');
    }
  });
});

describe('every failure page', () => {
  it.each(failureNames)('%s says what happened, why, what to do, who can do it, and its reference', (name) => {
    const document = renderPage({ name, referenceId: 'REF123' }, 'production');
    const { title, why, whatToDo, whoCanDoIt } = failureTexts[name];
    for (const text of [title, why, whatToDo, whoCanDoIt]) expect(document).toContain(text);
    expect(document).toContain('Reference <strong>REF123</strong>');
  });

  it('has the status of the design', () => {
    const statuses = Object.fromEntries(
      failureNames.map((name) => [name, pageStatus({ name, referenceId: 'REF123' })] as const),
    );
    expect(statuses).toEqual({
      link_unknown: 400,
      link_expired: 400,
      link_spent: 400,
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
  /** What stands in a page's `main`, without its markup's line breaks. */
  const mainOf = (page: Page, environment: ProcoreEnvironmentName = 'sandbox') =>
    (/<main>([\s\S]*)<\/main>/.exec(renderPage(page, environment))?.[1] ?? '').replaceAll('\n', '');
  const head = (title: string, where = 'Procore Developer Sandbox') => `<p class="where">${where}</p><h1>${title}</h1>`;
  const company: Page = {
    name: 'company',
    connectionId: 'acme',
    sessionId: 'b'.repeat(64),
    companies: [
      { companyId: '1', name: 'One' },
      { companyId: '2', name: 'Two' },
    ],
    nothingChosen: false,
  };
  const choices =
    `<form method="post" action="/oauth/company"><input type="hidden" name="session" value="${'b'.repeat(64)}">` +
    '<fieldset><legend>Which one is this connection for?</legend>' +
    '<label><input type="radio" name="companyId" value="1" required><span>One<small>Company 1</small></span></label>' +
    '<label><input type="radio" name="companyId" value="2" required><span>Two<small>Company 2</small></span></label>' +
    '</fieldset><button>Use this company</button></form>';
  const several =
    '<p>Your Procore account is connected to <strong>acme</strong>. Your account sees several companies.</p>';

  it.each<[string, Page, string]>([
    [
      'before it goes to Procore',
      { name: 'start', connectionId: 'acme', link: 'a'.repeat(48) },
      `${head('Connect to Procore')}<p>You are about to connect a Procore account to <strong>acme</strong>.</p>` +
        '<p>Procore will ask you to sign in and to allow access. Then you come back here.</p>' +
        `<form method="post" action="/oauth/start"><input type="hidden" name="link" value="${'a'.repeat(48)}">` +
        '<button>Connect to Procore</button></form>',
    ],
    [
      'after success',
      { name: 'connected', connectionId: 'acme' },
      `${head('Connected')}<p>Your Procore account is connected to <strong>acme</strong>.</p><p>You can close this page.</p>`,
    ],
    [
      'after the choice of a company',
      { name: 'connected', connectionId: 'acme', companyName: 'One' },
      `${head('Connected')}<p>Your Procore account is connected to <strong>acme</strong> for the company ` +
        '<strong>One</strong>.</p><p>You can close this page.</p>',
    ],
    ['where a company is to be chosen', company, `${head('Choose the company')}${several}${choices}`],
    [
      'where none was chosen',
      { ...company, nothingChosen: true },
      `${head('Choose the company')}${several}<p role="alert"><strong>Choose one company from the list.</strong></p>${choices}`,
    ],
  ])('%s', (_, page, main) => {
    expect(mainOf(page)).toBe(main);
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
    ['a way to look again', { way: 'look_again' }, '<p><a href="">Look again</a></p>'],
  ])('after a failure, with %s, with and without a connection', (_, wayOn, form) => {
    const { title, why, whatToDo, whoCanDoIt } = failureTexts.failed;
    const main =
      `${head(title)}<h2>Why</h2><p>${why}</p><h2>What to do</h2><p>${whatToDo}</p>` +
      `<h2>Who can do it</h2><p>${whoCanDoIt}</p>${form}<p class="reference">`;
    const reference = 'Reference <strong>REF123</strong></p>';
    expect(mainOf({ name: 'failed', referenceId: 'REF123', wayOn })).toBe(`${main}${reference}`);
    expect(mainOf({ name: 'failed', referenceId: 'REF123', connectionId: 'acme', wayOn })).toBe(
      `${main}Connection <strong>acme</strong><br>${reference}`,
    );
  });

  it.each<[ProcoreEnvironmentName, string]>([
    ['production', 'Procore'],
    ['sandbox', 'Procore Developer Sandbox'],
    ['monthly-sandbox', 'Procore Monthly Sandbox'],
    ['federal', 'Procore Federal'],
  ])('of the environment %s', (environment, where) => {
    expect(mainOf({ name: 'connected', connectionId: 'acme' }, environment)).toContain(head('Connected', where));
  });

  it('in its status: choosing is fine, choosing nothing is not', () => {
    expect(pageStatus({ name: 'start', connectionId: 'acme', link: 'a' })).toBe(200);
    expect(pageStatus({ name: 'connected', connectionId: 'acme' })).toBe(200);
    expect(pageStatus(company)).toBe(200);
    expect(pageStatus({ ...company, nothingChosen: true })).toBe(400);
  });
});

describe('an answer', () => {
  const page: Page = { name: 'connected', connectionId: 'acme' };

  it('sets a cookie where it has one, and none otherwise', () => {
    expect(toBrowserResponse({ answer: 'page', page }, 'sandbox').cookies).toEqual([]);
    expect(toBrowserResponse({ answer: 'page', page, setCookie: 'a=b' }, 'sandbox').cookies).toEqual(['a=b']);
    const redirect = { answer: 'redirect', location: 'https://app.example.com/' } as const;
    expect(toBrowserResponse({ ...redirect, setCookie: 'a=b' }, 'sandbox').cookies).toEqual(['a=b']);
  });

  it('asks to wait in whole seconds, rounded up, and is silent when Procore was', () => {
    const headers = (retryAfterSeconds?: number) =>
      toBrowserResponse({ answer: 'page', page, retryAfterSeconds }, 'sandbox').headers;
    expect(headers(17)['retry-after']).toBe('17');
    expect(headers(17.1)['retry-after']).toBe('18');
    expect(headers()).not.toHaveProperty('retry-after');
  });

  it('that leads elsewhere has the headers of every answer, and no body', () => {
    const redirect = { answer: 'redirect', location: 'https://app.example.com/' } as const;
    const response = toBrowserResponse(redirect, 'sandbox');
    const { headers } = toBrowserResponse({ answer: 'page', page }, 'sandbox');
    expect(response).toEqual({
      statusCode: 303,
      headers: { ...headers, location: 'https://app.example.com/' },
      cookies: [],
      body: '',
    });
  });
});

describe('the colours', () => {
  const style = renderPage({ name: 'connected', connectionId: 'acme' }, 'sandbox');
  const [light = '', dark = ''] = [...style.matchAll(/:root \{([^}]*)\}/g)].map(([, rules]) => rules);

  /** @see https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
  function contrast(rules: string, one: string, other: string): number {
    const [darker = 0, lighter = 0] = [one, other]
      .map((name) => {
        const hex = new RegExp(`--${name}: #([0-9a-f]{6})`).exec(rules)?.[1] ?? '';
        const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
          const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
          return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      })
      .sort((a, b) => a - b);
    return (lighter + 0.05) / (darker + 0.05);
  }

  it.each([
    ['light', light],
    ['dark', dark],
  ])('of the %s look have the contrast that WCAG AA asks for', (_, rules) => {
    for (const [text, ground] of [
      ['ink', 'sheet'],
      ['quiet', 'sheet'],
      ['mark', 'sheet'],
      ['on-mark', 'mark'],
      ['ink', 'ground'],
    ] as const) {
      expect(contrast(rules, text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });
});
