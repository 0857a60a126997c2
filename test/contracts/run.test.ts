import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dynamoDbClientOptions } from './endpoint.ts';

describe('npm run test:contracts -- --dynamodb URL', () => {
  const script = fileURLToPath(new URL('run.ts', import.meta.url));
  let other: ReturnType<typeof dynalite>;
  let endpoint: string;
  let operations: string[];

  beforeEach(async () => {
    operations = [];
    other = dynalite({ createTableMs: 0 });
    other.on('request', ({ headers }) => operations.push(String(headers['x-amz-target']).replace(/^.*\./, '')));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    endpoint = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  afterEach(() => new Promise((resolve) => other.close(resolve)));

  async function run(...parameters: string[]): Promise<{ status: number; output: string }> {
    const { NO_COLOR: _, ...env } = process.env;
    const child = spawn(process.execPath, [script, ...parameters], { env });
    const [output, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { status, output: output + errors };
  }
  async function tables(): Promise<string[]> {
    const client = new DynamoDBClient(dynamoDbClientOptions(endpoint));
    const { TableNames: names = [] } = await client.send(new ListTablesCommand());
    client.destroy();
    return names;
  }

  it('runs a suite on that endpoint, on a table of its own, and leaves nothing behind', async () => {
    const { status, output } = await run('--dynamodb', endpoint, 'authorization-store');
    expect(output).toContain("Removed the run's 1 tables");
    expect(status).toBe(0);
    expect(operations.filter((operation) => operation === 'CreateTable')).toHaveLength(1);
    expect(operations).toContain('UpdateItem');
    expect(await tables()).toEqual([]);
  }, 60_000);

  it('leaves nothing behind either when tests fail, and fails', async () => {
    const { status } = await run('--dynamodb', endpoint, 'authorization-store', '--testTimeout=1');
    expect(status).not.toBe(0);
    expect(operations).toContain('CreateTable');
    expect(await tables()).toEqual([]);
  }, 60_000);

  it('says in one line that no DynamoDB answers, and starts no suite', async () => {
    const { status, output } = await run('--dynamodb', 'http://127.0.0.1:1');
    expect(status).toBe(2);
    expect(output.trim()).toMatch(/^No DynamoDB answers at http:\/\/127\.0\.0\.1:1: .*--dynamodb URL\.$/);
  });

  it('prints its usage when asked for help', async () => {
    expect(await run('--help')).toEqual({ status: 0, output: expect.stringContaining('--dynamodb URL') });
  });

  it('says what it needs when the endpoint is no URL', async () => {
    expect(await run('--dynamodb', 'localhost')).toEqual({
      status: 2,
      output: expect.stringContaining('--dynamodb http'),
    });
  });
});
