import { describe, expect, it } from 'vitest';
import { showCompanies } from '../../functions/connect/company.ts';
import { untilReturn } from '../memory/port.ts';
import { connectFlow, origin } from './connect-flow.ts';

async function connectedToThree(returnTo?: string) {
  const flow = connectFlow();
  flow.companies = {
    outcome: 'companies',
    companies: [
      { id: '9007199254740993', name: 'Zeta Builders' },
      { id: '2', name: '<b>Alpha</b> & "Sons"' },
      { id: '3', name: 'Beta' },
    ],
  };
  const browser = flow.newBrowser();
  const callback = await browser.goToProcore(await flow.newLink('acme', returnTo));
  const answer = await browser.open(callback);
  const location = answer.headers.location ?? '';
  return { flow, browser, callback, answer, location, session: new URL(location).searchParams.get('session') ?? '' };
}

describe('choosing among several companies', () => {
  it('is where the callback leads, without a code or state in the address', async () => {
    const { answer, location, callback } = await connectedToThree();
    expect(answer.statusCode).toBe(303);
    expect(location).toMatch(new RegExp(`^${origin}/oauth/company\\?session=[0-9a-f]{64}$`));
    const { state = '' } = Object.fromEntries(new URL(callback).searchParams);
    expect(location).not.toContain(state);
  });

  it('shows them by name, escaped, none chosen', async () => {
    const { browser, location } = await connectedToThree();
    const page = await browser.open(location);
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('&lt;b&gt;Alpha&lt;/b&gt; &amp; &quot;Sons&quot;');
    expect(page.body).not.toContain('checked');
    expect([...page.body.matchAll(/value="(\d+)"/g)].map(([, id]) => id)).toEqual(['2', '3', '9007199254740993']);
  });

  it('keeps 500 companies at most, in the order of their names', async () => {
    const flow = connectFlow();
    const companies = Array.from({ length: 501 }, (_, index) => ({ id: String(index), name: String(2000 - index) }));
    flow.companies = { outcome: 'companies', companies };
    const browser = flow.newBrowser();
    await browser.open(await browser.goToProcore(await flow.newLink()));
    const [session] = flow.authorizations.sessions.values();
    const kept = session?.result?.outcome === 'connected' ? session.result.companies : [];
    expect(kept).toHaveLength(500);
    expect(kept[0]).toEqual({ companyId: '500', name: '1500' });
    expect(kept.at(-1)).toEqual({ companyId: '1', name: '1999' });
  });

  it('stores the choice, with an id beyond 2^53 kept exact, and says so', async () => {
    const { flow, browser, session } = await connectedToThree();
    const answer = await browser.post('/oauth/company', { session, companyId: '9007199254740993' });
    expect(answer.statusCode).toBe(303);
    const page = await browser.open(answer.headers.location ?? '');
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('<h1>Connected</h1>');
    expect(page.body).toContain('Zeta Builders');
    expect(await flow.store.read('acme')).toMatchObject({ companyId: '9007199254740993' });
  });

  it('is a page that holds what it shows and nothing else', async () => {
    const { flow, browser, session } = await connectedToThree();
    const request = flow.request('GET', `?session=${session}`, { cookie: browser.cookie });
    const companies = [
      { companyId: '2', name: '<b>Alpha</b> & "Sons"' },
      { companyId: '3', name: 'Beta' },
      { companyId: '9007199254740993', name: 'Zeta Builders' },
    ];
    expect(await untilReturn(() => showCompanies(flow.makeDependencies(), request))).toEqual({
      answer: 'page',
      page: { name: 'company', connectionId: 'acme', sessionId: session, companies, nothingChosen: false },
    });
  });

  it('then goes to returnTo', async () => {
    const { browser, session } = await connectedToThree('https://app.example.com/done');
    const answer = await browser.post('/oauth/company', { session, companyId: '3' });
    expect(answer).toMatchObject({ statusCode: 303, headers: { location: 'https://app.example.com/done' } });
  });

  it('shows the page of choice where it should say what was chosen and nothing is', async () => {
    const { browser, location } = await connectedToThree();
    expect((await browser.open(`${location}&chosen`)).body).toContain('Choose the company');
  });

  it('shows no half of a character where a long name is cut', async () => {
    const flow = connectFlow();
    const names = [`${'a'.repeat(99)}\u{1F600} Inc`, 'b\ud83d'];
    const companies = names.map((name, index) => ({ id: String(index), name }));
    flow.companies = { outcome: 'companies', companies };
    const browser = flow.newBrowser();
    const { location = '' } = (await browser.open(await browser.goToProcore(await flow.newLink()))).headers;
    const [session] = [...flow.authorizations.sessions.values()];
    expect(session?.result).toMatchObject({ companies: [{ name: `${'a'.repeat(99)}\ufffd` }, { name: 'b\ufffd' }] });
    expect((await browser.open(location)).body.isWellFormed()).toBe(true);
  });

  it('can be done again by the back button', async () => {
    const { flow, browser, session } = await connectedToThree();
    await browser.post('/oauth/company', { session, companyId: '2' });
    await browser.post('/oauth/company', { session, companyId: '3' });
    expect(await flow.store.read('acme')).toMatchObject({ companyId: '3' });
  });

  it.each(['', '4', '2,3', '<script>'])('asks again when the company is %j', async (companyId) => {
    const { flow, browser, session } = await connectedToThree();
    const page = await browser.post('/oauth/company', { session, companyId });
    expect(page.statusCode).toBe(400);
    expect(page.body).toContain('Choose one company from the list');
    expect(page.body).not.toContain('<script');
    expect((await flow.store.read('acme'))?.companyId).toBeUndefined();
  });

  it('is for the browser that connected: no other sees the companies or chooses', async () => {
    const { flow, location, session } = await connectedToThree();
    const other = flow.newBrowser();
    await other.open(await flow.newLink('other'));
    const page = await other.open(location);
    expect(page.statusCode).toBe(400);
    expect(page.body).not.toContain('Beta');
    expect((await other.post('/oauth/company', { session, companyId: '3' })).statusCode).toBe(400);
    expect((await flow.store.read('acme'))?.companyId).toBeUndefined();
  });

  it('refuses a POST that another site sends', async () => {
    const { flow, browser, session } = await connectedToThree();
    const answer = await browser.post('/oauth/company', { session, companyId: '3' }, { fetchSite: 'cross-site' });
    expect(answer.statusCode).toBe(403);
    expect((await flow.store.read('acme'))?.companyId).toBeUndefined();
  });

  it('does not say that it chose what another authorization chose', async () => {
    const { flow, browser, location, session } = await connectedToThree();
    await browser.post('/oauth/company', { session, companyId: '3' });
    expect((await browser.open(`${location}&chosen`)).body).toContain('<h1>Connected</h1>');
    flow.now += 10;
    await browser.open(await browser.goToProcore(await flow.newLink(), 'code-2'));
    expect(await flow.store.read('acme')).toMatchObject({ companyId: '3' });
    expect((await browser.open(`${location}&chosen`)).body).toContain('<h1>Choose the company</h1>');
  });

  it('is over when the connection was authorized anew', async () => {
    const { flow, browser, session } = await connectedToThree();
    flow.now += 10;
    await browser.open(await browser.goToProcore(await flow.newLink(), 'code-2'));
    expect((await browser.post('/oauth/company', { session, companyId: '3' })).statusCode).toBe(400);
  });

  it('is over after 90 minutes, and before the callback it is unknown', async () => {
    const { flow, browser, location } = await connectedToThree();
    await browser.goToProcore(await flow.newLink('other'));
    const unfinished = [...flow.authorizations.sessions.values()].find(({ connectionId }) => connectionId === 'other');
    const early = await browser.open(`${origin}/oauth/company?session=${unfinished?.sessionId}`);
    expect(early.statusCode).toBe(400);
    flow.now += 5400;
    expect((await browser.open(location)).statusCode).toBe(400);
  });

  it.each(['', '?session=', '?session=<script>', `?session=${'a'.repeat(64)}`])('answers 400 to %j', async (query) => {
    const flow = connectFlow();
    const page = await flow.newBrowser().open(`${origin}/oauth/company${query}`);
    expect(page.statusCode).toBe(400);
    expect(page.body).not.toContain('<script');
  });
});
