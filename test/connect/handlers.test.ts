import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IssuedLink } from '../../functions/connect/connect-link.ts';
import { settingNames } from '../../functions/settings.ts';

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
  const [connectLink, oauthStart, oauthCallback, oauthCompany] = await Promise.all([
    import('../../functions/connect-link.ts'),
    import('../../functions/oauth-start.ts'),
    import('../../functions/oauth-callback.ts'),
    import('../../functions/oauth-company.ts'),
  ]);
  handlers = {
    connectLink: connectLink.handler,
    oauthStart: oauthStart.handler,
    oauthCallback: oauthCallback.handler,
    oauthCompany: oauthCompany.handler,
  };
});

afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

function event(method: string, rawQueryString: string): APIGatewayProxyEventV2 {
  return {
    rawQueryString,
    headers: {},
    isBase64Encoded: false,
    requestContext: { http: { method } },
  } as APIGatewayProxyEventV2;
}

describe('the handlers of the connect flow, wired as they are deployed', () => {
  it('connect-link gives a link that oauth-start shows', async () => {
    const answer = await handlers.connectLink(
      { connectionId: 'acme', returnTo: 'https://app.example.com/done' },
      context,
    );
    const { url } = answer as IssuedLink;
    const page = await handlers.oauthStart(event('GET', new URL(url).search.slice(1)), context);
    expect(page).toMatchObject({ statusCode: 200, cookies: [expect.stringMatching(/^__Host-connect=/)] });
    expect(page.body).toContain('<strong>acme</strong>');
  });

  it('connect-link answers a caller’s mistake with its code, and does not fail', async () => {
    expect(await handlers.connectLink(null, context)).toMatchObject({ error: { code: 'invalid_connection_id' } });
    expect(
      await handlers.connectLink({ connectionId: 'acme', returnTo: 'https://evil.example' }, context),
    ).toMatchObject({
      error: { code: 'return_to_not_allowed', message: expect.stringContaining('https://app.example.com') },
    });
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
