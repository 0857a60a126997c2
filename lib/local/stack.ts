import { SQSClient } from '@aws-sdk/client-sqs';
import { settingNames } from '../../functions/settings.ts';
import { type Assembly, synthesize } from './assembly.ts';
import { startAwsFront, type UsedPermission } from './aws-front.ts';
import { startEventSource } from './event-source.ts';
import { startGateway } from './gateway.ts';
import { freePort } from './ports.ts';
import { clientOptions, provision } from './provision.ts';
import { httpApiIds, type LocalResources, readResources } from './resources.ts';
import { type LogLine, startRuntime } from './runtime.ts';
import { startSchedule } from './schedule.ts';
import type { Json } from './template.ts';

/** The ports of a local stack; 0 takes any free one. */
export interface LocalPorts {
  readonly aws: number;
  /** One for each HTTP API, in the order in which cdk.json names the environments. */
  readonly apis: readonly number[];
}

/** A stack that runs on this machine. */
export interface LocalStack {
  /** The origin that takes all AWS calls: what `AWS_ENDPOINT_URL` is to be. */
  readonly endpoint: string;
  /** The stack's outputs, as `cdk deploy` prints them. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly resources: LocalResources;
  /** Which permission each function made use of so far. */
  usedPermissions(): UsedPermission[];
  /** Ends functions, APIs, event sources, schedules and the stand-ins; all state is gone. */
  stop(): Promise<void>;
}

/** How a local stack is run. */
export interface LocalStackOptions {
  readonly ports: LocalPorts;
  /** Variables that the functions of a Procore environment get besides the template's, e.g. `PROCORE_LOGIN_ORIGIN`. */
  functionEnvironment(environmentName: string): Readonly<Record<string, string>>;
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
  return runAssembly(await synthesize(options.contextOverrides ?? {}), options);
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
  { ports, functionEnvironment, log }: LocalStackOptions,
): Promise<LocalStack> {
  const stops: (() => void | Promise<void>)[] = [assembly.remove];
  // What came last goes first; the stand-ins end when nothing calls them any more.
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  const report = (text: string) => log({ functionName: 'local', stream: 'stderr', text });

  try {
    const front = await startAwsFront(ports.aws, report);
    stops.push(front.stop);
    const { endpoint } = front;
    const apiPorts = await choosePorts(httpApiIds(assembly.template), ports.apis);
    const apiOrigins = new Map([...apiPorts].map(([logicalId, port]) => [logicalId, `http://localhost:${port}`]));
    const resources = readResources(assembly.template, { endpoint, apiOrigins, assetRoot: assembly.directory });
    await provision(endpoint, resources);

    const functions = resources.functions.map((fn) => ({
      ...fn,
      environment: {
        ...fn.environment,
        AWS_ENDPOINT_URL: endpoint,
        AWS_ACCESS_KEY_ID: fn.logicalId,
        AWS_SECRET_ACCESS_KEY: 'local',
        ...functionEnvironment(fn.environment[settingNames.environment] ?? ''),
      },
    }));
    const runtime = startRuntime(functions, { log });
    front.serve(functions, runtime.invoke);
    stops.push(() => runtime.stop());

    const invoke = (functionName: string) => (event: unknown) => runtime.invoke(functionName, event);
    for (const [apiId, port] of apiPorts) {
      const routes = resources.routes
        .filter(({ apiLogicalId }) => apiLogicalId === apiId)
        .map(({ method, path, functionName }) => ({ method, path, invoke: invoke(functionName) }));
      const gateway = await startGateway({ port, apiId, routes });
      stops.push(() => gateway.stop());
    }
    const sources = resources.eventSources.map((source) => {
      // The mapping acts with its function's role, as on AWS: a grant that is missing shows here.
      const accessKeyId = resources.functions.find(({ name }) => name === source.functionName)?.logicalId;
      const client = new SQSClient(clientOptions(endpoint, accessKeyId));
      const running = startEventSource({ ...source, client, invoke: invoke(source.functionName), log });
      return async () => {
        await running.stop();
        client.destroy();
      };
    });
    const schedules = resources.rules.map(({ arn, scheduleExpression, functionName }) =>
      startSchedule({ expression: scheduleExpression, ruleArn: arn, invoke: invoke(functionName) }),
    );
    // An event source waits for its batches, which only end early when the runtime ends with them.
    stops.push(async () => {
      for (const schedule of schedules) schedule.stop();
      await Promise.all([runtime.stop(), ...sources.map((each) => each())]);
    });
    return { endpoint, outputs: resources.outputs, resources, usedPermissions: front.usedPermissions, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Decides every API's port before the first is served: the functions' environment holds the origins. */
async function choosePorts(apiIds: readonly string[], ports: readonly number[]): Promise<Map<string, number>> {
  if (ports.length < apiIds.length) {
    throw new RangeError(`The stack has ${apiIds.length} HTTP APIs, and ports were given for ${ports.length} of them.`);
  }
  const chosen = await Promise.all(apiIds.map(async (_, index) => ports[index] || (await freePort())));
  return new Map(apiIds.map((logicalId, index) => [logicalId, chosen[index] ?? 0]));
}
