import { SQSClient } from '@aws-sdk/client-sqs';
import { settingNames } from '../../functions/settings.ts';
import { localCredentials } from '../local-key.ts';
import type { AwsFront } from './aws/front.ts';
import { createLogs } from './aws/logs.ts';
import { startEventSource } from './runtime/event-source.ts';
import { type Gateway, startGateway } from './runtime/gateway.ts';
import type { InvokeResult, LogLine } from './runtime/invocation.ts';
import { type Runtime, startRuntime } from './runtime/runtime.ts';
import { startSchedule } from './runtime/schedule.ts';
import { clientOptions } from './template/provision.ts';
import type { LocalResources } from './template/resources.ts';

/** What runs of a template, as opposed to what it stores. */
export interface Serving {
  /** Runs other code under a function's name. @param assetDirectory the folder of its bundle */
  replaceCode(functionName: string, assetDirectory: string): Promise<void>;
  /** Gives a function variables besides those of the template. */
  giveVariables(functionName: string, variables: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Ends functions, APIs, event sources and schedules.
   *
   * @param waits whether what is under way may end first, as in a deployment
   */
  stop(waits?: boolean): Promise<void>;
}

/** Where and with what a template is served. */
export interface ServingOptions {
  readonly front: AwsFront;
  /** Port of each HTTP API, by logical id. */
  readonly apiPorts: ReadonlyMap<string, number>;
  /** Origin of each HTTP API, by logical id: a tunnel's, where there is one. */
  readonly apiOrigins: ReadonlyMap<string, string>;
  functionEnvironment(environmentName: string): Readonly<Record<string, string>>;
  readonly localOutputs: Readonly<Record<string, string>>;
  /** How many executions the account may have under way. Default is no limit. */
  readonly accountConcurrency?: number | undefined;
  log(line: LogLine): void;
}

type InvokeWith = (functionName: string) => (event: unknown) => Promise<InvokeResult>;
type Stop = () => Promise<void>;

/** Serves a template's functions, HTTP APIs, event source mappings and rules. @throws PortTakenError; nothing stays */
export async function serveResources(resources: LocalResources, options: ServingOptions): Promise<Serving> {
  const runtime = serveFunctions(resources, options);
  const invoke: InvokeWith = (functionName) => (event) => runtime.invoke(functionName, event);
  let stopApis: Stop;
  try {
    stopApis = await serveApis(resources, options, invoke);
  } catch (error) {
    await runtime.stop();
    throw error;
  }
  const stopSources = serveEventSources(resources, options, invoke);
  const schedules = resources.rules.map(({ arn, scheduleExpression, functionName }) =>
    startSchedule({ expression: scheduleExpression, ruleArn: arn, invoke: invoke(functionName) }),
  );
  return {
    replaceCode: runtime.replaceCode,
    giveVariables: runtime.giveVariables,
    async stop(waits = false) {
      for (const schedule of schedules) schedule.stop();
      if (waits) await stopSources();
      // An event source waits for its batches, which only end early when the runtime ends with them.
      await Promise.all([runtime.stop(), waits ? undefined : stopSources()]);
      await stopApis();
    },
  };
}

function serveFunctions(
  resources: LocalResources,
  { front, functionEnvironment, localOutputs, accountConcurrency, log }: ServingOptions,
): Runtime {
  const functions = resources.functions.map((fn) => {
    const { accessKeyId, secretAccessKey } = localCredentials(front.endpoint, fn.logicalId);
    const environment = {
      ...fn.environment,
      AWS_ENDPOINT_URL: front.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...functionEnvironment(fn.environment[settingNames.environment] ?? ''),
    };
    return { ...fn, environment };
  });
  const logs = createLogs(Date.now);
  const logGroups = new Map(functions.map(({ name, logGroup }) => [name, logGroup]));
  const runtime = startRuntime(functions, {
    accountConcurrency,
    log: (line) => {
      logs.take(logGroups.get(line.functionName) ?? '', line);
      log(line);
    },
  });
  const outputs = { ...logOutputs(resources.outputs, logGroups), ...resources.outputs, ...localOutputs };
  front.serve(functions, runtime.invoke, outputs, logs);
  return runtime;
}

/** On AWS a log is read with a right of its own, and few have an output. Here the log of every function has one. */
function logOutputs(outputs: Readonly<Record<string, string>>, logGroups: ReadonlyMap<string, string>) {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([output, value]) => {
      const [, environment, name] = /^([A-Z]\w*?)Function([A-Z]\w*)$/.exec(output) ?? [];
      const logGroup = logGroups.get(value.replace(/^.*:function:/, '').replace(/:.*$/, ''));
      return name === undefined || logGroup === undefined ? [] : [[`${environment}Log${name}`, logGroup]];
    }),
  );
}

async function serveApis(
  { routes }: LocalResources,
  { apiPorts, apiOrigins }: ServingOptions,
  invoke: InvokeWith,
): Promise<Stop> {
  const gateways: Gateway[] = [];
  const stop = async () => {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  };
  try {
    for (const [apiId, port] of apiPorts) {
      const served = routes
        .filter(({ apiLogicalId }) => apiLogicalId === apiId)
        .map(({ method, path, functionName }) => ({ method, path, invoke: invoke(functionName) }));
      gateways.push(await startGateway({ port, apiId, routes: served, origin: apiOrigins.get(apiId) }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

function serveEventSources(
  { eventSources, functions }: LocalResources,
  { front, log }: ServingOptions,
  invoke: InvokeWith,
): Stop {
  const stops = eventSources.map((source): Stop => {
    // The mapping acts with its function's role, as on AWS: a grant that is missing shows here.
    const logicalId = functions.find(({ name }) => name === source.functionName)?.logicalId;
    const client = new SQSClient(clientOptions(front.endpoint, logicalId));
    const running = startEventSource({ ...source, client, invoke: invoke(source.functionName), log });
    return async () => {
      await running.stop();
      client.destroy();
    };
  });
  return async () => {
    await Promise.all(stops.map((each) => each()));
  };
}
