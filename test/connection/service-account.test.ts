import { beforeEach, describe, expect, it } from 'vitest';
import {
  connectServiceAccount,
  parseServiceAccountRequest,
  type ServiceAccountDependencies,
} from '../../functions/connection/service-account.ts';
import type { CompaniesOutcome } from '../../functions/procore/companies.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld } from './world.ts';

const request = { connectionId: 'robot', companyId: '8' };

describe('connecting a service account', () => {
  let world: ReturnType<typeof connectionWorld>;
  let seen: CompaniesOutcome;
  beforeEach(() => {
    world = connectionWorld();
    seen = {
      outcome: 'companies',
      companies: [
        { id: '8', name: 'Eight' },
        { id: '9', name: 'Nine' },
      ],
    };
  });
  const dependencies = (): ServiceAccountDependencies => ({
    ...world.invocation(60_000),
    listCompanies: async () => seen,
    redirectUri: 'https://connect.example.com/oauth/callback',
  });
  const connect = () => untilReturn(() => connectServiceAccount(dependencies(), request));
  const refused = (status = 401) => world.tokenEndpoint.next.push({ outcome: 'invalid_client', status });

  it('stores a connection without refresh token, checked, with the company chosen, and announces it', async () => {
    await connect();
    expect(world.stored('robot')).toMatchObject({
      grant: 'client_credentials',
      status: 'connected',
      generation: 1,
      environmentChecked: true,
      companyIds: ['8', '9'],
      companyId: '8',
    });
    expect(world.stored('robot').tokens).not.toHaveProperty('refreshToken');
    expect(world.announced).toHaveLength(1);
  });

  it('takes the place of an older connection, with a new generation', async () => {
    world.put({ connectionId: 'robot', status: 'reauthorization_required', cause: 'revoked' });
    await connect();
    expect(world.stored('robot')).toMatchObject({ grant: 'client_credentials', status: 'connected', generation: 2 });
    expect(world.stored('robot').cause).toBeUndefined();
  });

  it('uses the credentials that were set just now', async () => {
    world.freshClient = { clientId: 'client-1', clientSecret: 'secret-2' };
    await connect();
    expect(world.tokenEndpoint.calls[0]).toMatchObject({ clientSecret: 'secret-2' });
  });

  it('tells an app without service account from a wrong client, though Procore refuses both alike', async () => {
    refused();
    world.tokenEndpoint.next.push({ outcome: 'invalid_grant', status: 400 });
    await expect(connect()).rejects.toMatchObject({ code: 'service_account_refused' });
    refused();
    refused();
    await expect(connect()).rejects.toMatchObject({ code: 'client_credentials_rejected' });
    refused();
    world.tokenEndpoint.next.push({ outcome: 'unknown' });
    await expect(connect()).rejects.toMatchObject({ code: 'procore_unavailable' });
    expect(world.store.connections.size).toBe(0);
  });

  it.each([
    ['the company is not listed', { outcome: 'companies', companies: [{ id: '9', name: 'Nine' }] }],
    ['no company is listed', { outcome: 'companies', companies: [] }],
    ['Procore answers 403', { outcome: 'unavailable', status: 403 }],
    ['Procore answers 401', { outcome: 'unavailable', status: 401 }],
    ['Procore answers 404', { outcome: 'unavailable', status: 404 }],
  ] as const)('says how to install the app and stores nothing when %s', async (_, outcome) => {
    seen = outcome;
    await expect(connect()).rejects.toMatchObject({
      code: 'app_not_installed',
      message: expect.stringContaining('App Version Key'),
    });
    expect(world.store.connections.size).toBe(0);
    expect(world.asked()).toEqual(['requestClientCredentials']);
  });

  it.each([
    ['500', { outcome: 'unavailable', status: 500 }],
    ['429', { outcome: 'unavailable', status: 429 }],
    ['nothing', { outcome: 'unavailable' }],
  ] as const)('stores nothing and blames nobody when the companies answer is %s', async (_, outcome) => {
    seen = outcome;
    await expect(connect()).rejects.toMatchObject({ code: 'procore_unavailable' });
    expect(world.store.connections.size).toBe(0);
  });

  it("ends the connection again when token/info names another environment's client", async () => {
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'client-of-production' };
    await expect(connect()).rejects.toMatchObject({ code: 'wrong_environment' });
    expect(world.stored('robot').status).toBe('disconnected');
  });

  it('says no token, anywhere', async () => {
    const connection = await connect();
    expect(world.said()).not.toContain(connection.tokens?.accessToken);
  });
});

describe('a request for a service account', () => {
  it('has a connection id and the digits of a company id', () => {
    expect(parseServiceAccountRequest({ ...request, more: 1 })).toEqual(request);
  });

  it.each([
    undefined,
    null,
    {},
    { connectionId: 'a' },
    { connectionId: 'a', companyId: 8 },
    { ...request, companyId: '8 ' },
  ])('is refused as %j', (value) => {
    expect(() => parseServiceAccountRequest(value)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^invalid_/) }),
    );
  });
});
