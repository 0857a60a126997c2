import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiClients } from '../../functions/place.ts';
import { procoreEnvironments } from '../../functions/procore/environment.ts';
import { answered, companyId, recordingObserver } from '../procore/client-world.ts';
import { type LambdaEndpoint, startLambdaEndpoint } from './lambda-endpoint.ts';

let aws: LambdaEndpoint;
beforeAll(async () => {
  const body = { __type: 'com.amazonaws.dynamodb.v20120810#AccessDeniedException', message: 'not authorized' };
  aws = await startLambdaEndpoint({ body, statuses: Array.from({ length: 100 }, () => 400) });
});
afterAll(() => aws.stop());

// An operator may be allowed to invoke access-token and no more.
it('call Procore uncounted, as often as asked, when the table of the rate budget is forbidden', async () => {
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
      origins: {},
      pauses: 'called',
      fetch: async () => answered(200, []),
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
  const company = clientFor('acme', () => 20_000).company(companyId);
  for (let call = 0; call < 3; call++) expect((await company.get('/rest/v1.0/projects')).status).toBe(200);
  expect(aws.received.length).toBeGreaterThan(0);
  expect(notes).toContainEqual(['budget.unavailable', { errorName: 'AccessDeniedException' }]);
  dynamoDb.destroy();
});
