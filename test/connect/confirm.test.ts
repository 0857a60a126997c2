import { describe, expect, it } from 'vitest';
import { confirmConnection, parseConfirmationRequest } from '../../functions/connection/confirm.ts';
import { disconnectConnection } from '../../functions/connection/disconnect.ts';
import { sha256 } from '../../functions/sha256.ts';
import { untilReturn } from '../memory/port.ts';
import { connectFlow, exchanges, startTime } from './connect-flow.ts';

type Flow = ReturnType<typeof connectFlow>;

const returnTo = 'https://app.example.com/done?tab=procore#top';
const several = {
  outcome: 'companies',
  companies: [
    { id: '1', name: 'One' },
    { id: '2', name: 'Two' },
  ],
} as const;

/** A browser that was sent to Procore by a link that asks for a confirmation. */
async function atProcoreToConfirm(flow: Flow = connectFlow()) {
  const link = await flow.newLink('acme', returnTo, { confirm: true });
  const browser = flow.newBrowser();
  return { flow, link, browser, callback: await browser.goToProcore(link) };
}

const referenceOf = ({ headers }: { readonly headers: Readonly<Record<string, string>> }) =>
  new URL(headers.location ?? '').searchParams.get('reference') ?? '';
const confirm = (flow: Flow, reference: string, connectionId = 'acme') =>
  untilReturn(() => confirmConnection(flow.makeDependencies(), parseConfirmationRequest({ connectionId, reference })));
const stored = (flow: Flow) => flow.store.connections.get('acme');

describe('a link that asks for a confirmation', () => {
  it.each([
    [{ confirm: true }],
    [{ confirm: 'yes', returnTo }],
    [{ confirm: 1, returnTo }],
    [{ confirm: null, returnTo }],
  ])('is refused as %j: there must be somebody who can confirm it', async (more) => {
    await expect(connectFlow().issueLink({ connectionId: 'acme', ...more })).rejects.toMatchObject({
      code: 'invalid_confirm',
    });
  });

  it('connects nothing by itself: the browser takes a reference to returnTo, and the backend confirms it', async () => {
    const { flow, browser, callback } = await atProcoreToConfirm();
    const answer = await browser.open(callback);
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toMatch(
      /^https:\/\/app\.example\.com\/done\?tab=procore&reference=[0-9a-f]{64}#top$/,
    );
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    expect(stored(flow)).toMatchObject({
      status: 'disconnected',
      generation: 0,
      unconfirmed: { tokens: { accessToken: 'access-1' }, account: { companyIds: ['1'], companyId: '1' } },
    });
    expect(await confirm(flow, referenceOf(answer))).toMatchObject({ status: 'connected', companyId: '1' });
    expect(stored(flow)).toMatchObject({ status: 'connected', generation: 1, tokens: { accessToken: 'access-1' } });
  });

  it('stores the hash of the reference alone, and logs neither', async () => {
    const { flow, browser, callback } = await atProcoreToConfirm();
    const reference = referenceOf(await browser.open(callback));
    const kept = JSON.stringify([[...flow.store.connections], [...flow.authorizations.sessions]]);
    expect(kept).toContain(sha256(reference));
    expect(kept).not.toContain(reference);
    expect(JSON.stringify(flow.notes)).not.toMatch(new RegExp(`${reference}|${sha256(reference)}`));
  });

  it('gives the same reference to the same browser that comes again, without a second exchange', async () => {
    const { flow, browser, callback } = await atProcoreToConfirm();
    const [first, second] = await Promise.all([browser.open(callback), browser.open(callback)]);
    expect(referenceOf(second)).toBe(referenceOf(first));
    await confirm(flow, referenceOf(first));
    expect(referenceOf(await browser.open(callback))).toBe(referenceOf(first));
    expect(exchanges(flow)).toHaveLength(1);
  });

  it('refuses another browser, which learns no reference', async () => {
    const { flow, callback } = await atProcoreToConfirm();
    const answer = await flow.newBrowser().open(callback);
    expect(answer.body).toContain('This sign-in was started in another browser');
    expect(exchanges(flow)).toHaveLength(0);
  });

  it('asks for the company first, and gives the reference after the choice', async () => {
    const { flow, browser, callback } = await atProcoreToConfirm();
    flow.companies = several;
    const page = await browser.open(callback);
    expect(page.body).toContain('Two more steps before your Procore account is connected.');
    const [session = ''] = [...flow.authorizations.sessions.keys()];
    const chosen = await browser.post('/oauth/company', { session, companyId: '2' });
    expect(stored(flow)).toMatchObject({ generation: 0, unconfirmed: { account: { companyId: '2' } } });
    await confirm(flow, referenceOf(chosen));
    expect(stored(flow)).toMatchObject({ companyIds: ['1', '2'], companyId: '2' });
    // The person goes back and chooses another one: it is the connection's own by now.
    await browser.post('/oauth/company', { session, companyId: '1' });
    expect(stored(flow)).toMatchObject({ generation: 1, companyId: '1' });
  });

  it('does not let a stranger to whom it was forwarded take a customer down, or use the link up', async () => {
    const flow = connectFlow();
    const customer = flow.newBrowser();
    const plain = await customer.goToProcore(await flow.newLink());
    await customer.open(plain);
    flow.now += 10;
    const { link, callback, browser: stranger } = await atProcoreToConfirm(flow);
    const strangers = referenceOf(await stranger.open(callback));
    expect(stored(flow)).toMatchObject({ status: 'connected', generation: 1, tokens: { accessToken: 'access-1' } });
    // The backend asks for the connection of who is signed in at the stranger's browser: not this one.
    await expect(confirm(flow, strangers, 'stranger')).rejects.toMatchObject({ code: 'reference_refused' });
    const again = referenceOf(await customer.open(await customer.goToProcore(link)));
    await expect(confirm(flow, strangers)).rejects.toMatchObject({ code: 'reference_refused' });
    expect(await confirm(flow, again)).toMatchObject({ generation: 2, tokens: { accessToken: 'access-3' } });
    expect(stored(flow)?.revoking).toEqual(['access-2', 'access-1']);
  });

  it('connects once: after the confirmation it is superseded', async () => {
    const { flow, link, browser, callback } = await atProcoreToConfirm();
    await confirm(flow, referenceOf(await browser.open(callback)));
    const answer = await browser.open(await browser.goToProcore(link));
    expect([answer.statusCode, answer.body.includes('This account was already connected')]).toEqual([409, true]);
    expect(stored(flow)).toMatchObject({ generation: 1, revoking: ['access-2'] });
  });

  it('goes on where the first call died after its write', async () => {
    const { flow, browser, callback } = await atProcoreToConfirm();
    flow.onList = () => {
      throw new Error('the process dies');
    };
    expect((await browser.open(callback)).statusCode).toBe(500);
    flow.onList = () => {};
    flow.now += 60;
    const answer = await browser.open(callback);
    expect(await confirm(flow, referenceOf(answer))).toMatchObject({ generation: 1, companyId: '1' });
    expect(exchanges(flow)).toHaveLength(1);
  });

  it('shows whose fault it is when the tokens are another client’s, and confirms none', async () => {
    const { flow, browser, callback } = await atProcoreToConfirm();
    flow.tokenEndpoint.info = { outcome: 'info', clientId: 'other-client' };
    expect((await browser.open(callback)).statusCode).toBe(502);
    expect(stored(flow)).not.toHaveProperty('unconfirmed');
  });

  it('is unknown to a version before confirmations, with its sessions: nothing connects unconfirmed', async () => {
    const { flow, link, browser } = await atProcoreToConfirm();
    const token = new URL(link).searchParams.get('link') ?? '';
    expect([...flow.authorizations.links.keys()]).not.toContain(sha256(token));
    const [session] = [...flow.authorizations.sessions.values()];
    const [, secret = ''] = browser.cookie.split('=');
    expect(secret).toHaveLength(48);
    expect(session?.browserHash).not.toBe(sha256(secret));
  });
});

describe('a link', () => {
  it('begins ten sessions, then says so on its page and on its button, and offers no other try', async () => {
    const flow = connectFlow();
    const link = await flow.newLink();
    const browser = flow.newBrowser();
    let callback = '';
    for (let session = 0; session < 10; session += 1) callback = await browser.goToProcore(link);
    const page = await browser.open(link);
    expect(page.statusCode).toBe(400);
    expect(page.body).toContain('This link was used too often');
    expect(page.body).not.toContain('<button>');
    const token = new URL(link).searchParams.get('link') ?? '';
    expect((await browser.post('/oauth/start', { link: token })).body).toContain('This link was used too often');
    expect(flow.authorizations.sessions.size).toBe(10);
    // What has begun may still end well.
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
  });

  it('begins ten when a crowd presses its button at once', async () => {
    const flow = connectFlow();
    const link = await flow.newLink();
    const browser = flow.newBrowser();
    await browser.open(link);
    const token = new URL(link).searchParams.get('link') ?? '';
    const answers = await Promise.all(Array.from({ length: 25 }, () => browser.post('/oauth/start', { link: token })));
    expect(answers.filter(({ statusCode }) => statusCode === 303)).toHaveLength(10);
    expect(flow.authorizations.sessions.size).toBe(10);
  });

  it('is newer than what is stored, also by a clock that goes behind', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    await browser.open(await browser.goToProcore(await flow.newLink()));
    flow.now -= 20;
    const answer = await browser.open(await browser.goToProcore(await flow.newLink()));
    expect(answer.body).toContain('<h1>Connected</h1>');
    expect(stored(flow)?.authorizedBy.linkIssuedAt).toBe(startTime + 0.001);
  });

  it.each([
    ['without a confirmation', {}],
    ['with one', { confirm: true }],
  ])('connects nothing that was disconnected while the person was at Procore, %s', async (_, more) => {
    const flow = connectFlow();
    const first = flow.newBrowser();
    await first.open(await first.goToProcore(await flow.newLink()));
    flow.now += 5;
    const browser = flow.newBrowser();
    const callback = await browser.goToProcore(await flow.newLink('acme', returnTo, more));
    flow.now += 5;
    await untilReturn(() => disconnectConnection(flow.makeDependencies(), 'acme'));
    expect((await browser.open(callback)).statusCode).toBe(409);
    expect(stored(flow)).toMatchObject({ status: 'disconnected' });
    expect(stored(flow)).not.toHaveProperty('unconfirmed');
    flow.now += 5;
    const next = await browser.open(await browser.goToProcore(await flow.newLink()));
    expect(next.body).toContain('<h1>Connected</h1>');
  });
});
