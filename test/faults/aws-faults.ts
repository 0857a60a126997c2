import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * What to do with one call: pass it on, answer as a throttled DynamoDB does, cut the connection before it takes effect
 * (`cut`) or after, so that only the answer is lost (`lost`).
 */
export type AwsFault = 'none' | 'throttled' | 'cut' | 'lost';

/** A call, as far as a test decides by it. */
export interface AwsCall {
  readonly operation: string;
  readonly body: string;
  /** Who signed; on this machine a function signs with its logical id. */
  readonly accessKeyId: string;
}

/** A server in front of a DynamoDB endpoint that makes calls fail as AWS does. */
export interface AwsFaults {
  readonly endpoint: string;
  /** Decides about each call; may be replaced at any time. */
  judge: (call: AwsCall) => AwsFault;
  /** How many calls failed so far. */
  readonly failed: number;
  close(): Promise<void>;
}

/** Starts it; at first everything passes. @param target scheme, host and port of the endpoint behind it */
export async function startAwsFaults(target: string): Promise<AwsFaults> {
  let failed = 0;
  const server = createServer(async (incoming, response) => {
    // Who cut his call short waits for no answer.
    const body = await text(incoming).catch(() => undefined);
    if (body === undefined) return;
    const operation = String(incoming.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
    const [, accessKeyId = ''] = /Credential=([^/]+)/.exec(incoming.headers.authorization ?? '') ?? [];
    const fault = faults.judge({ operation, body, accessKeyId });
    if (fault === 'none') return pass(incoming, body);
    failed += 1;
    if (fault === 'lost') return pass(incoming, body);
    if (fault === 'cut') return void response.destroy();
    const name = 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: name, message: 'The level of configured throughput was exceeded.' }));

    async function pass({ headers, method, url = '/' }: IncomingMessage, content: string): Promise<void> {
      const { connection: _hop, 'content-length': _length, expect: _expect, ...others } = headers;
      const outgoing = request(new URL(url, target), { method, headers: others });
      outgoing.on('error', () => response.destroy());
      outgoing.end(content);
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      if (fault === 'lost') {
        answer.resume();
        return void response.destroy();
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const faults: AwsFaults = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    judge: () => 'none',
    get failed() {
      return failed;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return faults;
}
