import { z } from 'zod';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { type Kept, keptNowhere } from '../kept.ts';
import { layOutPorts, type SystemPorts } from '../ports.ts';
import { type ProcoreStandIn, startProcoreStandIn } from '../procore-stand-in/server.ts';
import { localStage } from '../stages.ts';
import { InvalidOptionError, type LocalOptions } from './options.ts';
import { readCdkJson } from './template/assembly.ts';

/** Limits that nothing on this machine reaches. */
const wideLimits = { windows: [{ limit: 100_000, seconds: 3600 }] };

/** The Procore that is used in place of a stand-in. */
export type ExternalProcore = NonNullable<LocalOptions['procore']>;

/** An environment of cdk.json and where it will be on this machine. */
export interface PlannedEnvironment {
  readonly name: ProcoreEnvironmentName;
  readonly ports: SystemPorts['environments'][number];
  readonly clientId: string;
  readonly clientSecret: string;
  /** Absent where a stand-in is to be started. */
  readonly external?: ExternalProcore;
}

/** What is to be started. */
export interface PlannedSystem extends Pick<SystemPorts, 'aws' | 'release'> {
  /** In the order of cdk.json. */
  readonly planned: readonly PlannedEnvironment[];
}

/**
 * Plans a local system: the environments of cdk.json, their ports and clients.
 *
 * @param given those of another app, in the order of its template
 * @throws InvalidOptionError when the external Procore is for an environment that cdk.json does not name
 */
export async function planEnvironments(
  { port, procore }: Pick<LocalOptions, 'port' | 'procore'>,
  given?: readonly ProcoreEnvironmentName[],
): Promise<PlannedSystem> {
  const names = given ?? (await configuredEnvironments());
  const external = procore && (procore.environment ?? names[0] ?? 'sandbox');
  if (external && !names.includes(external)) {
    throw new InvalidOptionError(`--real ${external}: cdk.json names ${names.join(', ')} as environments.`);
  }
  const { aws, environments, release } = await layOutPorts(port, names.length);
  const planned = names.map((name, index): PlannedEnvironment => {
    const ports = environments[index] ?? { api: 0, login: 0, procoreApi: 0 };
    if (procore && name === external) {
      return { name, ports, clientId: procore.clientId, clientSecret: procore.clientSecret, external: procore };
    }
    return { name, ports, clientId: `local-${name}`, clientSecret: `local-${name}-client-secret` };
  });
  return { aws, planned, release };
}

/**
 * Starts a stand-in Procore for each environment that has no external one.
 *
 * @param drawsSeed decides all draws; see `SystemOptions`
 * @param kept what became of them in the last run
 * @throws PortTakenError; no stand-in stays running
 */
export async function startStandIns(
  planned: readonly PlannedEnvironment[],
  drawsSeed: string | undefined,
  kept: Kept = keptNowhere,
): Promise<ReadonlyMap<string, ProcoreStandIn>> {
  const standIns = new Map<string, ProcoreStandIn>();
  try {
    for (const { name, ports, clientId, clientSecret, external } of planned) {
      if (external) continue;
      const redirectUris = [`http://localhost:${ports.api}/oauth/callback`];
      const options = { environment: name, loginPort: ports.login, apiPort: ports.procoreApi, redirectUris };
      const drawn = drawsSeed !== undefined && {
        seed: drawsSeed,
        draws: 'all' as const,
        unknowns: { rateLimits: wideLimits },
      };
      standIns.set(name, await startProcoreStandIn({ ...options, clientId, clientSecret, kept, ...drawn }));
    }
    return standIns;
  } catch (error) {
    await stopStandIns(standIns);
    throw error;
  }
}

/** Stops stand-ins. */
export async function stopStandIns(standIns: ReadonlyMap<string, ProcoreStandIn>): Promise<void> {
  await Promise.all([...standIns.values()].map((standIn) => standIn.stop()));
}

async function configuredEnvironments(): Promise<ProcoreEnvironmentName[]> {
  const schema = z.looseObject({ context: z.looseObject({ procore: z.unknown().optional() }).prefault({}) });
  const { stacks } = localStage((await readCdkJson(schema)).context.procore);
  return stacks.flatMap(({ environments }) => environments.map(({ name }) => name));
}
