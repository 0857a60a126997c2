import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contentSecurityPolicy, pageStyle } from '../../functions/connect/page-style.ts';
import { type LoopbackServer, startLoopbackServer } from '../faults/loopback-server.ts';
import { type ConnectRun, headingOf, startConnectRun } from './connect-run.ts';

let run: ConnectRun;
let attacker: LoopbackServer;
/** What the attacker's site serves; on 127.0.0.1 it is another site than our localhost. */
let attackersPage = '';

beforeAll(async () => {
  attacker = await startLoopbackServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(attackersPage);
  });
  run = await startConnectRun();
});
afterAll(async () => {
  await run?.stop();
  await attacker?.close();
});
beforeEach(() => run.setCompanies(1));

const exchanges = () => run.sandbox.standIn.control.counts.tokenExchanges;
const newPage = async () => (await run.newPerson()).newPage();

/** Opens a page of the attacker that posts a form to us by itself. */
async function postFromElsewhere(page: Page, path: string, form: Readonly<Record<string, string>>): Promise<number> {
  const fields = Object.entries(form).map(([name, value]) => `<input name="${name}" value="${value}">`);
  attackersPage = `<form method="post" action="${run.sandbox.api}${path}">${fields.join('')}</form><script>document.forms[0].submit()</script>`;
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.goto(attacker.origin);
  const status = (await answered).status();
  await page.waitForURL(`${run.sandbox.api}/**`);
  return status;
}

describe('login CSRF', () => {
  it('an attacker’s own callback, opened by a victim, connects nothing', async () => {
    const attackers = await newPage();
    const callback = await run.callbackFor(attackers, await run.newLink('attackers'));
    const victims = await newPage();
    await run.goToProcore(victims, await run.newLink('victims'));
    const before = exchanges();
    expect((await victims.goto(callback))?.status()).toBe(400);
    expect(await headingOf(victims)).toBe('This sign-in was started in another browser');
    expect(exchanges()).toBe(before);
    expect(await run.vend('attackers')).toMatchObject({ error: { code: 'connection_not_found' } });
  });

  it('another site cannot press our button for a victim who has our cookie', async () => {
    const page = await newPage();
    await page.goto(await run.newLink('visited-before'));
    const link = new URL(await run.newLink('lured')).searchParams.get('link') ?? '';
    const before = run.sandbox.standIn.control.counts.authorizePages;
    expect(await postFromElsewhere(page, '/oauth/start', { link })).toBe(403);
    expect(await headingOf(page)).toBe('This was not started from our page');
    expect(run.sandbox.standIn.control.counts.authorizePages).toBe(before);
  });

  it('another site cannot choose the company for a victim who has just connected', async () => {
    run.setCompanies(2);
    const page = await newPage();
    await page.goto(await run.callbackFor(page, await run.newLink('choosing')));
    const session = new URL(page.url()).searchParams.get('session') ?? '';
    expect(session).toMatch(/^[0-9a-f]{64}$/);
    expect(await postFromElsewhere(page, '/oauth/company', { session, companyId: '5358233' })).toBe(403);
    expect(await run.companyOf('choosing')).toBeUndefined();
  });

  it('another site cannot show our button in a frame (clickjacking)', async () => {
    const page = await newPage();
    attackersPage = `<iframe src="${await run.newLink('framed')}"></iframe>`;
    await page.goto(attacker.origin);
    await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/);
  });
});

describe('state fixation', () => {
  it('a victim who allows access under an attacker’s state connects nothing, for either of them', async () => {
    const attackers = await newPage();
    await run.goToProcore(attackers, await run.newLink('fixed'));
    const victims = await newPage();
    await victims.goto(await run.newLink('victims-own'));
    const before = exchanges();
    // The attacker's authorization request, with his state, opened by the victim.
    await victims.goto(attackers.url());
    await victims.getByRole('button', { name: 'Allow' }).click();
    await victims.getByRole('heading', { name: 'This sign-in was started in another browser' }).waitFor();
    expect(exchanges()).toBe(before);
    expect(await run.vend('fixed')).toMatchObject({ error: { code: 'connection_not_found' } });
  });

  it('a state that we did not make is unknown, however well it is formed', async () => {
    const page = await newPage();
    const callback = new URL(await run.callbackFor(page, await run.newLink('made-up')));
    callback.searchParams.set('state', 's'.repeat(48));
    expect((await page.goto(callback.href))?.status()).toBe(400);
    expect(await headingOf(page)).toBe('We do not know this sign-in');
  });

  it('every state is new and has at least 256 bits of letters and digits', async () => {
    const page = await newPage();
    const link = await run.newLink('states');
    const states = new Set<string>();
    for (let time = 0; time < 3; time += 1) {
      await run.goToProcore(page, link);
      states.add(new URL(page.url()).searchParams.get('state') ?? '');
    }
    expect(states.size).toBe(3);
    // 43 characters of 62 hold 256 bits.
    for (const state of states) expect(state).toMatch(/^[A-Za-z0-9]{43,}$/);
  });
});

describe('open redirect', () => {
  const evil = 'https://evil.example';

  it('no parameter of a page decides where the browser goes', async () => {
    const page = await newPage();
    const callback = new URL(await run.callbackFor(page, await run.newLink('nowhere-else')));
    const left: string[] = [];
    page.on('request', (request) => {
      if (request.url().startsWith(evil)) left.push(request.url());
    });
    for (const name of ['returnTo', 'return_to', 'redirect_uri', 'redirect', 'next', 'url', 'location']) {
      callback.searchParams.set(name, evil);
    }
    await page.goto(callback.href);
    expect(await headingOf(page)).toBe('Connected');
    await page.goto(`${await run.newLink('start-elsewhere')}&${callback.searchParams}`);
    await page.getByRole('button', { name: 'Connect to Procore' }).click();
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    const { searchParams } = new URL(page.url());
    expect(searchParams.get('redirect_uri')).toBe(run.sandbox.callbackUrl);
    expect([...searchParams.keys()].sort()).toEqual(['client_id', 'redirect_uri', 'response_type', 'state']);
    expect(left).toEqual([]);
  });

  it('a link with a returnTo that cdk.json does not allow is not even issued', async () => {
    for (const returnTo of [evil, '//evil.example', 'javascript:alert(1)', run.sandbox.api]) {
      const issued = await run.system.invoke(run.sandbox.functions.ConnectLink ?? '', {
        connectionId: 'open',
        returnTo,
      });
      expect(issued).toMatchObject({ error: { code: 'return_to_not_allowed' } });
    }
  });
});

describe('header injection', () => {
  const injected = 'x\r\nSet-Cookie: planted=1\r\nLocation: https://evil.example\r\n\r\n<h1>Owned</h1>';

  it.each([
    '/oauth/start?link=',
    '/oauth/callback?code=c&state=',
    '/oauth/callback?state=s&code=',
    '/oauth/callback?error=',
    '/oauth/company?session=',
  ])('line breaks in %s reach no header', async (start) => {
    const answer = await fetch(`${run.sandbox.api}${start}${encodeURIComponent(injected)}`, { redirect: 'manual' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(await answer.text()).not.toContain('Owned');
  });

  it('every answer has the headers that keep scripts, frames, caches and referrers out', async () => {
    const page = await newPage();
    const link = await run.newLink('headers');
    const callback = await run.callbackFor(page, link);
    const policy = contentSecurityPolicy({}, pageStyle({}));
    for (const url of [link, callback, `${run.sandbox.api}/oauth/company`, `${run.sandbox.api}/nothing`]) {
      expect((await page.goto(url))?.headers()).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': policy,
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
    }
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; frame-ancestors 'none'$/);
  });
});

describe('XSS', () => {
  const markup = `"'><script>window.owned = 1</script><img src=x onerror="window.owned = 1"></title></style>`;

  async function expectHarmless(page: Page, what: string): Promise<void> {
    expect(await page.evaluate('window.owned'), what).toBeUndefined();
    expect(await page.locator('script, img').count(), what).toBe(0);
    expect(await page.getByRole('heading', { level: 1 }).count(), what).toBe(1);
  }

  it('markup in any parameter of any address is never a part of a page', async () => {
    const page = await newPage();
    const state = new URL(await run.callbackFor(page, await run.newLink('markup'))).searchParams.get('state') ?? '';
    const addresses: readonly [string, Readonly<Record<string, string>>][] = [
      ['/oauth/start', { link: markup }],
      ['/oauth/start', { link: markup, [markup]: markup }],
      ['/oauth/callback', { code: markup, state: markup }],
      ['/oauth/callback', { code: markup, state }],
      ['/oauth/callback', { error: markup, error_description: markup, error_uri: markup, state }],
      ['/oauth/callback', { error: 'access_denied', error_description: markup, error_uri: markup, state }],
      ['/oauth/company', { session: markup, chosen: markup }],
      ['/oauth/search', { session: markup, q: markup }],
      [`/${encodeURIComponent(markup)}`, { [markup]: markup }],
    ];
    for (const [path, parameters] of addresses) {
      await page.goto(`${run.sandbox.api}${path}?${new URLSearchParams(parameters)}`);
      await expectHarmless(page, `${path} ${Object.keys(parameters)}`);
    }
  });

  it('nor markup in any field of any form', async () => {
    const page = await newPage();
    const forms: readonly [string, readonly string[]][] = [
      ['/oauth/start', ['link']],
      ['/oauth/start', ['again']],
      ['/oauth/company', ['session', 'companyId']],
    ];
    for (const [path, fields] of forms) {
      await page.goto(await run.newLink('form-markup'));
      const answered = page.waitForResponse((response) => response.request().method() === 'POST');
      const fill = ([url, names, value]: readonly [string, readonly string[], string]) => {
        const form = document.createElement('form');
        form.method = 'post';
        form.action = url;
        for (const name of names) form.append(Object.assign(document.createElement('input'), { name, value }));
        document.body.append(form);
        form.submit();
      };
      await page.evaluate(fill, [path, fields, markup] as const);
      expect((await answered).status(), `${path} ${fields}`).toBe(400);
      await page.waitForURL(`**${path}`);
      await expectHarmless(page, `${path} ${fields}`);
    }
  });
});

it('left no token, code, state or secret in a log or a page', () => run.expectNothingLeaked());
