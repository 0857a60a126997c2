import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { clientIdStore } from '../../functions/place.ts';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { grantedOrigin } from '../../functions/settings.ts';
import { system } from '../../functions/system.ts';
import { untilNotThrottled } from '../../functions/throttled-function.ts';
import { PortTakenError } from '../listening.ts';
import { onEventEntryKey } from '../on-event-entry.ts';
import { outputName, outputsOfKind, type StackOutputs } from '../stack-outputs.ts';
import { unreachableDestination } from './delivery-polling.ts';
import { localPlace } from './local-place.ts';
import type { LocalEnvironment, LocalSystem } from './local-system.ts';
import type { LocalOptions } from './options.ts';
import type { OwnApp } from './own-app/own-app.ts';
import { type LocalSecrets, localSecretsFile, makeOwnSecrets } from './own-secrets.ts';
import { type PlannedEnvironment, planEnvironments, startStandIns, stopStandIns } from './planned-environment.ts';
import { pollEnvironment } from './polled-environment.ts';
import type { LogLine } from './runtime/invocation.ts';
import { type LocalStack, type LocalStackOptions, runAssembly, startLocalStack } from './runtime/stack.ts';
import type { LocalState } from './state/state-file.ts';
import { clientOptions } from './template/provision.ts';

/** Gets what is going on, for people and for the log. */
export interface SystemListener {
  step(text: string): void;
  log(line: LogLine): void;
}

/** What a local system is started with. */
export interface SystemOptions extends Pick<LocalOptions, 'port' | 'procore' | 'publicUrl' | 'accountConcurrency'> {
  /** The folder of another bundle of the worker. @default the template's, with the integrator's file */
  readonly worker?: string;
  /** Variables that the worker gets besides those of the template, from the first event on. @default none */
  readonly workerVariables?: Readonly<Record<string, string>> | undefined;
  /** Values of the integrator's own secrets, by name. @default none has one */
  readonly ownSecrets?: LocalSecrets;
  /** What the template's worker has in the place of the integrator's file, which cannot be built. @default that file */
  readonly onEventEntry?: string | undefined;
  /**
   * What the last run has left, and where this one keeps everything; it is closed with the system.
   *
   * @default it begins empty, and nothing stays
   */
  readonly state?: LocalState | undefined;
  /**
   * A seed by which the stand-ins draw all that Procore's documents leave open, but rate limits, which would have callers
   * wait. @default draws of their own, with limits and lists as in the documents' samples
   */
  readonly drawsSeed?: string;
  /** An app of one's own in the place of this repository's. @default the stack of cdk.json */
  readonly app?: Pick<OwnApp, 'names' | 'assemblyAt'> | undefined;
}

/**
 * Starts everything: a Procore for each environment, and the stack of cdk.json.
 *
 * @throws InvalidOptionError, SynthesisError, TemplateNotSupportedError or PortTakenError; nothing stays running
 */
export async function startLocalSystem(options: SystemOptions, listener: SystemListener): Promise<LocalSystem> {
  try {
    return await startAll(options, listener);
  } catch (error) {
    await options.state?.abandon();
    throw error;
  }
}

async function startAll(options: SystemOptions, { step, log }: SystemListener): Promise<LocalSystem> {
  const { aws, planned, release } = await planEnvironments(options, options.app?.names);
  let standIns: Awaited<ReturnType<typeof startStandIns>> = new Map();
  const stopOutside = async () => {
    await stopStandIns(standIns);
    await release();
  };
  try {
    step('Starting a stand-in Procore for each environment');
    standIns = await startStandIns(planned, options.drawsSeed, options.state);
    step(options.app ? 'Starting what runs of the app' : 'Synthesizing the stack and starting what its template says');
    const origins = new Map(
      planned.map(({ name, external }) => [name, standIns.get(name) ?? external ?? { loginOrigin: '', apiOrigin: '' }]),
    );
    let without: readonly string[] = [];
    const stack = await startStack(planned, origins, {
      ...{ ...options, aws, log },
      // What the last run has left is handed out as soon as anything is served.
      async beforeServing(endpoint, resources) {
        without = await makeOwnSecrets(endpoint, resources, options.ownSecrets ?? {});
      },
    });
    for (const what of stack.resources.leftOut) step(`Not on this machine: ${what}`);
    for (const name of without) step(`The secret "${name}" has no value here: give it one in ${localSecretsFile}`);
    const lambda = new LambdaClient(clientOptions(stack.endpoint));
    const secrets = new SecretsManagerClient(clientOptions(stack.endpoint));

    step('Storing each environment’s client id and secret');
    const environments = await Promise.all(
      planned.map(async (environment): Promise<LocalEnvironment> => {
        const local = await setUpEnvironment(environment, origins, stack, secrets);
        await noteClient(local, environment.clientId, stack.endpoint);
        const standIn = standIns.get(environment.name);
        return { ...local, ...(standIn && { standIn }) };
      }),
    );
    const polling = environments
      .filter((_, index) => planned[index]?.external?.polled)
      .map((environment) =>
        pollEnvironment(environment, {
          aws: stack.endpoint,
          invoke: (functionName, payload) => invoke(lambda, functionName, payload),
          // Read each time: it may be rotated while this runs.
          authorization: () => readAuthorization(secrets, environment.secrets.WebhookAuthorization),
          say: (text) => log({ functionName: 'polling', stream: 'stdout', text }),
        }),
      );
    // What the last run had not delivered waits until somebody can take it.
    for (const { standIn } of environments) void standIn?.control.advance(0);
    return {
      aws: stack.endpoint,
      environments,
      invoke: (functionName, payload) => invoke(lambda, functionName, payload),
      runWorkers: stack.runWorkers,
      giveWorkers: stack.giveWorkers,
      takeControl: stack.takeControl,
      stop: async () => {
        await Promise.all(polling.map((each) => each.stop()));
        for (const client of [lambda, secrets]) client.destroy();
        await stack.stop();
        await stopOutside();
        await options.state?.close();
      },
    };
  } catch (error) {
    await stopOutside();
    throw error instanceof PortTakenError ? portsTaken(error, options.port, planned.length) : error;
  }
}

/** A person chose one port at most, and this may be another one: so the message names all, and who may have them. */
function portsTaken({ port, cause }: PortTakenError, first: number, environments: number): PortTakenError {
  if (first === 0) return new PortTakenError(port, cause);
  const last = first + 10 * environments + 2;
  const other = first + 100;
  return new PortTakenError(
    port,
    cause,
    `This start takes ports from ${first} to ${last}, and perhaps something runs there from another folder. End that, or take ` +
      `other ports here with --port ${other} (npm start -- --port ${other}).`,
  );
}

type Origins = ReadonlyMap<string, { readonly loginOrigin: string; readonly apiOrigin: string }>;

async function startStack(
  planned: readonly PlannedEnvironment[],
  origins: Origins,
  {
    aws,
    publicUrl,
    accountConcurrency,
    onEventEntry,
    app,
    state,
    worker,
    workerVariables,
    beforeServing,
    log,
  }: SystemOptions & Pick<LocalStackOptions, 'beforeServing' | 'log'> & { readonly aws: number },
): Promise<LocalStack> {
  const apis = planned.map(({ ports }) => ports.api);
  const options: LocalStackOptions = {
    ports: { aws, apis },
    publicOrigins: planned.map(({ external }) => (external ? publicUrl : undefined)),
    functionEnvironment: (name) => {
      // A function of the integrator's own may be granted several environments.
      if (name === '') return Object.fromEntries([...origins].map(([each, to]) => [grantedOrigin(each), to.apiOrigin]));
      const { loginOrigin = '', apiOrigin = '' } = origins.get(name) ?? {};
      return { PROCORE_LOGIN_ORIGIN: loginOrigin, PROCORE_API_ORIGIN: apiOrigin };
    },
    // No deployed stack has these: only here can Procore be elsewhere than in the table of environments.
    localOutputs: Object.fromEntries(
      planned.flatMap(({ name, external }) => [
        [outputName(name, 'ProcoreLogin'), origins.get(name)?.loginOrigin ?? ''],
        [outputName(name, 'ProcoreApi'), origins.get(name)?.apiOrigin ?? ''],
        ...(external?.polled ? [[outputName(name, 'WebhookDestination'), unreachableDestination]] : []),
      ]),
    ),
    accountConcurrency,
    state,
    workers: { assetDirectory: worker, variables: workerVariables },
    ...(beforeServing && { beforeServing }),
    log,
  };
  if (app) return runAssembly(app.assemblyAt(apis), options);
  const contextOverrides = {
    procore: { environments: planned.map(({ name }) => name) },
    ...(onEventEntry !== undefined && { [onEventEntryKey]: onEventEntry }),
  };
  return startLocalStack({ ...options, contextOverrides });
}

/** Stores an environment's client id and secret. @returns what a person or a script needs to use it */
async function setUpEnvironment(
  { name, ports, clientId, clientSecret }: PlannedEnvironment,
  origins: Origins,
  stack: LocalStack,
  client: SecretsManagerClient,
): Promise<LocalEnvironment> {
  const { apiEndpoint, secrets, ...outputs } = outputsOf(name, stack.outputs);
  const SecretString = JSON.stringify({ environment: name, clientId, clientSecret });
  await client.send(new PutSecretValueCommand({ SecretId: secrets.OauthClient, SecretString }));
  return {
    name,
    api: apiEndpoint,
    localApi: `http://localhost:${ports.api}`,
    ...outputs,
    secrets,
    webhookAuthorization: await readAuthorization(client, secrets.WebhookAuthorization),
    procoreLogin: origins.get(name)?.loginOrigin ?? '',
    procoreApi: origins.get(name)?.apiOrigin ?? '',
  };
}

/** Writes down the client id for the worker, as `procore credentials set` does. */
async function noteClient(environment: LocalEnvironment, clientId: string, endpoint: string): Promise<void> {
  const client = new DynamoDBClient(clientOptions(endpoint));
  await clientIdStore(localPlace(environment), client).write(clientId);
  client.destroy();
}

function outputsOf(name: ProcoreEnvironmentName, outputs: StackOutputs) {
  return {
    apiEndpoint: outputs[outputName(name, 'ApiEndpoint')] ?? '',
    callbackUrl: outputs[outputName(name, 'CallbackUrl')] ?? '',
    webhookUrl: outputs[outputName(name, 'WebhookUrl')] ?? '',
    functions: outputsOfKind(name, 'Function', outputs),
    queues: outputsOfKind(name, 'Queue', outputs),
    tables: outputsOfKind(name, 'Table', outputs),
    secrets: outputsOfKind(name, 'Secret', outputs),
  };
}

async function readAuthorization(secrets: SecretsManagerClient, secretId = ''): Promise<string> {
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: secretId }));
  return `Bearer ${z.object({ current: z.string() }).parse(JSON.parse(SecretString)).current}`;
}

async function invoke(lambda: LambdaClient, functionName: string, payload: unknown): Promise<unknown> {
  const Payload = new TextEncoder().encode(JSON.stringify(payload));
  const command = new InvokeCommand({ FunctionName: functionName, Payload });
  const answer = await untilNotThrottled(() => lambda.send(command), system);
  const result: unknown = JSON.parse(new TextDecoder().decode(answer.Payload));
  if (answer.FunctionError === undefined) return result;
  const { errorType, errorMessage } = z.looseObject({ errorType: z.string(), errorMessage: z.string() }).parse(result);
  throw new Error(`${errorType}: ${errorMessage}`);
}
