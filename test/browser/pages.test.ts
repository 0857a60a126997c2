import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, firefox, type Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toBrowserResponse } from '../../functions/connect/browser-answer.ts';
import { contentSecurityPolicy, pageStyle } from '../../functions/connect/page-style.ts';
import { pageStatus } from '../../functions/connect/pages.ts';
import { launchBrowser } from './browser.ts';
import { gallery } from './gallery.ts';
import { inspect } from './inspection.ts';

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
    const exhibit = gallery.find(({ name }) => request.url === `/${name}`);
    if (!exhibit) return response.writeHead(204).end();
    const { statusCode, headers, body } = toBrowserResponse({ answer: 'page', page: exhibit.page }, exhibit.look);
    return response.writeHead(statusCode, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

it.each(gallery)('$name is accessible, in light and dark, on a desk and on a phone', async ({ name, page, look }) => {
  const answer = await tab.goto(`${origin}/${name}`);
  expect(answer?.status()).toBe(pageStatus(page));
  expect(answer?.headers()['content-security-policy']).toBe(contentSecurityPolicy(look, pageStyle(look)));
  expect(await tab.evaluate('document.documentElement.lang')).toBe(look.language);
  await inspect(tab, `gallery-${name}`);
  // A server's own 4xx and 5xx are told on the console as well; only what the CSP refused is a fault.
  expect(complaints.filter((text) => text.includes('Content Security Policy'))).toEqual([]);
});

it('the closed part of every page is accessible when it is opened, too', async () => {
  await tab.goto(`${origin}/branded-client_refused`);
  await tab.locator('summary').click();
  await inspect(tab, 'gallery-branded-client_refused-opened');
});

it('a logo is shown, and stands in the page itself', async () => {
  await tab.goto(`${origin}/branded-start`);
  expect(await tab.evaluate('document.querySelector("img").naturalWidth')).toBeGreaterThan(0);
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
  for (const { name } of gallery) {
    await tab.goto(`${origin}/${name}`);
    await tab.evaluate('document.documentElement.style.fontSize = "200%"');
    expect(await tab.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(320);
  }
});

// Playwright's own Firefox comes from no package registry: `npx playwright-core install firefox` brings it.
it.skipIf(!existsSync(firefox.executablePath()))(
  'every page is accessible in Firefox, too, where it is installed',
  async () => {
    const other = await firefox.launch();
    try {
      const page = await other.newPage();
      for (const { name } of gallery) {
        await page.goto(`${origin}/${name}`);
        await inspect(page, `firefox-${name}`);
      }
    } finally {
      await other.close();
    }
  },
  600_000,
);
