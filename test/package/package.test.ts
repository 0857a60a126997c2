import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const app = mkdtempSync(join(tmpdir(), 'fixture-app-'));
const installed = join(app, 'node_modules/procore-connector');

/** What the published package asks for, and nothing else that the repository has. */
const neighbours = ['aws-cdk-lib', 'constructs', 'esbuild', '@aws-sdk/client-lambda'];

beforeAll(() => {
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', app], { cwd: root, encoding: 'utf8' });
  const [{ filename }] = JSON.parse(packed.slice(packed.indexOf('[')));
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(app, filename), '-C', installed, '--strip-components=1']);
  for (const name of neighbours) {
    mkdirSync(dirname(join(app, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name));
  }
  cpSync(fileURLToPath(new URL('fixture-app', import.meta.url)), app, { recursive: true });
  // As cdk starts an app, which also finds its own settings here.
  writeFileSync(join(app, 'cdk.context.json'), '{}');
  execFileSync(process.execPath, ['app.ts'], {
    cwd: app,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, CDK_OUTDIR: join(app, 'cdk.out'), CDK_VALIDATION: 'false' },
  });
}, 120_000);

afterAll(() => rmSync(app, { recursive: true }));

type Resources = Record<string, { Type: string; Properties: Record<string, unknown> & { Code?: { S3Key?: string } } }>;

const resources = (): Resources =>
  JSON.parse(readFileSync(join(app, 'cdk.out/TheirApp.template.json'), 'utf8')).Resources;
const find = (type: string, id: RegExp) =>
  Object.entries(resources()).find(([each, { Type }]) => Type === type && id.test(each));

describe('an app that has nothing but the tarball', () => {
  test('synthesizes all functions of an environment', () => {
    const functions = Object.entries(resources()).filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
    expect(functions.filter(([id]) => id.startsWith('Procore')).length).toBeGreaterThan(12);
  });

  test("deploys the integrator's own onEvent in the worker", () => {
    const [, worker] = find('AWS::Lambda::Function', /WebhookWorker/) ?? [];
    const asset = String(worker?.Properties.Code?.S3Key).replace('.zip', '');
    const bundle = readFileSync(join(app, 'cdk.out', `asset.${asset}`, 'index.mjs'), 'utf8');
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
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: app,
      encoding: 'utf8',
    });
    expect(printed).toBe('true false\n');
  });

  test('lets a function of its own ask for access tokens, by its alias', () => {
    const [vendingId] = find('AWS::Lambda::Alias', /^ProcoreTokensAccessToken/) ?? [];
    const [, theirs] = find('AWS::Lambda::Function', /^Theirs/) ?? [];
    expect(theirs?.Properties.Environment).toEqual({
      Variables: { PROCORE_SANDBOX_ACCESS_TOKEN_FUNCTION: { Ref: vendingId } },
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

  test('has types for construct, client and on-event', () => {
    const options = { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2024', strict: true, noEmit: true };
    const compilerOptions = {
      ...options,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    };
    writeFileSync(
      join(app, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['app.ts', 'client.ts', 'on-event.ts'] }),
    );
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['--project', app], { encoding: 'utf8' });
  });

  test('gets a client that loads, and that says what is missing when the function was not granted', () => {
    const script = `
      const { handler } = await import('./client.ts');
      await handler({}, { getRemainingTimeInMillis: () => 1000 }).catch((error) => console.log(error.code));`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: app,
      encoding: 'utf8',
    });
    expect(printed).toBe('not_granted\n');
  });

  test('carries nothing of the repository that it does not need', () => {
    const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const [{ files }] = JSON.parse(listed) as [{ files: { path: string }[] }];
    const outside = files.map(({ path }) => path).filter((path) => !path.startsWith('dist/'));
    expect(outside.filter((path) => !/^(package\.json|README\.md|LICENSE)$/.test(path))).toEqual([]);
    expect(files.filter(({ path }) => path.endsWith('.map'))).toEqual([]);
  });
});
