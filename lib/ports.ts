import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import { close, listen, PortTakenError } from './listening.ts';

/** Which ports a local system uses; fixed by default, because a redirect URI is exact. */
export interface SystemPorts {
  readonly aws: number;
  /** One an environment, in the order of cdk.json. */
  readonly environments: readonly { readonly api: number; readonly login: number; readonly procoreApi: number }[];
  /** Gives the ports back, when nobody listens on them any more. */
  release(): Promise<void>;
}

/**
 * Lays out the ports: `first` for AWS, the environments' APIs behind it, their stand-in Procores ten further each.
 *
 * @param first 0 takes ports that nobody else has
 */
export async function layOutPorts(first: number, environments: number): Promise<SystemPorts> {
  const reserved = first === 0 ? await reservePorts() : { first, release: async () => {} };
  const port = (offset: number) => reserved.first + offset;
  return {
    aws: port(0),
    environments: Array.from({ length: environments }, (_, index) => ({
      api: port(index + 1),
      login: port(10 * index + 11),
      procoreApi: port(10 * index + 12),
    })),
    release: reserved.release,
  };
}

/** Ports in a row that nobody else is given while they are reserved. */
export interface ReservedPorts {
  readonly first: number;
  release(): Promise<void>;
}

/** How many ports are reserved at a time, and one before them that is held as the mark of it. */
export const reservedPorts = 63;
/** Systems give out free ports from 32,768 on (Linux) or 49,152 on (others): these are used on purpose alone. */
const blocks = { first: 20_032, count: 198 } as const;

/**
 * Reserves ports for servers that start later, or again and again. A port that a system gives out as free, and that is
 * let go until its server starts, may be given to another program meanwhile.
 *
 * @throws PortTakenError when a hundred draws in a row found no place
 */
export async function reservePorts(): Promise<ReservedPorts> {
  for (let draw = 1; ; draw += 1) {
    const mark = blocks.first + (reservedPorts + 1) * randomInt(blocks.count);
    const server = createServer();
    try {
      await listen(server, mark);
      server.unref();
      await requireUnused(mark + 1);
      return { first: mark + 1, release: () => close(server) };
    } catch (error) {
      await close(server);
      if (!(error instanceof PortTakenError) || draw === 100) throw error;
    }
  }
}

/** A program that reserves nothing may listen there. @throws PortTakenError */
async function requireUnused(first: number): Promise<void> {
  for (let port = first; port < first + reservedPorts; port += 1) {
    const probe = createServer();
    await listen(probe, port);
    await close(probe);
  }
}
