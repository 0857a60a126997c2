import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toBrowserResponse } from '../../functions/connect/browser-answer.ts';
import { type FailureName, failureTexts } from '../../functions/connect/page-texts.ts';
import { type Page, renderPage } from '../../functions/connect/pages.ts';

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
    const statuses = Object.fromEntries(failureNames.map((name) => [name, failureTexts[name].status]));
    expect(statuses).toMatchObject({
      link_unknown: 400,
      link_expired: 400,
      state_unknown: 400,
      state_expired: 400,
      stranger: 400,
      code_refused: 400,
      denied: 200,
      client_refused: 502,
      wrong_environment: 502,
      procore_unavailable: 503,
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
