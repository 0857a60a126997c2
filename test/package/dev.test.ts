import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Person } from '../../lib/local/person.ts';
import { packTo } from './consumers/pack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const app = mkdtempSync(join(tmpdir(), 'dev-app-'));
const installed = join(app, 'node_modules/procore-connector');
const bin = join(installed, 'bin/procore-connector.mjs');
/** What the app has installed: the CDK, the bundler of NodejsFunction, and what the package depends on. */
const neighbours = ['aws-cdk-lib', 'constructs', 'esbuild', '.bin/esbuild', '@aws-sdk', '@smithy', 'tslib'];
const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: app };

const readySchema = z.object({
  aws: z.string(),
  awsKeyFile: z.string(),
  environments: z.object({
    sandbox: z.looseObject({
      webhookUrl: z.string(),
      webhookAuthorization: z.string(),
      functions: z.record(z.string(), z.string()),
      tables: z.record(z.string(), z.string()),
    }),
  }),
  functions: z.array(z.object({ path: z.string(), name: z.string() })),
  notRun: z.array(z.object({ path: z.string(), type: z.string(), why: z.string().optional() })),
  remarks: z.array(z.string()),
});

let program: ChildProcess;
let ready: z.infer<typeof readySchema>;
let lambda: LambdaClient;
let said = '';

/** Waits until the program has said something. */
async function hear(words: RegExp): Promise<void> {
  while (!words.test(said)) await once(program.stderr ?? program, 'data');
}

const run = (...words: readonly string[]) =>
  spawnSync(process.execPath, [bin, ...words], { cwd: app, encoding: 'utf8', env });

async function invoke(name: string, payload: object): Promise<{ failed: boolean; answer: unknown }> {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(payload) }),
  );
  return { failed: FunctionError !== undefined, answer: JSON.parse(new TextDecoder().decode(Payload)) };
}

beforeAll(async () => {
  const tarball = packTo(app);
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  for (const name of neighbours) {
    mkdirSync(dirname(join(app, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name));
  }
  cpSync(fileURLToPath(new URL('dev-app', import.meta.url)), app, { recursive: true });
  writeFileSync(join(app, 'package.json'), '{"name":"dev-app","private":true,"type":"module"}');
  writeFileSync(join(app, 'package-lock.json'), '{"name":"dev-app","lockfileVersion":3,"packages":{}}');
  writeFileSync(join(app, 'cdk.json'), '{"app":"node app.ts"}');
  writeFileSync(join(app, '.env.local'), 'WORD=theirs');
  program = spawn(process.execPath, [bin, 'dev', '--port', '0', '--json'], { cwd: app, env });
  program.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [line] = await once(createInterface({ input: program.stdout ?? process.stdin }), 'line');
  ready = readySchema.parse(JSON.parse(String(line)));
  const accessKeyId = `local-${readFileSync(join(app, ready.awsKeyFile), 'utf8')}`;
  const credentials = { accessKeyId, secretAccessKey: 'any' };
  lambda = new LambdaClient({ endpoint: ready.aws, region: 'us-east-1', credentials });
}, 240_000);

afterAll(() => {
  program.kill('SIGKILL');
  rmSync(app, { recursive: true });
});

describe('procore dev of the packed package, in an app that has nothing else of ours', () => {
  test('runs the function that was granted access tokens, and lists everything else by path and type', () => {
    expect(ready.functions.map(({ path }) => path)).toEqual(['TheirStack/Reader']);
    expect(ready.notRun).toContainEqual({ path: 'TheirStack/Bucket/Resource', type: 'AWS::S3::Bucket' });
    expect(ready.notRun).toContainEqual({ path: 'TheirStack/Api/Resource', type: 'AWS::ApiGateway::RestApi' });
    expect(ready.notRun).toContainEqual({
      path: 'TheirStack/Python/Resource',
      type: 'AWS::Lambda::Function',
      why: expect.stringContaining('its runtime is python3.13'),
    });
    expect(ready.notRun.filter(({ path }) => path.startsWith('TheirStack/Procore/'))).toEqual([]);
  });

  test('has the function read the projects of the stand-in Procore, as its connection', async () => {
    const { ConnectLink = '' } = ready.environments.sandbox.functions;
    const { answer: link } = await invoke(ConnectLink, { connectionId: 'acme' });
    const person = new Person();
    const start = await person.open(z.object({ url: z.string() }).parse(link).url);
    const chosen = await person.press(await person.press(start, 'Connect to Procore'), 'Allow');
    if (chosen.html.includes('Use this company')) await person.press(chosen, 'Use this company');
    const { answer } = await invoke(ready.functions[0]?.name ?? '', { connectionId: 'acme' });
    expect(answer).toEqual({
      names: expect.arrayContaining([expect.any(String)]),
      bucket: expect.stringMatching(/^not-run-Bucket/),
    });
  });

  test('refuses the function what it was not granted, as IAM does', async () => {
    const table = ready.environments.sandbox.tables.Connections ?? '';
    const { failed, answer } = await invoke(ready.functions[0]?.name ?? '', { connectionId: 'acme', table });
    expect(failed).toBe(true);
    expect(answer).toMatchObject({
      errorType: 'AccessDeniedException',
      errorMessage: expect.stringContaining('dynamodb:GetItem'),
    });
  });

  test('hands an event from the webhook URL to onEvent of the app, and takes the file anew when it is saved', async () => {
    const send = () => run('trigger', 'RFIs.update', '--endpoint', ready.aws);
    expect(send().stdout).toMatch(/^update RFIs \d+ .*: handled in/);
    const entry = join(app, 'lib/on-event.ts');
    writeFileSync(
      entry,
      readFileSync(entry, 'utf8').replace(
        /^ {2}log\(.*$/m,
        '  throw new TypeError("saved again, " + process.env.WORD);',
      ),
    );
    await hear(/on-event\.ts reloaded/);
    const failed = send();
    expect(failed.stdout + failed.stderr).toMatch(/TypeError[\s\S]*saved again, theirs/);
    expect(failed.status).toBe(1);
  }, 60_000);

  test('leaves nothing behind but the key’s folder, which git ignores', async () => {
    program.kill('SIGINT');
    await once(program, 'exit');
    const local = join(app, '.local');
    expect(readdirSync(local).sort()).toEqual(['.gitignore', 'assemblies', 'own', 'package.json']);
    expect(readdirSync(join(local, 'assemblies'))).toEqual([]);
    expect(readFileSync(join(local, '.gitignore'), 'utf8')).toBe('*\n');
  });

  test.each([
    [
      ['--app', 'node missing.ts'],
      /The app failed with exit code 1 \(node missing\.ts\)\. It said:[\s\S]*Cannot find module/,
    ],
    [['--stack', 'Other'], /--stack Other: the app has no such stack\. It has: TheirStack\./],
  ])(
    'says what is wrong with %j',
    (words, problem) => {
      const { status, stderr } = run('dev', '--once', '--port', '0', ...words);
      expect(stderr).toMatch(problem);
      expect(status).toBe(1);
    },
    60_000,
  );
});
