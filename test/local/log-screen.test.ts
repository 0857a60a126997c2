import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bundleWorker } from '../../lib/cloud/bundle/bundle.ts';
import { handlerNames } from '../../lib/handler-names.ts';
import type { LocalSystem } from '../../lib/local/local-system.ts';
import { logScreen } from '../../lib/local/log-screen.ts';
import type { LogLine } from '../../lib/local/runtime/invocation.ts';
import { startLocalSystem } from '../../lib/local/system.ts';
import { synthesize } from '../../lib/local/template/assembly.ts';
import { functionNameOf } from '../../lib/local/template/resources.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const shown: string[] = [];
let show: (line: LogLine) => void = () => {};
let system: LocalSystem;
let folder: string;

beforeAll(async () => {
  await mkdir(join(root, '.bundles'), { recursive: true });
  folder = await mkdtemp(join(root, '.bundles', 'log-screen-'));
  const entry = join(folder, 'on-event.ts');
  await writeFile(
    entry,
    'let customer = 17;\nexport async function onEvent() {\n  throw new RangeError("no customer " + customer++);\n}\nexport async function onConnectionChange() {}\n',
  );
  system = await startLocalSystem(
    { port: 0, worker: await bundleWorker(entry) },
    { step: () => {}, log: (line) => show(line) },
  );
  show = logScreen(system, (text) => shown.push(text));
}, 180_000);

const nameOf = (environment: string, output: string) =>
  functionNameOf(system.environments.find(({ name }) => name === environment)?.functions[output] ?? '');

afterAll(async () => {
  await system.stop();
  await rm(folder, { recursive: true });
});

describe('the log as people see it', { timeout: 60_000 }, () => {
  it('has each line under who wrote it, all in one style, and no metrics', () => {
    shown.splice(0);
    show({ functionName: nameOf('sandbox', 'AccessToken'), stream: 'stdout', text: 'one' });
    show({ functionName: nameOf('production', 'WebhookWorker'), stream: 'stdout', text: '{"two":2}' });
    show({ functionName: 'local', stream: 'stderr', text: 'three' });
    show({ functionName: nameOf('sandbox', 'AccessToken'), stream: 'stdout', text: '{"_aws":{}}' });
    expect(shown).toEqual(['sandbox access-token: one', 'production webhook-worker: {"two":2}', 'local: three']);
  });

  it('names a function of an app of one’s own alike, whatever the construct is called there', () => {
    const own: string[] = [];
    const environments = system.environments.map((environment) => ({
      ...environment,
      functions: {
        WebhookWorker: `arn:aws:lambda:us-east-1:000000000000:function:Their${environment.name}Worker12AB34CD:live`,
      },
    }));
    const screen = logScreen({ aws: system.aws, environments }, (text) => own.push(text));
    screen({ functionName: 'TheirsandboxWorker12AB34CD', stream: 'stdout', text: 'one' });
    screen({ functionName: 'SandboxTheirReader12AB34CD', stream: 'stdout', text: 'two' });
    expect(own).toEqual(['sandbox webhook-worker: one', 'SandboxTheirReader12AB34CD: two']);
  });

  it('names every function of the stack by its own name', async () => {
    const { template, remove } = await synthesize({});
    const names = Object.entries(template.Resources).flatMap(([id, { Type }]) =>
      Type === 'AWS::Lambda::Function' ? id : [],
    );
    shown.splice(0);
    for (const functionName of names) show({ functionName, stream: 'stdout', text: 'x' });
    await remove();
    const expected = system.environments.flatMap(({ name }) => handlerNames.map((each) => `${name} ${each}: x`));
    expect(shown.toSorted()).toEqual(expected.toSorted());
  });

  it('tells of each failure of the integrator’s file what it threw, where in their source, and what to do', async () => {
    const [environment] = system.environments;
    const event =
      '{"id":"01JMYXMZRBVKK0PC6XS8SA4QRE","timestamp":"2025-02-25T16:04:43Z","reason":"update","company_id":"8","project_id":"6","user_id":"5","resource_type":"RFIs","resource_id":"7"}';
    shown.splice(0);
    const headers = { authorization: environment?.webhookAuthorization ?? '' };
    expect((await fetch(environment?.webhookUrl ?? '', { method: 'POST', headers, body: event })).status).toBe(200);
    const told = await vi.waitUntil(() => shown.find((text) => text.startsWith('✗')), {
      timeout: 30_000,
      interval: 50,
    });
    expect(told).toMatch(
      /^✗ onEvent threw RangeError at functions\/on-event\.ts:3:9 for an event: 01JMYXMZRBVKK0PC6XS8SA4QRE\n {4}no customer 17\n {4}What to do: Correct/,
    );
    expect(
      shown.some((text) => text.startsWith('sandbox webhook-worker: {"level":"INFO","event":"event.failed"')),
    ).toBe(true);
  });

  it('leads to the file of the environment’s own app, which may lie anywhere, and to no other', async () => {
    const line = shown.find((text) => text.includes('"event":"event.failed"')) ?? '';
    const own: string[] = [];
    const asked: string[] = [];
    const entryOf = (name: string) => {
      asked.push(name);
      return join(folder, 'their-app/src/on-event.ts');
    };
    const screen = logScreen(system, (text) => own.push(text), entryOf);
    const [, text = ''] = /^sandbox webhook-worker: (.*)$/s.exec(line) ?? [];
    screen({ functionName: nameOf('sandbox', 'WebhookWorker'), stream: 'stdout', text });
    const told = await vi.waitUntil(() => own.find((each) => each.startsWith('✗')), { timeout: 30_000, interval: 50 });
    const place = relative(process.cwd(), join(folder, 'their-app/src/on-event.ts'));
    expect(told).toContain(`✗ onEvent threw RangeError at ${place}:3:9 for an event`);
    expect(asked).toEqual(['sandbox']);
  });

  it('tells of the failure that a line is about, and not of an earlier one, when the last run had seen that', async () => {
    const later: string[] = [];
    show = logScreen(system, (text) => later.push(text));
    const told = await vi.waitUntil(() => later.find((text) => text.startsWith('✗')), {
      timeout: 40_000,
      interval: 50,
    });
    expect(told).toContain('no customer 18');
  });

  it('tells of a promise that nobody awaited, and which failed after the event was done', async () => {
    const left: string[] = [];
    show = logScreen(system, (text) => left.push(text));
    const entry = join(folder, 'leaves-behind.ts');
    await writeFile(
      entry,
      `export async function onEvent() {
  void later();
}
async function later() {
  await new Promise((resolve) => setTimeout(resolve, 50));
  throw new Error('the ERP is out');
}
export async function onConnectionChange() {}\n`,
    );
    await system.runWorkers(await bundleWorker(entry));
    const [environment] = system.environments;
    const headers = { authorization: environment?.webhookAuthorization ?? '' };
    const event =
      '{"id":"01JMYXMZRBVKK0PC6XS8SA4QRF","timestamp":"2025-02-25T16:04:43Z","reason":"update","company_id":"9","project_id":"6","user_id":"5","resource_type":"Submittals","resource_id":"7"}';
    await fetch(environment?.webhookUrl ?? '', { method: 'POST', headers, body: event });
    const told = await vi.waitUntil(() => left.find((text) => text.startsWith('✗ A promise')), {
      timeout: 30_000,
      interval: 50,
    });
    expect(told).toMatch(
      /^✗ A promise that nobody awaited failed at functions\/leaves-behind\.ts:6:9: Error: the ERP is out\n/,
    );
    expect(told).toContain('What to do: Await each promise that onEvent begins');
  });
});
