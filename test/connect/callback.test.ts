import { describe, expect, it } from 'vitest';
import { atProcore, connectFlow, exchanges, origin } from './connect-flow.ts';

/** What is stored of the one session. */
async function resultOf(flow: ReturnType<typeof connectFlow>) {
  const [session] = flow.authorizations.sessions.values();
  return session?.result;
}

/** Lets the exchange of the code take so long that the given time is left after it. */
function exchangeLeaves(flow: ReturnType<typeof connectFlow>, milliseconds: number): void {
  flow.tokenEndpoint.next.push(() => {
    flow.now += (flow.invocationMs - milliseconds) / 1000;
    return { outcome: 'tokens', tokens: flow.tokenEndpoint.tokenSet(1) };
  });
}

describe('the callback of a person who allowed access', () => {
  it('exchanges the code once, with the same redirect URI, stores the tokens and says so', async () => {
    const { flow, browser, callback } = await atProcore();
    const page = await browser.open(callback);
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('<h1>Connected</h1>');
    expect(exchanges(flow)).toEqual([
      { method: 'redeemCode', grant: 'code-1', clientSecret: 'secret-1', redirectUri: `${origin}/oauth/callback` },
    ]);
    expect(await flow.store.read('acme')).toMatchObject({
      status: 'connected',
      grant: 'authorization_code',
      tokens: { accessToken: 'access-1', refreshToken: 'refresh-1' },
      environmentChecked: true,
      companyIds: ['1'],
    });
    expect(flow.counts).toEqual({ callbackSucceeded: 1, connectionAuthorized: 1 });
    expect(flow.notes.slice(0, 3)).toEqual([
      ['oauth.link_issued', { connectionId: 'acme' }],
      ['oauth.started', { connectionId: 'acme' }],
      ['connection.authorized', { connectionId: 'acme', generation: 1, grant: 'authorization_code' }],
    ]);
  });

  it('goes to returnTo where the link has one', async () => {
    const { browser, callback } = await atProcore(connectFlow(), 'https://app.example.com/done?a=1');
    const answer = await browser.open(callback);
    expect(answer).toMatchObject({ statusCode: 303, headers: { location: 'https://app.example.com/done?a=1' } });
  });

  it('keeps code, state, cookie, link and tokens out of every page and log line, but the link in its own form', async () => {
    const { flow, browser, link, callback } = await atProcore();
    const page = await browser.open(callback);
    const { code, state } = Object.fromEntries(new URL(callback).searchParams);
    const secrets = [
      code,
      state,
      browser.cookie.split('=')[1],
      new URL(link).searchParams.get('link'),
      'access-1',
      'refresh-1',
      'secret-1',
    ];
    for (const secret of secrets) {
      expect(page.body).not.toContain(secret);
      expect(JSON.stringify(flow.notes)).not.toContain(secret);
    }
    const stored = JSON.stringify([...flow.authorizations.links, ...flow.authorizations.sessions]);
    for (const secret of secrets) expect(stored).not.toContain(secret);
  });

  it('spends the link, which then says so', async () => {
    const { flow, browser, link, callback } = await atProcore();
    await browser.open(callback);
    const again = await flow.newBrowser().open(link);
    expect(again.statusCode).toBe(400);
    expect(again.body).toContain('This link has been used');
  });

  it('reconnects with a new link: new tokens, next generation', async () => {
    const { flow, browser, callback } = await atProcore();
    await browser.open(callback);
    flow.now += 60;
    await browser.open(await browser.goToProcore(await flow.newLink(), 'code-2'));
    expect(await flow.store.read('acme')).toMatchObject({ generation: 2, tokens: { accessToken: 'access-2' } });
  });

  it('is connected although token/info does not answer; the sweep checks again', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.tokenEndpoint.info = { outcome: 'unavailable' };
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
    expect(await flow.store.read('acme')).toMatchObject({ status: 'connected', environmentChecked: false });
  });

  it('is connected although the companies cannot be listed', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.companies = { outcome: 'unavailable' };
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
    expect(await flow.store.read('acme')).toMatchObject({ companyIds: [] });
    expect(flow.notes).toContainEqual(['oauth.companies_unavailable', { connectionId: 'acme' }]);
    expect(await resultOf(flow)).toEqual({ outcome: 'connected', companies: [], installation: 'unknown' });
  });

  it('knows an app that is installed nowhere: connected, and no company (hard case 44)', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.companies = { outcome: 'companies', companies: [] };
    const page = await browser.open(callback);
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('<h1>Connected, but not installed yet</h1>');
    expect(page.body).toContain('Ask an administrator of your company in Procore to install');
    expect(await resultOf(flow)).toEqual({ outcome: 'connected', companies: [], installation: 'nowhere' });
    expect(await flow.store.read('acme')).toMatchObject({ companyIds: [], companiesCount: 0 });
  });

  it('is connected although the account sees too many companies to choose on a page (hard case 45)', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.companies = { outcome: 'too_many' };
    for (const time of ['first', 'again']) {
      const { body } = await browser.open(callback);
      expect(body, time).toContain('<h1>Choose the company</h1>');
      expect(body, time).toContain('Your account sees too many companies for a list.');
    }
    expect(await flow.store.read('acme')).toMatchObject({ status: 'connected', companyIds: [] });
    expect(flow.notes).toContainEqual(['oauth.companies_too_many', { connectionId: 'acme' }]);
  });

  it('leaves out what there is no time for, rather than have the answer cut off', async () => {
    const { flow, browser, callback } = await atProcore();
    exchangeLeaves(flow, 6000);
    const listed: number[] = [];
    flow.onList = (timeoutMs) => void listed.push(timeoutMs);
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
    expect(flow.tokenEndpoint.calls.map(({ method }) => method)).toEqual(['redeemCode']);
    expect(listed).toEqual([1000]);
  });
});

describe('the time that is left before an exchange', () => {
  it.each([
    [15_000, 'Connected', 1],
    [14_999, 'Procore cannot be reached', 0],
  ])(
    'is judged, because a code can be used once (hard case 57): with %i ms the page says %s',
    async (left, title, asked) => {
      const { flow, browser, callback } = await atProcore();
      flow.invocationMs = left;
      expect((await browser.open(callback)).body).toContain(`<h1>${title}</h1>`);
      expect(exchanges(flow)).toHaveLength(asked);
    },
  );
});

describe('the time that is left after an exchange', () => {
  it.each([
    [17_001, true],
    [17_000, false],
  ])(
    'is enough for the check of the environment or not: with %i ms it is made: %s',
    async (milliseconds, isChecked) => {
      const { flow, browser, callback } = await atProcore();
      exchangeLeaves(flow, milliseconds);
      await browser.open(callback);
      const asked = flow.tokenEndpoint.calls.map(({ method }) => method);
      expect(asked).toEqual(isChecked ? ['redeemCode', 'tokenInfo'] : ['redeemCode']);
      expect(await flow.store.read('acme')).toMatchObject({ environmentChecked: isChecked });
    },
  );
});

describe('the time that is left for the list of companies', () => {
  it.each([
    [5501, [501]],
    [5500, []],
    [13_000, [8000]],
    [13_001, [8000]],
  ])('is what is left but for 5 s, at most 8 s, and not under half a second: with %i ms', async (left, listed) => {
    const { flow, browser, callback } = await atProcore();
    exchangeLeaves(flow, left);
    const given: number[] = [];
    flow.onList = (timeoutMs) => void given.push(Math.round(timeoutMs));
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
    expect(given).toEqual(listed);
  });
});

describe('an expired state', () => {
  it('is refused after 30 minutes, before anything is exchanged', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.now += 1800;
    const page = await browser.open(callback);
    expect(page.statusCode).toBe(400);
    expect(page.body).toContain('The sign-in took too long');
    expect(exchanges(flow)).toHaveLength(0);
    expect(flow.counts).toEqual({ callbackExpired: 1 });
  });

  it('is still good after the link has expired: the person started in time', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.now += 1799;
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
  });

  it('is unknown when the session is not kept any longer, whether DynamoDB has deleted it or not', async () => {
    const { flow, browser, callback } = await atProcore();
    await browser.open(callback);
    flow.now += 5400;
    const page = await browser.open(callback);
    expect(page.statusCode).toBe(400);
    expect(page.body).toContain('We do not know this sign-in');
  });
});

describe('a person who denies', () => {
  it('gets a page of its own that counts as no failure, and can start again', async () => {
    const { flow, browser, callback } = await atProcore();
    const { state = '' } = Object.fromEntries(new URL(callback).searchParams);
    const page = await browser.open(`${origin}/oauth/callback?error=access_denied&state=${state}`);
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('You did not allow access');
    expect(page.body).toContain('Start again');
    expect(flow.counts).toEqual({ callbackDenied: 1 });
    const again = await browser.pressConnect();
    expect(again.statusCode).toBe(303);
    expect((await browser.open(flow.callbackOf(again))).body).toContain('<h1>Connected</h1>');
  });

  it('is understood when Procore leaves the state out', async () => {
    const flow = connectFlow();
    const page = await flow.newBrowser().open(`${origin}/oauth/callback?error=access_denied`);
    expect(page.body).toContain('You did not allow access');
    expect(page.body).not.toContain('<form');
  });

  it('gets no button to start again when the link is over', async () => {
    const { flow, browser, callback } = await atProcore();
    const { state = '' } = Object.fromEntries(new URL(callback).searchParams);
    flow.now += 900;
    const page = await browser.open(`${origin}/oauth/callback?error=access_denied&state=${state}`);
    expect(page.body).not.toContain('<form');
  });
});
