import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProcoreApiError } from '../../functions/procore/api-error.ts';
import { diagnose } from '../../functions/procore/diagnosis.ts';
import { handlerNames } from '../../lib/handler-names.ts';
import { anchorsOf, linksOf, resolvePath } from '../house/markdown.ts';
import { cells } from './consumers/cells.ts';
import { packTo } from './consumers/pack.ts';
import { runCell } from './consumers/run-cell.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const app = mkdtempSync(join(tmpdir(), 'fixture-app-'));
const installed = join(app, 'node_modules/procore-connector');

/** What the published package asks for, and nothing else that the repository has. */
const neighbours = [
  'aws-cdk-lib',
  'constructs',
  'esbuild',
  '@aws-sdk/client-dynamodb',
  '@aws-sdk/client-lambda',
  '@aws-sdk/util-dynamodb',
];
const isPeer = (name: string) => name === 'aws-cdk-lib' || name === 'constructs';

/** The tarball, and the temporary folder of whatever the app runs. */
let tarball: string;
const temporary = join(app, 'tmp');

const runInApp = (...parameters: readonly string[]) =>
  execFileSync(process.execPath, parameters, {
    cwd: app,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, TMPDIR: temporary, CDK_OUTDIR: join(app, 'cdk.out'), CDK_VALIDATION: 'false' },
  });

/** Runs a module's text in the app. @returns what it prints */
const evaluate = (script: string) => runInApp('--input-type=module', '-e', script);

beforeAll(() => {
  tarball = packTo(app);
  mkdirSync(installed, { recursive: true });
  mkdirSync(temporary);
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  for (const name of neighbours) {
    mkdirSync(dirname(join(app, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name));
  }
  cpSync(fileURLToPath(new URL('fixture-app', import.meta.url)), app, { recursive: true });
  // As cdk starts an app, which also finds its own settings here.
  writeFileSync(join(app, 'cdk.context.json'), '{}');
  runInApp('app.ts');
}, 240_000);

afterAll(() => rmSync(app, { recursive: true }));

type Resources = Record<string, { Type: string; Properties: Record<string, unknown> & { Code?: { S3Key?: string } } }>;

const resources = (): Resources =>
  JSON.parse(readFileSync(join(app, 'cdk.out/TheirApp.template.json'), 'utf8')).Resources;
const find = (type: string, id: RegExp) =>
  Object.entries(resources()).find(([each, { Type }]) => Type === type && id.test(each));

describe('an app that has nothing but the tarball', () => {
  test('has documents whose links all lead to something that it has', () => {
    const documents = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.md'),
    );
    expect(documents.length).toBeGreaterThan(8);
    const dead = documents.flatMap((name) =>
      linksOf(readFileSync(join(installed, name), 'utf8')).filter((target) => {
        const [path = '', anchor] = target.split('#');
        const file = join(installed, path === '' ? name : resolvePath(name, path));
        if (!existsSync(file)) return true;
        return anchor !== undefined && file.endsWith('.md') && !anchorsOf(readFileSync(file, 'utf8')).has(anchor);
      }),
    );
    expect(dead).toEqual([]);
  });

  test('synthesizes all functions of an environment', () => {
    const functions = Object.entries(resources()).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
    expect(functions.filter(([id]) => id.startsWith('Procore')).length).toBeGreaterThan(12);
  });

  test("deploys the integrator's own onEvent in the worker", () => {
    const [, worker] = find('AWS::Lambda::Function', /WebhookWorker/) ?? [];
    const asset = String(worker?.Properties.Code?.S3Key).replace('.zip', '');
    const { files } = JSON.parse(readFileSync(join(app, 'cdk.out/TheirApp.assets.json'), 'utf8'));
    const bundle = readFileSync(join(app, 'cdk.out', files[asset].source.path, 'index.mjs'), 'utf8');
    expect(bundle).toContain('their-own-handler');
    expect(bundle).not.toContain('#on-event');
    // What is bundled runs without node_modules.
    expect(bundle).not.toMatch(/from ?"@aws/);
  });

  test('throws the package’s Permanent, which the worker knows though its bundle has a class of its own', async () => {
    const script = `
      const { isPermanent } = await import(${JSON.stringify(pathToFileURL(join(root, 'functions/webhook/permanent.ts')).href)});
      const { onEvent } = await import('./on-event.ts');
      await onEvent({ resourceName: 'Timecards' }, {}).catch((error) => {
        console.log(isPermanent(error), isPermanent(Object.assign(new Error(), { code: 'permanent' })));
      });`;
    const printed = evaluate(script);
    expect(printed).toBe('true false\n');
  });

  test('lets a function of its own ask for access tokens, by the alias, and count its calls in the rate budget', () => {
    const [vendingId] = find('AWS::Lambda::Alias', /^ProcoreTokensAccessToken/) ?? [];
    const [, theirs] = find('AWS::Lambda::Function', /^Theirs/) ?? [];
    expect(theirs?.Properties.Environment).toEqual({
      Variables: {
        PROCORE_SANDBOX_ACCESS_TOKEN_FUNCTION: { Ref: vendingId },
        PROCORE_SANDBOX_RATE_BUDGET_TABLE: { Ref: expect.stringMatching(/^ProcoreTablesRateBudget/) },
      },
    });
    const [, policy] = find('AWS::IAM::Policy', /^Theirs/) ?? [];
    expect(JSON.stringify(policy?.Properties)).toContain(
      JSON.stringify({ Action: 'lambda:InvokeFunction', Effect: 'Allow' }).slice(0, -1),
    );
  });

  test('adds its own action to every alarm', () => {
    // Without the two that are parts of a composite alarm, which acts in their place.
    const alarms = Object.values(resources())
      .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
      .filter(({ Properties }) => !/\/(not-running|has-run)$/.test(String(Properties.AlarmName)));
    expect(alarms.length).toBeGreaterThan(10);
    for (const { Properties } of alarms) {
      expect(Properties.AlarmActions).toEqual([{ Ref: expect.stringMatching(/^TheirTopic/) }]);
    }
  });

  test('tests its own onEvent with the kit, by a runner of its own', () => {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const printed = execFileSync(process.execPath, ['--test', '--test-reporter=tap', 'on-event-tests.ts'], {
      cwd: app,
      encoding: 'utf8',
      env,
    });
    expect(printed).toMatch(/^# pass 3$/m);
  });

  test('has types for construct, client, on-event and testing', () => {
    const options = { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2024', strict: true, noEmit: true };
    const compilerOptions = {
      ...options,
      skipLibCheck: true,
      // Their test imports their onEvent as Node runs it.
      allowImportingTsExtensions: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    };
    writeFileSync(
      join(app, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions,
        files: ['app.ts', 'client.ts', 'consumer.ts', 'on-event.ts', 'on-event-tests.ts'],
      }),
    );
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['--project', app], { encoding: 'utf8' });
  });

  test('gets the reader of the event queue’s messages', () => {
    const script = `
      const { idOf } = await import('./consumer.ts');
      const event = { id: '01JMYXMZRBVKK0PC6XS8SA4QRE', resourceId: '1' };
      console.log(idOf(JSON.stringify({ kind: 'webhook_event', environment: 'sandbox', event })), idOf('{}'));`;
    const printed = evaluate(script);
    expect(printed).toBe('01JMYXMZRBVKK0PC6XS8SA4QRE undefined\n');
  });

  test('gets a client that loads, and that says what is missing when the function was not granted', () => {
    const script = `
      const { handler } = await import('./client.ts');
      await handler({}, { getRemainingTimeInMillis: () => 1000 }).catch((error) => console.log(error.code));`;
    const printed = evaluate(script);
    expect(printed).toBe('not_granted\n');
  });

  test('leaves nothing in the temporary folder', () => {
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('the package', () => {
  const listed = () =>
    execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, ''));

  test('has these files and no others: no tests, no source maps, nothing of a working copy', () => {
    const bundles = [...handlerNames, 'on-event'].map((name) => `bundles/${name}/index.mjs`);
    const wanted = [
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|THIRD-PARTY-NOTICES\.txt)$/,
      /^(index|client|on-event|testing)\.(js|mjs|d\.ts|d\.mts)$/,
      /^bin\/(procore-connector|runtime-worker|part-[A-Z0-9]{8})\.mjs$/,
      /^lib\/local\/proof-on-event\.ts$/,
      /^(functions|lib)\/([a-z-]+\/)*[a-z0-9-]+\.(js|d\.ts)$/,
      /^lib\/procore-stand-in\/fixtures\/[a-z0-9.-]+\.json$/,
      /^lib\/starter\/files\/[a-zA-Z0-9./-]+$/,
      /^(functions|lib)\/([a-z-]+\/)*(README|PROCORE)\.md$/,
    ];
    const files = listed();
    expect(files.filter((path) => !bundles.includes(path) && !wanted.some((form) => form.test(path)))).toEqual([]);
    expect(bundles.filter((path) => !files.includes(path))).toEqual([]);
    expect(statSync(tarball).size).toBeLessThan(3_000_000);
  });

  test('installs nothing of ours but what it names: no tools, no scripts, no Node', () => {
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(Object.keys(manifest.dependencies).sort()).toEqual(neighbours.filter((name) => !isPeer(name)).sort());
    expect(Object.keys(manifest.peerDependencies)).toEqual(['aws-cdk-lib', 'constructs']);
    const { scripts, devDependencies, optionalDependencies } = manifest;
    expect({ scripts, devDependencies, optionalDependencies }).toEqual({});
    const changes = readFileSync(join(installed, 'CHANGELOG.md'), 'utf8');
    expect(changes).toContain(`\n## ${manifest.version}`);
  });

  test('exports this, and the same objects by require and by import', () => {
    const require = createRequire(join(app, 'package.json'));
    const names = ['', '/client', '/on-event', '/testing'].map((entry) => `procore-connector${entry}`);
    expect(names.map((name) => Object.keys(require(name)).sort())).toEqual([
      ['ConfigurationError', 'EntryError', 'ProcoreEnvironment'],
      ['ProcoreApiError', 'connectToProcore', 'documented', 'exactId', 'isJsonObject'],
      ['Permanent', 'ProcoreApiError', 'documented', 'exactId', 'isJsonObject', 'readEventMessage'],
      [
        'fakeCompanyClient',
        'inTurn',
        'noAnswer',
        'refusal',
        'runConnectionChange',
        'runEvent',
        'sampleConnectionChange',
        'sampleEvent',
        'sampleIds',
        'startProcore',
        'testWorker',
      ],
    ]);
    const printed = evaluate(`
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      const differing = [];
      for (const name of ${JSON.stringify(names)}) {
        const [required, imported] = [require(name), await import(name)];
        if (Object.keys(required).sort().join() !== Object.keys(imported).sort().join()) differing.push(name);
        for (const key of Object.keys(required)) if (required[key] !== imported[key]) differing.push(key);
      }
      console.log(differing.join());`);
    expect(printed).toBe('\n');
    const inside = JSON.stringify('procore-connector/lib/cloud/tables.js');
    expect(() => evaluate(`await import(${inside})`)).toThrow(/ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });

  test('knows an error of Procore’s API whose class another copy brought', () => {
    const theirs = createRequire(join(app, 'package.json'))('procore-connector/on-event');
    expect(theirs.ProcoreApiError).not.toBe(ProcoreApiError);
    const exchange = {
      ...{ environment: 'sandbox', method: 'GET', url: 'https://api.procore.test/rest/v1.0/me', attempts: 1 },
      ...{ requestHeaders: {}, startedAt: 0, durationMs: 1, status: 404, responseHeaders: {}, responseBody: '' },
    } as never;
    const error = new ProcoreApiError(exchange, { diagnosis: diagnose(exchange) });
    expect(error instanceof theirs.ProcoreApiError).toBe(true);
    expect(new theirs.Permanent('no') instanceof theirs.ProcoreApiError).toBe(false);
  });

  test('brings less than 16 kB into the bundle of a file that imports from ./on-event, and nothing that diagnoses', () => {
    const contents =
      "import { documented, Permanent } from 'procore-connector/on-event'; export { documented, Permanent };";
    const bundled = buildSync({
      ...{ stdin: { contents, resolveDir: app }, platform: 'node', format: 'esm' },
      ...{ bundle: true, minify: true, write: false, metafile: true },
    });
    expect(Object.keys(bundled.metafile.inputs).filter((file) => /diagnos|redact/.test(file))).toEqual([]);
    expect(bundled.outputFiles[0]?.contents.length).toBeLessThan(16_000);
  });

  test('satisfies publint', async () => {
    const { messages } = await publint({ pkgDir: installed, strict: true, pack: false });
    // The starter has a test, for those who get the starter.
    const starters = { code: 'USE_FILES', args: { internalFilePaths: ['/lib/starter/files/on-event.test.ts'] } };
    expect(messages).toMatchObject([starters]);
  });

  test('has declarations that every resolution finds, as attw sees it', () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const printed = execFileSync(process.execPath, [attw, tarball, '--format', 'json'], { encoding: 'utf8' });
    const { problems } = JSON.parse(printed);
    expect(problems).toEqual({});
  });
});

describe('the package’s command line', () => {
  const run = (...words: readonly string[]) => {
    const bin = join(installed, 'bin/procore-connector.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], {
      cwd: app,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, TMPDIR: temporary },
    });
    return { status, out: stdout, err: stderr };
  };

  test('names itself in what it tells people to type, so that npm fetches nothing by that name', () => {
    const { status, out } = run('connections', 'list', '--help');
    expect(status).toBe(0);
    expect(out).toContain('npx --no-install procore-connector connections list');
    expect(out).not.toMatch(/npm run|npx (?!--no-install )/);
  });

  test('counts a bill with the CDK of the app', () => {
    const { status, out } = run('cost', '--connections', '10', '--webhooks-per-day', '10');
    expect(status).toBe(0);
    expect(out).toContain('in all');
    expect(readdirSync(temporary)).toEqual([]);
  });

  test.each(['synth', 'bootstrap', 'start'])('says that %s belongs to a checkout, and what to do', (word) => {
    const { status, err } = run(word);
    expect(status).toBe(2);
    expect(err).toMatch(new RegExp(`^"${word}" is no command of the package: .* belongs to a checkout`));
  });

  test('deploys nothing where cdk.json names no stacks, and says how the app deploys', () => {
    const { status, err } = run('deploy');
    expect(status).toBe(2);
    expect(err).toMatch(/names no stacks .* Deploy with npx cdk deploy\. /);
  });

  test('completes by itself', () => {
    expect(run('complete', 'connections', 'sh').out).toContain('show');
    expect(run('completion', 'bash').out).toContain('bin/procore-connector.mjs');
  });
});

// All of them: npm run prove -- consumers.
describe('an app of its own kind', () => {
  test.for(cells.filter(({ name }) => ['stock', 'pnpm-node'].includes(name)))(
    '$name installs it by $manager, checks types with TypeScript $typescript, and passes its tests',
    { timeout: 240_000 },
    async (cell, { skip }) => {
      const { outcome, why } = await runCell(cell, tarball, app);
      if (outcome === 'skipped') skip(why);
      expect(why).toBe('');
    },
  );
});
