import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import { dynamoDbConnectionStore } from '../../functions/aws/dynamodb-connection-store.ts';
import { sqsEscrow } from '../../functions/aws/sqs-escrow.ts';
import type { Connection } from '../../functions/connection/connection.ts';
import type { ConnectionChange } from '../../functions/connection/connection-change.ts';
import type { AttentionDependencies } from '../../functions/connection/dependencies.ts';
import { recoverBatch } from '../../functions/connection/escrow-messages.ts';
import { attendBatch } from '../../functions/connection/rotation-messages.ts';
import { create } from '../../functions/connection/transitions.ts';
import { type VendedAccessToken, vendAccessToken } from '../../functions/connection/vending.ts';
import { procoreTokenEndpoint } from '../../functions/oauth/procore-token-endpoint.ts';
import type { OAuthClient } from '../../functions/oauth/token-endpoint.ts';
import type { ObservedFields } from '../../functions/observer.ts';
import { type ReservedPorts, reservePorts } from '../../lib/ports.ts';
import { startProcoreStandIn } from '../../lib/procore-stand-in/server.ts';
import type { Unknowns } from '../../lib/procore-stand-in/unknowns.ts';
import { storedConnection } from '../contracts/connection-store.ts';
import type { UsedTable } from '../contracts/use-table.ts';
import { startAwsFaults } from './aws-faults.ts';
import { startFaultProxy } from './fault-proxy.ts';

const redirectUri = 'http://localhost:4401/oauth/callback';
const keys = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** How long a request to the token endpoint may take, as where it runs, in milliseconds. */
const patienceMs = 10_000;
/** How long it may take where a test waits for the end of it. */
export const shortPatienceMs = 250;

/** Connection ids of one table's worlds differ. */
let worlds = 0;

/**
 * One connection that a person authorized 75 minutes ago, due for rotation and good for 15 more minutes, and everything
 * around it real: sockets to Procore's stand-in through the fault proxy, the SDK's clients to DynamoDB's and SQS's.
 * Only the time is an argument.
 */
export async function rotationWorld({ client, table }: UsedTable, unknowns: Partial<Unknowns> = {}) {
  let now = 1_800_000_000;
  const clock = () => now;
  const oauthClient: OAuthClient = { clientId: 'client-1', clientSecret: 'secret-1' };
  const standIn = await startProcoreStandIn({
    environment: 'sandbox',
    loginPort: 0,
    apiPort: 0,
    ...oauthClient,
    redirectUris: [redirectUri],
    unknowns: { oldAccessTokenSurvivesRefresh: true, ...unknowns },
    now: () => now * 1000,
  });
  const proxy = await startFaultProxy(standIn.loginOrigin);
  const { hostname, port } = (await client.config.endpoint?.()) ?? { hostname: '', port: 0 };
  const dynamoDb = await startAwsFaults(`http://${hostname}:${port}`);
  const dynamoDbClient = new DynamoDBClient({ ...keys, endpoint: dynamoDb.endpoint, maxAttempts: 1 });
  const sqs = await startFauxqs({ port: 0, logger: false });
  const sqsClient = new SQSClient({ ...keys, endpoint: sqs.address, maxAttempts: 1 });
  const { queueUrl } = sqs.createQueue('escrow');
  let nobodys: ReservedPorts | undefined;
  let isSqsOut = false;

  worlds += 1;
  const connectionId = `connection-${worlds}`;
  const notes: [event: string, fields?: ObservedFields][] = [];
  const announced: ConnectionChange[] = [];
  const store = dynamoDbConnectionStore({ client: dynamoDbClient, table, environment: 'sandbox' });
  let ids = 0;

  const world = {
    standIn,
    proxy,
    dynamoDb,
    connectionId,
    notes,
    announced,
    /** Where requests to Procore go. */
    loginOrigin: proxy.origin,
    /** How long the next invocation's request to the token endpoint may take, where it is not the usual. */
    nextPatienceMs: undefined as number | undefined,
    /** What the secret's cache holds, where it differs from the secret. */
    staleClient: undefined as OAuthClient | undefined,

    clock,
    /** Moves the clock. */
    pass(seconds: number): void {
      now += seconds;
    },

    /** What an invocation that begins now is given. */
    invocation(milliseconds = 20_000): AttentionDependencies & { readonly apiOrigin: string } {
      const endsAt = now + milliseconds / 1000;
      const timeoutMs = world.nextPatienceMs ?? patienceMs;
      world.nextPatienceMs = undefined;
      return {
        store,
        tokenEndpoint: procoreTokenEndpoint({
          origins: { loginOrigin: world.loginOrigin, apiOrigin: standIn.apiOrigin },
          fetch,
          clock,
          timeoutMs,
        }),
        oauthClient: {
          read: async ({ fresh = false } = {}) => (fresh ? oauthClient : (world.staleClient ?? oauthClient)),
        },
        escrow: sqsEscrow({ client: sqsClient, queueUrl }),
        changes: { announce: async (change) => void announced.push(change) },
        clock,
        sleep: async (sleepMs) => world.pass(sleepMs / 1000),
        remaining: () => (endsAt - now) * 1000,
        randomFraction: () => 0.5,
        randomId: () => `owner-${++ids}`,
        observer: { note: (event, fields) => void notes.push(fields ? [event, fields] : [event]), count: () => {} },
        keepReplaced: true,
        listCompanies: async () => ({ outcome: 'unavailable' }),
        apiOrigin: standIn.apiOrigin,
      };
    },

    /** Attends to the connection as `token-rotation` does. @returns whether its message was handled */
    async attend(): Promise<boolean> {
      const message = { messageId: 'message-1', group: 'group-1', body: JSON.stringify({ connectionId }) };
      return (await attendBatch(world.invocation(), [message])).length === 0;
    },
    /** Vends as `access-token` does; `minValidSeconds` beyond what is left asks for a rotation. */
    vend: (minValidSeconds?: number): Promise<VendedAccessToken> =>
      vendAccessToken(world.invocation(), {
        connectionId,
        ...(minValidSeconds !== undefined && { minValidSeconds }),
      }),
    /** Works the escrow queue as `token-recovery` does. @returns how many messages landed */
    async recover(): Promise<number> {
      const { Messages: messages = [] } = await sqsClient.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 }),
      );
      const received = messages.map(({ MessageId: messageId = '', Body: body = '' }) => ({
        messageId,
        body,
        sentAt: 0,
      }));
      return messages.length - (await recoverBatch(world.invocation(), received)).length;
    },

    async stored(): Promise<Connection> {
      const connection = await dynamoDbConnectionStore({ client, table, environment: 'sandbox' }).read(connectionId);
      if (!connection) throw new Error('The connection is gone.');
      return connection;
    },
    /** How many refreshes Procore has seen. */
    refreshes: () => standIn.control.counts.tokenRefreshes,
    /** Whether Procore accepts an access token now. */
    async accepts(accessToken: string): Promise<boolean> {
      const response = await fetch(`${standIn.loginOrigin}/oauth/token/info`, {
        headers: { authorization: `Bearer ${accessToken}` },
      });
      return response.status === 200;
    },
    events: () => notes.map(([event]) => event),
    /** Nobody listens where Procore was. */
    async unplugProcore(): Promise<void> {
      nobodys = await reservePorts();
      world.loginOrigin = `http://127.0.0.1:${nobodys.first}`;
    },
    async stopSqs(): Promise<void> {
      if (!isSqsOut) await sqs.stop();
      isSqsOut = true;
    },
    async stop(): Promise<void> {
      for (const each of [sqsClient, dynamoDbClient]) each.destroy();
      await proxy.close();
      await Promise.all([standIn.stop(), dynamoDb.close(), world.stopSqs(), nobodys?.release()]);
    },
  };

  const query = new URLSearchParams({
    response_type: 'code',
    client_id: oauthClient.clientId,
    redirect_uri: redirectUri,
    state: 'a'.repeat(48),
  });
  const back = await standIn.control.approve(`${standIn.loginOrigin}/oauth/authorize?${query}`);
  const code = new URL(back).searchParams.get('code') ?? '';
  const exchange = await world.invocation().tokenEndpoint.redeemCode(oauthClient, code, redirectUri);
  if (exchange.outcome !== 'tokens') throw new Error(`The code's exchange came to ${exchange.outcome}.`);
  await store.write(
    create(
      storedConnection({
        ...{ connectionId, tokens: exchange.tokens, rotateAt: now + 4050 },
        ...{ companiesCount: 2, companiesReadAt: now, companiesFor: 'session-1' },
      }),
    ),
  );
  world.pass(4500);
  return world;
}

/** What {@link rotationWorld} gives. */
export type RotationWorld = Awaited<ReturnType<typeof rotationWorld>>;
