import { createServer } from 'node:http';
import { connect } from 'node:net';
import { close, listen } from '../../lib/listening.ts';

/** A running HTTP proxy that remembers what it was asked for. */
export interface ConnectProxy {
  /** Without credentials, e.g. `127.0.0.1:4400`. */
  readonly host: string;
  /** `CONNECT host:port`, or method and URL of a request that came without a tunnel. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/**
 * Starts an HTTP proxy on loopback. Whatever host a tunnel is asked for, it ends at one port of this machine, so that names
 * that nobody can resolve lead somewhere.
 *
 * @param credentials `USER:PASSWORD` that it wants
 */
export async function startConnectProxy(targetPort: number, credentials?: string): Promise<ConnectProxy> {
  const asked: string[] = [];
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(502).end();
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.on('error', () => {});
    if (wanted && request.headers['proxy-authorization'] !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n');
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  const port = await listen(server, 0);
  return { host: `127.0.0.1:${port}`, asked, close: () => close(server) };
}
