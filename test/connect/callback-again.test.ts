import { describe, expect, it } from 'vitest';
import type { TokenOutcome } from '../../functions/oauth/token-endpoint.ts';
import { portsAtRest } from '../memory/port.ts';
import { atProcore, connectFlow, exchanges } from './connect-flow.ts';

describe('a callback that is called again', () => {
  it.each(['reload', 'back button', 'prefetch that came first'])(
    'gets the first result without a second exchange (%s)',
    async () => {
      const { flow, browser, callback } = await atProcore();
      const first = await browser.open(callback);
      flow.now += 300;
      const second = await browser.open(callback);
      expect(second.body).toBe(first.body);
      expect(exchanges(flow)).toHaveLength(1);
      expect(flow.counts.callbackSucceeded).toBe(1);
    },
  );

  it('waits for the first while that is under way, and gets its result (double click)', async () => {
    const { flow, browser, callback } = await atProcore();
    const first = Promise.withResolvers<TokenOutcome>();
    flow.tokenEndpoint.next.push(() => first.promise);
    let pauses = 0;
    flow.onSleep = async () => {
      if (++pauses === 3) first.resolve({ outcome: 'tokens', tokens: flow.tokenEndpoint.tokenSet(7) });
    };
    const pages = await Promise.all([browser.open(callback), browser.open(callback)]);
    expect(pages.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect(pages[0]?.body).toBe(pages[1]?.body);
    expect(pauses).toBeGreaterThanOrEqual(3);
    expect(exchanges(flow)).toHaveLength(1);
    expect(flow.counts.callbackSucceeded).toBe(1);
  });

  it('exchanges once when twenty calls race', async () => {
    const { flow, browser, callback } = await atProcore();
    const pages = await Promise.all(Array.from({ length: 20 }, () => browser.open(callback)));
    expect(new Set(pages.map(({ body }) => body)).size).toBe(1);
    expect(pages[0]?.body).toContain('<h1>Connected</h1>');
    expect(exchanges(flow)).toHaveLength(1);
  });

  it('repeats a failure with its first reference, and counts it once', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.tokenEndpoint.next.push({ outcome: 'invalid_grant', status: 400 });
    const first = await browser.open(callback);
    const second = await browser.open(callback);
    expect(second.body).toBe(first.body);
    expect(second.statusCode).toBe(400);
    expect(exchanges(flow)).toHaveLength(1);
    expect(flow.counts).toEqual({ callbackExpired: 1 });
  });

  it('shows the page of an unexpected failure for a result that only a later version knows', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.tokenEndpoint.next.push({ outcome: 'invalid_grant', status: 400 });
    await browser.open(callback);
    const [session] = flow.authorizations.sessions.values();
    if (session?.result === undefined) return expect.fail('no result is stored');
    Object.assign(session.result, { outcome: 'held_for_review' });
    const page = await browser.open(callback);
    expect(page.statusCode).toBe(500);
    expect(page.body).toContain(Object(session.result).referenceId);
  });

  it('says that it is still under way when its own time ends first, and offers to look again', async () => {
    const { flow, browser, callback } = await atProcore();
    const never = Promise.withResolvers<TokenOutcome>();
    flow.tokenEndpoint.next.push(() => never.promise);
    void browser.open(callback);
    await portsAtRest();
    const page = await browser.open(callback);
    expect(page.statusCode).toBe(503);
    expect(page.body).toContain('Your account is still being connected');
    expect(page.body).toContain('href="">Look again</a>');
    expect(exchanges(flow)).toHaveLength(1);
  });

  it('keeps 3 s of its own time for its answer while it waits', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.tokenEndpoint.next.push(() => new Promise(() => {}));
    void browser.open(callback);
    await portsAtRest();
    const began = flow.now;
    expect((await browser.open(callback)).statusCode).toBe(503);
    const leftMs = flow.invocationMs - (flow.now - began) * 1000;
    expect(leftMs).toBeGreaterThanOrEqual(3000);
    // It waits as long as it may: the longest pause is one second.
    expect(leftMs).toBeLessThan(4000);
  });

  it('says that it was interrupted when the first died between claim and write, once its lease is over', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.tokenEndpoint.next.push(() => {
      throw new Error('the process died');
    });
    await browser.open(callback);
    flow.now += 35;
    const page = await browser.open(callback);
    expect(page.statusCode).toBe(503);
    expect(page.body).toContain('Connecting was interrupted');
    expect(page.body).toContain('Start again');
    expect(exchanges(flow)).toHaveLength(1);
    expect((await browser.pressConnect()).statusCode).toBe(303);
  });

  it.each([
    [34, 0],
    [33, 1],
  ])(
    'believes that the first is dead when its lease of 29 s and 5 s more is over: after %i s it waits %i s longer',
    async (seconds, waited) => {
      const { flow, browser, callback } = await atProcore();
      flow.tokenEndpoint.next.push(() => {
        throw new Error('the process died');
      });
      await browser.open(callback);
      flow.now += seconds;
      const began = flow.now;
      expect((await browser.open(callback)).body).toContain('Connecting was interrupted');
      expect(flow.now - began).toBeGreaterThanOrEqual(waited);
      expect(flow.now - began).toBeLessThan(waited + 1);
    },
  );

  it('does not take an older authorization of the same connection for its own success', async () => {
    const { flow, browser, callback } = await atProcore();
    await browser.open(callback);
    flow.now += 60;
    const reconnecting = await browser.goToProcore(await flow.newLink(), 'code-2');
    flow.tokenEndpoint.next.push(() => {
      throw new Error('the process died');
    });
    await browser.open(reconnecting);
    flow.now += 35;
    expect((await browser.open(reconnecting)).body).toContain('Connecting was interrupted');
    expect(await flow.store.read('acme')).toMatchObject({ status: 'connected', generation: 1 });
  });

  it('gets the result as long as the session is kept, long after the state has expired', async () => {
    const { flow, browser, callback } = await atProcore();
    await browser.open(callback);
    flow.now += 3600;
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
  });

  it('recognises success when the first died between write and result', async () => {
    const { flow, browser, callback } = await atProcore();
    const settle = flow.authorizations.settleSession;
    flow.authorizations.settleSession = async () => {
      throw new Error('the process died');
    };
    expect((await browser.open(callback)).statusCode).toBe(500);
    flow.authorizations.settleSession = settle;
    flow.now += 35;
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
    expect(exchanges(flow)).toHaveLength(1);
    expect(await flow.store.read('acme')).toMatchObject({ generation: 1 });
  });
});

describe('two tabs', () => {
  it('of two links do not disturb each other', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    const one = await browser.goToProcore(await flow.newLink('one'), 'code-1');
    const two = await browser.goToProcore(await flow.newLink('two'), 'code-2');
    expect((await browser.open(one)).body).toContain('<dd>one</dd>');
    expect((await browser.open(two)).body).toContain('<dd>two</dd>');
  });

  it('of one link: the first to come back connects, the second learns that it is connected and gives its tokens up', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    const link = await flow.newLink();
    const one = await browser.goToProcore(link, 'code-1');
    const two = await browser.goToProcore(link, 'code-2');
    expect((await browser.open(two)).body).toContain('<h1>Connected</h1>');
    const late = await browser.open(one);
    expect(late.statusCode).toBe(409);
    expect(late.body).toContain('This account was already connected');
    expect(late.body).not.toContain('Start again');
    const stored = await flow.store.read('acme');
    expect(stored).toMatchObject({ generation: 1, tokens: { accessToken: 'access-1' } });
    const revoked = flow.tokenEndpoint.calls.some(({ method, grant }) => method === 'revoke' && grant === 'access-2');
    expect(revoked || stored?.revoking?.includes('access-2')).toBe(true);
    expect(flow.counts).toMatchObject({ callbackSucceeded: 1, callbackExpired: 1 });
  });

  it('an older link that comes back after a newer one connects nothing', async () => {
    const flow = connectFlow();
    const browser = flow.newBrowser();
    const older = await browser.goToProcore(await flow.newLink(), 'code-1');
    flow.now += 10;
    const newer = await browser.goToProcore(await flow.newLink(), 'code-2');
    await browser.open(newer);
    const late = await browser.open(older);
    expect(late.statusCode).toBe(409);
    expect(late.body).not.toContain('Start again');
    expect(await flow.store.read('acme')).toMatchObject({ generation: 1 });
  });
});
