import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A Lambda endpoint that answers every invocation alike. */
export interface LambdaEndpoint {
  readonly origin: string;
  readonly received: { readonly path: string; readonly body: string }[];
  stop(): Promise<void>;
}

/** Starts a Lambda endpoint on a free port. */
export async function startLambdaEndpoint(answer: {
  readonly functionError?: string;
  readonly body: unknown;
}): Promise<LambdaEndpoint> {
  const received: LambdaEndpoint['received'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ path: request.url ?? '', body });
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(answer.functionError !== undefined && { 'x-amz-function-error': answer.functionError }),
      });
      response.end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
