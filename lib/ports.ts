import { createServer } from 'node:net';
import { ConnectorError } from '../functions/connector-error.ts';

/** Which ports a local system uses; fixed by default, because a redirect URI is exact. */
export interface SystemPorts {
  readonly aws: number;
  /** One an environment, in the order of cdk.json. */
  readonly environments: readonly { readonly api: number; readonly login: number; readonly procoreApi: number }[];
}

/**
 * Lays out the ports: `first` for AWS, the environments' APIs behind it, their stand-in Procores ten further each.
 *
 * @param first 0 takes free ones
 */
export async function layOutPorts(first: number, environments: number): Promise<SystemPorts> {
  const port = (offset: number) => (first === 0 ? freePort() : Promise.resolve(first + offset));
  return {
    aws: await port(0),
    environments: await Promise.all(
      Array.from({ length: environments }, async (_, index) => ({
        api: await port(index + 1),
        login: await port(10 * index + 11),
        procoreApi: await port(10 * index + 12),
      })),
    ),
  };
}

/** The port that a server was to listen on is in use. */
export class PortTakenError extends ConnectorError {
  override readonly name = 'PortTakenError';
  readonly code = 'port_taken';
  constructor(port: number, cause: unknown) {
    super(`Port ${port} is in use by another program. Stop that program, or choose another port with --port.`, {
      cause,
    });
  }
}

/** Finds a port of the loopback interface that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
