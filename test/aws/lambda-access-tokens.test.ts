import { createHash, createHmac } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type InvokeFunction, lambdaAccessTokens } from '../../functions/aws/lambda-access-tokens.ts';
import { sdkInvocation } from '../../functions/aws/sdk-invocation.ts';
import { signedInvocation } from '../../functions/aws/signed-invocation.ts';
import { rejection } from '../procore/client-world.ts';
import { type LambdaEndpoint, startLambdaEndpoint } from './lambda-endpoint.ts';

const servers: LambdaEndpoint[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(servers.splice(0).map(({ stop }) => stop()));
});

const region = 'us-east-1';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test', sessionToken: 'session' };

/** The two ways to invoke: a program's, and the stack's functions'. */
const ways: Readonly<Record<string, () => InvokeFunction>> = {
  'the SDK’s client': () => sdkInvocation(new LambdaClient({ region, credentials, maxAttempts: 2 })),
  'a signed request': () => signedInvocation(new DynamoDBClient({ region, credentials })),
};

async function setUp(way: keyof typeof ways, answer: Parameters<typeof startLambdaEndpoint>[0]) {
  const server = await startLambdaEndpoint(answer);
  servers.push(server);
  vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', server.origin);
  const invoke = ways[way]?.();
  if (invoke === undefined) throw new TypeError(`There is no way "${way}".`);
  return { vend: lambdaAccessTokens({ invoke, functionName: 'access-token' }), server };
}

describe.each(Object.keys(ways))('asking the access-token function by %s', (way) => {
  it('sends the request and gives the token', async () => {
    const token = { accessToken: 'a', generation: 3 };
    const { vend, server } = await setUp(way, { body: token });
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
    const { vend } = await setUp(way, { body: refusal });
    expect(await vend({ connectionId: 'acme' })).toEqual(refusal);
  });

  it('repeats nothing of what a function that failed has said', async () => {
    const { vend } = await setUp(way, { functionError: 'Unhandled', body: { errorMessage: 'a secret in it' } });
    const error = await rejection(vend({ connectionId: 'acme' }));
    expect(error).toMatchObject({ code: 'vending_failed' });
    expect(error.message).not.toContain('secret');
  });

  it.each([429, 500, 503])('asks once more after %i', async (status) => {
    const { vend, server } = await setUp(way, { statuses: [status], body: { accessToken: 'a', generation: 3 } });
    expect(await vend({ connectionId: 'acme' })).toMatchObject({ accessToken: 'a' });
    expect(server.received).toHaveLength(2);
  });

  it('fails with the name that AWS gives when the role may not invoke it', async () => {
    const { vend, server } = await setUp(way, { statuses: [403], body: { Message: 'not authorized' } });
    const error = await rejection(vend({ connectionId: 'acme' }));
    expect(error).toMatchObject({ name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } });
    expect(error.message).toContain('not authorized');
    expect(server.received).toHaveLength(1);
  });
});

describe('a signed request', () => {
  it('carries a signature for Lambda that AWS can follow, and the trace', async () => {
    vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-5759e988-bd862e3fe1be46a994272793');
    const { vend, server } = await setUp('a signed request', { body: {} });
    await vend({ connectionId: 'acme' });
    const [request] = server.received;
    const [headers = {}] = server.headers;
    expect(headers).toMatchObject({
      'x-amzn-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793',
      'x-amz-security-token': 'session',
    });
    expect(headers.authorization).toBe(signatureOf(request?.path ?? '', request?.body ?? '', headers));
  });

  it('leaves the client that it signs with to its own service', async () => {
    const client = new DynamoDBClient({ region, credentials });
    const { server } = await setUp('a signed request', { body: {} });
    await signedInvocation(client)('access-token', '{}');
    const own = await (await client.config.signer()).sign({
      ...{ method: 'POST', protocol: 'https:', hostname: 'dynamodb', path: '/' },
      headers: { host: 'dynamodb' },
    });
    expect(own.headers.authorization).toContain('/us-east-1/dynamodb/aws4_request');
    expect(server.headers[0]?.authorization).toContain('/us-east-1/lambda/aws4_request');
  });
});

/**
 * Signs again what was received, by AWS's description alone.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function signatureOf(path: string, body: string, headers: LambdaEndpoint['headers'][number]): string {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const signed = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? '';
  const lines = signed.split(';').map((name) => `${name}:${headers[name]}\n`);
  const canonical = ['POST', path, '', lines.join(''), signed, hash(body)].join('\n');
  const time = String(headers['x-amz-date']);
  const scope = [time.slice(0, 8), region, 'lambda', 'aws4_request'];
  const key = scope.reduce<string | Buffer>(
    (parent, part) => createHmac('sha256', parent).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), hash(canonical)].join('\n');
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const credential = `${credentials.accessKeyId}/${scope.join('/')}`;
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${signature}`;
}
