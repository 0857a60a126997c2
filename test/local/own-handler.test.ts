import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleWorker } from '../../lib/cloud/bundle/bundle.ts';
import { LogWatch } from '../../lib/local/log-watch.ts';
import { doMainJob } from '../../lib/local/main-job.ts';
import { tryOwnHandler } from '../../lib/local/own-handler.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { proofWorker } from '../proof-worker.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const log = new LogWatch();
let system: Awaited<ReturnType<typeof startLocalSystem>>;
let folder: string;

beforeAll(async () => {
  await mkdir(join(root, '.bundles'), { recursive: true });
  folder = await mkdtemp(join(root, '.bundles', 'own-handler-'));
  system = await startLocalSystem(
    { port: 0, worker: await proofWorker() },
    { step: () => {}, log: (line) => log.take(line) },
  );
  await doMainJob(system, log, () => {});
}, 120_000);

afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true });
});

/** The first integration that our documents show. */
function documentedExample(): string {
  const documents = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.md') && !path.includes('node_modules'),
  );
  const blocks = documents
    .sort()
    .flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(/^```ts\n(.*?)^```/gms)]);
  const [example] = blocks.flatMap(([, code = '']) => (code.includes('function onEvent(') ? code : []));
  if (example === undefined) throw new Error('No document shows an onEvent.');
  const whole = example.includes('function onConnectionChange(')
    ? ''
    : '\nexport async function onConnectionChange() {}\n';
  // An ellipsis stands for what a reader writes. The file lies elsewhere here than where a reader writes it.
  return example.replaceAll(/^\s*…$/gm, '').replaceAll("from './", "from '../../functions/") + whole;
}

/** Writes a file as an integrator would, and tries it. @returns the line about it */
async function tryFile(code: string, patienceSeconds = 30): Promise<string> {
  const path = join(folder, `on-event-${log.count('event.failed', {})}-${code.length}.ts`);
  writeFileSync(path, code);
  await system.runWorkers(await bundleWorker(path));
  return (await tryOwnHandler(system, log, patienceSeconds, path)).text;
}

const file = (body: string) =>
  `export async function onEvent(event, context) { ${body} }\nexport async function onConnectionChange() {}\n`;

describe('what npm start says of the integrator’s own file, after the main job', { timeout: 60_000 }, () => {
  it('works with the example of our documents', async () => {
    expect(await tryFile(documentedExample())).toMatch(
      /^✓ onEvent was done with an event after \d+\.\d s: update RFIs/,
    );
  });

  it('names the error and the place when it throws always', async () => {
    expect(await tryFile(file('throw new RangeError("always");'))).toMatch(
      /^✗ onEvent threw RangeError at \.bundles\/own-handler-\w+\/on-event-\d+-\d+\.ts:1:\d+ for an event: update RFIs \d+\n {4}always\n {4}What to do: Correct/,
    );
  });

  it('goes on when it never ends', async () => {
    expect(await tryFile(file('await new Promise(() => {});'), 1)).toMatch(
      /^✗ onEvent was not done with an event after 1\.\d s/,
    );
  });

  it('says that it cannot be loaded, and why', async () => {
    expect(await tryFile(`throw new Error('no settings');\n${file('')}`)).toMatch(
      /^✗ It cannot be loaded at \.bundles\/own-handler-\w+\/on-event-\d+-\d+\.ts:1:7: Error: no settings/,
    );
  });
});
