import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDbConnectionStore } from '../../functions/aws/dynamodb-connection-store.ts';
import type { IssuedLink } from '../../functions/connect/connect-link.ts';
import { create } from '../../functions/connection/transitions.ts';
import { newUnconfirmed } from '../../functions/connection/unconfirmed-transitions.ts';
import { settingNames } from '../../functions/settings.ts';
import { sha256 } from '../../functions/sha256.ts';

const server = dynalite({ createTableMs: 0 });
const context = { getRemainingTimeInMillis: () => 29_000 } as Context;

const settings = {
  stack: 'ProcoreConnector',
  environment: 'sandbox',
  oauthClientSecret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:none',
  connectionsTable: 'connections',
  revokeReplacedTokens: 'false',
  authorizationsTable: 'authorizations',
  eventQueue: 'https://sqs.us-east-1.amazonaws.com/123456789012/none.fifo',
  publicOrigin: 'https://connect.example.com',
  returnToOrigins: 'https://app.example.com',
} as const;

let handlers: {
  readonly confirmConnection: typeof import('../../functions/confirm-connection.ts').handler;
  readonly connectLink: typeof import('../../functions/connect-link.ts').handler;
  readonly oauthStart: typeof import('../../functions/oauth-start.ts').handler;
  readonly oauthCallback: typeof import('../../functions/oauth-callback.ts').handler;
  readonly oauthCompany: typeof import('../../functions/oauth-company.ts').handler;
};
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  for (const [setting, value] of Object.entries(settings)) {
    process.env[settingNames[setting as keyof typeof settings]] = value;
  }
  process.env.AWS_REGION = 'us-east-1';
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
  process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${port}`;
  // It refuses every message at once.
  process.env.AWS_ENDPOINT_URL_SQS = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  const client = new DynamoDBClient();
  for (const [table, key] of [
    ['authorizations', 'id'],
    ['connections', 'connectionId'],
  ] as const) {
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
        KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.1 }, { TableName: table });
  }
  client.destroy();
  // They read their settings when they are loaded.
  const [confirmConnection, connectLink, oauthStart, oauthCallback, oauthCompany] = await Promise.all([
    import('../../functions/confirm-connection.ts'),
    import('../../functions/connect-link.ts'),
    import('../../functions/oauth-start.ts'),
    import('../../functions/oauth-callback.ts'),
    import('../../functions/oauth-company.ts'),
  ]);
  handlers = {
    confirmConnection: confirmConnection.handler,
    connectLink: connectLink.handler,
    oauthStart: oauthStart.handler,
    oauthCallback: oauthCallback.handler,
    oauthCompany: oauthCompany.handler,
  };
});

afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

function event(
  method: string,
  rawQueryString: string,
  more: Partial<APIGatewayProxyEventV2> = {},
): APIGatewayProxyEventV2 {
  return {
    rawQueryString,
    headers: {},
    isBase64Encoded: false,
    requestContext: { http: { method } },
    ...more,
  } as APIGatewayProxyEventV2;
}

describe('the handlers of the connect flow, wired as they are deployed', () => {
  it('connect-link gives a link that oauth-start shows', async () => {
    const answer = await handlers.connectLink(
      { connectionId: 'acme', displayName: 'Miller', returnTo: 'https://app.example.com/done' },
      context,
    );
    const { url } = answer as IssuedLink;
    const page = await handlers.oauthStart(event('GET', new URL(url).search.slice(1)), context);
    expect(page).toMatchObject({ statusCode: 200, cookies: [expect.stringMatching(/^__Host-connect=/)] });
    expect(page.body).toContain('<strong>Miller</strong>');
  });

  it('oauth-company has a page for every address that has none, in the reader’s language, and reads nothing for it', async () => {
    for (const [rawPath, statusCode, text] of [
      ['/', 200, 'Hier ist nichts zu tun'],
      ['/oauth/callbak', 404, 'Diese Seite gibt es nicht'],
    ] as const) {
      const more = { routeKey: '$default', rawPath, headers: { 'accept-language': 'de-CH,en;q=0.5' } };
      for (const method of ['GET', 'POST', 'DELETE']) {
        const page = await handlers.oauthCompany(event(method, 'session=x', more), context);
        expect(page).toMatchObject({ statusCode, cookies: [] });
        expect(page.body).toContain(text);
      }
    }
  });

  it('oauth-callback refuses a search of a session that is nobody’s', async () => {
    const search = event('GET', `session=${'a'.repeat(64)}&q=x`, { routeKey: 'GET /oauth/search' });
    const page = await handlers.oauthCallback(search, context);
    expect(page).toMatchObject({ statusCode: 400, body: expect.stringContaining('can no longer be chosen') });
  });

  it('connect-link answers a display name that no page can show with its code', async () => {
    const answer = await handlers.connectLink({ connectionId: 'acme', displayName: '\n' }, context);
    expect(answer).toMatchObject({ error: { code: 'invalid_display_name' } });
  });

  it('connect-link answers a caller’s mistake with its code, and does not fail', async () => {
    expect(await handlers.connectLink(null, context)).toMatchObject({ error: { code: 'invalid_connection_id' } });
    expect(
      await handlers.connectLink({ connectionId: 'acme', returnTo: 'https://evil.example' }, context),
    ).toMatchObject({
      error: { code: 'return_to_not_allowed', message: expect.stringContaining('https://app.example.com') },
    });
  });

  it('confirm-connection makes what waits the connection’s own, tells its companies, and answers the same again', async () => {
    const reference = 'a'.repeat(64);
    const now = Math.floor(Date.now() / 1000);
    const client = new DynamoDBClient();
    const store = dynamoDbConnectionStore({ client, table: settings.connectionsTable, environment: 'sandbox' });
    const tokens = { accessToken: 'a', refreshToken: 'r', issuedAt: now, expiresAt: now + 5400 };
    const authorizedBy = { sessionId: 's', linkIssuedAt: now, referenceHash: sha256(reference) };
    const times = { now, expiresAt: now + 1800 };
    const waiting = newUnconfirmed('sandbox', { connectionId: 'confirmed', tokens, authorizedBy }, times);
    const account = { companyIds: ['1', '2', '3'], companyId: '2', changedAt: now };
    const unconfirmed = waiting.unconfirmed && { ...waiting.unconfirmed, account };
    await store.write(create({ ...waiting, ...(unconfirmed && { unconfirmed }) }));
    const request = { connectionId: 'confirmed', reference };
    const answer = await handlers.confirmConnection(request, context);
    expect(answer).toEqual({
      ...{ connectionId: 'confirmed', status: 'connected', generation: 1 },
      companyIds: ['2', '1', '3'],
    });
    expect(await handlers.confirmConnection(request, context)).toEqual(answer);
    expect(await store.read('confirmed')).toMatchObject({ status: 'connected', tokens: { accessToken: 'a' } });
    client.destroy();
  });

  it('confirm-connection answers a reference of nobody’s, and a connection id that is none, with a code', async () => {
    for (const [request, code] of [
      [{ connectionId: 'acme', reference: 'b'.repeat(64) }, 'reference_refused'],
      [{ connectionId: 'acme' }, 'reference_refused'],
      [null, 'invalid_connection_id'],
    ] as const) {
      expect(await handlers.confirmConnection(request, context)).toMatchObject({ error: { code } });
    }
  });

  it('oauth-start tells GET from POST', async () => {
    expect((await handlers.oauthStart(event('POST', ''), context)).body).toContain('Your browser sent no cookie');
    expect((await handlers.oauthStart(event('GET', ''), context)).body).toContain('This link is not valid');
  });

  it('oauth-callback and oauth-company answer with pages', async () => {
    const unknown = `code=c&state=${'s'.repeat(48)}`;
    expect(await handlers.oauthCallback(event('GET', unknown), context)).toMatchObject({ statusCode: 400 });
    expect(await handlers.oauthCompany(event('GET', `session=${'a'.repeat(64)}`), context)).toMatchObject({
      statusCode: 400,
    });
    expect(await handlers.oauthCompany(event('POST', ''), context)).toMatchObject({ statusCode: 400 });
  });
});
