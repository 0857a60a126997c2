import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Lambda endpoint that answers every invocation alike. */
export interface LambdaEndpoint {
  readonly origin: string;
  readonly received: { readonly path: string; readonly body: string }[];
  /** The headers of the requests, in the same order. */
  readonly headers: IncomingHttpHeaders[];
  stop(): Promise<void>;
}

/** How Lambda names some of its refusals, as the front end of the service does. */
const errorTypes: Readonly<Record<number, string>> = {
  403: 'AccessDeniedException:http://internal.amazon.com/',
  429: 'TooManyRequestsException',
};

/** Starts a Lambda endpoint on a free port. `statuses` are answered one by one, and 200 after them. */
export async function startLambdaEndpoint(answer: {
  readonly functionError?: string;
  readonly body: unknown;
  readonly statuses?: readonly number[];
  readonly retryAfter?: string;
}): Promise<LambdaEndpoint> {
  const received: LambdaEndpoint['received'] = [];
  const headers: LambdaEndpoint['headers'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const status = answer.statuses?.[received.length] ?? 200;
      received.push({ path: request.url ?? '', body });
      headers.push(request.headers);
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(errorTypes[status] !== undefined && { 'x-amzn-errortype': errorTypes[status] }),
        ...(answer.retryAfter !== undefined && { 'retry-after': answer.retryAfter }),
        ...(answer.functionError !== undefined && { 'x-amz-function-error': answer.functionError }),
      });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    headers,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
