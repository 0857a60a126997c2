import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Person } from '../../lib/local/person.ts';
import { clientOptions } from '../../lib/local/template/provision.ts';
import { type ReservedPorts, reservePorts } from '../../lib/ports.ts';
import { runBare } from '../operator/operator.ts';

// `npm start` as a person has it: killed at random moments, and started again.

const root = fileURLToPath(new URL('../..', import.meta.url));
const company = '5358233';
const ready = z.looseObject({
  aws: z.string(),
  environments: z.object({
    sandbox: z.looseObject({
      connectLink: z.string(),
      procoreApi: z.string(),
      webhookAuthorization: z.string(),
      functions: z.record(z.string(), z.string()),
      tables: z.record(z.string(), z.string()),
    }),
  }),
});

let ports: ReservedPorts;
let folder: string;
let child: ChildProcess | undefined;
let printed = '';

beforeAll(async () => {
  ports = await reservePorts();
  folder = join(root, '.local', `state-${ports.first}`);
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await ports.release();
  for (const each of globSync(`${folder}*`)) rmSync(each, { recursive: true });
  rmSync(join(root, '.local', `aws-${ports.first}.key`), { force: true });
});

async function npmStart(...options: string[]) {
  const started = spawn(process.execPath, ['bin/local.ts', '--json', '--port', String(ports.first), ...options], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let line = '';
  started.stderr.on('data', (chunk) => {
    printed += chunk;
  });
  started.stdout.on('data', (chunk) => {
    line += chunk;
  });
  while (!line.includes('\n') && started.exitCode === null) await sleep(50);
  const { aws, environments } = ready.parse(JSON.parse(line));
  const { sandbox } = environments;
  const lambda = new LambdaClient(clientOptions(aws));
  return {
    aws,
    sandbox,
    kill: async (signal: NodeJS.Signals = 'SIGKILL') => {
      lambda.destroy();
      started.kill(signal);
      await once(started, 'close');
    },
    vend: async () => {
      const Payload = new TextEncoder().encode(JSON.stringify({ connectionId: 'my-company' }));
      const { Payload: answer } = await lambda.send(
        new InvokeCommand({ FunctionName: sandbox.functions.AccessToken, Payload }),
      );
      return z
        .looseObject({ accessToken: z.string(), generation: z.number() })
        .parse(JSON.parse(new TextDecoder().decode(answer)));
    },
    procore: async (...words: string[]) =>
      runBare([...words, '--local', '--endpoint', aws, '--environment', 'sandbox']),
    /** Lets 90 minutes pass for the connection: the next vend rotates. */
    age: async () => {
      const dynamo = new DynamoDBClient(clientOptions(aws));
      await dynamo.send(
        new UpdateItemCommand({
          TableName: sandbox.tables.Connections,
          Key: { connectionId: { S: 'my-company' } },
          UpdateExpression: 'SET issuedAt = issuedAt - :age, expiresAt = expiresAt - :age',
          ExpressionAttributeValues: { ':age': { N: '5400' } },
        }),
      );
      dynamo.destroy();
    },
    eventOf: async (eventId: string) => {
      const dynamo = new DynamoDBClient(clientOptions(aws));
      const Key = { id: { S: `event#${eventId}` } };
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: sandbox.tables.Deliveries, Key }));
      dynamo.destroy();
      return Item;
    },
  };
}

type Running = Awaited<ReturnType<typeof npmStart>>;

async function connect({ sandbox }: Running): Promise<void> {
  const person = new Person();
  let page = await person.press(await person.open(sandbox.connectLink), 'Connect to Procore');
  page = await person.press(page, 'Allow');
  if (page.html.includes('Use this company')) page = await person.press(page, 'Use this company');
  expect(page.status).toBe(200);
}

async function isAccepted({ sandbox }: Running, accessToken: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${accessToken}` };
  return (await fetch(`${sandbox.procoreApi}/rest/v1.0/me`, { headers })).status === 200;
}

/** Triggers events until one is handled: on a busy machine a cold start takes longer than Procore waits. @returns its id */
async function trigger(system: Running): Promise<string> {
  for (;;) {
    const { out, err } = await system.procore('trigger', 'RFIs.update', '--json');
    const [told] = z.array(z.looseObject({ eventId: z.string(), outcome: z.string() })).parse(JSON.parse(out || err));
    if (told?.outcome === 'handled') return told.eventId;
    expect(['not_delivered', 'unfinished']).toContain(told?.outcome);
  }
}

describe('npm start that is killed and started again', { timeout: 400_000 }, () => {
  it('goes on: the connection vends and rotates, the hook delivers, what was handled is known', async () => {
    let system = await npmStart();
    await connect(system);
    const applied = ['--company', company, '--connection', 'my-company', '--resources', 'RFIs', '--projects', 'all'];
    const { exitCode, err } = await system.procore('webhooks', 'apply', ...applied);
    expect({ exitCode, err }).toMatchObject({ exitCode: 0 });
    const handled = new Set([await trigger(system)]);
    const tokens: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const work = system.procore('trigger', 'RFIs.update', '--times', '20');
      await sleep(Math.random() * 1000);
      await system.age();
      // What an answer gives is on the disk: the kill may follow at once.
      const rotated = await system.vend();
      await system.kill();
      await work;
      system = await npmStart();
      const vended = await system.vend();
      expect(vended).toMatchObject({ accessToken: rotated.accessToken, generation: round + 2 });
      expect(await isAccepted(system, vended.accessToken)).toBe(true);
      tokens.push(vended.accessToken);
      for (const id of handled) expect(await system.eventOf(id)).toHaveProperty('handledAt');
      handled.add(await trigger(system));
    }
    const { out } = await system.procore('webhooks', 'list');
    expect(out).toContain(company);
    await system.kill('SIGTERM');
    // The header is shown to the person, who needs it for curl; no token is.
    expect(tokens.filter((token) => printed.includes(token))).toEqual([]);
    tokens.push(system.sandbox.webhookAuthorization.replace('Bearer ', ''));
    const files = globSync(`${folder}/*`);
    expect(files.length).toBeGreaterThan(1);
    expect(files.filter((path) => (statSync(path).mode & 0o077) !== 0)).toEqual([]);
    const others = globSync('{cdk.out,.bundles,.local}/**/*', { cwd: root })
      .map((path) => join(root, path))
      .filter((path) => !path.startsWith(folder) && statSync(path, { throwIfNoEntry: false })?.isFile());
    const leaks = others.filter((path) => tokens.some((token) => readFileSync(path).includes(token)));
    expect(leaks).toEqual([]);
  });

  it('forgets everything with --fresh, and says what', async () => {
    printed = '';
    const system = await npmStart('--fresh');
    expect(printed).toMatch(/Forgot the state in .*: 1 connection, 1 subscription, \d+ events\./);
    expect((await system.procore('connections', 'list', '--json')).out).not.toContain('my-company');
    await system.kill('SIGTERM');
  });
});
