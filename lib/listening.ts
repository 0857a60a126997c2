import type { Server } from 'node:http';
import { ConnectorError } from '../functions/connector-error.ts';

/** The port that a server was to listen on is in use. */
export class PortTakenError extends ConnectorError {
  override readonly name = 'PortTakenError';
  readonly code = 'port_taken';
  readonly port: number;
  /** @param wayOut what helps, in sentences */
  constructor(port: number, cause: unknown, wayOut = 'Stop that program, or choose another port with --port.') {
    super(`Port ${port} is in use by another program. ${wayOut}`, { cause });
    this.port = port;
  }
}

/**
 * Lets a server listen on a port of this machine.
 *
 * @param port 0 takes a free one
 * @param host a loopback address
 * @returns the port
 * @throws PortTakenError when another program listens on it, and whatever else Node reports
 */
export function listen(server: Server, port: number, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PortTakenError(port, error) : error);
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** Closes a server with every open connection. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
