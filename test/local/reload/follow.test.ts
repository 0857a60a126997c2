import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { workerBundler } from '../../../lib/cloud/bundle/bundle.ts';
import type { FileProblem } from '../../../lib/file-problem.ts';
import { follow } from '../../../lib/local/reload/follow.ts';
import { type OwnWorker, ownWorker } from '../../../lib/local/reload/own-worker.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const building = workerBundler();
const patience = { timeout: 30_000, interval: 20 };

/** A file as an integrator would write it, which is known by a mark in the bundle. */
const marked = (mark: string) => `import { value } from './lib/value.ts';
export async function onEvent() { console.log('${mark}', value); }
export async function onConnectionChange() {}
`;

let folder: string;
let entry: string;
let imported: string;
let following: ReturnType<typeof follow> | undefined;
let said: string[];
let ran: string[];
let given: unknown[];
let typeErrors: readonly FileProblem[];

beforeEach(async () => {
  await mkdir(join(root, '.bundles'), { recursive: true });
  folder = await mkdtemp(join(root, '.bundles', 'follow-'));
  entry = join(folder, 'on-event.ts');
  imported = join(folder, 'value.ts');
  [said, ran, given, typeErrors] = [[], [], [], []];
  await writeFile(imported, 'export const value = "first-value";');
  await writeFile(entry, marked('first').replace('./lib/', './'));
});

afterEach(async () => {
  await following?.stop();
  await rm(folder, { recursive: true });
});

async function begin(worker?: OwnWorker) {
  const own = worker ?? ownWorker(await building, entry);
  const first = await own.build();
  following = follow({
    system: {
      runWorkers: async (directory = '') => void ran.push(await readFile(join(directory, 'on-event.mjs'), 'utf8')),
      giveWorkers: async (variables) => void given.push(variables),
    },
    worker: own,
    first,
    variables: { file: join(folder, '.env.local'), given: {} },
    checkTypes: () => ({ problems: Promise.resolve(typeErrors), stop: () => {} }),
    say: (text) => said.push(text),
  });
  return first;
}

const until = (holds: () => boolean) => vi.waitUntil(holds, patience);
const save = (text: string) => writeFile(entry, text.replace('./lib/', './'));

describe('the integrator’s file', { timeout: 120_000 }, () => {
  it('is taken when it is saved, once a save, and likewise when something is saved that it imports', async () => {
    await begin();
    await save(marked('second'));
    await until(() => said.length === 1);
    expect(ran.at(-1)).toContain('second');
    await writeFile(imported, 'export const value = "second-value";');
    await until(() => said.length === 2);
    expect(ran.at(-1)).toMatch(/second-value/);
    expect(said).toEqual([
      expect.stringMatching(/^on-event\.ts reloaded in \d+\.\d s$/),
      expect.stringMatching(/^on-event\.ts reloaded in \d+\.\d s$/),
    ]);
    expect(ran).toHaveLength(2);
  });

  it('is bundled with maps that lead to its own files by their path from its folder, and to ours below our name', async () => {
    const { directory = '' } = await begin();
    const sourcesOf = async (name: string): Promise<string[]> =>
      JSON.parse(await readFile(join(directory, `${name}.mjs.map`), 'utf8')).sources;
    expect(await sourcesOf('on-event')).toEqual(['value.ts', 'on-event.ts']);
    const ours = await sourcesOf('index');
    expect(ours).toContain('procore-connector/functions/webhook-worker.ts');
    expect(ours.filter((source) => !/^(procore-connector|node_modules)\/[\w@]/.test(source))).toEqual([]);
  });

  it('goes on as the last good one while it cannot be built: told once, with the place, until it is good again', async () => {
    await begin();
    await save('export async function onEvent( {\n  cost x = 1;\n}');
    await until(() => said.length === 1);
    expect(said[0]).toMatch(/^on-event\.ts cannot be reloaded\. The last good one goes on working\./);
    expect(said[0]).toMatch(/\n {4}\.bundles\/follow-\w+\/on-event\.ts:2:\d+ {2}Expected .*\n {8}2 \| cost x = 1;/);
    expect(following?.faults()[0]).toMatch(/on-event\.ts:2:\d+ {2}Expected /);
    await save(marked('third'));
    await until(() => said.length === 2);
    expect(following?.faults()).toEqual([]);
    expect(said[1]).toContain('reloaded in');
    expect(ran).toEqual([expect.stringContaining('third')]);
  });

  it('is taken as soon as what it lacks is there, though that is no file it was made of before', async () => {
    await begin();
    await save("export * from './new/absent.ts';");
    await until(() => said.length === 1);
    expect(said[0]).toMatch(/on-event\.ts:1:15 {2}Could not resolve ".\/new\/absent.ts"/);
    await mkdir(join(folder, 'new'));
    await writeFile(join(folder, 'new', 'absent.ts'), marked('there').replace('./lib/', '../'));
    await until(() => said.length === 2);
    expect(ran).toEqual([expect.stringContaining('there')]);
  });

  it('waits for a first good one where there was none', async () => {
    await save('export {');
    const first = await begin();
    expect(first.directory).toBeUndefined();
    expect(first.faults[0]).toMatch(/on-event\.ts:1:\d+ {2}/);
    await save(marked('good'));
    await until(() => said.length === 1);
    expect(ran).toEqual([expect.stringContaining('good')]);
  });

  it('is not taken while it lacks what it must export', async () => {
    await begin();
    await save('export async function onEvent() {}');
    await until(() => said.length === 1);
    expect(said[0]).toMatch(/cannot be reloaded.*\n.*on-event\.ts does not export onConnectionChange\./);
    expect(ran).toEqual([]);
  });

  it('has its type errors told after it was taken', async () => {
    await begin();
    typeErrors = [{ text: 'TS2322: wrong', place: { file: entry, line: 1, column: 2 } }];
    await save(marked('typed'));
    await until(() => said.length === 2);
    expect(said[1]).toMatch(
      /^on-event\.ts has type errors.*:\n {4}\.bundles\/follow-\w+\/on-event\.ts:1:2 {2}TS2322: wrong$/,
    );
  });
});

describe('the variables of the integrator’s file', { timeout: 120_000 }, () => {
  it('are given when .env.local is saved, and what stands in them is not told', async () => {
    await begin();
    await writeFile(join(folder, '.env.local'), 'CRM_TOKEN=secretsecret\n');
    await until(() => said.length === 1);
    expect(given).toEqual([{ CRM_TOKEN: 'secretsecret' }]);
    await writeFile(join(folder, '.env.local'), 'CRM_TOKEN=secretsecret\nsecretsecret\n');
    await until(() => said.length === 2);
    expect(said).toEqual([
      '.env.local read again: on-event.ts gets CRM_TOKEN from the next event on',
      expect.stringMatching(/^\.env\.local:2: .* What it held before goes on working\.$/),
    ]);
    await rm(join(folder, '.env.local'));
    await until(() => said.length === 3);
    expect(given.at(-1)).toEqual({});
    expect(said.join()).not.toContain('secretsecret');
  });
});
