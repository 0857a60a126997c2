import type { Page, Response } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hashOf } from '../../functions/connect/authorization-store.ts';
import { startLoopbackServer } from '../faults/loopback-server.ts';
import { type ConnectRun, headingOf, startConnectRun } from './connect-run.ts';

let run: ConnectRun;
/** A callback that Procore lets wait longer than we do: it waits while the other tests run. */
let tooSlow: { readonly page: Page; readonly answer: Promise<Response | null> };

beforeAll(async () => {
  run = await startConnectRun();
  const page = await newPage();
  const callback = await run.callbackFor(page, await run.newLink('too-slow'));
  procore().failNext('token', { kind: 'slow', milliseconds: 11_000 });
  tooSlow = { page, answer: page.goto(callback).catch(() => null) };
  await vi.waitFor(() => expect(exchanges()).toBe(1), 10_000);
});
afterAll(() => run?.stop());
beforeEach(() => run.setCompanies(1));

const procore = () => run.sandbox.standIn.control;
const exchanges = () => procore().counts.tokenExchanges;
const newPage = async () => (await run.newPerson()).newPage();

describe('an impatient person', () => {
  it('clicks twice on our button, and twice on Allow, and is connected once', async () => {
    const page = await newPage();
    const before = exchanges();
    await page.goto(await run.newLink('double-click'));
    await page.getByRole('button', { name: 'Connect to Procore' }).dblclick();
    await page.getByRole('button', { name: 'Allow' }).dblclick();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
    expect(exchanges()).toBe(before + 1);
    expect(await run.vend('double-click')).toMatchObject({ generation: 1 });
  });

  it('opens the link in two tabs and allows in both: the first is kept, the second says so', async () => {
    const person = await run.newPerson();
    const [one, other] = [await person.newPage(), await person.newPage()];
    const link = await run.newLink('two-tabs');
    await run.goToProcore(one, link);
    await run.goToProcore(other, link);
    await one.getByRole('button', { name: 'Allow' }).click();
    await one.getByRole('heading', { name: 'Connected' }).waitFor();
    await other.getByRole('button', { name: 'Allow' }).click();
    await other.getByRole('heading', { name: 'This account was already connected' }).waitFor();
    expect(await run.vend('two-tabs')).toMatchObject({ generation: 1 });
  });

  it('presses Allow again while Procore is slow, and gets the one answer', async () => {
    const page = await newPage();
    await run.goToProcore(page, await run.newLink('slow'));
    const before = exchanges();
    const { decisions } = procore().counts;
    procore().failNext('token', { kind: 'slow', milliseconds: 1500 });
    const { x = 0, y = 0 } = (await page.getByRole('button', { name: 'Allow' }).boundingBox()) ?? {};
    // By the mouse itself: a click of Playwright's on an element waits for the page that it leads to.
    await page.mouse.click(x + 5, y + 5);
    await expect.poll(exchanges).toBe(before + 1);
    // The browser still shows Procore's page: this sends a second code with the same state, while the first is at work.
    await page.mouse.click(x + 5, y + 5);
    await expect.poll(() => procore().counts.decisions).toBe(decisions + 2);
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
    expect(exchanges()).toBe(before + 1);
    expect(await run.vend('slow')).toMatchObject({ generation: 1 });
  });
});

describe('back, forward and reload after success', () => {
  it('show the pages that were there, and change nothing', async () => {
    const page = await newPage();
    const before = exchanges();
    await run.goToProcore(page, await run.newLink('back'));
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
    expect((await page.reload())?.status()).toBe(200);
    expect(await headingOf(page)).toBe('Connected');
    await page.goBack();
    // Back at Procore's page, pressing Allow once more sends a new code with the state that was used.
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
    await page.goBack();
    await page.goBack();
    expect(await headingOf(page)).toBe('This link has been used');
    await page.goForward();
    await page.goForward();
    expect(await headingOf(page)).toBe('Connected');
    expect(exchanges()).toBe(before + 1);
    expect(await run.vend('back')).toMatchObject({ generation: 1 });
  });

  it('work after the choice of a company, too, which can be made anew', async () => {
    run.setCompanies(2);
    const page = await newPage();
    await run.goToProcore(page, await run.newLink('chosen'));
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('radio', { name: 'Example Concrete' }).check();
    await page.getByRole('button', { name: 'Use this company' }).dblclick();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
    expect((await page.reload())?.status()).toBe(200);
    await page.goBack();
    expect(await headingOf(page)).toBe('Choose the company');
    await page.goForward();
    expect(await page.getByRole('main').textContent()).toContain('Example Concrete');
    expect(await run.companyOf('chosen')).toBe('562949953421312345');

    await page.goBack();
    await page.getByRole('radio', { name: 'Example Builders' }).check();
    await page.getByRole('button', { name: 'Use this company' }).click();
    await page.getByText('The company is Example Builders').waitFor();
    expect(await run.companyOf('chosen')).toBe('5358233');
  });
});

describe('a prefetch', () => {
  it('of the link changes nothing: no session, no call to Procore, and the link still works', async () => {
    const page = await newPage();
    const link = await run.newLink('prefetched-link');
    const before = { items: await run.countAuthorizations(), pages: procore().counts.authorizePages };
    const mail = await prefetchingPage(link);
    const prefetched = page.waitForResponse(link);
    await page.goto(mail.url);
    expect((await prefetched).status()).toBe(200);
    await mail.close();
    expect({ items: await run.countAuthorizations(), pages: procore().counts.authorizePages }).toEqual(before);
    await run.goToProcore(page, link);
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
  });

  it('of the callback connects once, and the visit that follows shows it', async () => {
    const page = await newPage();
    const callback = await run.callbackFor(page, await run.newLink('prefetched-callback'));
    const before = exchanges();
    const procoresPage = await prefetchingPage(callback);
    const prefetched = page.waitForResponse(callback);
    await page.goto(procoresPage.url);
    expect((await prefetched).status()).toBe(303);
    await procoresPage.close();
    expect(exchanges()).toBe(before + 1);
    await page.goto(callback);
    expect(await headingOf(page)).toBe('Connected');
    // Neither the code nor the state stays where the history and whoever looks on would find them.
    expect(new URL(page.url()).search).toMatch(/^\?session=[0-9a-f]{64}$/);
    expect(exchanges()).toBe(before + 1);
    expect(await run.vend('prefetched-callback')).toMatchObject({ generation: 1 });
  });

  it('by a scanner without the cookie neither connects nor spoils the callback', async () => {
    const page = await newPage();
    const callback = await run.callbackFor(page, await run.newLink('scanned-callback'));
    expect((await fetch(callback, { redirect: 'manual' })).status).toBe(400);
    await page.goto(callback);
    expect(await headingOf(page)).toBe('Connected');
  });
});

describe('the cookie', () => {
  it('missing at the button: says so, and the link opens again', async () => {
    const person = await run.newPerson();
    const page = await person.newPage();
    await page.goto(await run.newLink('no-cookie'));
    await person.clearCookies();
    await page.getByRole('button', { name: 'Connect to Procore' }).click();
    await page.getByRole('heading', { name: 'Your browser sent no cookie' }).waitFor();
    await page.getByRole('button', { name: 'Open the link again' }).click();
    await page.getByRole('button', { name: 'Connect to Procore' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
  });

  it('missing at the callback: refused', async () => {
    const person = await run.newPerson();
    const page = await person.newPage();
    const callback = await run.callbackFor(page, await run.newLink('lost-cookie'));
    await person.clearCookies();
    expect((await page.goto(callback))?.status()).toBe(400);
    expect(await headingOf(page)).toBe('This sign-in was started in another browser');
  });

  it('of another session: refused, and nothing is connected', async () => {
    const [person, other] = [await run.newPerson(), await run.newPerson()];
    const page = await person.newPage();
    const callback = await run.callbackFor(page, await run.newLink('wrong-cookie'));
    await run.callbackFor(await other.newPage(), await run.newLink('their-own'));
    await person.clearCookies();
    await person.addCookies(await other.cookies());
    const before = exchanges();
    expect((await page.goto(callback))?.status()).toBe(400);
    expect(await headingOf(page)).toBe('This sign-in was started in another browser');
    expect(exchanges()).toBe(before);
  });
});

describe('Procore’s side', () => {
  it('a replayed code is refused, and the page starts again', async () => {
    const page = await newPage();
    const used = await run.callbackFor(page, await run.newLink('first-use'));
    await page.goto(used);
    const replayed = new URL(await run.callbackFor(page, await run.newLink('replayed')));
    replayed.searchParams.set('code', new URL(used).searchParams.get('code') ?? '');
    expect((await page.goto(replayed.href))?.status()).toBe(400);
    expect(await headingOf(page)).toBe('Procore did not accept the sign-in');
    await page.getByRole('button', { name: 'Start again' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
  });

  it('down with 503: says so with a reference that finds the log line, and the same link works when it is up', async () => {
    const page = await newPage();
    const callback = await run.callbackFor(page, await run.newLink('down'));
    procore().setDown(true);
    expect((await page.goto(callback))?.status()).toBe(503);
    expect(await headingOf(page)).toBe('Procore cannot be reached');
    const referenceId = (await page.locator('dd').first().textContent()) ?? '';
    expect(referenceId).toMatch(/^[A-Za-z0-9]{12}$/);
    expect(run.watch.count('oauth.not_connected', { outcome: 'procore_unavailable', referenceId })).toBe(1);
    procore().setDown(false);
    await page.getByRole('button', { name: 'Start again' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
  });

  it('slower than we wait: says that Procore cannot be reached, and starting again works', async () => {
    const { page, answer } = tooSlow;
    expect((await answer)?.status()).toBe(503);
    expect(await headingOf(page)).toBe('Procore cannot be reached');
    await page.getByRole('button', { name: 'Start again' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
  });

  it('a token of another app is given back, and the page says whose fault it is', async () => {
    const page = await newPage();
    const callback = await run.callbackFor(page, await run.newLink('other-app'));
    procore().setTokenInfoClientId('local-production');
    expect((await page.goto(callback))?.status()).toBe(502);
    procore().setTokenInfoClientId(undefined);
    expect(await headingOf(page)).toBe('The sign-in belongs to another Procore');
    expect(await run.vend('other-app')).not.toHaveProperty('accessToken');
    expect(procore().counts.revokes).toBeGreaterThan(0);
  });

  it('a wrong client secret is not the person’s fault, and the page says so', async () => {
    const page = await newPage();
    const link = await run.newLink('wrong-secret');
    const callback = await run.callbackFor(page, link);
    procore().setClientSecret('reset-by-an-administrator');
    expect((await page.goto(callback))?.status()).toBe(502);
    procore().setClientSecret('local-sandbox-client-secret');
    expect(await headingOf(page)).toBe('Procore does not accept this integration');
    // Starting again is no help before somebody has stored the right secret.
    expect(await page.getByRole('button').count()).toBe(0);
    await run.goToProcore(page, link);
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
  });
});

describe('credentials of the wrong environment', () => {
  const ofSandbox = { clientId: 'local-sandbox', clientSecret: 'local-sandbox-client-secret' };
  const ofProduction = { clientId: 'local-production', clientSecret: 'local-production-client-secret' };

  it('marked as such are never used: the button says that the integration is not set up', async () => {
    const page = await newPage();
    await run.storeClient(run.production, { environment: 'sandbox', ...ofSandbox });
    await page.goto(await run.newLink('mixed-up', run.production));
    await page.getByRole('button', { name: 'Connect to Procore' }).click();
    await page.getByRole('heading', { name: 'This integration is not set up yet' }).waitFor();
  });

  it('marked wrongly are refused by Procore, and stored rightly they work at the next try', async () => {
    await run.storeClient(run.production, { environment: 'production', ...ofProduction });
    const page = await newPage();
    const link = await run.newLink('mixed-up', run.production);
    const callback = await run.callbackFor(page, link, run.production);
    await run.storeClient(run.production, { environment: 'production', ...ofSandbox });
    expect((await page.goto(callback))?.status()).toBe(502);
    expect(await headingOf(page)).toBe('Procore does not accept this integration');
    await run.storeClient(run.production, { environment: 'production', ...ofProduction });
    await run.goToProcore(page, link);
    run.setCompanies(1, run.production);
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
  });
});

it('an address that has no page has one all the same, and `/` says what this host is for', async () => {
  const page = await newPage();
  expect((await page.goto(`${run.sandbox.api}/`))?.status()).toBe(200);
  expect(await headingOf(page)).toBe('Nothing to do here');
  expect((await page.goto(`${run.sandbox.api}/oauth/callbak?code=x`))?.status()).toBe(404);
  expect(await headingOf(page)).toBe('This page does not exist');
});

it('an app that is installed nowhere: the page says who installs it, and where (hard case 44)', async () => {
  const page = await newPage();
  run.setCompanies(0);
  const callback = await run.callbackFor(page, await run.newLink('nowhere'));
  expect((await page.goto(callback))?.status()).toBe(200);
  run.setCompanies(1);
  expect(await headingOf(page)).toBe('Connected, but not installed yet');
  await page.getByText('Ask an administrator of your company in Procore').waitFor();
});

it('a choice of company that is over says so', async () => {
  const page = await newPage();
  expect((await page.goto(`${run.sandbox.api}/oauth/company?session=${hashOf('nobody')}`))?.status()).toBe(400);
  expect(await headingOf(page)).toBe('The company can no longer be chosen here');
});

it('left no token, code, state or secret in a log or a page', () => run.expectNothingLeaked());

/** A page of somebody else that asks the browser to fetch an address ahead, as mail readers and search pages do. */
async function prefetchingPage(address: string) {
  const server = await startLoopbackServer((_request, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<!doctype html><title>Elsewhere</title><link rel="prefetch" href="${address.replaceAll('&', '&amp;')}">`);
  });
  // By the name of our own host: cookies know no ports, so the browser prefetches with ours.
  return { url: server.origin.replace('127.0.0.1', 'localhost'), close: () => server.close() };
}
