/** One way in which somebody may use the package. */
export interface Cell {
  readonly name: string;
  readonly manager: 'npm' | 'pnpm' | 'yarn 1' | 'yarn 4';
  /** `cdk init` is the app that `cdk init --language typescript` makes, as it is; its tests are jest's, compiled by swc. */
  readonly tests: 'cdk init' | 'ts-jest' | 'vitest' | 'node:test';
  /** A range of npm's. */
  readonly typescript: string;
  readonly resolution: 'node10' | 'node16' | 'nodenext' | 'bundler';
  readonly modules: 'CommonJS' | 'ESM';
  /** A version of aws-cdk-lib; without it the one of this repository. */
  readonly cdk?: string;
  /** Versions of vitest and vite; without them the ones of this repository. */
  readonly vitest?: readonly [vitest: string, vite: string];
  /** A version of Node; without it the one that runs the tests. */
  readonly node?: string;
}

/** The lowest aws-cdk-lib that package.json asks for: the first one that logs an HTTP API's calls by construct. */
export const lowestCdk = '2.190.0';

/** Later ones bundle a package in a version that the registry did not list in November 2026. yarn looks it up all the same. */
const cdkForYarn = '2.220.0';

/** As with {@link cdkForYarn}: yarn 4 looks up a package of a later vite's that the registry does not list. */
const vitestForYarn = ['^3.2.0', '^6.0.0'] as const;

/** Each value of each column once at least, and each resolution with the oldest and with a new TypeScript. */
export const cells: readonly Cell[] = [
  cell('stock', 'npm', 'cdk init', 'as cdk init', 'nodenext', 'CommonJS'),
  cell('ts-jest', 'npm', 'ts-jest', '~5.4.0', 'node10', 'CommonJS'),
  { ...cell('lowest', 'npm', 'node:test', '~5.4.0', 'node16', 'ESM'), cdk: lowestCdk, node: '20.20.0' },
  cell('pnpm-vitest', 'pnpm', 'vitest', '~7.0.2', 'bundler', 'ESM'),
  cell('pnpm-node', 'pnpm', 'node:test', '~5.4.0', 'nodenext', 'ESM'),
  cell('pnpm-ts-jest', 'pnpm', 'ts-jest', '~5.9.0', 'node16', 'CommonJS'),
  { ...cell('yarn-ts-jest', 'yarn 1', 'ts-jest', '~5.9.0', 'nodenext', 'CommonJS'), cdk: cdkForYarn },
  { ...cell('yarn-node', 'yarn 1', 'node:test', '~5.9.0', 'node10', 'CommonJS'), cdk: cdkForYarn },
  { ...cell('yarn4-vitest', 'yarn 4', 'vitest', '~5.4.0', 'bundler', 'ESM'), cdk: cdkForYarn, vitest: vitestForYarn },
  cell('node-7', 'npm', 'node:test', '~7.0.2', 'node16', 'CommonJS'),
];

function cell(
  name: string,
  manager: Cell['manager'],
  tests: Cell['tests'],
  typescript: string,
  resolution: Cell['resolution'],
  modules: Cell['modules'],
): Cell {
  return { name, manager, tests, typescript, resolution, modules };
}
