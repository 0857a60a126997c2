import { describe, expect, it } from 'vitest';
import { showCompanies } from '../../functions/connect/company.ts';
import type { CompaniesOutcome } from '../../functions/procore/companies.ts';
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
  const answer = await browser.call(callback);
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
      page: {
        name: 'company',
        connectionId: 'acme',
        sessionId: session,
        query: '',
        companies,
        matching: 3,
        total: 3,
        nothingChosen: false,
      },
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
    const { location = '' } = (await browser.call(await browser.goToProcore(await flow.newLink()))).headers;
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

/** A browser whose account sees many companies, at the page that follows. */
async function connectedToMany(companies: CompaniesOutcome) {
  const flow = connectFlow();
  flow.companies = companies;
  const browser = flow.newBrowser();
  const page = await browser.open(await browser.goToProcore(await flow.newLink()));
  const [session = ''] = flow.authorizations.sessions.keys();
  const search = (q: string) => browser.open(`${origin}/oauth/company?${new URLSearchParams({ session, q })}`);
  return { flow, browser, page, session, search };
}

const builders = (howMany: number): CompaniesOutcome => ({
  outcome: 'companies',
  companies: Array.from({ length: howMany }, (_, index) => ({ id: `${70_000 + index}`, name: `Büro ${index} Bau` })),
});
const shownIn = ({ body }: { body: string }) =>
  [...body.matchAll(/name="companyId" value="(\d+)"/g)].map(([, id]) => id);

describe('choosing among very many companies', () => {
  it('shows fifty of 2,000, says so, and finds each of the others by name or number', async () => {
    const { flow, page, browser, session, search } = await connectedToMany(builders(2000));
    expect(shownIn(page)).toHaveLength(50);
    expect(page.body).toContain('50 of 2000 companies are shown.');
    // Each of the four lists in which they are kept.
    for (const index of [499, 777, 1234, 1999]) {
      expect(shownIn(await search(`bau BURO ${index}`))).toContain(`${70_000 + index}`);
      expect(shownIn(await search(`${70_000 + index}`))).toEqual([`${70_000 + index}`]);
    }
    const answer = await browser.post('/oauth/company', { session, companyId: '71999', q: 'buro' });
    expect((await browser.open(answer.headers.location ?? '')).body).toContain('<strong>Büro 1999 Bau</strong>');
    expect(await flow.store.read('acme')).toMatchObject({ companyId: '71999' });
  });

  it('keeps them in items of a bounded size, however long their names are', async () => {
    const companies = Array.from({ length: 2000 }, (_, index) => ({ id: `${index}`, name: '社'.repeat(300) }));
    const { flow } = await connectedToMany({ outcome: 'companies', companies });
    const [session] = flow.authorizations.sessions.values();
    expect(Buffer.byteLength(JSON.stringify(session))).toBeLessThan(200_000);
    expect(session?.result).toMatchObject({ furtherLists: 3 });
    for (const name of ['1', '2', '3']) {
      const list = await flow.authorizations.readCompanies(session?.sessionId ?? '', name);
      expect(list).toHaveLength(500);
      expect(Buffer.byteLength(JSON.stringify(list))).toBeLessThan(200_000);
    }
  });

  it.each([[500], [501], [12], [11]])('loses none of %i', async (howMany) => {
    const { flow, page, browser, session } = await connectedToMany(builders(howMany));
    expect(page.body.includes('<input type="search"')).toBe(howMany >= 12);
    await browser.post('/oauth/company', { session, companyId: `${70_000 + howMany - 1}` });
    expect(await flow.store.read('acme')).toMatchObject({ companyId: `${70_000 + howMany - 1}` });
  });

  it('says that nothing was found, keeps what was searched for, and leads back to all', async () => {
    const { browser, session, search } = await connectedToMany(builders(40));
    const page = await search('<b>nobody</b>');
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('No company was found for <strong>&lt;b&gt;nobody&lt;/b&gt;</strong>.');
    expect(page.body).toContain(`<a href="/oauth/company?session=${session}">Show all companies</a>`);
    const none = await browser.post('/oauth/company', { session, companyId: '', q: 'bau 7' });
    expect(none.statusCode).toBe(400);
    expect(none.body).toContain('name="q" value="bau 7"');
  });
});

describe('choosing among more companies than are kept (hard case 45)', () => {
  async function withTooMany() {
    const connected = await connectedToMany({ outcome: 'too_many' });
    const { flow, browser, session } = connected;
    flow.atProcore.list = Array.from({ length: 5000 }, (_, index) => ({ id: `${index}`, name: `Builder ${index}` }));
    const ask = (q: string) => browser.open(`${origin}/oauth/search?${new URLSearchParams({ session, q })}`);
    return { ...connected, ask };
  }

  it('searches Procore’s list, and offers what it found', async () => {
    const { flow, browser, page, session, ask } = await withTooMany();
    expect(page.body).toContain('<form class="find" method="get" action="/oauth/search" role="search">');
    expect(page.body).not.toContain('Use this company');
    const found = await ask('builder 4711');
    expect(shownIn(found)).toEqual(['4711']);
    expect(found.body).toContain('If yours is not among them, search for more of its name, or for its number.');
    const answer = await browser.post('/oauth/company', { session, companyId: '4711', q: 'builder 4711' });
    const last = await browser.open(answer.headers.location ?? '');
    expect(last.body).toContain('<strong>Builder 4711</strong>');
    expect(await flow.store.read('acme')).toMatchObject({ companyId: '4711' });
  });

  it('offers nothing that this search did not find', async () => {
    const { flow, browser, session, ask } = await withTooMany();
    await ask('builder 4711');
    expect((await browser.post('/oauth/company', { session, companyId: '4712', q: 'builder 4711' })).statusCode).toBe(
      400,
    );
    expect((await browser.post('/oauth/company', { session, companyId: '4711', q: 'builder 12' })).statusCode).toBe(
      400,
    );
    expect((await flow.store.read('acme'))?.companyId).toBeUndefined();
  });

  it('says that Procore could not be asked, rather than that nothing was found', async () => {
    const { flow, ask } = await withTooMany();
    flow.atProcore = { list: [], isComplete: false };
    const page = await ask('builder');
    expect(page.statusCode).toBe(503);
    expect(page.body).toContain('>Look again</a>');
    flow.atProcore = { list: [], isComplete: true };
    expect((await ask('builder')).body).toContain('No company was found for');
  });

  it('is for the browser that connected, and for accounts that see too many', async () => {
    const { flow, session } = await withTooMany();
    const query = new URLSearchParams({ session, q: 'builder' });
    expect((await flow.newBrowser().open(`${origin}/oauth/search?${query}`)).statusCode).toBe(400);
    const few = await connectedToMany(builders(3));
    const { statusCode } = await few.browser.open(`${origin}/oauth/search?session=${few.session}&q=bau`);
    expect(statusCode).toBe(400);
  });

  it('is over when the connection was authorized anew: the other account’s companies are not shown', async () => {
    const { flow, browser, ask } = await withTooMany();
    flow.now += 10;
    await browser.open(await browser.goToProcore(await flow.newLink(), 'code-2'));
    expect((await ask('builder')).statusCode).toBe(400);
  });
});

describe('the page after the callback', () => {
  it('is at an address without code and state, and names the only company', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    const { url } = await flow.issueLink({ connectionId: 'acme', displayName: 'Miller & Sons' });
    const answer = await browser.call(await browser.goToProcore(url));
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toMatch(new RegExp(`^${origin}/oauth/company\\?session=[0-9a-f]{64}$`));
    const page = await browser.open(answer.headers.location ?? '');
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('<h1>Connected</h1>');
    expect(page.body).toContain('<strong>Miller &amp; Sons</strong>');
    expect(page.body).toContain('The company is <strong>Only One Inc</strong>.');
    // Nobody else learns by the address what was connected.
    expect((await flow.newBrowser().open(answer.headers.location ?? '')).statusCode).toBe(400);
  });

  it('offers no choice where there is none', async () => {
    const { browser, session } = await connectedToMany(builders(1));
    expect((await browser.post('/oauth/company', { session, companyId: '70000' })).statusCode).toBe(400);
  });
});
