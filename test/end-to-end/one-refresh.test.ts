import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LocalEnvironment, LocalSystem } from '../../lib/local/local-system.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';
import { Person } from '../../lib/local/person.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { proofWorker } from '../proof-worker.ts';

const connectionId = 'acme';
const watch = new LogWatch();
let system: LocalSystem;
let sandbox: LocalEnvironment;

beforeAll(async () => {
  system = await startLocalSystem(
    { port: 0, worker: await proofWorker() },
    { step: () => {}, log: (line) => watch.take(line) },
  );
  const [first] = system.environments;
  if (!first) throw new Error('no environment');
  sandbox = first;
  const { url } = (await system.invoke(sandbox.functions.ConnectLink ?? '', { connectionId })) as { url: string };
  const person = new Person();
  const consent = await person.press(await person.open(url), 'Connect to Procore');
  await person.press(await person.press(consent, 'Allow'), 'Use this company');
});

afterAll(() => system.stop());

async function vend(): Promise<{ accessToken: string; generation: number }> {
  return (await system.invoke(sandbox.functions.AccessToken ?? '', { connectionId })) as never;
}

async function age(seconds: number): Promise<void> {
  const client = new DynamoDBClient(clientOptions(system.aws));
  await client.send(
    new UpdateItemCommand({
      TableName: sandbox.tables.Connections,
      Key: { connectionId: { S: connectionId } },
      UpdateExpression: 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age',
      ExpressionAttributeValues: { ':age': { N: String(seconds) } },
    }),
  );
  client.destroy();
}

it('refreshes once at Procore when 500 callers ask for an expired connection, and serves them all', async () => {
  const before = await vend();
  await age(5400);
  const answers = await Promise.all(Array.from({ length: 500 }, vend));
  expect(sandbox.standIn?.control.counts.tokenRefreshes).toBe(1);
  expect(new Set(answers.map(({ accessToken }) => accessToken)).size).toBe(1);
  expect(answers.every(({ generation }) => generation === before.generation + 1)).toBe(true);
  expect(answers[0]?.accessToken).not.toBe(before.accessToken);
});

it('claims the attempt once, whichever of the workers it was', () => {
  expect(watch.count('rotation.claimed', { connectionId })).toBe(1);
});
