import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * What the proxy does to one request.
 *
 * - `none`: passes it and its response on.
 * - `cut_before_request`: resets the connection when the request comes; the server never sees it.
 * - `cut_after_request`: passes the request on, waits until the server answers, then resets without passing the answer.
 * - `cut_in_response_body`: passes the head and half of what came of the body, then ends the connection.
 * - `hang`: passes the request on and never the answer, until the client gives up.
 * - `{ delayMs }`: holds the answer back that long.
 */
export type Fault =
  | 'none'
  | 'cut_before_request'
  | 'cut_after_request'
  | 'cut_in_response_body'
  | 'hang'
  | { readonly delayMs: number };

/** A running proxy. */
export interface FaultProxy {
  /** Where clients connect: `http://127.0.0.1:port`. */
  readonly origin: string;
  /** Connections that clients have opened so far. */
  readonly connectionCount: number;
  /** Lines up faults: each next request, on whatever connection, takes one; none left, it passes. */
  inject(...faults: Fault[]): void;
  /** Ends all connections and stops listening: the port then refuses. */
  close(): Promise<void>;
}

/**
 * Starts a TCP proxy on loopback that fails as networks do, on real sockets. It knows of HTTP only that a client's
 * first bytes after an answer are a new request and that a response has an empty line before its body.
 *
 * @param target the origin passed on to, `http://host:port`
 */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const lineup: Fault[] = [];
  const sockets = new Set<Socket>();
  let connectionCount = 0;

  const server = createServer((client) => {
    connectionCount++;
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      // What an end's error was is for the client under test to notice.
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    let isNewRequest = true;
    let fault: Fault = 'none';
    let head = Buffer.alloc(0);
    client.on('close', () => upstream.destroy());
    // `end`, not `destroy`: the last bytes of the answer may still be on their way to the client.
    upstream.on('close', () => fault === 'none' && client.end());

    client.on('data', (bytes) => {
      if (isNewRequest) {
        fault = lineup.shift() ?? 'none';
        isNewRequest = false;
        head = Buffer.alloc(0);
      }
      if (fault === 'cut_before_request') client.resetAndDestroy();
      else upstream.write(bytes);
    });

    upstream.on('data', (bytes) => {
      isNewRequest = true;
      if (fault === 'none') client.write(bytes);
      else if (fault === 'cut_after_request') client.resetAndDestroy();
      else if (fault === 'cut_in_response_body') {
        head = Buffer.concat([head, bytes]);
        const bodyStart = head.indexOf('\r\n\r\n') + 4;
        if (bodyStart < 4 || head.length - bodyStart < 2) return;
        client.end(head.subarray(0, bodyStart + Math.floor((head.length - bodyStart) / 2)));
        fault = 'hang';
      } else if (typeof fault === 'object') {
        // Later bytes of the same answer must not overtake these: the upstream waits as well.
        upstream.pause();
        setTimeout(() => {
          client.write(bytes);
          fault = 'none';
          if (upstream.destroyed) client.end();
          else upstream.resume();
        }, fault.delayMs);
      }
    });
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: ownPort } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${ownPort}`,
    get connectionCount() {
      return connectionCount;
    },
    inject: (...faults) => void lineup.push(...faults),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
