import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Person } from '../../lib/local/person.ts';
import { openLocalConsole } from '../../lib/operator/command-line.ts';
import { type DeployedEnvironment, findDeployment } from '../../lib/operator/deployment.ts';
import type { OpenConsole } from '../../lib/operator/session.ts';
import { createTerminal } from '../../lib/operator/terminal.ts';
import { ageTokens } from '../operator/aged-tokens.ts';
import { surroundingsOf, useOperator } from '../operator/operator.ts';
import { launchBrowser } from './browser.ts';
import { inspect } from './inspection.ts';

const { system, sandbox, procore, alsoPrinted } = useOperator();
const nowhere = { write: () => {} };
const terminal = createTerminal({ stdout: nowhere, stderr: nowhere, interactive: false, variables: {} });
const complaints: string[] = [];
const wide = { width: 1024, height: 768 };
let environment: DeployedEnvironment;
let browser: Browser;
let person: BrowserContext;
let page: Page;
let opened: OpenConsole;
let list: string;

beforeAll(async () => {
  const { environments } = await findDeployment({ stackName: 'Local', localEndpoint: system().aws });
  const found = environments.find(({ name }) => name === 'sandbox');
  if (found === undefined) throw new Error('There is a sandbox.');
  environment = found;
  opened = await openLocalConsole(system().aws, terminal, surroundingsOf());
  list = `${new URL(opened.address).origin}/s/${environment.stackName}/sandbox/connections`;
  browser = await launchBrowser();
  person = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'], viewport: wide });
  page = await person.newPage();
  page.on('console', (message) => complaints.push(message.text()));
  page.on('response', async (response) => {
    if (response.headers()['content-type']?.startsWith('text/html')) alsoPrinted(await response.text().catch(() => ''));
  });
  await plantConnections();
  await page.goto(opened.address);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await opened?.close();
});

/** Does what a customer does with a link. */
async function allow(link: string): Promise<void> {
  const customer = new Person();
  const allowed = await customer.press(await customer.press(await customer.open(link), 'Connect to Procore'), 'Allow');
  if (allowed.html.includes('Use this company')) await customer.press(allowed, 'Use this company');
}

async function connect(connectionId: string): Promise<void> {
  const { out } = await procore(['connect', connectionId, '--environment', 'sandbox', '--no-wait']);
  await allow(out.trim());
}

const age = (connectionId: string) =>
  ageTokens(environment.clients.dynamoDb, environment.tableName('Connections'), connectionId);

/** Asks for a token as after a 401, so that it is rotated. @returns what the function answers */
async function reject(connectionId: string, rejectedGeneration: number): Promise<unknown> {
  await age(connectionId);
  return environment.ask('AccessToken', { connectionId, rejectedGeneration });
}

/** One that needs a person, one that was rotated three times, one that cools down, and one that others are compared with. */
async function plantConnections(): Promise<void> {
  const control = sandbox().standIn?.control;
  await connect('initech');
  control?.revokeGrant();
  expect(await reject('initech', 1)).toMatchObject({ error: { code: 'reauthorization_required' } });
  for (const id of ['acme', 'globex', 'acme-2']) await connect(id);
  for (const generation of [1, 2, 3]) await reject('acme', generation);
  control?.failNext('token', { kind: 'throttled', retryAfterSeconds: 3600 });
  expect(await reject('globex', 1)).toMatchObject({ error: { code: 'rotation_pending' } });
}

const open = async (connectionId: string) => {
  await page.setViewportSize(wide);
  await page.goto(`${list}/${connectionId}`);
  await page.getByRole('heading', { name: connectionId, level: 1 }).waitFor();
};
const texts = (table: string, column: string) =>
  page
    .locator(`#${table} td[data-name="${column}"]`)
    .evaluateAll((cells) => cells.map((cell) => cell.textContent ?? ''));

it('lists connections, and leads from each to its page', async () => {
  await page.goto(list);
  expect(await page.locator('#connection-initech').textContent()).toContain('reauthorization required');
  expect(await page.locator('#connection-globex').textContent()).toContain('throttled, 1 time');
  await inspect(page, 'console-connections');
  await page.setViewportSize(wide);
  await page.getByRole('link', { name: 'acme', exact: true }).click();
  await page.getByRole('heading', { name: 'acme', level: 1 }).waitFor();
});

it('shows of a connection that was rotated its generations, what happened, and how much of its life is left', async () => {
  await open('acme');
  expect(await texts('generations', 'Generation')).toEqual(['4', '3', '2', '1']);
  expect(await texts('generations', 'Why')).toEqual([
    ...['rotated', 'rotated; replaced by generation 4', 'rotated; replaced by generation 3'],
    'connected; replaced by generation 2',
  ]);
  const what = await texts('timeline', 'What');
  expect(what.filter((text) => text.includes('New tokens are stored.')).length).toBe(3);
  expect(what.at(-1)).toContain('A person connected the account.');
  expect((await texts('timeline', 'Took')).filter((took) => /^\d+ (ms|s)$/.test(took)).length).toBe(3);
  expect(await page.locator('svg[role=img]').getAttribute('aria-label')).toMatch(/4 generations, 4 times new tokens/);
  expect(await page.getByRole('meter').getAttribute('aria-label')).toBe('Minutes left of the token of acme');
  await inspect(page, 'console-connection');
});

it('says of one that needs a person why, and what to do, with the command of this system', async () => {
  await open('initech');
  const main = await page.getByRole('main').textContent();
  expect(main).toContain('a person or an administrator has revoked the access');
  expect(main).toContain(`connect initech --environment sandbox --local --endpoint ${system().aws}`);
  expect(await texts('timeline', 'How sure')).toContain('likely');
  expect((await texts('generations', 'Why'))[0]).toBe('connected; refused by Procore');
  expect(await page.getByRole('button', { name: 'Rotate' }).count()).toBe(0);
  await inspect(page, 'console-connection-ended');
});

it('says of one that cools down until when, and what is not known', async () => {
  await open('globex');
  const main = await page.getByRole('main').textContent();
  expect(main).toContain('Procore asked to wait (status 429).');
  expect(main).toMatch(/cooling down until\s*\d{4}-/);
  expect(await texts('timeline', 'How sure')).toContain('not known');
  await inspect(page, 'console-connection-cooling');
});

it('reads the logs of another time when it is asked to, and comes back to them', async () => {
  await open('acme-2');
  await page.getByLabel('Look back').selectOption('1');
  await page.getByRole('button', { name: 'Read the logs' }).click();
  await page.waitForURL(/days=1#history$/);
  expect(await page.getByLabel('Look back').inputValue()).toBe('1');
  expect((await texts('generations', 'Generation')).length).toBe(1);
});

it('makes a link on the page, which can be copied, and comes back to the page', async () => {
  await open('initech');
  await page.getByRole('button', { name: 'Make a link' }).click();
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const link = String(await page.evaluate('navigator.clipboard.readText()'));
  expect(link).toMatch(/^http:\/\/localhost:\d+\/oauth\/start\?/);
  await inspect(page, 'console-connection-link');
  await page.setViewportSize(wide);
  await allow(link);
  await page.getByRole('link', { name: 'Back', exact: true }).click();
  await page.getByRole('heading', { name: 'initech', level: 1 }).waitFor();
  await page.reload();
  expect(await page.locator('.problems').count()).toBe(0);
  expect(await texts('generations', 'Generation')).toEqual(['2', '1']);
});

it('makes a link from the list', async () => {
  await page.goto(list);
  await page.getByLabel('The key under which your system knows the customer').fill('new-customer');
  await page.getByRole('button', { name: 'Make a link' }).first().click();
  expect(await page.locator('#link').textContent()).toContain('/oauth/start?');
});

it('rotates on the page and on the list, and stays where it was pressed', async () => {
  await age('acme-2');
  await open('acme-2');
  await page.getByRole('button', { name: 'Rotate' }).click();
  await page.getByText('Rotated: generation 1 is now 2').waitFor();
  expect(new URL(page.url()).pathname).toMatch(/\/connections\/acme-2$/);
  expect(await texts('generations', 'Generation')).toEqual(['2', '1']);
  await page.goto(list);
  await page.locator('#connection-acme-2').getByRole('button', { name: 'Rotate' }).click();
  await page.getByText('Not rotated: generation 2 is younger than a minute').waitFor();
  expect(new URL(page.url()).pathname).toMatch(/\/connections$/);
});

it('disconnects on the list when asked twice, and not when one goes back', async () => {
  await page.goto(list);
  const row = page.locator('#connection-initech');
  await row.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByText('Disconnect "initech" in sandbox?').waitFor();
  await inspect(page, 'console-connection-question');
  await page.setViewportSize(wide);
  await page.getByRole('link', { name: 'No, go back' }).click();
  expect(await row.textContent()).toContain('connected');
  await row.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByRole('button', { name: 'Disconnect it' }).click();
  await page.getByRole('status').filter({ hasText: 'Disconnected' }).waitFor();
  expect(await row.textContent()).toContain('disconnected');
});

it('disconnects on the page by the keyboard alone', async () => {
  await open('globex');
  await page.getByRole('main').focus();
  const focused = () => page.evaluate('document.activeElement.textContent');
  for (let tabs = 0; tabs < 10 && (await focused()) !== 'Disconnect'; tabs += 1) await page.keyboard.press('Tab');
  expect(await focused()).toBe('Disconnect');
  await page.keyboard.press('Enter');
  await page.getByText('Disconnect "globex" in sandbox?').waitFor();
  await page.getByRole('main').focus();
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Disconnect it');
  await page.keyboard.press('Enter');
  await page.getByRole('status').filter({ hasText: 'Disconnected' }).waitFor();
  expect(new URL(page.url()).pathname).toMatch(/\/connections\/globex$/);
  expect(await page.getByRole('button', { name: 'Disconnect' }).count()).toBe(0);
  expect((await texts('generations', 'Why'))[0]).toBe('connected; disconnected');
  await inspect(page, 'console-connection-disconnected');
});

it('says that there is no such connection, and was never refused by its own policy', async () => {
  expect((await page.goto(`${list}/nobody`))?.status()).toBe(404);
  expect(await page.getByRole('alert').textContent()).toContain('There is no connection "nobody"');
  expect((await page.goto(`${list}/not%20an%20id`))?.status()).toBe(400);
  expect(complaints.filter((text) => text.includes('Content Security Policy'))).toEqual([]);
});
