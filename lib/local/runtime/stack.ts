import { type AccountLimit, accountLimitKey } from '../../concurrency.ts';
import { startAwsFront } from '../aws/front.ts';
import { account, region } from '../aws/identity.ts';
import type { OperatorPolicy, UsedPermission } from '../aws/permissions.ts';
import { serveResources } from '../serving.ts';
import { type Assembly, synthesize } from '../template/assembly.ts';
import { provision } from '../template/provision.ts';
import { httpApiIds, type LocalResources, readResources } from '../template/resources.ts';
import type { Json } from '../template/template.ts';
import type { LogLine } from './invocation.ts';

/** The ports of a local stack. */
export interface LocalPorts {
  /** 0 takes a free one. */
  readonly aws: number;
  /** One for each HTTP API, known beforehand since the functions' environment holds it, in the order in which cdk.json names the environments. */
  readonly apis: readonly number[];
}

/** A stack that runs on this machine. */
export interface LocalStack {
  /** The origin that takes all AWS calls: what `AWS_ENDPOINT_URL` is to be. */
  readonly endpoint: string;
  /** The stack's outputs, as `cdk deploy` prints them. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly resources: LocalResources;
  /**
   * Deploys another template over this one, as CloudFormation does: what it names as before is kept with all that it
   * holds, what is new is made, and what is gone stays behind. HTTP APIs are away for a moment, which on AWS they are not.
   *
   * @throws TemplateNotSupportedError when a table or queue would be replaced by an empty one
   */
  deploy(assembly: Assembly): Promise<void>;
  /**
   * Runs other code in the place of the workers', from their next invocation on, whatever is deployed later.
   *
   * @param assetDirectory the folder of a worker's bundle; without one it is the template's again
   */
  runWorkers(assetDirectory?: string): Promise<void>;
  /**
   * Limits what the command line and scripts may do, as a role of AWS would.
   *
   * @param policy without one they may do everything, as at the start
   */
  limitOperator(policy: OperatorPolicy | undefined): void;
  /** Which permission each function, and a limited operator, made use of so far. */
  usedPermissions(): UsedPermission[];
  /** Ends functions, APIs, event sources, schedules and the stand-ins; all state is gone. */
  stop(): Promise<void>;
}

/** How a local stack is run. */
export interface LocalStackOptions {
  readonly ports: LocalPorts;
  /** Variables that the functions of a Procore environment get besides the template's, e.g. `PROCORE_LOGIN_ORIGIN`. */
  functionEnvironment(environmentName: string): Readonly<Record<string, string>>;
  /** Outputs that CloudFormation shows besides the template's. @default none */
  readonly localOutputs?: Readonly<Record<string, string>>;
  /** Origins of a tunnel, in the order of `ports.apis`. @default http://localhost with the API's port */
  readonly publicOrigins?: readonly (string | undefined)[];
  /** How many functions the account may run at once, of all together, as on AWS. @default no limit */
  readonly accountConcurrency?: number | undefined;
  /** Gets what functions write, and the runner's own lines under the name `local`. */
  log(line: LogLine): void;
}

/**
 * Runs the stack that `cdk deploy` would deploy.
 *
 * @param contextOverrides laid over cdk.json's context, e.g. `{procore: {environments: ['sandbox']}}`
 * @throws SynthesisError, and what {@link runAssembly} throws
 */
export async function startLocalStack(
  options: LocalStackOptions & { readonly contextOverrides?: Readonly<Record<string, Json>> },
): Promise<LocalStack> {
  const { contextOverrides = {}, accountConcurrency } = options;
  return runAssembly(await synthesize({ ...contextOverrides, ...accountLimitContext(accountConcurrency) }), options);
}

/**
 * Gives the limit of the local account to the synthesis, as `npm run deploy` gives it that of an account of AWS.
 *
 * @param accountConcurrency without one the context stays empty
 */
export function accountLimitContext(accountConcurrency: number | undefined): Readonly<Record<string, Json>> {
  if (accountConcurrency === undefined) return {};
  const limit = { concurrentExecutions: accountConcurrency, unreserved: accountConcurrency } satisfies AccountLimit;
  return { [accountLimitKey(account, region)]: limit };
}

/**
 * Runs a synthesized stack: creates its tables, queues and secrets in the stand-ins, and serves its functions, HTTP
 * APIs, event source mappings and rules.
 *
 * @returns the running stack, which removes the assembly when it stops
 * @throws TemplateNotSupportedError or PortTakenError; nothing stays running
 */
export async function runAssembly(
  assembly: Assembly,
  { ports, functionEnvironment, localOutputs = {}, publicOrigins = [], accountConcurrency, log }: LocalStackOptions,
): Promise<LocalStack> {
  const assemblies = [assembly];
  let stopFront = async () => {};
  let serving: Awaited<ReturnType<typeof serveResources>> | undefined;
  const stop = async () => {
    // The stand-ins end when nothing calls them any more.
    await serving?.stop();
    await stopFront();
    for (const each of assemblies.splice(0)) await each.remove();
  };
  const report = (text: string) => log({ functionName: 'local', stream: 'stderr', text });

  try {
    const front = await startAwsFront(ports.aws, report);
    stopFront = front.stop;
    const { endpoint } = front;
    const apiPorts = portsOf(httpApiIds(assembly.template), ports.apis);
    const originOf = (port: number, index: number) => publicOrigins[index] ?? `http://localhost:${port}`;
    const apiOrigins = new Map([...apiPorts].map(([id, port], index) => [id, originOf(port, index)]));
    const read = ({ template, directory }: Assembly) =>
      readResources(template, { endpoint, apiOrigins, assetRoot: directory });
    let workerDirectory: string | undefined;
    const codeOf = (logicalId: string) => (logicalId.includes('WebhookWorker') ? workerDirectory : undefined);
    const functionsOf = ({ functions }: LocalResources) =>
      functions.map((fn) => ({ ...fn, assetDirectory: codeOf(fn.logicalId) ?? fn.assetDirectory }));
    const options = { front, apiPorts, functionEnvironment, localOutputs, accountConcurrency, log };
    const serve = (of: LocalResources) => serveResources({ ...of, functions: functionsOf(of) }, options);

    let resources = read(assembly);
    await provision(endpoint, resources);
    serving = await serve(resources);
    return {
      endpoint,
      get outputs() {
        return resources.outputs;
      },
      get resources() {
        return resources;
      },
      async deploy(next) {
        assemblies.push(next);
        const after = read(next);
        await provision(endpoint, after, resources);
        await serving?.stop(true);
        resources = after;
        serving = await serve(resources);
      },
      async runWorkers(assetDirectory) {
        workerDirectory = assetDirectory;
        for (const fn of functionsOf(resources)) await serving?.replaceCode(fn.name, fn.assetDirectory);
      },
      limitOperator: front.limitOperator,
      usedPermissions: front.usedPermissions,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Gives every API its port before the first is served: the functions' environment holds the origins. */
function portsOf(apiIds: readonly string[], ports: readonly number[]): Map<string, number> {
  if (ports.length < apiIds.length) {
    throw new RangeError(`The stack has ${apiIds.length} HTTP APIs, and ports were given for ${ports.length} of them.`);
  }
  return new Map(apiIds.map((logicalId, index) => [logicalId, ports[index] ?? 0]));
}
