import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { InvokeFunction } from './lambda-access-tokens.ts';

/** Any SDK client: all of them sign with the function's role, for whichever service they are told. */
type SigningClient = { readonly config: Pick<DynamoDBClient['config'], 'region' | 'signer'> };

/** As long as `access-token` may take, and a second to connect; in milliseconds. */
const patience = 31_000;

/**
 * Invokes functions by one signed request, as `@aws-sdk/client-lambda` does: its client would add 88 kB to a bundle,
 * for one operation, a quarter of the whole. The signature is the SDK's own.
 *
 * A call is made twice at most: again at once when the connection failed, or after 429 or 5xx.
 *
 * @param client a client that the bundle has anyway; only its signer and region are used
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function signedInvocation(client: SigningClient): InvokeFunction {
  return async (functionName, payload) => {
    const first = await send(client, functionName, payload).catch(unlessLate);
    const again = first === undefined || first.status === 429 || first.status >= 500;
    if (again) await first?.body?.cancel();
    const response = again ? await send(client, functionName, payload) : first;
    const text = await response.text();
    if (!response.ok) throw new InvocationRefusedError(response, text);
    return { functionError: response.headers.get('x-amz-function-error') ?? undefined, payload: text };
  };
}

/** After a time-out there is no time for another try. @throws the error, when it is one */
function unlessLate(error: unknown): undefined {
  if (error instanceof Error && error.name === 'TimeoutError') throw error;
}

/** Lambda did not invoke the function; named as the SDK's client names it, e.g. AccessDeniedException. */
class InvocationRefusedError extends Error {
  override readonly name: string;
  readonly $metadata: { readonly httpStatusCode: number };
  constructor({ status, headers }: Response, text: string) {
    super(text);
    this.name = headers.get('x-amzn-errortype')?.split(':')[0] ?? 'LambdaServiceException';
    this.$metadata = { httpStatusCode: status };
  }
}

async function send({ config }: SigningClient, functionName: string, payload: string): Promise<Response> {
  const region = await config.region();
  const url = new URL(`/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`, endpointOf(region));
  const signer = await config.signer();
  const traceId = process.env._X_AMZN_TRACE_ID;
  const request = {
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: {},
    // The trace goes on in the other function, as with the SDK's clients.
    headers: { host: url.host, 'content-type': 'application/json', ...(traceId && { 'x-amzn-trace-id': traceId }) },
    body: payload,
  };
  const { headers } = await signer.sign(request, { signingService: 'lambda', signingRegion: region });
  const { host: _host, ...sent } = headers;
  return fetch(url, { method: 'POST', headers: sent, body: payload, signal: AbortSignal.timeout(patience) });
}

function endpointOf(region: string): string {
  const { AWS_ENDPOINT_URL_LAMBDA: lambda, AWS_ENDPOINT_URL: all } = process.env;
  return lambda ?? all ?? `https://lambda.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
