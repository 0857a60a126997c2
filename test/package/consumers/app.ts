import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entries } from '../../../lib/package/entries.ts';
import type { Cell } from './cells.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const sources = fileURLToPath(new URL('../consumer-app', import.meta.url));
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** How a cell's app is checked and tested, each as the words of a command: programs lie in node_modules/.bin. */
export interface AppCommands {
  readonly types: readonly (readonly string[])[];
  readonly tests: readonly (readonly string[])[];
}

/** What an app's tests hold of the kit for tests, where the package has it. */
const testOfKit = `
import * as kit from 'procore-connector/testing';

test('has the kit for tests', () => {
  assert.ok(Object.keys(kit).length > 0);
});
`;

/** Makes the app of a cell in an empty folder, with the package as its tarball. */
export function writeApp(folder: string, cell: Cell, tarball: string): AppCommands {
  if (cell.tests === 'cdk init') return writeStockApp(folder, cell, tarball);
  cpSync(sources, folder, { recursive: true });
  const isEsm = cell.modules === 'ESM';
  rewrite(folder, (text) => (isEsm ? text : withoutEndings(text)));
  const testImport = { vitest: 'vitest', 'node:test': 'node:test', 'ts-jest': undefined }[cell.tests];
  if (testImport !== undefined) {
    const path = join(folder, 'test/their.test.ts');
    const text = readFileSync(path, 'utf8');
    // What node:test calls a time-out is no number.
    const fitted = cell.tests === 'node:test' ? text.replace('}, 60_000);', '});') : text;
    writeFileSync(path, `import { test } from '${testImport}';\n${fitted}`);
  }
  if (Object.hasOwn(entries, 'testing')) appendFileSync(join(folder, 'test/their.test.ts'), testOfKit);
  const { compilerOptions, ...rest } = settingsOf(cell);
  writeJson(folder, 'tsconfig.json', { compilerOptions, ...rest });
  // Declarations are read in full, ours and those that they lean on, without what a test runner brings.
  writeJson(folder, 'tsconfig.declarations.json', {
    compilerOptions: { ...compilerOptions, noEmit: true, outDir: undefined, skipLibCheck: false, types: ['node'] },
    include: ['lib'],
  });
  writeJson(folder, 'package.json', {
    ...{ name: 'their-app', version: '1.0.0', private: true, type: isEsm ? 'module' : 'commonjs' },
    dependencies: dependenciesOf(cell, tarball),
    devDependencies: { '@types/node': '^24', typescript: cell.typescript, ...toolsOf(cell) },
  });
  if (cell.tests === 'ts-jest') {
    const jest = "module.exports = { testEnvironment: 'node', roots: ['<rootDir>/test'], preset: 'ts-jest' };\n";
    writeFileSync(join(folder, 'jest.config.js'), jest);
  }
  const types = [
    ['tsc', '--noEmit', '--project', 'tsconfig.json'],
    ['tsc', '--project', 'tsconfig.declarations.json'],
  ];
  const tests = {
    'ts-jest': [['jest']],
    vitest: [['vitest', 'run']],
    'node:test': [
      ['tsc', '--project', 'tsconfig.json'],
      ['node', '--test', 'out/test/their.test.js'],
    ],
  };
  return { types, tests: tests[cell.tests] };
}

/** What `cdk init` makes, with our sources in place of its example. Its own `npm test` and `cdk synth` are run. */
function writeStockApp(folder: string, cell: Cell, tarball: string): AppCommands {
  const cdk = join(root, 'node_modules/aws-cdk/bin/cdk');
  execFileSync(process.execPath, [cdk, 'init', 'app', '--language', 'typescript', '--generate-only'], {
    ...{ cwd: folder, stdio: 'ignore' },
    env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true' },
  });
  for (const name of ['lib', 'test']) rmSync(join(folder, name), { recursive: true });
  cpSync(sources, folder, { recursive: true });
  if (Object.hasOwn(entries, 'testing')) appendFileSync(join(folder, 'test/their.test.ts'), testOfKit);
  rewrite(folder, withoutEndings);
  const bin = join(folder, 'bin');
  const [app = ''] = readdirSync(bin);
  const theirs = readFileSync(join(bin, app), 'utf8').replace(
    /import \{ (\w+) \} from '\.\.\/lib\/[^']+';/,
    "import { TheirStack as $1 } from '../lib/their-stack';",
  );
  writeFileSync(join(bin, app), theirs);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  writeJson(folder, 'package.json', {
    ...manifest,
    dependencies: { ...manifest.dependencies, ...dependenciesOf(cell, tarball) },
  });
  return {
    types: [['tsc', '--noEmit']],
    tests: [
      ['npm', 'test'],
      ['npm', 'run', 'cdk', '--', 'synth', '--quiet'],
    ],
  };
}

function dependenciesOf({ cdk }: Cell, tarball: string): Readonly<Record<string, string>> {
  return {
    'aws-cdk-lib': cdk ?? devDependencies['aws-cdk-lib'],
    constructs: '^10.0.0',
    'procore-connector': `file:${tarball}`,
  };
}

function toolsOf({ tests, node, vitest = [devDependencies.vitest, '*'] }: Cell): Readonly<Record<string, string>> {
  const runner = {
    'cdk init': {},
    'ts-jest': { jest: '^29', 'ts-jest': '^29', '@types/jest': '^29' },
    // vitest's peer, which yarn does not bring by itself.
    vitest: { vitest: vitest[0], vite: vitest[1] },
    'node:test': {},
  }[tests];
  return { ...runner, ...(node !== undefined && { [nodePackage]: node }) };
}

/** The package that brings a Node for this machine. */
export const nodePackage = `node-${process.platform}-${process.arch}`;

function settingsOf({ resolution, tests }: Cell) {
  const module = { node10: 'commonjs', node16: 'node16', nodenext: 'nodenext', bundler: 'es2022' }[resolution];
  return {
    compilerOptions: {
      ...{ target: 'es2022', lib: ['es2022'], module, moduleResolution: resolution, strict: true },
      ...{ skipLibCheck: true, esModuleInterop: true, outDir: 'out', rootDir: '.' },
      types: ['node', ...(tests === 'ts-jest' ? ['jest'] : [])],
    },
    include: ['lib', 'test'],
  };
}

/** jest finds a file by its name without an ending alone. */
function withoutEndings(text: string): string {
  return text.replaceAll(/from '(\.\.?\/[^']+)\.js'/g, "from '$1'");
}

function rewrite(folder: string, change: (text: string) => string): void {
  for (const name of ['lib', 'test'].flatMap((each) =>
    readdirSync(join(folder, each)).map((file) => join(each, file)),
  )) {
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));
  }
}

function writeJson(folder: string, name: string, value: object): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}
