import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bundles, bundleFunctions, EntryError } from '../../lib/cloud/bundle/bundle.ts';
import { handlerNames } from '../../lib/handler-names.ts';

// Inside the project, so that the entries find its packages, and where git does not look.
const parent = fileURLToPath(new URL('../../.bundles', import.meta.url));
mkdirSync(parent, { recursive: true });
const directory = mkdtempSync(join(parent, 'test-'));
afterAll(() => rmSync(directory, { recursive: true }));

function writeEntries(name: string, sources: Readonly<Record<string, string>>): string {
  const entries = join(directory, name);
  mkdirSync(entries);
  for (const [file, source] of Object.entries(sources)) writeFileSync(join(entries, file), source);
  return entries;
}

const stubs = Object.fromEntries(handlerNames.map((name) => [`${name}.ts`, `export const handler = () => '${name}';`]));

describe('the bundles', () => {
  let bundles: Bundles;
  beforeAll(async () => {
    const entries = writeEntries('good', {
      ...stubs,
      'old.cjs': "exports.platform = require('node:os').platform();",
      'webhook-worker.ts': "import old from './old.cjs'; export const handler = () => old.platform;",
      'access-token.ts': `
        import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
        const client = new DynamoDBClient({ region: 'us-east-1' });
        export const handler = () => client.config.credentials();`,
    });
    bundles = await bundleFunctions({ entryDirectory: entries, outputDirectory: join(directory, 'out') });
  });

  function call(name: keyof Bundles, env: NodeJS.ProcessEnv = {}) {
    const url = pathToFileURL(join(bundles[name], 'index.mjs')).href;
    const script = `const { handler } = await import('${url}'); console.log(JSON.stringify(await handler()));`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env });
  }

  test('hold index.mjs and nothing else, so that no source map is deployed, but a small one of the worker’s', () => {
    for (const name of handlerNames.filter((each) => each !== 'webhook-worker')) {
      expect(readdirSync(bundles[name])).toEqual(['index.mjs']);
    }
    expect(readdirSync(bundles['webhook-worker'])).toEqual(['index.mjs', 'index.mjs.map']);
    const map = JSON.parse(readFileSync(join(bundles['webhook-worker'], 'index.mjs.map'), 'utf8'));
    expect(map).not.toHaveProperty('sourcesContent');
    expect(readdirSync(join(directory, 'out', 'source-maps'))).toContain('access-token.mjs.map');
  });

  test('run where node_modules cannot be found', () => {
    expect(call('connect-link').stdout).toBe('"connect-link"\n');
  });

  test('may contain a CommonJS package that requires Node modules', () => {
    expect(call('webhook-worker').stdout).toBe(`"${process.platform}"\n`);
  });

  test("find the role's keys in the environment alone", () => {
    const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_SESSION_TOKEN: 'session' };
    expect(JSON.parse(call('access-token', keys).stdout)).toMatchObject({
      accessKeyId: 'id',
      secretAccessKey: 'key',
      sessionToken: 'session',
    });
    expect(call('access-token').stderr).toContain('AWS_ACCESS_KEY_ID');
    expect(readFileSync(join(bundles['access-token'], 'index.mjs'), 'utf8')).not.toContain('.aws/sso');
  });
});

describe('what the bundles leave out', () => {
  // An AWS that answers every call with the error of this name.
  const failing = (error: string) => `
    import { createServer } from 'node:http';
    import { DynamoDBClient, GetItemCommand, ${error} } from '@aws-sdk/client-dynamodb';
    export async function fail() {
      const answer = JSON.stringify({ __type: 'com.amazonaws.dynamodb.v20120810#${error}', message: 'as told' });
      const server = createServer((_request, response) => response.writeHead(400).end(answer)).listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const endpoint = 'http://127.0.0.1:' + server.address().port;
      const client = new DynamoDBClient({ region: 'us-east-1', endpoint, maxAttempts: 1 });
      const failure = await client.send(new GetItemCommand({ TableName: 't', Key: { k: { S: 'k' } } })).catch((e) => e);
      server.closeAllConnections();
      server.close();
      const { name, message, $metadata } = failure;
      return { name, message, status: $metadata.httpStatusCode, isInstance: failure instanceof ${error} };
    }`;
  const regions = ['eu-central-2', 'mx-central-1', 'us-gov-west-1', 'cn-north-1', 'aws-cn-global', 'us-iso-east-1'];
  let answers: (name: keyof Bundles) => unknown;
  let bundles: Bundles;
  beforeAll(async () => {
    const entries = writeEntries('left-out', {
      ...stubs,
      'named.ts': failing('ConditionalCheckFailedException'),
      'unnamed.ts': failing('TableInUseException'),
      'access-token.ts': "export { fail as handler } from './named.ts';",
      'disconnect.ts': "export { fail as handler } from './unnamed.ts';",
      'connect-link.ts': `
        import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
        const { endpointProvider } = new DynamoDBClient({ region: 'us-east-1' }).config;
        const urlIn = (Region) => endpointProvider({ Region, UseDualStack: false, UseFIPS: false }).url.href;
        export const handler = () => ${JSON.stringify(regions)}.map(urlIn);`,
      'webhook-worker.ts':
        "import { onConnectionChange, onEvent } from '#on-event'; export const handler = () => [onConnectionChange, onEvent][1]();",
      'their.ts': "export { fail as onEvent } from './unnamed.ts'; export async function onConnectionChange() {}",
    });
    const onEventEntry = join(entries, 'their.ts');
    bundles = await bundleFunctions({
      entryDirectory: entries,
      outputDirectory: join(directory, 'left-out-of'),
      onEventEntry,
    });
    const env = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' };
    answers = (name) => {
      const script = `const { handler } = await import('${pathToFileURL(join(bundles[name], 'index.mjs')).href}'); console.log(JSON.stringify(await handler()));`;
      return JSON.parse(
        spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env }).stdout,
      );
    };
  });

  const told = { message: 'as told', status: 400, isInstance: true };

  test('is no error of the SDK: each keeps its name and its class, also one that no function of ours names', () => {
    expect(answers('access-token')).toEqual({ ...told, name: 'ConditionalCheckFailedException' });
    expect(answers('disconnect')).toEqual({ ...told, name: 'TableInUseException' });
  });

  test('is no region: each has the endpoint that the SDK gives it', () => {
    const { endpointProvider } = new DynamoDBClient({ region: 'us-east-1' }).config;
    const urlIn = (Region: string) => endpointProvider({ Region, UseDualStack: false, UseFIPS: false }).url.href;
    expect(answers('connect-link')).toEqual(regions.map(urlIn));
  });

  test('is there for the integrator’s file, which has the SDK as it is', () => {
    expect(answers('webhook-worker')).toEqual({ ...told, name: 'TableInUseException' });
  });

  test('keeps a function under 305 kB, under 420 kB if it invokes another and reads secrets, under 465 kB if nobody waits for it, without losing its way to the sources', async () => {
    const outputDirectory = join(directory, 'real');
    // Ours is measured. How large the integrator's file is, is their matter.
    const onEventEntry = fileURLToPath(new URL('../../lib/local/proof-on-event.ts', import.meta.url));
    const real = await bundleFunctions({ outputDirectory, onEventEntry });
    const invoking = handlerNames.filter((name) => read(real[name]).includes('LambdaClient'));
    expect(invoking).toEqual(['webhook-worker', 'company-work']);
    for (const name of handlerNames) {
      const code = read(real[name]);
      // Every kind of company-wide work is in one function. Its cold start delays nobody.
      // The worker has the clients of Lambda and of Secrets Manager beside those that all have.
      const most = name === 'company-work' ? 465 : invoking.includes(name) ? 420 : 305;
      expect.soft(code.length, name).toBeLessThan(most * 1000);
      expect.soft(code, name).not.toMatch(/"description":|:event-type/);
    }
    const map = readFileSync(join(outputDirectory, 'source-maps', 'webhook-worker.mjs.map'), 'utf8');
    const { sources } = JSON.parse(map) as { sources: string[] };
    expect(sources.some((source) => source.endsWith('functions/webhook/work.ts'))).toBe(true);
    expect(sources.some((source) => source.endsWith('lib/local/proof-on-event.ts'))).toBe(true);
  });
});

describe('an error of the integrator’s code', () => {
  test('names their file and line, also where it was thrown below, in a package or in ours', async () => {
    const entries = writeEntries('framed', {
      ...stubs,
      'ours.ts': 'export function call(fail: () => void) {\n  fail();\n}\n',
      'webhook-worker.ts': `
        import { bundleSources } from '../../../functions/bundle-sources.ts';
        import { sourceFrame } from '../../../functions/webhook/source-frame.ts';
        import { call } from './ours.ts';
        const sourceOf = bundleSources(import.meta.url);
        export const handler = async (name) => {
          const { onEvent } = await import('#on-event');
          return onEvent(name, call).then(() => 'none', (error) => sourceFrame(error, sourceOf));
        };`,
      'eager.ts': "export function later() {\n\n  throw new Error('later');\n}\n",
    });
    mkdirSync(join(entries, 'app'));
    const onEventEntry = join(entries, 'app', 'on-event.ts');
    writeFileSync(
      onEventEntry,
      `import { createRequire } from 'node:module';
import { later } from '../eager.ts';
export async function onConnectionChange() {}

export async function onEvent(name: string, call: (fail: () => void) => void) {
  await Promise.resolve();
  if (name === 'own') throw new Error('own');
  if (name === 'imported') later();
  if (name === 'through ours') call(() => { createRequire('/')('no-such-package'); });
  if (name === 'of Node') JSON.parse('{');
}
`,
    );
    const { 'webhook-worker': asset } = await bundleFunctions({
      entryDirectory: entries,
      outputDirectory: join(directory, 'framed-out'),
      onEventEntry,
    });
    const url = pathToFileURL(join(asset, 'index.mjs')).href;
    const script = `const { handler } = await import('${url}');
      const names = ['own', 'imported', 'through ours', 'of Node', 'nothing'];
      console.log(JSON.stringify(await Promise.all(names.map(handler))));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual([
      'on-event.ts:7:29',
      '../eager.ts:3:9',
      'on-event.ts:9:63',
      'on-event.ts:10:32',
      'none',
    ]);
  });
});

function read(asset: string): string {
  return readFileSync(join(asset, 'index.mjs'), 'utf8');
}

test('names every entry file that is missing', async () => {
  const { 'oauth-start.ts': _start, 'disconnect.ts': _disconnect, ...others } = stubs;
  const entries = writeEntries('missing', others);
  await expect(
    bundleFunctions({ entryDirectory: entries, outputDirectory: join(directory, 'unused') }),
  ).rejects.toThrow(
    new EntryError(
      `Missing: ${join(entries, 'oauth-start.ts')}, ${join(entries, 'disconnect.ts')}. The stack deploys each of them as a function.`,
    ),
  );
});

test('names the entry file that exports no handler', async () => {
  const entries = writeEntries('no-handler', { ...stubs, 'disconnect.ts': 'export const main = 1;' });
  await expect(
    bundleFunctions({ entryDirectory: entries, outputDirectory: join(directory, 'unused') }),
  ).rejects.toThrow(/no-handler\/disconnect\.ts does not export `handler`/);
});

describe('a wrong onEventEntry', () => {
  const worker =
    "import { onConnectionChange, onEvent } from '#on-event'; export const handler = [onEvent, onConnectionChange];";

  async function refusal(name: string, source: string | undefined): Promise<string> {
    const entries = writeEntries(name, {
      ...stubs,
      'webhook-worker.ts': worker,
      ...(source !== undefined && { 'their.ts': source }),
    });
    try {
      await bundleFunctions({
        entryDirectory: entries,
        outputDirectory: join(directory, 'unused'),
        onEventEntry: join(entries, 'their.ts'),
      });
    } catch (error) {
      if (error instanceof EntryError) return error.message.replaceAll(entries, 'their-app');
      throw error;
    }
    throw new Error('nothing was refused');
  }

  test('that is no file is refused in one line with the path that was looked at', async () => {
    expect(await refusal('no-file', undefined)).toBe(
      'onEventEntry: got "their-app/their.ts", but there is no file their-app/their.ts. Give the path of the file that ' +
        'exports onEvent and onConnectionChange, absolute or from the folder in which cdk is started.',
    );
  });

  test('that exports nothing of the name is refused in one line that names what it lacks', async () => {
    const two = 'The file that gets the events exports two async functions by name: onEvent and onConnectionChange.';
    expect(await refusal('default-export', 'export default async () => {};')).toBe(
      `their-app/their.ts does not export onConnectionChange and onEvent. ${two}`,
    );
    expect(await refusal('one-export', 'export async function onEvent() {}')).toBe(
      `their-app/their.ts does not export onConnectionChange. ${two}`,
    );
  });

  test('that cannot be read is refused in one line with the place', async () => {
    expect(await refusal('broken', 'export async function onEvent( {')).toMatch(
      /^their-app\/their\.ts:1:\d+: [^\n]+ repaired\.$/,
    );
    expect(await refusal('unresolved', "export * from './absent.ts';")).toMatch(
      /^their-app\/their\.ts:1:15: Could not resolve ".\/absent.ts"[^\n]* repaired\.$/,
    );
  });
});
