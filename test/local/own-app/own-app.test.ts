import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnApp, openOwnApp } from '../../../lib/local/own-app/own-app.ts';
import { httpApiIds, readResources } from '../../../lib/local/template/resources.ts';

const folder = mkdtempSync(join(tmpdir(), 'own-app-'));
const assemblies = join(folder, 'assemblies');
const command = `"${process.execPath}" "${fileURLToPath(new URL('stacks-app.ts', import.meta.url))}"`;
const open = (stack?: string, app = command) => openOwnApp({ folder, command: app, stack }, assemblies);

let app: OwnApp;
beforeAll(async () => {
  app = await open('First');
}, 120_000);
afterAll(() => {
  app.remove();
  rmSync(folder, { recursive: true });
});

const resources = () => {
  const { template, directory } = app.assemblyAt([4401, 4402]);
  const apiOrigins = new Map(httpApiIds(template).map((id, index) => [id, `http://localhost:${4401 + index}`]));
  return readResources(template, { endpoint: 'http://127.0.0.1:4400', apiOrigins, assetRoot: directory });
};
const functionAt = (path: string) => {
  const name = app.functions.find((each) => each.path === path)?.name;
  return resources().functions.find((each) => each.name === name);
};

describe('an app of several stacks', () => {
  it('runs every environment of the chosen stack, also one in a nested stack, in their order', () => {
    expect(app.environments.map(({ path, procoreEnvironment }) => [path, procoreEnvironment])).toEqual([
      ['First/Procore', 'sandbox'],
      ['First/Nested/Procore', 'production'],
    ]);
    expect(resources().tables.length).toBe(12);
    const { SandboxApiEndpoint, ProductionApiEndpoint } = resources().outputs;
    expect([SandboxApiEndpoint, ProductionApiEndpoint]).toEqual(['http://localhost:4401', 'http://localhost:4402']);
  });

  it('runs the functions that an environment has granted something, in whichever stack, and no others', () => {
    expect(app.functions.map(({ path }) => path).sort()).toEqual(['First/Consumer', 'Second/Across']);
    expect(app.notRun.map(({ path }) => path)).toContain('Second/Unrelated/Resource');
  });

  it('resolves what one stack reads of another, and what is run of neither has a value that says so', () => {
    const { environment = {}, roleStatements = [] } = functionAt('Second/Across') ?? {};
    const names = resources().functions.map(({ name }) => name);
    expect(names).toContain(environment.PROCORE_SANDBOX_ACCESS_TOKEN_FUNCTION?.split(':').at(-2));
    expect(names).toContain(environment.PROCORE_PRODUCTION_CONNECT_LINK_FUNCTION);
    expect(environment).toMatchObject({ FOREIGN: expect.stringMatching(/^not-run-Foreign/), WORD: 'spoken' });
    const may = roleStatements.flatMap(({ resources: arns }) => arns);
    expect(may.filter((arn) => !arn.includes(':us-east-1:000000000000:'))).toEqual([]);
    expect(app.remarks).toContainEqual(expect.stringMatching(/^Second\/Across: Second\/Foreign is not-run-Foreign/));
  });

  it('feeds a consumer of the event queue by its own event source, and runs code that stands in the template', () => {
    const consumer = functionAt('First/Consumer');
    const source = resources().eventSources.find(({ functionName }) => functionName === consumer?.name);
    expect(source?.queueUrl).toMatch(/\.fifo$/);
    expect(readFileSync(join(consumer?.assetDirectory ?? '', 'index.js'), 'utf8')).toContain('exports.handler');
  });

  it('leads a host of one’s own to this machine', () => {
    const { template } = app.assemblyAt([4401, 4402]);
    expect(JSON.stringify(template)).not.toContain('https://connect.example.com');
    expect(resources().outputs.SandboxCallbackUrl).toBe('http://localhost:4401/oauth/callback');
  });
});

describe('an app that cannot be run', () => {
  it('has the same Procore twice: the stacks are named, and how one is chosen', async () => {
    await expect(open()).rejects.toThrow(
      /has "sandbox" 2 times: Copy\/First\/Procore, First\/Procore\. .* --stack Copy\/First$/,
    );
  }, 60_000);

  it.each([
    [undefined, /There is no cdk\.json with an "app"/],
    ['', /There is no cdk\.json with an "app"/],
    ['  ', /There is no cdk\.json with an "app"/],
    [`"${process.execPath}" -e 0`, /The app wrote no cloud assembly/],
    [`"${process.execPath}" -e "throw new RangeError('theirs')"`, /exit code 1[\s\S]*RangeError: theirs/],
    [
      `"${process.execPath}" -e "console.error('EntryError: a.ts:1:16: Mend it.\\n    at ours'); process.exit(1)"`,
      /^The app failed \(.*\): a\.ts:1:16: Mend it\.$/,
    ],
  ])('says what is wrong with the command %j', async (given, problem) => {
    await expect(openOwnApp({ folder, command: given }, assemblies)).rejects.toThrow(problem);
    expect(readdirSync(assemblies).length).toBe(1);
  });

  it('has a cdk.json that cannot be read: the file and the fault are named', async () => {
    writeFileSync(join(folder, 'cdk.json'), '{');
    await expect(openOwnApp({ folder }, assemblies)).rejects.toThrow(/cdk\.json cannot be read\. Mend it/);
    rmSync(join(folder, 'cdk.json'));
  });
});
