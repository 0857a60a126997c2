import { afterEach, describe, expect, it, vi } from 'vitest';
import { lambdaClient } from '../../functions/aws/clients.ts';
import { lambdaAccessTokens } from '../../functions/aws/lambda-access-tokens.ts';
import { sdkInvocation } from '../../functions/aws/sdk-invocation.ts';
import { connectToProcore } from '../../functions/connect-to-procore.ts';
import { rejection } from '../procore/client-world.ts';
import { type LambdaEndpoint, startLambdaEndpoint } from './lambda-endpoint.ts';

const servers: LambdaEndpoint[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(servers.splice(0).map(({ stop }) => stop()));
});

/** What Lambda sets for a function. */
const settings = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_SESSION_TOKEN: 'session',
};

async function setUp(answer: Parameters<typeof startLambdaEndpoint>[0]) {
  const server = await startLambdaEndpoint(answer);
  servers.push(server);
  vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', server.origin);
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  return { vend: lambdaAccessTokens({ invoke: sdkInvocation(lambdaClient()), functionName: 'access-token' }), server };
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

  it.each([429, 500, 503])('asks again after %i, twice at most', async (status) => {
    const { vend, server } = await setUp({ statuses: [status, status], body: { accessToken: 'a', generation: 3 } });
    expect(await vend({ connectionId: 'acme' })).toMatchObject({ accessToken: 'a' });
    expect(server.received).toHaveLength(3);
  });

  it.each(['ConcurrentInvocationLimitExceeded', 'ReservedFunctionConcurrentInvocationLimitExceeded'])(
    'takes a throttle that outlasts the tries of the SDK for a pause, whatever its reason: %s',
    async (Reason) => {
      const body = { Reason, Type: 'User', message: 'Rate Exceeded.' };
      const { vend, server } = await setUp({ statuses: [429, 429, 429], body });
      const error = await rejection(vend({ connectionId: 'acme' }));
      expect(error).toMatchObject({ code: 'function_throttled', retryAfterSeconds: 2 });
      expect(error.message).toContain(Reason);
      expect(server.received).toHaveLength(3);
    },
  );

  it('gives an integrator’s own function the same pause, as long as Lambda says', async () => {
    const body = { Reason: 'ConcurrentInvocationLimitExceeded', Type: 'User', message: 'Rate Exceeded.' };
    await setUp({ statuses: [429, 429], retryAfter: '1', body });
    vi.stubEnv('PROCORE_SANDBOX_ACCESS_TOKEN_FUNCTION', 'access-token');
    const client = connectToProcore({ environment: 'sandbox', connectionId: 'acme', remaining: () => 900 });
    const error = await rejection(client.get('/rest/v1.0/me'));
    expect(error).toMatchObject({ code: 'function_throttled', retryAfterSeconds: 1 });
  });

  it('fails with the name that AWS gives when the role may not invoke it', async () => {
    const { vend, server } = await setUp({ statuses: [403], body: { Message: 'not authorized' } });
    const error = await rejection(vend({ connectionId: 'acme' }));
    expect(error).toMatchObject({ name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } });
    expect(error.message).toContain('not authorized');
    expect(server.received).toHaveLength(1);
  });
});
