import { createServer, request } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * Starts a relay in front of the local AWS that refuses, while it is told to, to store new tokens: DynamoDB in trouble
 * at the one moment that matters. Or it refuses everything, as DynamoDB does while a table's key is disabled.
 *
 * @param port where the local AWS is, or will be
 */
export async function relayFailingWrites(port: number) {
  const relay: { refusing: boolean | 'everything' } = { refusing: false };
  const server = createServer(async (incoming, response) => {
    const body = await text(incoming);
    const stores =
      String(incoming.headers['x-amz-target']).endsWith('.UpdateItem') && /SET[^"]*#accessToken/.test(body);
    if (relay.refusing === 'everything' || (relay.refusing && stores)) {
      const name = relay.refusing === 'everything' ? 'AccessDeniedException' : 'ThrottlingException';
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'refused' }));
      return;
    }
    const onward = request({ host: '127.0.0.1', port, method: 'POST', path: '/', headers: incoming.headers });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    refuse(refusing: boolean | 'everything') {
      relay.refusing = refusing;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
