import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, it } from 'vitest';
import { lambdaAccessTokens } from '../../functions/aws/lambda-access-tokens.ts';
import { rejection } from '../procore/client-world.ts';
import { type LambdaEndpoint, startLambdaEndpoint } from './lambda-endpoint.ts';

const servers: LambdaEndpoint[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map(({ stop }) => stop()));
});

async function setUp(answer: { functionError?: string; body: unknown }) {
  const server = await startLambdaEndpoint(answer);
  servers.push(server);
  const client = new LambdaClient({
    endpoint: server.origin,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  return { vend: lambdaAccessTokens({ client, functionName: 'access-token' }), server };
}

describe('asking the access-token function', () => {
  it('sends the request and gives the token', async () => {
    const token = { accessToken: 'a', generation: 3 };
    const { vend, server } = await setUp({ body: token });
    expect(await vend({ connectionId: 'acme', rejectedGeneration: 2 })).toEqual(token);
    expect(server.received).toEqual([
      {
        path: '/2015-03-31/functions/access-token/invocations',
        body: '{"connectionId":"acme","rejectedGeneration":2}',
      },
    ]);
  });

  it('gives a refusal as it is', async () => {
    const refusal = { error: { code: 'rotation_pending', message: 'Ask again.', retryAfterSeconds: 2 } };
    const { vend } = await setUp({ body: refusal });
    expect(await vend({ connectionId: 'acme' })).toEqual(refusal);
  });

  it('repeats nothing of what a function that failed has said', async () => {
    const { vend } = await setUp({ functionError: 'Unhandled', body: { errorMessage: 'a secret in it' } });
    const error = await rejection(vend({ connectionId: 'acme' }));
    expect(error).toMatchObject({ code: 'vending_failed' });
    expect(error.message).not.toContain('secret');
  });
});
