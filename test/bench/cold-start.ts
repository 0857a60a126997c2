import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { buildSync } from 'esbuild';
import { settingNames } from '../../functions/settings.ts';
import { bundleFunctions, functionNames } from '../../lib/cloud/bundle.ts';
import type { Bench } from './bench.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const runs = 15;

/** Imports a bundle and makes the first call, in a process of its own, and prints the milliseconds. */
const measure = `
  const began = performance.now();
  const { handler } = await import(process.argv[1]);
  const context = { getRemainingTimeInMillis: () => 50, awsRequestId: 'bench', functionName: 'bench' };
  const quiet = process.stdout.write;
  process.stdout.write = () => true;
  await Promise.resolve(handler(JSON.parse(process.argv[2]), context)).catch(() => {});
  const spent = performance.now() - began;
  process.stdout.write = quiet;
  console.log('\\n' + spent);
  process.exit(0);`;

/** Refuses every call at once, for good: a first call then ends where AWS is first needed, without a wait. */
async function startRefusingAws() {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end('{"__type":"ValidationException","message":"refused"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** First calls that are more than `{}`. */
const firstEvents: Readonly<Record<string, unknown>> = {
  'webhook-intake': { headers: {}, requestContext: { http: { method: 'POST' } } },
};

/** The SDK clients that a bundle contains, read off its own metafile. */
function clientsOf(name: string): string[] {
  const { metafile } = buildSync({
    entryPoints: [join(root, 'functions', `${name}.ts`)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    metafile: true,
    write: false,
    outdir: 'unused',
    absWorkingDir: root,
  });
  // What is imported by name and never used is not in the output, though it is an input.
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  const clients = inputs.flatMap(([input, { bytesInOutput }]) =>
    bytesInOutput > 0 ? (/@aws-sdk\/(client-[a-z-]+)\//.exec(input)?.[1] ?? []) : [],
  );
  return [...new Set(clients)].sort();
}

/** A handler that makes the same SDK clients and nothing else, bundled the plain way: esbuild's defaults, minified. */
function plainSdk(clients: readonly string[], directory: string): string {
  const names: Readonly<Record<string, string>> = {
    'client-dynamodb': 'DynamoDBClient',
    'client-lambda': 'LambdaClient',
    'client-secrets-manager': 'SecretsManagerClient',
    'client-sqs': 'SQSClient',
  };
  const used = clients.filter((client) => names[client] !== undefined);
  const imports = used.map((client) => `import { ${names[client]} } from '@aws-sdk/${client}';`);
  const made = used.map((client) => `new ${names[client]}({})`);
  const entry = join(directory, `${used.join('-')}.ts`);
  writeFileSync(
    entry,
    `${imports.join('\n')}\nconst clients = [${made}];\nexport const handler = async () => clients.length;\n`,
  );
  const outfile = entry.replace(/\.ts$/, '.mjs');
  const banner = { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" };
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner,
  });
  return outfile;
}

async function firstInvokeMs(file: string, event: unknown, aws: string): Promise<number> {
  const environment = Object.fromEntries(Object.values(settingNames).map((name) => [name, `${aws}/1/x`]));
  const env = {
    ...environment,
    PROCORE_ENVIRONMENT: 'sandbox',
    PUBLIC_ORIGIN: 'https://connect.example.com',
    RETURN_TO_ORIGINS: '',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: aws,
    AWS_MAX_ATTEMPTS: '1',
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
    'import and first call of every bundle, each in a fresh process, against an empty handler and against a handler ' +
    'with the same SDK clients bundled the plain way (overPlainSdk: goal 0.75, and under 300 kB)',

  async run() {
    const bundles = bundleFunctions();
    const parent = join(root, '.bundles');
    mkdirSync(parent, { recursive: true });
    const directory = mkdtempSync(join(parent, 'cold-start-'));
    const refusing = await startRefusingAws();
    const empty = join(directory, 'empty.mjs');
    writeFileSync(empty, 'export const handler = async () => 0;\n');
    const subjects = functionNames.map((name) => ({
      name,
      file: join(bundles[name], 'index.mjs'),
      floor: plainSdk(clientsOf(name), directory),
      event: firstEvents[name] ?? {},
    }));
    const times = new Map<string, number[]>();
    const time = async (file: string, event: unknown) =>
      times.set(file, [...(times.get(file) ?? []), await firstInvokeMs(file, event, refusing.origin)]);
    try {
      // Round by round, so that a slow moment of the machine strikes all alike.
      for (let round = 0; round < runs; round += 1) {
        await time(empty, {});
        for (const floor of new Set(subjects.map((subject) => subject.floor))) await time(floor, {});
        for (const { file, event } of subjects) await time(file, event);
      }
      const of = (file: string) => median(times.get(file) ?? []);
      const figures = subjects.map(({ name, file, floor }) => ({
        name,
        kB: readFileSync(file).length / 1000,
        ms: of(file),
        plainSdkMs: of(floor),
        overPlainSdk: of(file) / of(floor),
      }));
      return {
        emptyMs: of(empty),
        ...Object.fromEntries(
          figures.flatMap(({ name, ...values }) =>
            Object.entries(values).map(([key, value]) => [`${name}.${key}`, value]),
          ),
        ),
        worstOverPlainSdk: Math.max(...figures.map(({ overPlainSdk }) => overPlainSdk)),
        largestKB: Math.max(...figures.map(({ kB }) => kB)),
      };
    } finally {
      refusing.stop();
      rmSync(directory, { recursive: true });
    }
  },
};
