import { type AccountLimit, accountLimitKey } from '../../concurrency.ts';
import { type AnswerControl, type AwsFront, startAwsFront } from '../aws/front.ts';
import { account, region } from '../aws/identity.ts';
import type { OperatorPolicy, UsedPermission } from '../aws/permissions.ts';
import { changedWorkers, type WorkerChange } from '../reload/changed-workers.ts';
import { type Serving, serveResources } from '../serving.ts';
import { keptStack, provisionAndKeep } from '../state/kept-stack.ts';
import type { LocalState } from '../state/state-file.ts';
import { type Assembly, synthesize } from '../template/assembly.ts';
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
   * @param environment whose worker is meant; without one all of them
   */
  runWorkers(assetDirectory?: string, environment?: string): Promise<void>;
  /** Gives the workers variables besides those of the template, likewise. @param variables in place of those given before */
  giveWorkers(variables: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Limits what the command line and scripts may do, as a role of AWS would.
   *
   * @param policy without one they may do everything, as at the start
   */
  limitOperator(policy: OperatorPolicy | undefined): void;
  /** Takes calls of `procore trigger` and `procore stand-in`, which come to the same endpoint. */
  takeControl(answer: AnswerControl): void;
  /** Which permission each function, and a limited operator, made use of so far. */
  usedPermissions(): UsedPermission[];
  /** Ends functions, APIs, event sources, schedules and the stand-ins; what is not kept is gone. */
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
  /** What the last run has left, and where this one keeps what it stores. @default it begins empty, and nothing stays */
  readonly state?: LocalState | undefined;
  /** What the workers run and get from the first event on, of those as well that the last run has left. @default the template's */
  readonly workers?: WorkerChange | undefined;
  /** Is waited for when everything is stored, and before anything is served. */
  beforeServing?(endpoint: string, resources: LocalResources): Promise<void>;
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
  {
    ports,
    functionEnvironment,
    localOutputs = {},
    publicOrigins = [],
    accountConcurrency,
    state,
    workers: firstWorkers,
    beforeServing,
    log,
  }: LocalStackOptions,
): Promise<LocalStack> {
  const assemblies = [assembly];
  let stopFront = async () => {};
  let serving: Serving | undefined;
  const stop = async () => {
    // The stand-ins end when nothing calls them any more.
    await serving?.stop();
    await stopFront();
    for (const each of assemblies.splice(0)) await each.remove();
  };
  const report = (text: string) => log({ functionName: 'local', stream: 'stderr', text });

  try {
    const kept = state && keptStack(state);
    const front = await startAwsFront(ports.aws, report, kept);
    stopFront = front.stop;
    const { endpoint } = front;
    const apiPorts = portsOf(httpApiIds(assembly.template), ports.apis);
    const apiOrigins = originsOf(apiPorts, publicOrigins);
    const read = ({ template, directory }: Assembly) =>
      readResources(template, { endpoint, apiOrigins, assetRoot: directory });
    const workers = changedWorkers(firstWorkers);
    const options = { front, apiPorts, apiOrigins, functionEnvironment, localOutputs, accountConcurrency, log };
    const serve = (of: LocalResources) => serveResources({ ...of, functions: workers.changed(of) }, options);

    let resources = read(assembly);
    await provisionAndKeep(endpoint, resources, kept?.provisioned, state);
    await beforeServing?.(endpoint, resources);
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
        await provisionAndKeep(endpoint, after, resources, state);
        await serving?.stop(true);
        resources = after;
        serving = await serve(resources);
      },
      runWorkers: (assetDirectory, environment) => workers.run({ assetDirectory, environment }, resources, serving),
      giveWorkers: (variables) => workers.give(variables, resources, serving),
      ...shownOf(front),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What of the front the stack shows as its own. */
function shownOf({ limitOperator, takeControl, usedPermissions }: AwsFront) {
  return { limitOperator, takeControl, usedPermissions };
}

/** The origin of each API: a tunnel's, or this machine's. */
function originsOf(apiPorts: ReadonlyMap<string, number>, publicOrigins: readonly (string | undefined)[]) {
  const originOf = (port: number, index: number) => publicOrigins[index] ?? `http://localhost:${port}`;
  return new Map([...apiPorts].map(([id, port], index) => [id, originOf(port, index)]));
}

/** Gives every API its port before the first is served: the functions' environment holds the origins. */
function portsOf(apiIds: readonly string[], ports: readonly number[]): Map<string, number> {
  if (ports.length < apiIds.length) {
    throw new RangeError(`The stack has ${apiIds.length} HTTP APIs, and ports were given for ${ports.length} of them.`);
  }
  return new Map(apiIds.map((logicalId, index) => [logicalId, ports[index] ?? 0]));
}
