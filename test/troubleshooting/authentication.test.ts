import { expect, it } from 'vitest';
import { Person } from '../../lib/local/person.ts';
import { rejection } from '../procore/client-world.ts';
import { age, connectAccount, consumer, invoke, runningProduct, vend } from './running-product.ts';

const product = runningProduct();

it('The access token is invalid', async () => {
  const { control } = product();
  await connectAccount(product(), 'token-invalid');
  const { client } = consumer(product(), 'token-invalid');
  await client.get('/rest/v1.0/me');

  // Prevented: a token that has expired is replaced before anybody gets it.
  await age(product(), 'token-invalid', 5400);
  const before = control.counts.tokenRefreshes;
  const fresh = await vend(product(), 'token-invalid');
  expect(control.counts.tokenRefreshes).toBe(before + 1);
  expect(fresh.generation).toBe(2);

  // Healed: Procore refuses one that should be valid; the call itself succeeds, after one refresh.
  await age(product(), 'token-invalid', 120);
  const { client: other } = consumer(product(), 'token-invalid');
  control.refuseAllTokens(true);
  const refused = rejection(other.get('/rest/v1.0/me'));
  expect(await refused).toMatchObject({ code: 'access_token_invalid' });
  control.refuseAllTokens(false);
  expect((await other.get('/rest/v1.0/me')).status).toBe(200);
  expect((await vend(product(), 'token-invalid')).generation).toBe(3);
});

it('The refresh token is invalid', async () => {
  const { control } = product();
  await connectAccount(product(), 'refresh-invalid');
  control.revokeGrant();
  await age(product(), 'refresh-invalid', 5400);

  // Named: cause and remedy, and not one more call to Procore until a person has connected again.
  const refusal = await vend(product(), 'refresh-invalid');
  expect(refusal.error).toMatchObject({ code: 'reauthorization_required', reason: 'revoked' });
  expect(refusal.error.reconnect).toContain('connect refresh-invalid');
  const calls = control.counts.tokenRefreshes;
  for (let call = 0; call < 5; call++) await vend(product(), 'refresh-invalid');
  expect(control.counts.tokenRefreshes).toBe(calls);

  await connectAccount(product(), 'refresh-invalid');
  const { client } = consumer(product(), 'refresh-invalid');
  expect((await client.get('/rest/v1.0/me')).status).toBe(200);
});

it('Authorization code errors', async () => {
  const { control } = product();
  const { url } = await invoke<{ url: string }>(product(), 'ConnectLink', { connectionId: 'code' });
  const person = new Person();
  const consent = await person.press(await person.open(url), 'Connect to Procore');
  const connected = await person.press(consent, 'Allow');
  const exchanges = control.counts.tokenExchanges;

  // Prevented: the code is exchanged at once and once; the same callback again gets the first one's result.
  const again = await person.open(connected.url);
  expect([connected.status, again.status]).toEqual([200, 200]);
  expect(control.counts.tokenExchanges).toBe(exchanges);

  // Named: a code that Procore refuses has its page, with a way to start again.
  const { url: second } = await invoke<{ url: string }>(product(), 'ConnectLink', { connectionId: 'code-2' });
  const other = new Person();
  const asked = await other.press(await other.open(second), 'Connect to Procore');
  const state = new URL(asked.url).searchParams.get('state');
  const refused = await other.open(`${product().sandbox.callbackUrl}?code=used-or-too-old&state=${state}`);
  expect(refused.status).toBe(400);
  expect(refused.html).toMatch(/code/i);
  expect(refused.html).toMatch(/again/i);
});

it('Wrong environment credentials', async () => {
  const { sandbox, production, system } = product();
  await connectAccount(product(), 'environment');
  const token = await vend(product(), 'environment');

  // Prevented: each environment has its own hosts, tokens and connections; the types keep them apart (client-types).
  expect(token).toMatchObject({ environment: 'sandbox', apiHost: sandbox.procoreApi });
  const elsewhere = (await system.invoke(production.functions.AccessToken ?? '', { connectionId: 'environment' })) as {
    error: { code: string };
  };
  expect(elsewhere.error.code).toBe('connection_not_found');
  const { status } = await fetch(`${production.procoreApi}/rest/v1.0/me`, {
    headers: { authorization: `Bearer ${token.accessToken}` },
  });
  expect(status).toBe(401);
  const { client } = consumer(
    { ...product(), sandbox: { ...sandbox, procoreApi: production.procoreApi } },
    'environment',
  );
  expect(await rejection(client.get('/rest/v1.0/me'))).toMatchObject({ code: 'foreign_token' });
});
