import { beforeEach, describe, expect, it } from 'vitest';
import { disconnectConnection } from '../../functions/connection/disconnect.ts';
import {
  connectServiceAccount,
  parseServiceAccountRequest,
  type ServiceAccountDependencies,
} from '../../functions/connection/service-account.ts';
import type { CompaniesOutcome } from '../../functions/procore/companies.ts';
import { oauthDiagnosisRow } from '../../functions/procore/oauth-diagnosis-rows.ts';
import { untilReturn } from '../memory/port.ts';
import { connectionWorld, startTime } from './world.ts';

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

  it('brings its companies in the write that connects it, so that no former ones are ever vended (hard case 59)', async () => {
    world.put({ connectionId: 'robot', companyIds: ['77'], companyId: '77' });
    world.store.hooks = {
      after: () => {
        const { authorizedBy, companyIds, companyId } = world.stored('robot');
        const seenThere = authorizedBy.sessionId === 'session-1' ? [['77'], '77'] : [['8', '9'], '8'];
        expect([companyIds, companyId]).toEqual(seenThere);
      },
    };
    await connect();
    expect(world.stored('robot')).toMatchObject({ companyIds: ['8', '9'], companiesCount: 2, companiesFor: 'owner-1' });
  });

  it('says that the app is installed nowhere when the account sees no company at all (hard case 44)', async () => {
    seen = { outcome: 'companies', companies: [] };
    await expect(connect()).rejects.toMatchObject({ code: 'app_not_installed', installedNowhere: true });
    seen = { outcome: 'companies', companies: [{ id: '9', name: 'Nine' }] };
    await expect(connect()).rejects.toMatchObject({ code: 'app_not_installed', installedNowhere: false });
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
    await expect(connect()).rejects.toMatchObject({
      code: 'service_account_refused',
      message:
        'Procore knows this client id and secret but gives the app no token of its own, because the app has no service ' +
        'account. In the Developer Portal, add a data connector component with a service account (DMSA) to the app. ' +
        'Then create a version and install that version in the company.',
    });
    expect(world.tokenEndpoint.calls.at(-1)).toMatchObject({
      method: 'redeemCode',
      redirectUri: 'https://connect.example.com/oauth/callback',
    });
    refused();
    refused();
    await expect(connect()).rejects.toMatchObject({ code: 'client_credentials_rejected' });
    world.tokenEndpoint.next.push({ outcome: 'invalid_grant', status: 400 });
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
      message:
        'The service account does not see company 8: the app is not installed there, or the id belongs to another ' +
        "company. Check the id. If it is right, ask the company's administrator to install the app under Company Admin > " +
        'App Management (a custom app by its App Version Key from the Developer Portal). Then run this again.',
    });
    expect(world.store.connections.size).toBe(0);
    expect(world.asked()).toEqual(['requestClientCredentials']);
  });

  const sorry = 'Nothing was stored. Try again in a few minutes, and see https://status.procore.com.';

  it.each([
    ['500', { outcome: 'unavailable', status: 500 }, ' (status 500)'],
    ['429', { outcome: 'unavailable', status: 429 }, ' (status 429)'],
    ['nothing', { outcome: 'unavailable' }, ''],
  ] as const)('stores nothing and blames nobody when the companies answer is %s', async (_, outcome, status) => {
    seen = outcome;
    await expect(connect()).rejects.toMatchObject({
      code: 'procore_unavailable',
      message: `Procore did not list the companies${status}. ${sorry}`,
    });
    expect(world.store.connections.size).toBe(0);
  });

  it.each([
    [{ outcome: 'unknown', status: 502 }, ' (status 502)'],
    [{ outcome: 'throttled', status: 429 }, ' (status 429)'],
    [{ outcome: 'unknown' }, ''],
    [{ outcome: 'not_sent' }, ''],
  ] as const)(
    'stores nothing and asks nothing more when the answer to the token request is %j',
    async (answer, status) => {
      world.tokenEndpoint.next.push(answer);
      await expect(connect()).rejects.toMatchObject({
        code: 'procore_unavailable',
        message: `Procore gave no token${status}. ${sorry}`,
      });
      expect(world.asked()).toEqual(['requestClientCredentials']);
      expect(world.store.connections.size).toBe(0);
    },
  );

  it('says so when there are too many companies to find its own (hard case 45)', async () => {
    seen = { outcome: 'too_many' };
    await expect(connect()).rejects.toMatchObject({
      code: 'too_many_companies',
      message: expect.stringContaining('company 8 was not among those that were read. Nothing was stored.'),
    });
    expect(world.store.connections.size).toBe(0);
  });

  it('asks for the companies with the new token, in the name of the company', async () => {
    const asked: unknown[] = [];
    const listCompanies: ServiceAccountDependencies['listCompanies'] = async (...parameters) => {
      asked.push(parameters);
      return seen;
    };
    await untilReturn(() => connectServiceAccount({ ...dependencies(), listCompanies }, request));
    expect(asked).toEqual([['access-1', '8']]);
  });

  it("ends the connection again when token/info names another environment's client", async () => {
    world.tokenEndpoint.info = { outcome: 'info', clientId: 'client-of-production' };
    const { cause, remedy } = oauthDiagnosisRow('wrong_environment');
    await expect(connect()).rejects.toMatchObject({ code: 'wrong_environment', message: `${cause} ${remedy}` });
    expect(world.stored('robot').status).toBe('disconnected');
  });

  describe('when somebody else connects or ends the same connection at that moment', () => {
    const meanwhile = {
      code: 'connected_meanwhile',
      message:
        'Somebody else connected or ended "robot" at the same moment. Look at it, then decide which one is right: npm run ' +
        'procore -- connections show robot',
    };

    it('says so, and leaves what a newer link has stored', async () => {
      world.tokenEndpoint.next.push(() => {
        world.put({ connectionId: 'robot', authorizedBy: { sessionId: 'other', linkIssuedAt: startTime + 1 } });
        return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(7) };
      });
      await expect(connect()).rejects.toMatchObject(meanwhile);
      expect(world.stored('robot')).toMatchObject({ authorizedBy: { sessionId: 'other' }, generation: 1 });
    });

    it('stays disconnected when somebody ends it while the token is asked for', async () => {
      world.put({ connectionId: 'robot' });
      world.tokenEndpoint.next.push(async () => {
        await disconnectConnection(world.invocation(), 'robot');
        return { outcome: 'tokens', tokens: world.tokenEndpoint.tokenSet(7) };
      });
      await expect(connect()).rejects.toMatchObject(meanwhile);
      expect(world.stored('robot').status).toBe('disconnected');
    });

    it('connects over an authorization by a clock that goes ahead', async () => {
      world.put({ connectionId: 'robot', authorizedBy: { sessionId: 'other', linkIssuedAt: startTime + 5 } });
      expect(await connect()).toMatchObject({ generation: 2, authorizedBy: { linkIssuedAt: startTime + 5.001 } });
    });

    it.each([
      ['connects', { authorizedBy: { sessionId: 'other', linkIssuedAt: startTime + 1 } }],
      ['ends', { status: 'disconnected' }],
    ] as const)('says so when somebody %s it while it is checked', async (_, change) => {
      world.store.hooks = {
        before: (call) => {
          if (call.operation !== 'write' || call.write.set.environmentChecked !== true) return;
          world.store.connections.set('robot', { ...world.stored('robot'), ...change });
        },
      };
      await expect(connect()).rejects.toMatchObject(meanwhile);
    });
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

  it.each([undefined, null, {}, { companyId: '8' }])('without a connection id is refused: %j', (value) => {
    expect(() => parseServiceAccountRequest(value)).toThrow(expect.objectContaining({ code: 'invalid_connection_id' }));
  });

  it.each([{ connectionId: 'a' }, { connectionId: 'a', companyId: 8 }, { ...request, companyId: '8 ' }])(
    'is told what a company id is: %j',
    (value) => {
      expect(() => parseServiceAccountRequest(value)).toThrow(
        expect.objectContaining({
          code: 'invalid_company_id',
          message:
            'companyId must be the digits of a company id at Procore, as text. A service account must name its company ' +
            'in every call. You find the id in the address of every page of the company at Procore.',
        }),
      );
    },
  );
});
