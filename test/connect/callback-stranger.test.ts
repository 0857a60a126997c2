import { describe, expect, it } from 'vitest';
import { answerCallback } from '../../functions/connect/callback.ts';
import { atProcore, connectFlow, exchanges, origin } from './connect-flow.ts';

describe('a stranger', () => {
  it('without the cookie gets 400, and leaves the session to its owner', async () => {
    const { flow, browser, callback } = await atProcore();
    const page = await flow.newBrowser().open(callback);
    expect(page.statusCode).toBe(400);
    expect(page.body).toContain('started in another browser');
    expect(page.body).not.toContain('<form');
    expect(exchanges(flow)).toHaveLength(0);
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
    expect(flow.counts).toMatchObject({ callbackStranger: 1, callbackSucceeded: 1 });
  });

  it('with a cookie of his own session cannot finish another’s, nor have his finished by another (login CSRF)', async () => {
    const flow = connectFlow();
    const victim = flow.newBrowser();
    const attacker = flow.newBrowser();
    const victims = await victim.goToProcore(await flow.newLink('victim'));
    const attackers = await attacker.goToProcore(await flow.newLink('attacker'));
    expect((await victim.open(attackers)).statusCode).toBe(400);
    expect((await attacker.open(victims)).statusCode).toBe(400);
    expect(exchanges(flow)).toHaveLength(0);
  });

  it('learns no result either', async () => {
    const { flow, browser, callback } = await atProcore();
    await browser.open(callback);
    expect((await flow.newBrowser().open(callback)).statusCode).toBe(400);
  });

  it('cannot fix a state: one that we did not make is unknown', async () => {
    const { flow, browser } = await atProcore();
    const page = await browser.open(`${origin}/oauth/callback?code=c&state=${'s'.repeat(48)}`);
    expect(page.statusCode).toBe(400);
    expect(page.body).toContain('We do not know this sign-in');
    expect(exchanges(flow)).toHaveLength(0);
  });

  it('raises no alarm by calling with an error of his own making', async () => {
    const flow = connectFlow();
    await flow.newBrowser().open(`${origin}/oauth/callback?error=invalid_request`);
    await flow.newBrowser().open(`${origin}/oauth/callback?error=server_error&state=${'s'.repeat(48)}`);
    expect(flow.counts).toEqual({ callbackExpired: 2 });
  });
});

describe('parameters that nobody honest sends', () => {
  it.each([
    ['two states', (state: string) => `code=c&state=${state}&state=${state}`, 400],
    ['two codes', (state: string) => `code=c&code=d&state=${state}`, 400],
    ['no code', (state: string) => `state=${state}`, 400],
    ['an empty code', (state: string) => `code=&state=${state}`, 400],
    ['a code with a line break', (state: string) => `code=c%0d%0aSet-Cookie:%20x=1&state=${state}`, 400],
    ['a code of markup', (state: string) => `code=%3Cscript%3E${'x'.repeat(3000)}&state=${state}`, 400],
    ['a state of markup', () => 'code=c&state=%22%3E%3Cscript%3Ealert(1)%3C/script%3E', 400],
    ['a state with a line break', () => 'code=c&state=a%0d%0ab', 400],
    ['nothing', () => '', 400],
  ])('%s: no exchange, no page that repeats them, no header made of them', async (_, query, status) => {
    const { flow, browser, callback } = await atProcore();
    const { state = '' } = Object.fromEntries(new URL(callback).searchParams);
    const page = await browser.open(`${origin}/oauth/callback?${query(state)}`);
    expect(page.statusCode).toBe(status);
    expect(page.body).not.toMatch(/<script|Set-Cookie/);
    expect(page.body).not.toContain(state);
    expect(JSON.stringify([page.headers, page.cookies])).not.toMatch(/\\r|\\n|x=1/);
    expect(exchanges(flow)).toHaveLength(0);
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
  });
});

it('a call without any header or cookie is answered, too', async () => {
  const flow = connectFlow();
  const answer = await flow.answer(() => answerCallback(flow.dependencies, flow.request('GET', '')));
  expect(answer.statusCode).toBe(400);
});
