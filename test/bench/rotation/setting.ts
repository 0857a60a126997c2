import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { dynamoDbConnectionStore } from '../../../functions/aws/dynamodb-connection-store.ts';
import type { ConnectionStore } from '../../../functions/connection/connection-store.ts';
import { create } from '../../../functions/connection/transitions.ts';
import { procoreTokenEndpoint } from '../../../functions/oauth/procore-token-endpoint.ts';
import { settingNames } from '../../../functions/settings.ts';
import { systemClock } from '../../../functions/system.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';
import { localCredentials } from '../../../lib/local-key.ts';
import { type ProcoreStandIn, startProcoreStandIn } from '../../../lib/procore-stand-in/server.ts';
import { storedConnection } from '../../contracts/connection-store.ts';
import { tableDefinition } from '../../contracts/table-definition.ts';
import { startProcess } from '../processes.ts';

export const connectionsTable = 'connections';
const secret = 'oauth-client';
const client = { clientId: 'client-1', clientSecret: 'secret-1' };
const redirectUri = 'http://localhost:4401/oauth/callback';

/** A local AWS in a process of its own with the template's table of connections, and a stand-in Procore here. */
export interface BenchSetting {
  readonly endpoint: string;
  readonly dynamoDb: DynamoDBClient;
  readonly store: ConnectionStore;
  readonly standIn: ProcoreStandIn;
  /** What a process with functions in it is started with. */
  readonly variables: Readonly<Record<string, string>>;
  /** Stores a connection with real tokens of the stand-in that were issued so many seconds ago. */
  connect(connectionId: string, age: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it. */
export async function startBenchSetting(): Promise<BenchSetting> {
  const aws = await startProcess<'endpoint', { endpoint: string }>(new URL('aws-process.ts', import.meta.url));
  const { endpoint } = await aws.ask('endpoint');
  const dynamoDb = new DynamoDBClient(clientOptions(endpoint));
  const secretsManager = new SecretsManagerClient(clientOptions(endpoint));
  await dynamoDb.send(new CreateTableCommand({ ...tableDefinition('Connections'), TableName: connectionsTable }));
  const SecretString = JSON.stringify({ environment: 'sandbox', ...client });
  await secretsManager.send(new CreateSecretCommand({ Name: secret, SecretString }));
  const standIn = await startProcoreStandIn({
    environment: 'sandbox',
    loginPort: 0,
    apiPort: 0,
    ...client,
    redirectUris: [redirectUri],
  });
  const store = dynamoDbConnectionStore({ client: dynamoDb, table: connectionsTable, environment: 'sandbox' });
  const tokenEndpoint = procoreTokenEndpoint({ origins: standIn, fetch, clock: systemClock });
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: redirectUri,
    state: 'a'.repeat(48),
  });
  return {
    endpoint,
    dynamoDb,
    store,
    standIn,
    variables: {
      // A setting that a later version of the functions reads as well: it must be set, and here nothing depends on it.
      ...Object.fromEntries(Object.values(settingNames).map((name) => [name, 'unused'])),
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: localCredentials(endpoint).accessKeyId,
      AWS_SECRET_ACCESS_KEY: 'bench',
      PROCORE_LOGIN_ORIGIN: standIn.loginOrigin,
      PROCORE_API_ORIGIN: standIn.apiOrigin,
      [settingNames.environment]: 'sandbox',
      [settingNames.stack]: 'Bench',
      [settingNames.connectionsTable]: connectionsTable,
      [settingNames.oauthClientSecret]: secret,
      [settingNames.eventQueue]: `${endpoint}/000000000000/never-used.fifo`,
      [settingNames.escrowQueue]: `${endpoint}/000000000000/never-used`,
    },
    async connect(connectionId, age) {
      const back = await standIn.control.approve(`${standIn.loginOrigin}/oauth/authorize?${query}`);
      const code = new URL(back).searchParams.get('code') ?? '';
      const exchange = await tokenEndpoint.redeemCode(client, code, redirectUri);
      if (exchange.outcome !== 'tokens') throw new Error(`The code's exchange came to ${exchange.outcome}.`);
      const { issuedAt, expiresAt } = exchange.tokens;
      const tokens = { ...exchange.tokens, issuedAt: issuedAt - age, expiresAt: expiresAt - age };
      await store.write(create(storedConnection({ connectionId, tokens, rotateAt: tokens.issuedAt + 4050 })));
    },
    async stop() {
      for (const each of [dynamoDb, secretsManager]) each.destroy();
      await standIn.stop();
      aws.stop();
    },
  };
}

/** The value below which that share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
