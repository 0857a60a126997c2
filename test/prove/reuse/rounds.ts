import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoDbConnectionStore } from '../../../functions/aws/dynamodb-connection-store.ts';
import { create } from '../../../functions/connection/transitions.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';
import { type BenchProcess, startProcess } from '../../bench/processes.ts';
import { storedConnection } from '../../contracts/connection-store.ts';
import { tableDefinition } from '../../contracts/table-definition.ts';
import { startReusingServer } from './authorization-server.ts';
import type { Mishap, Vended, Wish } from './vending-process.ts';

/** What some rounds came to. */
export interface ReuseFigures {
  readonly rounds: number;
  /** Refresh tokens that the server saw a second time. */
  readonly reuses: number;
  /** Grants that it ended, and rounds after which the connection had no new tokens. */
  readonly dead: number;
  /** Refresh tokens that it took: one a round. */
  readonly redeemed: number;
  readonly killed: number;
  /** Answers of DynamoDB and requests to the server that were lost. */
  readonly lost: number;
}

/** The kinds of rounds, in turn; `cut` loses the request on its way to the server. */
const kinds = [
  ...(['none', 'dies_waiting', 'claim_unanswered', 'write_unanswered', 'cut'] as const),
  ...(['dies_claimed', 'dies_stored', 'dies_waiting'] as const),
];

/** Longer than an access token lives, and than a lease or a cool-down lasts: between rounds, and within one. */
const lifetime = 4000;
const leaseSeconds = 200;
const mostTries = 5;

/**
 * Lets processes ask for the token of one connection at the same moment, round after round. Each time it has expired, so
 * that one of them must refresh it, and the others must not.
 *
 * @param say hears now and then how it goes
 */
export async function playReuseRounds(
  rounds: number,
  processCount: number,
  say: (line: string) => void = () => {},
): Promise<ReuseFigures> {
  const aws = await startProcess<'endpoint', { endpoint: string }>(
    new URL('../../bench/rotation/aws-process.ts', import.meta.url),
  );
  const { endpoint } = await aws.ask('endpoint');
  const dynamoDb = new DynamoDBClient(clientOptions(endpoint));
  const server = await startReusingServer();
  const table = 'connections';
  await dynamoDb.send(new CreateTableCommand({ ...tableDefinition('Connections'), TableName: table }));
  const store = dynamoDbConnectionStore({ client: dynamoDb, table, environment: 'sandbox' });
  const start = () => startProcess<Wish, Vended>(new URL('vending-process.ts', import.meta.url), {}, 'ignore');
  const processes = await Promise.all(Array.from({ length: processCount }, start));
  const figures = { killed: 0, lost: 0, dead: 0 };
  let leadSeconds = 0;
  let connectionId = '';

  /** A connection for the rounds that follow: the first, or after one has died. */
  async function connect(round: number): Promise<void> {
    connectionId = `connection-${round}`;
    const tokens = await server.grant();
    await store.write(create(storedConnection({ connectionId, tokens, rotateAt: tokens.expiresAt })));
  }

  /** Asks one process. @returns undefined when it was killed; another one is started in its place */
  async function ask(index: number, wish: Wish): Promise<Vended | undefined> {
    try {
      return await (processes[index] as BenchProcess<Wish, Vended>).ask(wish);
    } catch {
      figures.killed += 1;
      processes[index] = await start();
      return undefined;
    }
  }

  async function playRound(round: number): Promise<void> {
    const kind = kinds[round % kinds.length] ?? 'none';
    leadSeconds += lifetime;
    const expected = ((await store.read(connectionId))?.generation ?? 0) + 1;
    if (kind === 'cut') server.cut(1);
    if (kind === 'cut' || kind.endsWith('unanswered')) figures.lost += 1;
    for (let tries = 1; tries <= mostTries; tries += 1) {
      // All but the waiting ones have it: whoever comes to that point suffers it.
      const mishap = (index: number): Mishap =>
        tries > 1 || kind === 'cut' || (kind === 'dies_waiting' && index % 4 > 0) ? 'none' : kind;
      const startAt = Date.now() + 30;
      const wish = { endpoint, table, origin: server.origin, connectionId, leadSeconds, startAt };
      const answers = await Promise.all(processes.map((_, index) => ask(index, { ...wish, mishap: mishap(index) })));
      const served = answers.filter((answer) => answer && 'generation' in answer && answer.generation === expected);
      if (served.length === processCount) return;
      leadSeconds += leaseSeconds;
    }
    figures.dead += 1;
    await connect(round + 1);
  }

  try {
    await connect(0);
    for (let round = 0; round < rounds; round += 1) {
      await playRound(round);
      if (round % 10 === 9) say(`${round + 1} rounds, ${server.reuses} reuses, ${figures.killed} killed`);
    }
    const { reuses, ended, redeemed } = server;
    return { ...figures, rounds, reuses, redeemed, dead: Math.max(figures.dead, ended) };
  } finally {
    for (const each of processes) each.stop();
    aws.stop();
    dynamoDb.destroy();
    await server.stop();
  }
}
