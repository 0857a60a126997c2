import { type ChildProcess, type ExecFileException, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from 'vitest';
import { reservePorts } from '../../lib/ports.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outer = mkdtempSync(join(tmpdir(), 'starter-test-'));
/** The longest name that there may be: what is named after it must fit as well. */
const name = 'acmefieldreportssuper';
const folder = join(outer, name);
const home = join(outer, 'home');

/** What a program ended with. */
interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Only this is set: nothing that npm, vitest or a session has set may help. */
const variables = {
  PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
  AWS_EC2_METADATA_DISABLED: 'true',
  CI: 'true',
};

function run(program: string, words: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((done) => {
    const options = { cwd, env: { ...variables, HOME: home, ...env }, maxBuffer: 2 ** 26 };
    execFile(program, words, options, (error: ExecFileException | null, out, err) => {
      done({ status: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
  });
}

const quietly = ['--no-audit', '--no-fund'];
/** As in this repository: what npm is told here, e.g. where to look, holds there, too. */
const npmSettings = { ...process.env, INIT_CWD: '' };

/** A script of the starter. */
const script = (...words: readonly string[]) => run('npm', ['run', '--silent', ...words], folder);

let made: Ended;
/** Why nothing can be installed here; undefined where it can. */
let unreachable: string | undefined;

beforeAll(async () => {
  mkdirSync(home);
  made = await run(process.execPath, [join(root, 'bin/procore.ts'), 'init', folder], root);
  const installed = await run('npm', ['install', '--prefer-offline', ...quietly], folder, npmSettings);
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(installed.err))
    unreachable = installed.err;
  else expect(installed).toMatchObject({ status: 0 });
}, 300_000);

afterAll(() => rmSync(outer, { recursive: true, force: true }));

function needsPackages({ skip }: TestContext): void {
  if (unreachable !== undefined) skip(unreachable);
}

it('is made out of this clone, in one command, which says the next two', () => {
  expect(made).toMatchObject({ status: 0 });
  const [, next = ''] = made.out.split(/^Next, in two commands, on Node 24 .*:\n/m);
  expect(next.trim().split('\n')).toEqual([
    expect.stringMatching(new RegExp(`cd \\S*${name} && npm install$`)),
    '  npm start',
  ]);
  const tarball = readdirSync(join(folder, 'vendor'));
  expect(tarball).toEqual([expect.stringMatching(/^procore-connector-\d+\.\d+\.\d+\.tgz$/)]);
  expect(readdirSync(join(root, '.bundles')).filter((name) => name.startsWith('starter-'))).toEqual([]);
});

describe('the repository', { timeout: 300_000 }, () => {
  it('passes its own tests, with all types checked', async (context) => {
    needsPackages(context);
    const { status, out, err } = await run('npm', ['test'], folder);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out).toMatch(/pass 3\n/);
  });

  it('fails its tests when on-event.ts does not do what they say, or has a type error', async (context) => {
    needsPackages(context);
    const path = join(folder, 'on-event.ts');
    const right = readFileSync(path, 'utf8');
    for (const [broken, says] of [
      [right.replace("'RFIs'", "'Tasks'"), /✖ reads the RFI that was changed/],
      [right.replace('event.projectId === null', 'event.project === null'), /on-event\.ts.*TS2551/],
    ] as const) {
      writeFileSync(path, broken);
      const { status, out } = await run('npm', ['test'], folder);
      expect({ failed: status !== 0, out }).toEqual({ failed: true, out: expect.stringMatching(says) });
    }
    writeFileSync(path, right);
  });

  it('synthesizes a stack for each environment, with its own onEvent in the worker', async (context) => {
    needsPackages(context);
    expect(await run('npx', ['cdk', 'synth', '--quiet'], folder)).toMatchObject({ status: 0 });
    for (const [environment, id] of [
      ['sandbox', 'Sandbox'],
      ['production', 'Production'],
    ] as const) {
      const read = (kind: string) =>
        JSON.parse(readFileSync(join(folder, `cdk.out/Acmefieldreportssuper-${environment}.${kind}.json`), 'utf8'));
      const { Resources: resources, Outputs: outputs } = read('template');
      expect(Object.keys(outputs)).toEqual(expect.arrayContaining([`${id}CallbackUrl`, 'AlarmTopic']));
      const functions = Object.entries<{ Type: string; Properties: { Code?: { S3Key?: string } } }>(resources);
      const [, worker] =
        functions.find(
          ([key, { Type }]) => Type === 'AWS::Lambda::Function' && key.startsWith(`${id}WebhooksWebhookWorker`),
        ) ?? [];
      const asset = String(worker?.Properties.Code?.S3Key).replace('.zip', '');
      const path = read('assets').files[asset].source.path;
      expect(readFileSync(join(folder, 'cdk.out', path, 'index.mjs'), 'utf8')).toContain('rfi.taken_over');
    }
  });

  it('is upgraded by `npm update`: without a newer version everything stays as it is', async (context) => {
    needsPackages(context);
    const lock = () => readFileSync(join(folder, 'package-lock.json'), 'utf8');
    const before = lock();
    const words = ['update', '--prefer-offline', ...quietly, 'procore-connector'];
    expect(await run('npm', words, folder, npmSettings)).toMatchObject({ status: 0 });
    expect(lock()).toBe(before);
  });

  it('lets the command line find its stacks, and is told to type the scripts that it has', async (context) => {
    needsPackages(context);
    const { out } = await script('procore', '--', 'target', '--json');
    expect(JSON.parse(out).targets).toEqual([
      { stackName: 'Acmefieldreportssuper-sandbox', environments: ['sandbox'] },
      { stackName: 'Acmefieldreportssuper-production', environments: ['production'] },
    ]);
    const help = await script('procore', '--', 'connections', 'list', '--help');
    expect(help.out).toContain('npm run procore -- connections list');
    expect(help.out).not.toContain('npx');
  });

  it('deploys by the script that the workflow calls, which says first of all who has to sign in', async (context) => {
    needsPackages(context);
    const { status, err } = await script('deploy', '--', '--yes', '--environment', 'sandbox');
    expect(status).toBe(5);
    expect(err).toMatch(
      /^(No AWS region is set|There are no AWS credentials).*\nTo deploy, sign in .* npm run deploy\b/,
    );
    expect((await script('deploy', '--', '--help')).out).toContain('Use: npm run deploy -- [--stage NAME]');
  });

  it('makes another one like itself, and gives it the package that it has', async (context) => {
    needsPackages(context);
    const words = ['--no-install', 'procore-connector', 'init', '../other'];
    expect(await run('npx', words, folder)).toMatchObject({ status: 0 });
    const other = join(outer, 'other');
    const filesOf = (of: string) =>
      readdirSync(of, { recursive: true, encoding: 'utf8' })
        .filter((file) => !/^(node_modules|cdk\.out|package-lock\.json)/.test(file))
        .sort();
    expect(filesOf(other)).toEqual(filesOf(folder));
    const read = (of: string, file: string) => readFileSync(join(of, file), 'utf8');
    expect(read(other, 'bin/app.ts')).toBe(read(folder, 'bin/app.ts').replaceAll('Acmefieldreportssuper', 'Other'));
  });
});

describe('README of the repository, up to the deployment, step by step as it stands there', {
  timeout: 300_000,
}, () => {
  const [tutorial = ''] = readFileSync(join(root, 'lib/starter/files/README.md'), 'utf8').split('\n## Deploy\n');
  const blocks = [...tutorial.matchAll(/^```(\w+)\n(.*?)^```/gms)];
  const steps = blocks.flatMap(([, language = '', text = '']) =>
    // What is typed or seen, line by line; a file as a whole.
    (language === 'ts' ? [text] : text.trim().split('\n')).map((each) => [language, each] as const),
  );
  let terminal: ChildProcess | undefined;
  let endpoint = '';
  let printed = '';
  /** How far the first terminal has been read. */
  let read = 0;

  afterAll(async () => {
    const ended = new Promise((done) => terminal?.once('close', done) ?? done(undefined));
    terminal?.kill();
    await ended;
  });

  const follow: Readonly<Record<string, (text: string) => Promise<void>>> = {
    ts: async (text) => writeFileSync(join(folder, 'on-event.ts'), text),
    async sh(line) {
      const [npm, ...words] = line.split(' ');
      expect(npm).toBe('npm');
      if (words[0] === 'start') return start();
      const atThisSystem = words.includes('--local') || words.includes('trigger') ? ['--endpoint', endpoint] : [];
      const env = words[0] === 'install' ? npmSettings : {};
      expect({ line, ...(await run('npm', [...words, ...atThisSystem], folder, env)) }).toMatchObject({
        line,
        status: 0,
      });
    },
    async text(line) {
      const literal = line.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\d+/g, '\\d+');
      const found = () => new RegExp(literal).exec(printed.slice(read));
      await vi.waitUntil(() => found() !== null || terminal?.exitCode !== null, { timeout: 240_000, interval: 50 });
      const match = found();
      if (match === null) throw new Error(`npm start ended without ${line}: ${printed}`);
      read += match.index + match[0].length;
    },
  };

  async function start(): Promise<void> {
    const { first, release } = await reservePorts();
    endpoint = `http://127.0.0.1:${first}`;
    const child = spawn('npm', ['start', '--', '--port', String(first)], {
      cwd: folder,
      env: { ...variables, HOME: home },
    });
    terminal = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        printed += chunk;
      });
    }
    await vi.waitUntil(() => /^Ready\./m.test(printed) || child.exitCode !== null, { timeout: 240_000, interval: 50 });
    await release();
  }

  it.each(steps.map(([language, text], index) => [index + 1, language, text] as const))(
    'step %i (%s): %s',
    async (_, language, text) => {
      if (unreachable !== undefined) return;
      const doIt = follow[language];
      if (doIt === undefined) throw new Error(`README has a block of "${language}", which this test cannot follow.`);
      await doIt(text);
    },
  );

  it('ends with the file that it shows at work, and no fault of it told', async (context) => {
    needsPackages(context);
    await vi.waitUntil(() => printed.slice(read).includes('"subject":"'), { timeout: 60_000, interval: 50 });
    expect(printed).toContain('✓ onEvent was done with an event');
    expect(printed).not.toMatch(/✗|cannot be|type error/);
  });
});
