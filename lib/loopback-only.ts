import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';

/**
 * Tells whether a `Host` header names this machine: `localhost` or a name below it, or an address of 127.0.0.0/8 or ::1.
 *
 * @param host the header, with or without a port; undefined where there was none
 */
export function isLoopbackHost(host: string | undefined): boolean {
  const name = nameIn(host);
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
}

/** The name alone: in small letters, without the port and the dot at the end of a full name. */
function nameIn(host = ''): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

const refusal =
  'This server answers to the names of this machine alone (localhost, *.localhost, 127.0.0.0/8, [::1]), and the Host ' +
  'header is another.\n';

/**
 * Lets a server on this machine refuse requests whose `Host` is another name: 421. A page that a browser here has open can
 * lead its own name to 127.0.0.1 (DNS rebinding). The browser then takes what answers there for the page's own, and lets
 * it read; only the header still says whom the page meant.
 *
 * Call it when the server has its listeners, which it puts itself before.
 *
 * @param announced origins by which the runner itself says that the server is reached, such as a tunnel's
 */
export function refuseForeignHosts(server: Server, announced: readonly string[] = []): void {
  const names = new Set(announced.map((origin) => new URL(origin).hostname));
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { host } = request.headers;
    if (isLoopbackHost(host) || names.has(nameIn(host))) {
      for (const listener of listeners) listener.call(server, request, response);
      return;
    }
    request.resume();
    response.writeHead(421, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(refusal);
  });
}
