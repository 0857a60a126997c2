import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ConnectRun, headingOf, startConnectRun } from './connect-run.ts';
import { inspect } from './inspection.ts';

let run: ConnectRun;
beforeAll(async () => {
  run = await startConnectRun();
});
afterAll(() => run?.stop());

const exchanges = () => run.sandbox.standIn.control.counts.tokenExchanges;

it('connects an account: link, button, Allow, company, Connected', async () => {
  const page = await (await run.newPerson()).newPage();
  const link = await run.newLink('acme');
  const start = await page.goto(link);
  expect(start?.status()).toBe(200);
  expect(await headingOf(page)).toBe('Connect to Procore');
  await inspect(page, 'start');

  await page.getByRole('button', { name: 'Connect to Procore' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Choose the company' }).waitFor();
  await inspect(page, 'company');
  await page.getByRole('radio', { name: 'Example Concrete' }).check();
  await page.getByRole('button', { name: 'Use this company' }).click();
  await page.getByRole('heading', { name: 'Connected' }).waitFor();
  expect(await page.getByRole('main').textContent()).toContain('Example Concrete');
  await inspect(page, 'connected');
  expect(await run.vend('acme')).toMatchObject({ generation: 1 });
  expect(await run.companyOf('acme')).toBe('562949953421312345');
});

it('connects an account that sees one company without asking which', async () => {
  run.setCompanies(1);
  const page = await (await run.newPerson()).newPage();
  const link = await run.newLink('one-company');
  await run.goToProcore(page, link);
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Connected' }).waitFor();
  expect(await run.vend('one-company')).toMatchObject({ generation: 1, companyIds: ['5358233'] });

  await page.goto(link);
  expect(await headingOf(page)).toBe('This link has been used');
});

it('takes Deny as the person’s own choice, and offers to start again', async () => {
  const page = await (await run.newPerson()).newPage();
  await run.goToProcore(page, await run.newLink('denied'));
  const answered = page.waitForResponse((response) => response.url().startsWith(run.sandbox.callbackUrl));
  await page.getByRole('button', { name: 'Deny' }).click();
  expect((await answered).status()).toBe(200);
  expect(await headingOf(page)).toBe('You did not allow access');
  await inspect(page, 'denied');
  expect(await run.vend('denied')).toMatchObject({ error: { code: 'connection_not_found' } });

  await page.getByRole('button', { name: 'Start again' }).click();
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Connected' }).waitFor();
});

it('gives the same callback, called again by the same browser, the same answer without a second exchange', async () => {
  const page = await (await run.newPerson()).newPage();
  const callback = await run.callbackFor(page, await run.newLink('again'));
  const before = exchanges();
  for (const _call of ['first', 'again', 'once more']) {
    expect((await page.goto(callback))?.status()).toBe(200);
    expect(await headingOf(page)).toBe('Connected');
  }
  expect(exchanges()).toBe(before + 1);
  expect(await run.vend('again')).toMatchObject({ generation: 1 });
});

it('refuses another browser’s callback, and leaves it to its owner', async () => {
  const page = await (await run.newPerson()).newPage();
  const callback = await run.callbackFor(page, await run.newLink('stranger'));
  const before = exchanges();
  const strangers = await (await run.newPerson()).newPage();
  expect((await strangers.goto(callback))?.status()).toBe(400);
  expect(await headingOf(strangers)).toBe('This sign-in was started in another browser');
  await inspect(strangers, 'stranger');
  expect(exchanges()).toBe(before);
  await page.goto(callback);
  expect(await headingOf(page)).toBe('Connected');
});

it('refuses a link after its 15 minutes, on its page and on its button', async () => {
  const page = await (await run.newPerson()).newPage();
  const link = await run.newLink('late');
  await page.goto(link);
  await run.expire(link);
  await page.getByRole('button', { name: 'Connect to Procore' }).click();
  await page.getByRole('heading', { name: 'This link has expired' }).waitFor();
  expect((await page.goto(link))?.status()).toBe(400);
  expect(await headingOf(page)).toBe('This link has expired');
  await inspect(page, 'link-expired');
});

it('left no token, code, state or secret in a log or a page', () => run.expectNothingLeaked());
