import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LocalPorts, runAssembly } from '../../../lib/local/runtime/stack.ts';
import { clientOptions } from '../../../lib/local/template/provision.ts';
import { type ReservedPorts, reservePorts } from '../../../lib/ports.ts';
import { fixtureAssembly } from '../fixture-assembly.ts';

const functionEnvironment = (name: string) => ({ PROCORE_LOGIN_ORIGIN: `http://${name}` });
let reserved: ReservedPorts;
let ports: LocalPorts;

beforeAll(async () => {
  reserved = await reservePorts();
  ports = { aws: 0, apis: [reserved.first] };
});
afterAll(() => reserved.release());

describe('a running stack', () => {
  test('carries a request through API, function, queue and function to the table, and stops', async () => {
    const logged: string[] = [];
    let removed = false;
    const assembly = fixtureAssembly(() => {
      removed = true;
    });
    const stack = await runAssembly(assembly, { ports, functionEnvironment, log: ({ text }) => logged.push(text) });
    const { Url = '', Secret, Table } = stack.outputs;
    const dynamo = new DynamoDBClient(clientOptions(stack.endpoint));
    const secrets = new SecretsManagerClient(clientOptions(stack.endpoint));

    const response = await fetch(`${Url}/in`, {
      method: 'POST',
      body: 'hello',
      headers: { 'content-type': 'text/plain' },
    });
    expect([response.status, await response.text()]).toEqual([202, Url]);
    await vi.waitFor(async () => {
      const { Item } = await dynamo.send(new GetItemCommand({ TableName: Table, Key: { id: { S: 'hello' } } }));
      expect(Item?.origin).toEqual({ S: 'http://sandbox' });
    }, 10_000);
    expect((await secrets.send(new GetSecretValueCommand({ SecretId: Secret }))).SecretString).toBe('given');

    // The intake's role does not name the table.
    const refused = await fetch(`${Url}/store`, { method: 'POST' });
    expect(await refused.text()).toMatch(
      /Intake is not authorized to perform: dynamodb:PutItem on resource: .*table\/Table/,
    );

    const used = stack.usedPermissions().map(({ functionName, action }) => `${functionName} ${action}`);
    expect(used.sort()).toEqual([
      'Intake sqs:SendMessage',
      'Worker dynamodb:PutItem',
      'Worker sqs:DeleteMessage',
      'Worker sqs:ReceiveMessage',
    ]);

    dynamo.destroy();
    secrets.destroy();
    await stack.stop();
    expect([removed, logged]).toEqual([true, []]);
    await expect(fetch(stack.endpoint)).rejects.toThrow();
    await expect(fetch(Url)).rejects.toThrow();
  });

  test('leaves nothing open: its process ends by itself', async () => {
    const script = `
      import { runAssembly } from './lib/local/runtime/stack.ts';
      import { fixtureAssembly } from './test/local/fixture-assembly.ts';
      const stack = await runAssembly(fixtureAssembly(), { ports: ${JSON.stringify(ports)}, functionEnvironment: () => ({}), log() {} });
      await fetch(stack.outputs.Url + '/in', { method: 'POST', body: 'hello' });
      await stack.stop();
      console.log('stopped');`;
    const cwd = fileURLToPath(new URL('../../..', import.meta.url));
    const node = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd, timeout: 15_000 });
    expect((await node).stdout).toBe('stopped\n');
  });
});

test('a stack that cannot run leaves nothing behind', async () => {
  let removed = false;
  const assembly = fixtureAssembly(() => {
    removed = true;
  });
  const Resources = { ...assembly.template.Resources, Bucket: { Type: 'AWS::S3::Bucket' } };
  const running = runAssembly({ ...assembly, template: { Resources } }, { ports, functionEnvironment, log: () => {} });
  await expect(running).rejects.toThrow('AWS::S3::Bucket');
  expect(removed).toBe(true);
  const none = runAssembly(fixtureAssembly(), { ports: { aws: 0, apis: [] }, functionEnvironment, log: () => {} });
  await expect(none).rejects.toThrow('1 HTTP APIs, and ports were given for 0');
});
