import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { dynamoDbClientId } from '../../functions/aws/dynamodb-client-id.ts';
import { dynamoDbJobStore } from '../../functions/aws/dynamodb-job-store.ts';
import { type JobName, jobIdOf } from '../../functions/jobs/job.ts';
import type { NewJob } from '../../functions/jobs/job-store.ts';
import { bundleWorker } from '../../lib/cloud/bundle/bundle.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';
import { Person } from '../../lib/local/person.ts';
import { accountLimitContext, runAssembly } from '../../lib/local/runtime/stack.ts';
import { type Assembly, synthesize } from '../../lib/local/template/assembly.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import type { Json } from '../../lib/local/template/template.ts';
import { reservePorts } from '../../lib/ports.ts';
import { startProcoreStandIn } from '../../lib/procore-stand-in/server.ts';
import type { Unknowns } from '../../lib/procore-stand-in/unknowns.ts';
import { proofWorker } from '../proof-worker.ts';

/**
 * The sandbox alone.
 *
 * @param accountConcurrency how many functions the account may run at once, as `npm run deploy` has found out. Default is
 *   that it has not looked.
 * @param settings the environment's, as in cdk.json
 */
export const synthesizeSandbox = (
  accountConcurrency?: number,
  settings: Readonly<Record<string, Json>> = {},
): Promise<Assembly> =>
  synthesize({ procore: { environments: ['sandbox'], ...settings }, ...accountLimitContext(accountConcurrency) });

/**
 * Runs a template of the sandbox with a stand-in Procore, for tests that need what a local system does not offer: a
 * template of their own, or variables of functions.
 *
 * @param options.variables of all functions, given the origin at which AWS is called
 */
export async function startSandboxStack({
  assembly,
  variables,
  unknowns,
  awsPort = 0,
  onEventEntry,
  accountConcurrency,
}: {
  readonly assembly: Assembly;
  readonly variables?: Readonly<Record<string, string>>;
  /** What the stand-in Procore does where Procore's documents are silent. @default drawn */
  readonly unknowns?: Partial<Unknowns>;
  readonly awsPort?: number;
  /** The file that gets the events. @default our proofs' own, never the integrator's */
  readonly onEventEntry?: string;
  /** How many functions the account may run at once. @default no limit */
  readonly accountConcurrency?: number;
}) {
  const reserved = await reservePorts();
  const port = reserved.first;
  const client = { clientId: 'local-sandbox', clientSecret: 'local-sandbox-client-secret' };
  const standIn = await startProcoreStandIn({
    environment: 'sandbox',
    loginPort: 0,
    apiPort: 0,
    ...client,
    redirectUris: [`http://localhost:${port}/oauth/callback`],
    ...(unknowns && { unknowns }),
  });
  const log = new LogWatch();
  const written: string[] = [];
  const stack = await runAssembly(assembly, {
    ports: { aws: awsPort, apis: [port] },
    functionEnvironment: () => ({
      PROCORE_LOGIN_ORIGIN: standIn.loginOrigin,
      PROCORE_API_ORIGIN: standIn.apiOrigin,
      ...variables,
    }),
    // By these the command line finds the stand-in.
    localOutputs: { SandboxProcoreLogin: standIn.loginOrigin, SandboxProcoreApi: standIn.apiOrigin },
    accountConcurrency,
    log: (line) => {
      log.take(line);
      written.push(line.text);
    },
  });
  await stack.runWorkers(onEventEntry === undefined ? await proofWorker() : await bundleWorker(onEventEntry));
  const options = clientOptions(stack.endpoint);
  const clients = {
    dynamoDb: new DynamoDBClient(options),
    lambda: new LambdaClient(options),
    secretsManager: new SecretsManagerClient(options),
    sqs: new SQSClient(options),
  };
  const output = (name: string) => stack.outputs[`Sandbox${name}`] ?? '';
  const readSecret = async (name: string) => {
    const { SecretString = '' } = await clients.secretsManager.send(
      new GetSecretValueCommand({ SecretId: output(`Secret${name}`) }),
    );
    return SecretString;
  };
  const writeSecret = (name: string, value: unknown) =>
    clients.secretsManager.send(
      new PutSecretValueCommand({ SecretId: output(`Secret${name}`), SecretString: JSON.stringify(value) }),
    );
  await writeSecret('OauthClient', { environment: 'sandbox', ...client });
  const clientIds = () =>
    dynamoDbClientId({ client: clients.dynamoDb, table: output('TableRateBudget'), environment: 'sandbox' });
  // The template of an older version may have no such table.
  if (output('TableRateBudget') !== '') await clientIds().write(client.clientId);
  const authorization = `Bearer ${JSON.parse(await readSecret('WebhookAuthorization')).current}`;

  async function invoke<Answer = unknown>(name: string, payload: unknown = {}): Promise<Answer> {
    const { Payload } = await clients.lambda.send(
      new InvokeCommand({ FunctionName: output(`Function${name}`), Payload: JSON.stringify(payload) }),
    );
    return JSON.parse(new TextDecoder().decode(Payload));
  }

  const jobs = () => dynamoDbJobStore({ client: clients.dynamoDb, table: output('TableJobs'), environment: 'sandbox' });

  return {
    stack,
    standIn,
    log,
    /** Every line that a function wrote. */
    written,
    clients,
    output,
    readSecret,
    writeSecret,
    /** What the worker reads our client id from. */
    clientIds,
    invoke,
    jobs,
    /** Begins a job, or lets it be due, and works a slice of it. @throws Error when the slice did not go well */
    async workJob(kind: JobName['kind'], companyId: string, wanted: Partial<NewJob> = {}): Promise<void> {
      const at = Math.floor(Date.now() / 1000);
      const wantedJob = { kind, companyId, request: null, createdAt: at, nextAt: at, ...wanted };
      const jobId = jobIdOf(wantedJob);
      const begun = await jobs().create(wantedJob);
      if (begun === 'under_way') await jobs().change(jobId, 'run', at);
      await invoke('CompanyWork', { Records: [wakeUpRecord(jobId)] });
      const job = await jobs().read(jobId);
      if (job?.failures !== 0 || job.lookedAt === undefined) throw new Error(`${jobId}: ${JSON.stringify(job)}`);
    },
    /**
     * Connects an account as a person does.
     *
     * @param wanted what the link is asked for besides
     * @returns the address at which the browser ends
     * @throws Error when the last page says anything but "connected"
     */
    async connect(connectionId: string, wanted: Readonly<Record<string, unknown>> = {}): Promise<string> {
      const { url } = await invoke<{ url: string }>('ConnectLink', { connectionId, ...wanted });
      const person = new Person();
      const consent = await person.press(await person.open(url), 'Connect to Procore');
      const page = await person.press(await person.press(consent, 'Allow'), 'Use this company');
      if (page.status !== 200) throw new Error(`The last page has status ${page.status}.`);
      return page.url;
    },
    /** Writes attributes of a connection past all rules, e.g. to make it old. */
    async change(connectionId: string, expression: string, values: Record<string, number | string>): Promise<void> {
      const typed = Object.entries(values).map(([name, value]) => [
        name,
        typeof value === 'number' ? { N: String(value) } : { S: value },
      ]);
      await clients.dynamoDb.send(
        new UpdateItemCommand({
          TableName: output('TableConnections'),
          Key: { connectionId: { S: connectionId } },
          UpdateExpression: expression,
          ExpressionAttributeValues: Object.fromEntries(typed),
        }),
      );
    },
    /** Posts a webhook of payload version v4.0. @returns the status */
    async post(event: Readonly<Record<string, unknown>>, given = authorization): Promise<number> {
      const response = await fetch(output('WebhookUrl'), {
        method: 'POST',
        headers: { authorization: given, 'content-type': 'application/json' },
        body: JSON.stringify(event),
      });
      return response.status;
    },
    async stop(): Promise<void> {
      for (const each of Object.values(clients)) each.destroy();
      await stack.stop();
      await standIn.stop();
      await reserved.release();
    },
  };
}

/** Names a function, given what it is called by: its name, or an ARN, with an alias or without. Other texts stay. */
export const withoutAlias = (text: string) => /:function:([^:]+)/.exec(text)?.[1] ?? text;

/** A webhook body of payload version v4.0. */
export function webhookBody(id: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    id,
    timestamp: new Date().toISOString(),
    reason: 'update',
    company_id: '5358233',
    project_id: '23498237',
    user_id: '5447',
    resource_type: 'RFIs',
    resource_id: `9${id.replace(/\D/g, '')}`,
    ...more,
  };
}

/** A wake-up of a job as Lambda gets it from its queue, sent now. */
export function wakeUpRecord(jobId: string) {
  return {
    messageId: jobId,
    body: JSON.stringify({ jobId }),
    attributes: { SentTimestamp: String(Date.now()) },
  };
}
