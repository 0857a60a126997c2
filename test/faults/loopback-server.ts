import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A running HTTP server that remembers what it was asked. */
export interface LoopbackServer {
  readonly origin: string;
  readonly seen: SeenRequest[];
  close(): Promise<void>;
}

/** How one request is answered. */
export type Answer = (request: SeenRequest, response: ServerResponse) => void;

/**
 * Starts an HTTP server on loopback; `tls` makes it https with a certificate that nobody trusts.
 *
 * @param answer called with each whole request
 */
export async function startLoopbackServer(answer: Answer, { tls = false } = {}): Promise<LoopbackServer> {
  const seen: SeenRequest[] = [];
  const listener: RequestListener = async (incoming, response) => {
    let body = '';
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk;
    const request = { method: incoming.method ?? '', url: incoming.url ?? '', headers: incoming.headers, body };
    seen.push(request);
    answer(request, response);
  };
  const server: Server = tls ? createTlsServer(untrustedCertificate(), listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    seen,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Answers every request with the same status, body and headers; a body that is no string goes out as JSON.
 *
 * @returns the answer for {@link startLoopbackServer}
 */
export function answerWith(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (_request, response) => response.writeHead(status, headers).end(text);
}

function untrustedCertificate() {
  const read = (file: string) => readFileSync(new URL(`../fixtures/${file}`, import.meta.url));
  return { cert: read('loopback-certificate.pem'), key: read('loopback-certificate-key.pem') };
}
