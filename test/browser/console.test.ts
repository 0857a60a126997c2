import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamoDbLedger } from '../../functions/aws/dynamodb-ledger.ts';
import { tableOf } from '../../functions/place.ts';
import type { Ledger } from '../../functions/webhook/ledger.ts';
import type { Try } from '../../functions/webhook/try-record.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { openLocalConsole } from '../../lib/operator/command-line.ts';
import { findDeployment } from '../../lib/operator/deployment.ts';
import { placeOf } from '../../lib/operator/place.ts';
import type { OpenConsole } from '../../lib/operator/session.ts';
import { createTerminal } from '../../lib/operator/terminal.ts';
import { surroundingsOf, useOperator } from '../operator/operator.ts';
import { sampleEvent, sampleTries } from '../webhook/sample-events.ts';
import { launchBrowser } from './browser.ts';
import { inspect } from './inspection.ts';

const { system, alsoPrinted } = useOperator();
const nowhere = { write: () => {} };
const terminal = createTerminal({ stdout: nowhere, stderr: nowhere, interactive: false, variables: {} });
const company = '5358233';
const complaints: string[] = [];
let browser: Browser;
let person: BrowserContext;
let page: Page;
let opened: OpenConsole;
let store: Ledger;
let origin: string;

beforeAll(async () => {
  const { environments } = await findDeployment({ stackName: 'Local', localEndpoint: system().aws });
  const sandbox = environments.find(({ name }) => name === 'sandbox');
  if (sandbox === undefined) throw new Error('There is a sandbox.');
  const client = new DynamoDBClient(clientOptions(system().aws));
  // A loaded machine may take longer than a function would wait.
  store = dynamoDbLedger({ ...tableOf(placeOf(sandbox), client, 'deliveriesTable'), callMs: 60_000 });
  opened = await openLocalConsole(system().aws, terminal, surroundingsOf());
  origin = new URL(opened.address).origin;
  browser = await launchBrowser();
  person = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  page = await person.newPage();
  // A test lets live parts change when it wants.
  await page.addInitScript(`
    const [Real, sources] = [EventSource, []];
    globalThis.sources = sources;
    globalThis.EventSource = class extends Real { constructor(url) { super(url); sources.push(this); } };
  `);
  page.on('console', (message) => complaints.push(message.text()));
  page.on('response', async (response) => {
    // The stream of a live part ends with its page; what it holds is on the page.
    if (response.headers()['content-type']?.startsWith('text/html')) alsoPrinted(await response.text().catch(() => ''));
  });
  await plantEvents();
  await page.goto(opened.address);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await opened?.close();
});

const now = () => Math.floor(Date.now() / 1000);
const eventId = (index: number) => `01JMYXMZRBVKK0PC6XS8SA4Q${String(index).padStart(2, '0')}`;
const eventOf = (index: number, otherwise = {}) =>
  sampleEvent({ id: eventId(index), companyId: company, resourceId: String(1000 + index), ...otherwise });

/** Twelve events: handled ones, one that waits, one that is failing, and one that was given up. */
async function plantEvents(): Promise<void> {
  for (let index = 0; index < 12; index += 1) {
    const event = eventOf(index, index % 3 === 0 ? { resourceName: 'Submittals' } : {});
    await store.record(event, now());
    if (index >= 3) await store.markHandled({ kind: 'webhook_event', event }, now());
  }
  const tries: readonly Try[] = [
    {
      ...{ at: now(), durationMs: 31, outcome: 'failed' as const, errorName: 'TypeError' },
      ...{ text: 'the books <b>are</b> closed', frame: 'functions/on-event.ts:12:7', remedy: 'Open the books.' },
    },
  ];
  await store.recordFailure({ kind: 'webhook_event', event: eventOf(1) }, sampleTries({ tries, firstTriedAt: now() }));
  await store.recordFailure({ kind: 'webhook_event', event: eventOf(2) }, sampleTries({ tries }), {
    ...{ reason: 'permanent', detail: 'no hope' },
  });
}

it('lets a browser in by the printed address, which is clean afterwards and lets no other one in', async () => {
  expect(page.url()).toBe(`${origin}/`);
  expect(await page.evaluate('document.cookie')).toBe('');
  const stranger = await (await browser.newContext()).newPage();
  expect((await stranger.goto(opened.address))?.status()).toBe(403);
  expect((await stranger.goto(`${origin}/`))?.status()).toBe(403);
  await inspect(stranger, 'console-refused');
  await stranger.context().close();
});

const sandboxPart = () => page.getByRole('region', { name: /^sandbox/ });
const soon = { timeout: 20_000 };

it('shows on the overview what is wrong, the worst first, and the events over time', async () => {
  const sandbox = sandboxPart();
  await sandbox.getByRole('listitem').first().waitFor();
  // The page shows what was known when it was asked for; the live part brings the rest.
  const codes = () => sandbox.getByRole('listitem').evaluateAll((items) => items.map((item) => item.dataset.code));
  await expect.poll(codes, soon).toEqual(expect.arrayContaining(['dead_letters', 'failing']));
  expect(await sandbox.textContent()).toContain(`--local --endpoint ${system().aws}`);
  const label = () => sandbox.getByRole('img').getAttribute('aria-label');
  await expect.poll(label, soon).toContain('9 handled, 1 waiting, 2 failed');
  await inspect(page, 'console-overview');
  await page.setViewportSize({ width: 1024, height: 768 });
  await sandbox.getByText('The same as a table').click();
  await inspect(page, 'console-overview-table');
});

it('copies the command of a remedy', async () => {
  await page.setViewportSize({ width: 1024, height: 768 });
  const problem = sandboxPart().locator('[data-code="dead_letters"]');
  await problem.getByRole('button', { name: 'Copy' }).click();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
    `npm run procore -- events dead --environment sandbox --local --endpoint ${system().aws}`,
  );
});

it('changes the overview by itself, and leaves the reader what is opened, focused, selected and scrolled to', async () => {
  const sandbox = sandboxPart();
  const copy = sandbox.locator('[data-code="failing"]').getByRole('button');
  await copy.focus();
  await page.evaluate(`{
    const [title] = document.querySelectorAll('section h2');
    getSelection().selectAllChildren(title);
    title.dataset.seen = 'before';
    scrollTo(0, 150);
  }`);
  const selected = await page.evaluate('String(getSelection())');
  await store.record(eventOf(90), now());
  await expect.poll(() => sandbox.getByRole('img').getAttribute('aria-label'), soon).toContain('2 waiting');
  expect(await sandbox.locator('details').getAttribute('open')).toBe('');
  expect(await copy.evaluate((element) => element === document.activeElement)).toBe(true);
  expect(await page.evaluate('String(getSelection())')).toBe(selected);
  expect(selected).toContain('on this machine');
  expect(await page.evaluate('scrollY')).toBe(150);
});

it('is the same to a screen reader while it changes, so that axe decides on its headings', async () => {
  let isOver = false;
  // As fast as the page can take it: what replaces a heading while axe looks leaves axe undecided.
  const changing = (async () => {
    while (!isOver) {
      await page.evaluate(`{
        const place = document.querySelector('[data-live]');
        const source = sources.find(({ url }) => url.endsWith('/live/overview'));
        source.dispatchEvent(new MessageEvent('content', { data: JSON.stringify(place.innerHTML.replaceAll(' ago', ' ago ')) }));
      }`);
    }
  })();
  const inspected = inspect(page, 'console-overview-changing').finally(() => {
    isOver = true;
  });
  await Promise.all([inspected, changing]);
});

it('leads from a problem to the events that it is about', async () => {
  await page.setViewportSize({ width: 1024, height: 768 });
  const sandbox = page.getByRole('region', { name: /^sandbox/ });
  await sandbox.getByRole('link', { name: 'Open the failing events' }).click();
  await page.getByRole('heading', { name: 'Events', level: 1 }).waitFor();
  expect(await page.locator('#events tr').count()).toBe(2);
});

it('goes by single keys, never while somebody types, and not at all when they are switched off', async () => {
  const title = () => page.getByRole('heading', { level: 1 }).textContent();
  const keys = page.getByRole('dialog', { name: 'Keys' });
  await page.keyboard.type('gd');
  await page.waitForURL('**/sandbox/dead');
  await page.keyboard.type('1');
  await page.waitForURL('**/production/dead');
  await page.keyboard.type('2');
  await page.waitForURL('**/sandbox/dead');
  await page.keyboard.type('j');
  expect(await page.evaluate('document.activeElement.name')).toBe('event');
  await page.keyboard.type('ge');
  await page.waitForURL('**/sandbox/events');
  await page.keyboard.type('/gd');
  expect(await page.locator('input[name="company"]').inputValue()).toBe('gd');
  expect(await title()).toBe('Events');
  await page.getByRole('main').focus();
  await page.keyboard.type('?');
  await keys.waitFor();
  await inspect(page, 'console-keys');
  await keys.getByRole('checkbox').uncheck();
  await keys.getByRole('button', { name: 'Close' }).click();
  await page.reload();
  await page.keyboard.type('gd?');
  expect([await title(), await keys.isVisible()]).toEqual(['Events', false]);
  await page.setViewportSize({ width: 1024, height: 768 });
  await page.getByRole('button', { name: 'Keys' }).click();
  await keys.getByRole('checkbox').check();
  await page.keyboard.press('Escape');
  await page.keyboard.type('go');
  await page.waitForURL(`${origin}/`);
});

it('has all environments and their pages behind a menu on a phone, and at the side where there is room', async () => {
  await page.setViewportSize({ width: 360, height: 780 });
  const ways = page.getByRole('navigation', { name: 'Pages' });
  expect(await ways.isVisible()).toBe(false);
  await page.getByText('Menu', { exact: true }).click();
  await inspect(page, 'console-menu');
  await page.setViewportSize({ width: 360, height: 780 });
  await ways.getByRole('list', { name: 'Pages of production on this machine' }).getByText('Hooks').click();
  await page.waitForURL('**/production/hooks');
  await page.setViewportSize({ width: 1024, height: 768 });
  expect(await ways.locator('[aria-current="page"]').textContent()).toContain('Hooks');
});

it('lists events, and finds them by company, resource, status and a text of the id', async () => {
  const list = `${origin}/s/Local/sandbox/events`;
  const rows = async (query: string) => {
    await page.goto(`${list}?${query}`);
    return page.locator('#events tr').count();
  };
  expect(await rows('')).toBe(13);
  expect(await rows('resource=Submittals')).toBe(4);
  expect(await rows('status=handled')).toBe(9);
  expect(await rows('company=1')).toBe(0);
  expect(await rows(`id=${eventId(7).slice(-4).toLowerCase()}`)).toBe(1);
  expect(await rows('status=nonsense&before=nonsense')).toBe(13);
  await inspect(page, 'console-events');
});

it('shows a new event, and what becomes of one, without being asked', async () => {
  await page.setViewportSize({ width: 1024, height: 768 });
  await page.getByText('Live', { exact: true }).waitFor();
  const event = eventOf(91);
  await store.record(event, now());
  const row = page.locator(`#event-${event.id}`);
  await row.getByText('waiting').waitFor();
  await store.markHandled({ kind: 'webhook_event', event }, now());
  await row.getByText('handled').waitFor();
  expect(await page.locator('#events tr').first().getAttribute('id')).toBe(`event-${event.id}`);
});

it('says that no event fits as long as none does', async () => {
  const event = eventOf(93);
  await page.goto(`${page.url().split('?')[0]}?id=${event.id}`);
  await page.getByText('Live', { exact: true }).waitFor();
  const none = page.getByText('No event of this time fits.');
  expect(await none.isVisible()).toBe(true);
  await store.record(event, now());
  await page.locator(`#event-${event.id}`).waitFor();
  expect(await none.isVisible()).toBe(false);
  await page.goto(page.url().split('?')[0] ?? '');
});

it('keeps a connection for what is seen alone, and shows who comes back what happened meanwhile', async () => {
  const see = (one: Page, isSeen: boolean) =>
    one.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event('visibilitychange'));
    }, !isSeen);
  const live = (one: Page) => one.getByText('Live', { exact: true }).waitFor();
  await see(page, false);
  // A browser has six connections to an origin.
  const others: Page[] = [];
  for (let count = 0; count < 7; count += 1) {
    const other = await page.context().newPage();
    others.push(other);
    await other.goto(page.url());
    await live(other);
    await see(other, false);
  }
  const event = eventOf(92);
  // Longer ago than a look that follows goes back.
  await store.record(event, now() - 60);
  await see(page, true);
  await page.locator(`#event-${event.id}`).getByText('waiting').waitFor();
  await store.markHandled({ kind: 'webhook_event', event }, now());
  await page.locator(`#event-${event.id}`).getByText('handled').waitFor();
  for (const other of others) {
    expect(await other.locator(`#event-${event.id}`).count()).toBe(0);
    await other.close();
  }
});

it('shows one event with its tries, as text whatever an error said, and copies it for a test', async () => {
  await page
    .locator(`#event-${eventId(2)}`)
    .getByRole('link')
    .click();
  await page.getByRole('heading', { name: 'RFIs update 1002' }).waitFor();
  const content = await page.getByRole('main').textContent();
  for (const text of ['the books <b>are</b> closed', 'functions/on-event.ts:12:7', 'Open the books.', 'no hope']) {
    expect(content).toContain(text);
  }
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toContain("sampleEvent('RFIs', 'update', {");
  await inspect(page, 'console-event');
});

it('sends an event again, by the keyboard alone, and says so once', async () => {
  await page.setViewportSize({ width: 1024, height: 768 });
  const button = page.getByRole('button', { name: 'Send it to on-event.ts again' });
  await page.getByRole('main').focus();
  await page.keyboard.press('Tab');
  expect(await button.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  await page.getByText('Sent 1 event to the queue again').waitFor();
  await page.reload();
  expect(await page.getByText('Sent 1 event to the queue again').count()).toBe(0);
  await expect.poll(async () => (await store.find(eventId(2)))?.handledAt, { timeout: 20_000 }).toBeGreaterThan(0);
});

it('says what it does not have, and was never refused by its own policy', async () => {
  await page.goto(`${page.url().split('/events')[0]}/events/unknown`);
  expect(await page.getByRole('alert').textContent()).toContain('has no event "unknown"');
  await inspect(page, 'console-not-found');
  expect((await page.goto(`${origin}/s/Local/nowhere/events`))?.status()).toBe(404);
  expect(complaints.filter((text) => text.includes('Content Security Policy'))).toEqual([]);
});
