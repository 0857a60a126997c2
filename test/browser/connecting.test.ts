import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toBrowserResponse } from '../../functions/connect/browser-answer.ts';
import { readBrowserRequest } from '../../functions/connect/browser-request.ts';
import { answerCallback } from '../../functions/connect/callback.ts';
import { showCompanies, submitCompany } from '../../functions/connect/company.ts';
import { begin, showStart } from '../../functions/connect/start.ts';
import { systemSleep } from '../../functions/system.ts';
import { connectFlow, exchanges } from '../connect/connect-flow.ts';
import { launchBrowser } from './browser.ts';

type Flow = ReturnType<typeof connectFlow>;

const pages = {
  'GET /oauth/start': showStart,
  'POST /oauth/start': begin,
  'GET /oauth/callback': answerCallback,
  'GET /oauth/company': showCompanies,
  'POST /oauth/company': submitCompany,
};

let browser: Browser;
let flow: Flow;
let connector: Server;
let procore: Server;
let context: BrowserContext;
let page: Page;
let codes = 0;

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function answerConnector(request: IncomingMessage) {
  const { pathname, search } = new URL(request.url ?? '', 'http://localhost');
  const use = pages[`${request.method} ${pathname}` as keyof typeof pages];
  if (!use) return undefined;
  const read = readBrowserRequest({
    rawQueryString: search.slice(1),
    headers: request.headers as Record<string, string>,
    cookies: request.headers.cookie?.split('; '),
    body: await text(request),
    isBase64Encoded: false,
  });
  return toBrowserResponse(await use(flow.makeDependencies(), read), { environment: 'sandbox', language: 'en' });
}

/** Procore's consent page, reduced to its two links; on another site, so that SameSite means something. */
function consentPage(url: string): string {
  const { searchParams } = new URL(url, 'http://127.0.0.1');
  const back = (answer: Record<string, string>) => {
    const query = new URLSearchParams({ ...answer, state: searchParams.get('state') ?? '' });
    return `${searchParams.get('redirect_uri')}?${query}`.replaceAll('&', '&amp;');
  };
  return `<a id="allow" href="${back({ code: `code-${++codes}` })}">Allow</a> <a id="deny" href="${back({ error: 'access_denied' })}">Deny</a>`;
}

beforeAll(async () => {
  browser = await launchBrowser();
  connector = createServer(async (request, response) => {
    const answer = await answerConnector(request);
    if (!answer) return response.writeHead(404).end();
    return response
      .writeHead(answer.statusCode, { ...answer.headers, 'set-cookie': [...answer.cookies] })
      .end(answer.body);
  });
  procore = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(consentPage(request.url ?? ''));
  });
});

afterAll(async () => {
  await browser.close();
  for (const server of [connector, procore]) await new Promise((resolve) => server.close(resolve));
});

beforeEach(async () => {
  const [connectorPort, procorePort] = [
    connector.listening ? portOf(connector) : await listen(connector),
    procore.listening ? portOf(procore) : await listen(procore),
  ];
  flow = connectFlow({
    publicOrigin: `http://localhost:${connectorPort}`,
    loginOrigin: `http://127.0.0.1:${procorePort}`,
  });
  flow.onSleep = () => systemSleep(10);
  context = await browser.newContext();
  page = await context.newPage();
});

afterEach(() => context.close());

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const heading = (of: Page = page) => of.textContent('h1');

describe('the connect flow in a real browser', () => {
  it('connects: button, Procore on another site, back with the cookie', async () => {
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(await flow.newLink());
    await page.click('button');
    await page.click('#allow');
    expect(await heading()).toBe('Connected');
    expect(complaints.filter((text) => !text.includes('favicon') && !text.includes('404'))).toEqual([]);
    expect(await page.evaluate('getComputedStyle(document.querySelector("main")).borderTopWidth')).toBe('4px');
  });

  it('keeps the cookie from scripts and from other sites’ posts', async () => {
    await page.goto(await flow.newLink());
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await context.cookies()).toMatchObject([{ name: 'connect', httpOnly: true, sameSite: 'Lax' }]);
  });

  it('survives a double click on the button', async () => {
    await page.goto(await flow.newLink());
    await page.dblclick('button').catch(() => {});
    await page.click('#allow');
    expect(await heading()).toBe('Connected');
    expect(exchanges(flow)).toHaveLength(1);
  });

  it('shows the same after reload and after going back and forth', async () => {
    await page.goto(await flow.newLink());
    await page.click('button');
    await page.click('#allow');
    await page.reload();
    expect(await heading()).toBe('Connected');
    await page.goBack();
    await page.goForward();
    expect(await heading()).toBe('Connected');
    expect(exchanges(flow)).toHaveLength(1);
  });

  it('connects two connections in two tabs, each begun before the other ends', async () => {
    const other = await context.newPage();
    await page.goto(await flow.newLink('one'));
    await other.goto(await flow.newLink('two'));
    await page.click('button');
    await other.click('button');
    await page.click('#allow');
    await other.click('#allow');
    expect(await page.textContent('main')).toMatch(/Connection\s*one/);
    expect(await other.textContent('main')).toMatch(/Connection\s*two/);
  });

  it('gives two simultaneous calls of one callback the same page', async () => {
    await page.goto(await flow.newLink());
    await page.click('button');
    const callback = (await page.getAttribute('#allow', 'href')) ?? '';
    const slow = Promise.withResolvers<void>();
    flow.tokenEndpoint.next.push(async () => {
      await slow.promise;
      return { outcome: 'tokens', tokens: flow.tokenEndpoint.tokenSet(1) };
    });
    const other = await context.newPage();
    const waiting = Promise.withResolvers<void>();
    flow.onSleep = async () => {
      waiting.resolve();
      await systemSleep(10);
    };
    // Chromium itself makes a second tab wait for the same address; another parameter makes it another one.
    const both = Promise.all([page.goto(callback), other.goto(`${callback}&second`)]);
    await waiting.promise;
    slow.resolve();
    await both;
    expect([await heading(), await heading(other)]).toEqual(['Connected', 'Connected']);
    expect(exchanges(flow)).toHaveLength(1);
  });

  it('takes a denial, and starts again from its page', async () => {
    await page.goto(await flow.newLink());
    await page.click('button');
    await page.click('#deny');
    expect(await heading()).toBe('You did not allow access');
    await page.click('button');
    await page.click('#allow');
    expect(await heading()).toBe('Connected');
  });

  it('refuses another browser, and one that lost its cookies', async () => {
    await page.goto(await flow.newLink());
    await page.click('button');
    const callback = (await page.getAttribute('#allow', 'href')) ?? '';
    const stranger = await browser.newContext();
    const theirs = await stranger.newPage();
    await theirs.goto(callback);
    expect(await heading(theirs)).toBe('This sign-in was started in another browser');
    await stranger.close();
    await context.clearCookies();
    await page.goto(callback);
    expect(await heading()).toBe('This sign-in was started in another browser');
    expect(exchanges(flow)).toHaveLength(0);
  });

  it('does not let another site press the button', async () => {
    const link = new URL(await flow.newLink());
    await page.goto(link.href);
    await page.goto(`${flow.dependencies.loginOrigin}/oauth/authorize`);
    await page.evaluate(`
      document.body.innerHTML = '<form method="post" action="${link.origin}/oauth/start"><input name="link" value="${link.searchParams.get('link')}"></form>';
      document.forms[0].submit();
    `);
    await page.waitForURL('**/oauth/start');
    expect(await heading()).toBe('This was not started from our page');
    expect(flow.authorizations.sessions.size).toBe(0);
  });

  it('lets the person choose a company by keyboard alone', async () => {
    flow.companies = {
      outcome: 'companies',
      companies: [
        { id: '1', name: 'Alpha' },
        { id: '2', name: 'Beta' },
      ],
    };
    await page.goto(await flow.newLink());
    await page.click('button');
    await page.click('#allow');
    expect(await heading()).toBe('Choose the company');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:text-is("Connected")');
    expect(await page.textContent('main')).toContain('Beta');
    expect(await flow.store.read('acme')).toMatchObject({ companyId: '2' });
  });

  it('fits a phone without scrolling sideways', async () => {
    await page.setViewportSize({ width: 320, height: 600 });
    await page.goto(await flow.newLink('x'.repeat(128)));
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });
});
