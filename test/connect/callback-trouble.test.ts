import { describe, expect, it } from 'vitest';
import { WrongEnvironmentError } from '../../functions/oauth/client-secret.ts';
import type { TokenOutcome } from '../../functions/oauth/token-endpoint.ts';
import { atProcore, exchanges, origin } from './connect-flow.ts';

describe('what goes wrong at Procore', () => {
  it.each<[string, TokenOutcome, number, string, string]>([
    ['code refused', { outcome: 'invalid_grant', status: 400 }, 400, 'did not accept the sign-in', 'callbackExpired'],
    [
      'client refused',
      { outcome: 'invalid_client', status: 401 },
      502,
      'does not accept this integration',
      'callbackMisconfigured',
    ],
    ['not reached', { outcome: 'not_sent' }, 503, 'Procore cannot be reached', 'callbackProcoreDown'],
    ['no answer', { outcome: 'unknown' }, 503, 'Procore cannot be reached', 'callbackProcoreDown'],
    ['500', { outcome: 'unknown', status: 500 }, 503, 'Procore cannot be reached', 'callbackProcoreDown'],
    ['503', { outcome: 'throttled', status: 503 }, 503, 'Procore cannot be reached', 'callbackProcoreDown'],
  ])(
    '%s has its page, status and metric, stores nothing, leaves the link alive',
    async (_, outcome, status, text, metric) => {
      const { flow, browser, link, callback } = await atProcore();
      flow.tokenEndpoint.next.push(outcome);
      const page = await browser.open(callback);
      expect(page.statusCode).toBe(status);
      expect(page.body).toContain(text);
      const isOurs = metric === 'callbackMisconfigured';
      expect(page.body.includes('Start again')).toBe(!isOurs);
      expect(flow.counts).toMatchObject({ [metric]: 1 });
      expect(flow.counts.callbackSucceeded).toBeUndefined();
      expect(await flow.store.read('acme')).toBeUndefined();
      const logged = flow.notes.find(([event]) => event === 'oauth.not_connected')?.[1];
      expect(page.body).toContain(`<dd>${logged?.referenceId}</dd>`);
      const procores = 'status' in outcome ? outcome.status : undefined;
      expect(logged).toMatchObject({ connectionId: 'acme', code: outcome.outcome, status: procores });
      const [session] = flow.authorizations.sessions.values();
      expect(session?.result).not.toHaveProperty('retryAfterSeconds');
      expect((await flow.newBrowser().open(link)).statusCode).toBe(200);

      if (isOurs) await browser.open(link);
      const again = await browser.pressConnect();
      expect((await browser.open(flow.callbackOf(again, 'code-2'))).body).toContain('<h1>Connected</h1>');
    },
  );

  it('counts what is Procore’s fault apart from what is ours', async () => {
    const procores = await atProcore();
    procores.flow.tokenEndpoint.next.push({ outcome: 'unknown' });
    await procores.browser.open(procores.callback);
    expect(procores.flow.counts).toEqual({ callbackProcoreDown: 1 });
    const ours = await atProcore();
    ours.flow.tokenEndpoint.next.push({ outcome: 'invalid_client', status: 401 });
    await ours.browser.open(ours.callback);
    expect(ours.flow.counts).toEqual({ callbackMisconfigured: 1, clientCredentialsRefused: 1 });
  });

  it('passes on how long Procore asks to wait', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.tokenEndpoint.next.push({ outcome: 'throttled', status: 429, retryAfterSeconds: 17 });
    expect((await browser.open(callback)).headers['retry-after']).toBe('17');
  });

  it('a replayed code is refused, and what its first use made stands', async () => {
    const { flow, browser, callback } = await atProcore();
    await browser.open(callback);
    flow.now += 1;
    const another = await browser.goToProcore(await flow.newLink());
    const replayed = new URL(another);
    replayed.searchParams.set('code', 'code-1');
    flow.tokenEndpoint.next.push(({ grant }) =>
      grant === 'code-1' ? { outcome: 'invalid_grant', status: 400 } : { outcome: 'not_sent' },
    );
    expect((await browser.open(replayed.href)).statusCode).toBe(400);
    expect(await flow.store.read('acme')).toMatchObject({ generation: 1, tokens: { accessToken: 'access-1' } });
  });

  it('exchanges as the client that the secret holds now, since another one that it remembers uses the code up', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.freshClient = { clientId: 'client-2', clientSecret: 'secret-2' };
    flow.tokenEndpoint.info = { outcome: 'info', clientId: 'client-2' };
    const tokens = flow.tokenEndpoint.tokenSet(1);
    flow.tokenEndpoint.next.push(({ clientSecret }) =>
      clientSecret === 'secret-2' ? { outcome: 'tokens', tokens } : { outcome: 'invalid_grant', status: 400 },
    );
    expect((await browser.open(callback)).body).toContain('<h1>Connected</h1>');
    expect(exchanges(flow).map(({ clientSecret }) => clientSecret)).toEqual(['secret-2']);
  });

  it('asks once, and alarms, when Procore refuses the client', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.tokenEndpoint.next.push({ outcome: 'invalid_client', status: 401 });
    await browser.open(callback);
    expect(exchanges(flow)).toHaveLength(1);
    expect(flow.counts).toMatchObject({ clientCredentialsRefused: 1 });
  });

  it('a secret of another environment is never used', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.clientError = new WrongEnvironmentError('OAuth client', 'sandbox', 'production');
    const page = await browser.open(callback);
    expect(page.statusCode).toBe(502);
    expect(page.body).toContain('This integration is not set up yet');
    expect(exchanges(flow)).toHaveLength(0);
    expect(flow.counts).toEqual({ callbackMisconfigured: 1 });
  });

  it('tokens of another environment’s client are removed again, and the page says whose fault it is', async () => {
    const { flow, browser, callback } = await atProcore();
    flow.tokenEndpoint.info = { outcome: 'info', clientId: 'production-client' };
    const page = await browser.open(callback);
    expect(page.statusCode).toBe(502);
    expect(page.body).toContain('another Procore environment');
    expect(page.body).not.toContain('Start again');
    const stored = await flow.store.read('acme');
    expect(stored).toMatchObject({ status: 'disconnected', generation: 2 });
    expect(stored?.tokens).toBeUndefined();
    expect(flow.tokenEndpoint.calls).toContainEqual(expect.objectContaining({ method: 'revoke', grant: 'access-1' }));
    expect(flow.counts).toMatchObject({ callbackMisconfigured: 1, wrongEnvironment: 1 });
  });

  it.each([
    ['server_error', 503, 'callbackProcoreDown'],
    ['temporarily_unavailable', 503, 'callbackProcoreDown'],
    ['unauthorized_client', 502, 'callbackMisconfigured'],
    ['invalid_scope', 502, 'callbackMisconfigured'],
    ['<script>alert(1)</script>', 502, 'callbackMisconfigured'],
  ])('the error %s of the authorization endpoint is told as %i', async (error, status, metric) => {
    const { flow, browser, callback } = await atProcore();
    const { state = '' } = Object.fromEntries(new URL(callback).searchParams);
    const parameters = new URLSearchParams({ error, error_description: error, error_uri: error, state });
    const page = await browser.open(`${origin}/oauth/callback?${parameters}`);
    expect(page.statusCode).toBe(status);
    expect(page.body).not.toContain('<script');
    expect(flow.counts).toEqual({ [metric]: 1 });
    expect(JSON.stringify(flow.notes)).not.toContain(error);
  });
});
