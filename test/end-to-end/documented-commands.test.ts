import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cellsOf, readDocuments } from '../house/markdown.ts';
import { runBare } from '../operator/operator.ts';
import { benches, namedCommands, type SmallestForm, smallestForms } from './documented-commands.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const commands = namedCommands(readDocuments());
const forms = new Map<string, { readonly form: SmallestForm; readonly named: string[] }>();
for (const command of commands) {
  for (const form of smallestForms(command)) {
    const key = JSON.stringify(form);
    const { named } = forms.get(key) ?? { named: [] };
    forms.set(key, { form, named: [...named, command.words.join(' ')] });
  }
}
const of = <Kind extends string>(kind: Kind) =>
  [...forms.values()].flatMap(({ form, named }) =>
    kind in form ? [[named[0] ?? '', form as Extract<SmallestForm, Record<Kind, unknown>>] as const] : [],
  );

let system: ChildProcess;
let aws: string;
const figures = new Set<string>();
const runs = new Map<string, Promise<Ran>>();

beforeAll(async () => {
  system = spawn(process.execPath, ['bin/local.ts', '--json', '--port', '0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { out: '', err: '' };
  system.stdout?.on('data', (chunk) => {
    printed.out += chunk;
  });
  system.stderr?.on('data', (chunk) => {
    printed.err += chunk;
  });
  while (!printed.out.includes('\n')) {
    if (system.exitCode !== null) throw new Error(`npm start ended: ${printed.err}`);
    await sleep(20);
  }
  aws = JSON.parse(printed.out).aws;
  // Two at a time, for two cores: each test waits for its own.
  const waiting = of('node').map(([, { node }]) => {
    const { promise, resolve } = Promise.withResolvers<Ran>();
    runs.set(node.join(' '), promise);
    return async () => resolve(await runNode(node));
  });
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  };
  for (let worker = 0; worker < 2; worker += 1) void work();
});
afterAll(() => system.kill());

interface Ran {
  readonly status: number | null;
  readonly printed: string;
}

function runNode(parameters: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...parameters], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        printed += chunk;
      });
    }
    child.on('close', (status) => resolve({ status, printed }));
  });
}

it('the documents name commands of every kind, and every bench', () => {
  expect(commands.length).toBeGreaterThan(60);
  for (const kind of ['node', 'provenBy', 'needs', 'procore']) expect(of(kind).length).toBeGreaterThan(2);
  const run = of('node').map(([, { node }]) => node.join(' '));
  expect(benches.filter((name) => !run.some((line) => line.includes(`run.ts ${name} `)))).toEqual([]);
});

it('a named command without a smallest form is refused', () => {
  const [invented] = namedCommands([{ path: 'a document', text: 'Run `npm run invented -- NAME` at once.' }]);
  expect(() => invented && smallestForms(invented)).toThrow('a document names "npm run invented -- NAME"');
});

it('a command is found in a block and in a line, without its comment and with what goes on in the next line', () => {
  const text = '```sh\nA=b npm run x -- \\\n  --y  # why\nnpx vitest run z && ls\n```\nor `npm pack`, not npm start';
  expect(
    namedCommands([{ path: 'a document', text }])
      .map(({ words }) => words.join(' '))
      .sort(),
  ).toEqual(['npm pack', 'npm run x -- --y', 'npx vitest run z']);
});

// The last test looks at the figures that the others printed.
describe('what the documents name', { timeout: 300_000, shuffle: false }, () => {
  it.each(of('node').map(([named, form]) => [named, form.node.join(' '), form] as const))(
    'runs in its smallest form: %s, as %s',
    async (_, node, { status = 0, prints }) => {
      const ran = await runs.get(node);
      expect(ran?.printed).toMatch(prints);
      expect(ran?.status).toBe(status);
      const [, measured = '{}'] = /"figures":(\{[^}]+\})/.exec(ran?.printed ?? '') ?? [];
      for (const [name, value] of Object.entries(JSON.parse(measured))) {
        expect(value, name).toEqual(expect.any(Number));
        figures.add(name);
      }
    },
  );

  it.each(of('procore'))('runs against a running system: %s', async (_, { procore }) => {
    const where = procore.includes('--help') ? [] : ['--local', '--endpoint', aws];
    const ran = await runBare([...procore, ...where]);
    expect(ran).toMatchObject({ exitCode: 0, err: '' });
    expect(ran.out).not.toBe('');
  });

  it.each(of('provenBy'))('is run by a test of its own: %s', (_, { provenBy, there }) => {
    expect(readFileSync(new URL(`../../${provenBy}`, import.meta.url), 'utf8')).toContain(there);
  });

  it.each(of('needs'))('has what it takes: %s', (_, { needs }) => {
    expect(needs.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
  });

  it('names no figure that no bench prints', () => {
    const { text } = readDocuments().find(({ path }) => path === 'test/README.md') ?? { text: '' };
    const rows = text.split('\n').map(cellsOf);
    const named = rows.flatMap(([first = '']) => [...first.matchAll(/`([a-z]+(?:[A-Z0-9][a-z0-9]*)+)`/g)]);
    expect(named.length).toBeGreaterThan(5);
    expect(named.flatMap(([, name = '']) => (figures.has(name) ? [] : name))).toEqual([]);
  });
});
