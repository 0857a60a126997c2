import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { settingNames } from '../../functions/settings.ts';
import { bundleFunctions } from '../../lib/cloud/bundle/bundle.ts';
import { type HandlerName, handlerNames } from '../../lib/handler-names.ts';
import { proofOnEvent } from '../../lib/local/main-job.ts';
import type { Bench, Figures } from './bench.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** Imports a bundle and makes the first call, in a process of its own, and prints the milliseconds. */
const measure = `
  const began = performance.now();
  const { handler } = await import(process.argv[1]);
  const context = { getRemainingTimeInMillis: () => 20_000, awsRequestId: 'bench', functionName: 'bench' };
  const quiet = process.stdout.write;
  process.stdout.write = () => true;
  await Promise.resolve(handler(JSON.parse(process.argv[2]), context)).catch(() => {});
  const spent = performance.now() - began;
  process.stdout.write = quiet;
  console.log('\\n' + spent);
  process.exit(0);`;

/** A call that a function made: the service's own name of the operation, and the body. */
interface AwsCall {
  readonly target: string;
  readonly body: string;
}

const certificate = join(root, 'test/fixtures/loopback-certificate.pem');

/**
 * Stands for AWS: has nothing, says so at once, and remembers what was asked. It speaks https as AWS does; by http the
 * SDK loads other modules of Node.
 */
async function startEmptyAws() {
  let calls: AwsCall[] = [];
  const key = readFileSync(join(root, 'test/fixtures/loopback-certificate-key.pem'));
  const server = createServer({ cert: readFileSync(certificate), key }, (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      calls.push({ target: String(request.headers['x-amz-target']), body });
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end('{"Items":[],"Count":0}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    origin: `https://localhost:${port}`,
    /** Gives the calls since the last time. */
    takeCalls() {
      const taken = calls;
      calls = [];
      return taken;
    },
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const request = (method: string, query: Readonly<Record<string, string>> = {}) => ({
  headers: { authorization: 'Bearer bench', cookie: `__Host-procore-connect=${'a'.repeat(43)}` },
  cookies: [`__Host-procore-connect=${'a'.repeat(43)}`],
  requestContext: { http: { method }, domainName: 'connect.example.com' },
  queryStringParameters: query,
  rawQueryString: new URLSearchParams(query).toString(),
  body: '{}',
});

const message = (body: unknown) => ({
  Records: [
    {
      messageId: 'bench',
      receiptHandle: 'bench',
      body: JSON.stringify(body),
      attributes: { MessageGroupId: 'bench', ApproximateReceiveCount: '1' },
    },
  ],
});

/** First events that lead to AWS. */
const firstEvents: Readonly<Record<HandlerName, unknown>> = {
  'connect-link': { connectionId: 'acme' },
  'connect-service-account': { connectionId: 'acme', companyId: '1' },
  'oauth-start': request('GET', { link: 'a'.repeat(43) }),
  'oauth-callback': request('GET', { code: 'a', state: 'a'.repeat(43) }),
  'oauth-company': request('GET', { session: 'a'.repeat(64) }),
  'confirm-connection': { connectionId: 'acme', reference: 'a'.repeat(64) },
  disconnect: { connectionId: 'acme' },
  'access-token': { connectionId: 'acme' },
  'rotation-sweep': {},
  'token-rotation': message({ connectionId: 'acme' }),
  'token-recovery': message({
    environment: 'sandbox',
    connectionId: 'acme',
    generation: 1,
    tokens: { accessToken: 'a' },
  }),
  'restore-connections': { fromTable: 'connections-restored' },
  'webhook-intake': { ...request('POST'), rawPath: '/webhooks' },
  'webhook-worker': message({}),
  'company-work': {},
};

/** The SDK's clients, by how their operations are called in a request's `x-amz-target`. */
const services: Readonly<Record<string, { readonly client: string; readonly className: string }>> = {
  DynamoDB_20120810: { client: 'client-dynamodb', className: 'DynamoDBClient' },
  secretsmanager: { client: 'client-secrets-manager', className: 'SecretsManagerClient' },
  AmazonSQS: { client: 'client-sqs', className: 'SQSClient' },
};

/** The services whose SDK clients a bundle contains, read off its source map. */
function servicesOf(name: HandlerName, outputDirectory: string): string[] {
  const map = readFileSync(join(outputDirectory, 'source-maps', `${name}.mjs.map`), 'utf8');
  return Object.keys(services).filter((service) => map.includes(`/${services[service]?.className}.js`));
}

/** Writes a handler that makes the same clients and the same calls, all at once, and does nothing else. */
function writeFloor(name: HandlerName, used: readonly string[], calls: readonly AwsCall[], directory: string): string {
  const operations = calls.map(({ target, body }) => {
    const [service = '', operation = ''] = target.split('.');
    if (!used.includes(service)) throw new Error(`${name} called ${target}, but its bundle has no client for it.`);
    return { service, command: `${operation}Command`, body };
  });
  const lines = used.flatMap((service) => {
    const { client, className } = services[service] ?? { client: '', className: '' };
    const commands = new Set(operations.filter((one) => one.service === service).map(({ command }) => command));
    return [
      `import { ${[className, ...commands].join(', ')} } from '@aws-sdk/${client}';`,
      `const ${service} = new ${className}({});`,
    ];
  });
  const sent = operations.map(({ service, command, body }) => `${service}.send(new ${command}(${body}))`);
  lines.push(`export const handler = () => Promise.allSettled([${[...used, ...sent]}]);`);
  const entry = join(directory, `${name}.ts`);
  writeFileSync(entry, `${lines.join('\n')}\n`);
  return entry;
}

/** Bundles the plain way: esbuild's defaults for Node, minified. */
function bundlePlainly(entryPoints: readonly string[], outdir: string): void {
  buildSync({
    entryPoints: [...entryPoints],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
}

async function firstInvokeMs(file: string, event: unknown, aws: string): Promise<number> {
  const environment = Object.fromEntries(Object.values(settingNames).map((name) => [name, `${aws}/1/x`]));
  const env = {
    ...environment,
    PROCORE_ENVIRONMENT: 'sandbox',
    PUBLIC_ORIGIN: 'https://connect.example.com',
    RETURN_TO_ORIGINS: '',
    PAGE_SITE: '{}',
    OWN_SECRETS: '{}',
    RATE_LIMIT_SCOPE: 'app',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: aws,
    AWS_MAX_ATTEMPTS: '1',
    NODE_EXTRA_CA_CERTS: certificate,
    PATH: process.env.PATH,
  };
  const argv = ['--input-type=module', '-e', measure, pathToFileURL(file).href, JSON.stringify(event)];
  const { stdout } = await run(process.execPath, argv, { env, cwd: root });
  return Number(stdout.trim().split('\n').at(-1));
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export const bench: Bench = {
  about:
    'import and first invocation of every bundle, each in a fresh process, against an empty handler and against a ' +
    'handler that makes the same calls of AWS by the same SDK clients bundled the plain way, and does nothing else ' +
    '(overPlainSdk: goal 0.75, and under 300 KiB). AWS is a stand-in that has nothing and says so at once by https; medians, interleaved',

  async run(_flags, size) {
    const outputDirectory = join(root, '.bundles', 'cold-start');
    const bundles = await bundleFunctions({ outputDirectory, onEventEntry: proofOnEvent });
    const directory = mkdtempSync(join(outputDirectory, 'cold-start-'));
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    const aws = await startEmptyAws();
    const empty = join(directory, 'empty.mjs');
    writeFileSync(empty, 'export const handler = async () => 0;\n');
    const times = new Map<string, number[]>();
    const time = async (file: string, event: unknown) =>
      times.set(file, [...(times.get(file) ?? []), await firstInvokeMs(file, event, aws.origin)]);
    try {
      const subjects = [];
      for (const name of handlerNames) {
        const file = join(bundles[name], 'index.mjs');
        await time(file, firstEvents[name]);
        const calls = aws.takeCalls();
        const entry = writeFloor(name, servicesOf(name, outputDirectory), calls, directory);
        const floor = join(directory, 'floors', `${name}.mjs`);
        subjects.push({ name, file, entry, floor, event: firstEvents[name], calls: calls.length });
      }
      bundlePlainly(
        subjects.map(({ entry }) => entry),
        join(directory, 'floors'),
      );
      for (const { name, floor, calls } of subjects) {
        await time(floor, {});
        const made = aws.takeCalls().length;
        if (made !== calls) throw new Error(`${name} made ${calls} calls, and what it is measured against ${made}.`);
      }
      // The smallest form is content with the times of the calls above.
      const rounds = size === 'smoke' ? 0 : 15;
      if (rounds > 0) times.clear();
      else await time(empty, {});
      // Round by round, so that a slow moment of the machine strikes all alike.
      for (let round = 0; round < rounds; round += 1) {
        await time(empty, {});
        for (const { file, floor, event } of subjects) {
          await time(floor, {});
          await time(file, event);
        }
      }
      const of = (file: string) => median(times.get(file) ?? []);
      return { emptyMs: of(empty), ...figuresOf(subjects, of) };
    } finally {
      aws.stop();
    }
  },
};

/** A function's bundle and what it is measured against. */
interface Subject {
  readonly name: HandlerName;
  readonly file: string;
  readonly floor: string;
  readonly calls: number;
}

/** @param of the time of a file, in milliseconds */
function figuresOf(subjects: readonly Subject[], of: (file: string) => number): Figures {
  const rows = subjects.map(({ name, file, floor, calls }) => ({
    name,
    kB: readFileSync(file).length / 1000,
    ms: of(file),
    plainSdkMs: of(floor),
    overPlainSdk: of(file) / of(floor),
    awsCalls: calls,
  }));
  return {
    ...Object.fromEntries(
      rows.flatMap(({ name, ...values }) => Object.entries(values).map(([key, value]) => [`${name}.${key}`, value])),
    ),
    worstOverPlainSdk: Math.max(...rows.map(({ overPlainSdk }) => overPlainSdk)),
    largestKB: Math.max(...rows.map(({ kB }) => kB)),
  };
}
