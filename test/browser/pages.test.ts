import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toBrowserResponse } from '../../functions/connect/browser-answer.ts';
import { contentSecurityPolicy } from '../../functions/connect/page-style.ts';
import { type FailureName, failureTexts } from '../../functions/connect/page-texts.ts';
import { type Page, pageStatus, type WayOn } from '../../functions/connect/pages.ts';
import { launchBrowser } from './browser.ts';
import { inspect } from './inspection.ts';

const connectionId = 'a-connection-whose-name-is-as-long-as-a-name-may-be-'.padEnd(128, 'x');
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

/** Every page that people can meet, with the longest contents. */
const gallery: readonly (readonly [string, Page])[] = [
  ['start', { name: 'start', connectionId, link: secret }],
  ['connected', { name: 'connected', connectionId }],
  ['connected-company', { name: 'connected', connectionId, companyName: longCompany.name }],
  ['company', { name: 'company', connectionId, sessionId, companies, nothingChosen: false }],
  ['company-nothing-chosen', { name: 'company', connectionId, sessionId, companies, nothingChosen: true }],
  ...(Object.keys(failureTexts) as FailureName[]).map(
    (name) => [name, { name, referenceId: 'y4REVp8F6lF1', connectionId, wayOn: waysOn[name] }] as const,
  ),
];

let browser: Browser;
let server: Server;
let tab: Tab;
let origin: string;
const complaints: string[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  tab = await browser.newPage();
  tab.on('console', (message) => complaints.push(message.text()));
  server = createServer((request, response) => {
    const page = gallery.find(([name]) => request.url === `/${name}`)?.[1];
    if (!page) return response.writeHead(204).end();
    const { statusCode, headers, body } = toBrowserResponse({ answer: 'page', page }, 'sandbox');
    return response.writeHead(statusCode, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

it.each(gallery)('%s is accessible, in light and dark, on a desk and on a phone', async (name, page) => {
  const answer = await tab.goto(`${origin}/${name}`);
  expect(answer?.status()).toBe(pageStatus(page));
  expect(answer?.headers()['content-security-policy']).toBe(contentSecurityPolicy);
  await inspect(tab, `gallery-${name}`);
  // A server's own 4xx and 5xx are told on the console as well; only what the CSP refused is a fault.
  expect(complaints.filter((text) => text.includes('Content Security Policy'))).toEqual([]);
});

it('a page can be used by keyboard alone, with a focus that is seen', async () => {
  await tab.goto(`${origin}/start`);
  await tab.keyboard.press('Tab');
  const focused = await tab.evaluate('document.activeElement.textContent');
  expect(focused).toBe('Connect to Procore');
  expect(await tab.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
});

it('a page stays readable when a person has doubled the size of text', async () => {
  await tab.setViewportSize({ width: 320, height: 640 });
  for (const [name] of gallery) {
    await tab.goto(`${origin}/${name}`);
    await tab.evaluate('document.documentElement.style.fontSize = "200%"');
    expect(await tab.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(320);
  }
});
