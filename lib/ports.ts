import { createServer } from 'node:http';
import { close, listen } from './listening.ts';

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

/** Finds a port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe, 0);
  await close(probe);
  return port;
}
