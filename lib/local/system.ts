import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { layOutPorts } from '../ports.ts';
import { type ProcoreStandIn, startProcoreStandIn } from '../procore-stand-in/server.ts';
import { unreachableDestination } from './delivery-polling.ts';
import type { LocalEnvironment, LocalSystem } from './local-system.ts';
import { InvalidOptionError, type LocalOptions } from './options.ts';
import { pollEnvironment } from './polled-environment.ts';
import type { LogLine } from './runtime/invocation.ts';
import { startLocalStack } from './runtime/stack.ts';
import { readCdkJson } from './template/assembly.ts';
import { clientOptions } from './template/provision.ts';

/** Gets what is going on, for people and for the log. */
export interface SystemListener {
  step(text: string): void;
  log(line: LogLine): void;
}

/** Starts everything. @throws SynthesisError, TemplateNotSupportedError or PortTakenError; nothing stays running */
export async function startLocalSystem(
  { port, procore, publicUrl }: Pick<LocalOptions, 'port' | 'procore' | 'publicUrl'>,
  { step, log }: SystemListener,
): Promise<LocalSystem> {
  const names = await configuredEnvironments();
  const external = procore ? names.indexOf(procore.environment ?? names[0] ?? 'sandbox') : undefined;
  if (external === -1) {
    throw new InvalidOptionError(`--real ${procore?.environment}: cdk.json names ${names.join(', ')} as environments.`);
  }
  const ports = await layOutPorts(port, names.length);
  const standIns: (ProcoreStandIn | undefined)[] = [];
  const stopStandIns = () => Promise.all(standIns.map((each) => each?.stop()));
  try {
    step('Starting a stand-in Procore for each environment');
    const clients = names.map((name) => ({ clientId: `local-${name}`, clientSecret: `local-${name}-client-secret` }));
    for (const [index, name] of names.entries()) {
      const { api = 0, login = 0, procoreApi = 0 } = ports.environments[index] ?? {};
      const redirectUris = [`http://localhost:${api}/oauth/callback`];
      const client = clients[index] ?? { clientId: '', clientSecret: '' };
      const options = { environment: name, loginPort: login, apiPort: procoreApi, ...client, redirectUris };
      standIns.push(index === external ? undefined : await startProcoreStandIn(options));
    }
    const isPolled = (index: number) => index === external && procore?.polled === true;
    const origins = (index: number) => standIns[index] ?? procore ?? { loginOrigin: '', apiOrigin: '' };

    step('Synthesizing the stack and starting what its template says');
    const stack = await startLocalStack({
      ports: { aws: ports.aws, apis: ports.environments.map(({ api }) => api) },
      publicOrigins: names.map((_, index) => (index === external ? publicUrl : undefined)),
      contextOverrides: { procore: { environments: names } },
      functionEnvironment: (name) => {
        const { loginOrigin, apiOrigin } = origins((names as string[]).indexOf(name));
        return { PROCORE_LOGIN_ORIGIN: loginOrigin, PROCORE_API_ORIGIN: apiOrigin };
      },
      // No deployed stack has these: only here can Procore be elsewhere than in the table of environments.
      localOutputs: Object.fromEntries(
        names.flatMap((name, index) => [
          [`${prefixOf(name)}ProcoreLogin`, origins(index).loginOrigin],
          [`${prefixOf(name)}ProcoreApi`, origins(index).apiOrigin],
          ...(isPolled(index) ? [[`${prefixOf(name)}WebhookDestination`, unreachableDestination]] : []),
        ]),
      ),
      log,
    });
    const lambda = new LambdaClient(clientOptions(stack.endpoint));
    const secrets = new SecretsManagerClient(clientOptions(stack.endpoint));

    step('Storing each environment’s client id and secret');
    const environments = await Promise.all(
      names.map(async (name, index): Promise<LocalEnvironment> => {
        const outputs = outputsOf(name, stack.outputs);
        const client = (index === external && procore) || clients[index];
        const { clientId = '', clientSecret = '' } = client ?? {};
        const SecretString = JSON.stringify({ environment: name, clientId, clientSecret });
        await secrets.send(new PutSecretValueCommand({ SecretId: outputs.secrets.OauthClient, SecretString }));
        const standIn = standIns[index];
        return {
          name,
          api: outputs.apiEndpoint,
          localApi: `http://localhost:${ports.environments[index]?.api}`,
          callbackUrl: outputs.callbackUrl,
          webhookUrl: outputs.webhookUrl,
          webhookAuthorization: await readAuthorization(secrets, outputs.secrets.WebhookAuthorization),
          procoreLogin: origins(index).loginOrigin,
          procoreApi: origins(index).apiOrigin,
          functions: outputs.functions,
          queues: outputs.queues,
          tables: outputs.tables,
          secrets: outputs.secrets,
          ...(standIn && { standIn }),
        };
      }),
    );
    const polling = environments
      .filter((_, index) => isPolled(index))
      .map((environment) =>
        pollEnvironment(environment, {
          aws: stack.endpoint,
          invoke: (functionName, payload) => invoke(lambda, functionName, payload),
          // Read each time: it may be rotated while this runs.
          authorization: () => readAuthorization(secrets, environment.secrets.WebhookAuthorization),
          say: (text) => log({ functionName: 'polling', stream: 'stdout', text }),
        }),
      );
    return {
      aws: stack.endpoint,
      environments,
      invoke: (functionName, payload) => invoke(lambda, functionName, payload),
      stop: async () => {
        await Promise.all(polling.map((each) => each.stop()));
        for (const client of [lambda, secrets]) client.destroy();
        await stack.stop();
        await stopStandIns();
      },
    };
  } catch (error) {
    await stopStandIns();
    throw error;
  }
}

async function configuredEnvironments(): Promise<ProcoreEnvironmentName[]> {
  // The app itself says what is wrong with a wrong name.
  const environments = z.array(z.custom<ProcoreEnvironmentName>()).default(['sandbox', 'production']);
  const block = z.looseObject({ environments }).prefault({});
  const schema = z.looseObject({ context: z.looseObject({ procore: block }).prefault({}) });
  return (await readCdkJson(schema)).context.procore.environments;
}

function prefixOf(name: string): string {
  return name.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}

function outputsOf(name: string, outputs: Readonly<Record<string, string>>) {
  const prefix = prefixOf(name);
  const under = (kind: string) =>
    Object.fromEntries(
      Object.entries(outputs)
        .filter(([output]) => output.startsWith(prefix + kind))
        .map(([output, value]) => [output.slice(prefix.length + kind.length), value]),
    );
  return {
    apiEndpoint: outputs[`${prefix}ApiEndpoint`] ?? '',
    callbackUrl: outputs[`${prefix}CallbackUrl`] ?? '',
    webhookUrl: outputs[`${prefix}WebhookUrl`] ?? '',
    functions: under('Function'),
    queues: under('Queue'),
    tables: under('Table'),
    secrets: under('Secret'),
  };
}

async function readAuthorization(secrets: SecretsManagerClient, secretId = ''): Promise<string> {
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: secretId }));
  return `Bearer ${z.object({ current: z.string() }).parse(JSON.parse(SecretString)).current}`;
}

async function invoke(lambda: LambdaClient, functionName: string, payload: unknown): Promise<unknown> {
  const answer = await lambda.send(
    new InvokeCommand({ FunctionName: functionName, Payload: new TextEncoder().encode(JSON.stringify(payload)) }),
  );
  const result: unknown = JSON.parse(new TextDecoder().decode(answer.Payload));
  if (answer.FunctionError === undefined) return result;
  const { errorType, errorMessage } = z.looseObject({ errorType: z.string(), errorMessage: z.string() }).parse(result);
  throw new Error(`${errorType}: ${errorMessage}`);
}
