import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiClients } from '../../functions/place.ts';
import { processReads } from '../../functions/process-reads.ts';
import { procoreEnvironments } from '../../functions/procore/environment.ts';
import type { RateScope } from '../../functions/procore/rate-limit-scope.ts';
import { nameInEvent } from '../../functions/procore/resource-names.ts';
import { answered, companyId, recordingObserver } from '../procore/client-world.ts';
import { type LambdaEndpoint, startLambdaEndpoint } from './lambda-endpoint.ts';

let aws: LambdaEndpoint;
beforeAll(async () => {
  const body = { __type: 'com.amazonaws.dynamodb.v20120810#AccessDeniedException', message: 'not authorized' };
  aws = await startLambdaEndpoint({ body, statuses: Array.from({ length: 100 }, () => 400) });
});
afterAll(() => aws.stop());

function clientsOf(asked: typeof fetch, rateLimitScope?: RateScope) {
  const { observer, notes } = recordingObserver();
  const dynamoDb = new DynamoDBClient({
    endpoint: aws.origin,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const { clientFor } = apiClients(
    { environment: 'sandbox', nameOf: () => 'rate-budget', observer },
    {
      dynamoDb,
      rateLimitScope,
      origins: {},
      pauses: 'called',
      fetch: asked,
      vend: async () => ({
        accessToken: 'token',
        expiresAt: Date.now() / 1000 + 5400,
        generation: 1,
        environment: 'sandbox',
        apiHost: procoreEnvironments.sandbox.apiOrigin,
        companyIds: [],
      }),
    },
  );
  return { company: clientFor('acme', () => 20_000).company(companyId), notes, end: () => dynamoDb.destroy() };
}

// An operator may be allowed to invoke access-token and no more.
it('call Procore uncounted, as often as asked, when the table of the rate budget is forbidden', async () => {
  const { company, notes, end } = clientsOf(async () => answered(200, []));
  for (let call = 0; call < 3; call++) expect((await company.get('/rest/v1.0/projects')).status).toBe(200);
  expect(aws.received.length).toBeGreaterThan(0);
  expect(notes).toContainEqual(['budget.unavailable', { errorName: 'AccessDeniedException' }]);
  end();
});

it.each([
  [undefined, 'rate#app'],
  ['app', 'rate#app'],
  ['company', `rate#company#${companyId}`],
  ['token', 'rate#token#acme'],
] as const)('count by what a setting says that Procore counts by: with %s in %s', async (scope, name) => {
  aws.received.length = 0;
  const { company, end } = clientsOf(async () => answered(200, []), scope);
  await company.get('/rest/v1.0/projects');
  const asked = aws.received.map(({ body }) => JSON.parse(body).Key.id.S as string);
  expect(new Set(asked.filter((id) => id.startsWith('rate#')))).toEqual(new Set([name]));
  end();
});

it('share what they keep within the process, and what ends it', async () => {
  let calls = 0;
  const clients = [1, 2].map(() => clientsOf(async () => answered(200, { calls: ++calls })));
  const read = () =>
    Promise.all(clients.map(({ company }) => company.get('/rest/v1.0/projects/1', { cacheSeconds: 600 })));
  await read();
  await read();
  expect(calls).toBe(1);
  processReads.resourceChanged('sandbox', companyId, [nameInEvent('Projects')]);
  await read();
  expect(calls).toBe(2);
  for (const { end } of clients) end();
});
