import { gzipSync } from 'node:zlib';
import { afterEach, expect, it, vi } from 'vitest';
import { procoreEnvironments } from '../../functions/procore/environment.ts';
import { settingNames } from '../../functions/settings.ts';
import { workerDependencies } from '../../functions/wiring.ts';
import { answered, companyId, recordingObserver } from '../procore/client-world.ts';
import { type LambdaEndpoint, startLambdaEndpoint } from './lambda-endpoint.ts';

const servers: LambdaEndpoint[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  await Promise.all(servers.splice(0).map(({ stop }) => stop()));
});

async function started(body: unknown): Promise<LambdaEndpoint> {
  const server = await startLambdaEndpoint({ body });
  servers.push(server);
  return server;
}

it.each([
  [undefined, 'rate#app'],
  ['company', `rate#company#${companyId}`],
])('webhook-worker counts its calls by what its setting says: with %s in %s', async (scope, name) => {
  const lambda = await started({
    ...{ accessToken: 'token', generation: 1, environment: 'sandbox', companyIds: [] },
    expiresAt: Date.now() / 1000 + 5400,
    apiHost: procoreEnvironments.sandbox.apiOrigin,
  });
  const subscription = gzipSync(JSON.stringify({ companyId, connectionId: 'acme' })).toString('base64');
  // Every item is the subscription: a budget finds none of its attributes in it.
  const dynamoDb = await started({
    Item: {
      environment: { S: 'sandbox' },
      companyId: { S: companyId },
      id: { S: '1' },
      subscription: { B: subscription },
    },
  });
  for (const variable of Object.values(settingNames)) vi.stubEnv(variable, '1');
  vi.stubEnv(settingNames.environment, 'sandbox');
  vi.stubEnv(settingNames.rateLimitScope, scope);
  vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', lambda.origin);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', dynamoDb.origin);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubGlobal('fetch', async () => answered(200, []));

  const { companyClient } = workerDependencies(recordingObserver().observer);
  await companyClient(companyId, () => 20_000).get('/rest/v1.0/projects/1');
  const ids = dynamoDb.received.map(({ body }) => JSON.parse(body).Key.id?.S ?? '');
  expect(new Set(ids.filter((id) => id.startsWith('rate#')))).toEqual(new Set([name]));
});
