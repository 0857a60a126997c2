import { describe, expect, it } from 'vitest';
import { hashOf } from '../../functions/connect/authorization-store.ts';
import { showStart } from '../../functions/connect/start.ts';
import { PlaceholderSecretError } from '../../functions/oauth/client-secret.ts';
import { connectFlow, origin, startTime } from './connect-flow.ts';

describe('connect-link', () => {
  it('issues a link for one connection that is good for 15 minutes', async () => {
    const flow = connectFlow();
    const { url, expiresAt } = await flow.issueLink({ connectionId: 'acme' });
    expect(url).toMatch(new RegExp(`^${origin}/oauth/start\\?link=[A-Za-z0-9]{48}$`));
    expect(expiresAt).toBe(startTime + 900);
  });

  it('takes an allowed returnTo in its normal form, and leaves it out of a link without', async () => {
    const flow = connectFlow();
    await flow.issueLink({ connectionId: 'acme', returnTo: 'https://app.example.com?done' });
    await flow.issueLink({ connectionId: 'acme' });
    const [one, two] = flow.authorizations.links.values();
    expect(one).toMatchObject({ connectionId: 'acme', returnTo: 'https://app.example.com/?done', issuedAt: startTime });
    expect(two).not.toHaveProperty('returnTo');
  });

  it('stores the link’s hash and never its token', async () => {
    const flow = connectFlow();
    const { url } = await flow.issueLink({ connectionId: 'acme' });
    const token = new URL(url).searchParams.get('link') ?? '';
    const stored = JSON.stringify([...flow.authorizations.links]);
    expect(stored).toContain(hashOf(token));
    expect(stored).not.toContain(token);
    expect(JSON.stringify(flow.notes)).not.toContain(token);
  });

  it.each([undefined, '', 'a b', '<script>', 'x'.repeat(129), 7, null])(
    'refuses the connection id %j',
    async (connectionId) => {
      await expect(connectFlow().issueLink({ connectionId })).rejects.toMatchObject({ code: 'invalid_connection_id' });
    },
  );

  it('refuses a returnTo that is not on the allow-list', async () => {
    await expect(
      connectFlow().issueLink({ connectionId: 'acme', returnTo: 'https://evil.example/' }),
    ).rejects.toMatchObject({ code: 'return_to_not_allowed' });
  });
});

describe('GET /oauth/start', () => {
  it('shows which connection is made, with one button, and gives the browser its cookie', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    const { url } = await flow.issueLink({ connectionId: 'acme', displayName: 'Miller & Sons' });
    const page = await browser.open(url);
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('<strong>Miller &amp; Sons</strong>');
    expect(page.body.match(/<button>/g)).toHaveLength(1);
    expect(browser.cookie).toMatch(/^__Host-connect=[A-Za-z0-9]{48}$/);
  });

  it('changes nothing, however often previews and prefetches ask for it', async () => {
    const flow = connectFlow();
    const link = await flow.newLink();
    const before = JSON.stringify([...flow.authorizations.links]);
    for (let preview = 0; preview < 20; preview++) await flow.newBrowser().open(link);
    expect(JSON.stringify([...flow.authorizations.links])).toBe(before);
    expect(flow.authorizations.sessions.size).toBe(0);
    expect((await flow.newBrowser().open(link)).statusCode).toBe(200);
  });

  it('tells an expired link from an unknown one while it is kept', async () => {
    const flow = connectFlow();
    const link = await flow.newLink();
    flow.now += 899;
    expect((await flow.newBrowser().open(link)).statusCode).toBe(200);
    flow.now += 1;
    const expired = await flow.newBrowser().open(link);
    expect(expired.statusCode).toBe(400);
    expect(expired.body).toContain('This link has expired');
    const unknown = await flow.newBrowser().open(`${origin}/oauth/start?link=${'x'.repeat(48)}`);
    expect(unknown.statusCode).toBe(400);
    expect(unknown.body).toContain('This link is not valid');
  });

  it.each([
    '',
    '?link=',
    '?link=<script>alert(1)</script>',
    `?link=${'a'.repeat(48)}&link=${'b'.repeat(48)}`,
    '?link=%0d%0aset-cookie:%20x=1',
    `?link=${'a'.repeat(10_000)}`,
  ])('answers 400 to %j, sets no cookie and repeats nothing of it', async (query) => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    const page = await browser.open(`${origin}/oauth/start${query}`);
    expect(page.statusCode).toBe(400);
    expect(page.cookies).toEqual([]);
    expect(page.body).not.toMatch(/<script|set-cookie|aaaa/);
  });
});

describe('POST /oauth/start', () => {
  it('goes to Procore by 303 with exactly four parameters', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    await browser.open(await flow.newLink());
    const answer = await browser.pressConnect();
    expect(answer.statusCode).toBe(303);
    const location = new URL(answer.headers.location ?? '');
    expect(location.origin + location.pathname).toBe('https://login.example/oauth/authorize');
    expect(Object.fromEntries(location.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client-1',
      redirect_uri: `${origin}/oauth/callback`,
      state: expect.stringMatching(/^[A-Za-z0-9]{43,}$/),
    });
  });

  it('names the client id that is stored now, not one remembered from before a correction', async () => {
    const flow = connectFlow();
    flow.freshClient = { clientId: 'corrected', clientSecret: 'secret-2' };
    const browser = flow.newBrowser();
    await browser.open(await flow.newLink());
    const location = new URL((await browser.pressConnect()).headers.location ?? '');
    expect(location.searchParams.get('client_id')).toBe('corrected');
  });

  it('stores neither state nor cookie, only their hashes', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    await browser.open(await flow.newLink());
    const state = new URL((await browser.pressConnect()).headers.location ?? '').searchParams.get('state') ?? '';
    const stored = JSON.stringify([...flow.authorizations.sessions]);
    expect(stored).toContain(hashOf(state));
    expect(stored).not.toContain(state);
    expect(stored).not.toContain(browser.cookie.split('=')[1]);
    expect(JSON.stringify(flow.notes)).not.toContain(state);
  });

  it('does not spend the link: pressing again, or twice, starts again', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    await browser.open(await flow.newLink());
    const [one, two] = await Promise.all([browser.pressConnect(), browser.pressConnect()]);
    expect([one.statusCode, two.statusCode]).toEqual([303, 303]);
    expect(one.headers.location).not.toBe(two.headers.location);
  });

  it.each(['cross-site', 'same-site', 'same-origin, cross-site'])(
    'refuses a POST that another site sends (Sec-Fetch-Site: %s), and gives it no cookie',
    async (fetchSite) => {
      const flow = connectFlow();
      const browser = flow.newBrowser();
      await browser.open(await flow.newLink());
      const answer = await browser.pressConnect({ fetchSite });
      expect(answer.statusCode).toBe(403);
      expect(answer.cookies).toEqual([]);
      expect(flow.authorizations.sessions.size).toBe(0);
    },
  );

  it.each([
    ['no Sec-Fetch-Site, by its cookie alone', undefined],
    ['Sec-Fetch-Site: none, as at a reload', 'none'],
  ])('takes a browser that sends %s', async (_, fetchSite) => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    await browser.open(await flow.newLink());
    expect((await browser.pressConnect({ fetchSite })).statusCode).toBe(303);
  });

  it('refuses a browser without the cookie before it goes to Procore, and leads it back to the link', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    await browser.open(await flow.newLink());
    browser.cookie = '';
    const answer = await browser.pressConnect();
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('Your browser sent no cookie');
    expect(answer.body).toContain('Open the link again');
    expect(flow.authorizations.sessions.size).toBe(0);
  });

  it('refuses a link that expired while its page was open', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    await browser.open(await flow.newLink());
    flow.now += 900;
    const answer = await browser.pressConnect();
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('This link has expired');
  });

  it('says that the integration is not set up while its secret is a placeholder, and that the reader cannot mend it', async () => {
    const flow = connectFlow();
    flow.clientError = new PlaceholderSecretError('sandbox');
    const browser = flow.newBrowser();
    await browser.open(await flow.newLink());
    const answer = await browser.pressConnect();
    expect(answer.statusCode).toBe(502);
    expect(answer.body).toContain('This integration is not set up yet');
    expect(answer.body).toContain('You cannot mend this yourself.');
    expect(answer.body).not.toContain('<button');
    expect(flow.notes).toContainEqual(['oauth.not_connected', expect.objectContaining({ code: 'placeholder_secret' })]);
  });

  it('starts again only for the browser whose session it is', async () => {
    const flow = connectFlow();
    const mine = flow.newBrowser();
    await mine.open(await flow.newLink());
    await mine.pressConnect();
    const [sessionId = ''] = flow.authorizations.sessions.keys();
    const other = flow.newBrowser();
    await other.open(await flow.newLink());
    expect((await other.post('/oauth/start', { again: sessionId })).statusCode).toBe(400);
    expect((await mine.post('/oauth/start', { again: sessionId })).statusCode).toBe(303);
  });
});

it('a page whose storage fails is a page too, with a reference that the log has, and without the error’s text', async () => {
  const flow = connectFlow();
  const secret = 'token-in-an-error-text';
  const authorizations = {
    ...flow.authorizations,
    readLink: async () => {
      throw new Error(secret);
    },
  };
  const answer = await flow.answer(() =>
    showStart({ ...flow.dependencies, authorizations }, flow.request('GET', `?link=${'a'.repeat(48)}`)),
  );
  expect(answer.statusCode).toBe(500);
  const [[, fields] = []] = flow.notes;
  expect(answer.body).toContain(`<dd>${fields?.referenceId}</dd>`);
  expect(answer.body + JSON.stringify(flow.notes)).not.toContain(secret);
  expect(flow.counts).toEqual({ connectPageFailed: 1 });
});
