// npm run prove -- mutation [--folder NAME]... [--sample N] [--seed S] [--json]: changes the code in N places of each
// folder, one at a time, and runs the tests, which must fail. StrykerJS makes the changes and runs the tests.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { endWithParent } from '../../lib/end-with-parent.ts';
import { mutationFolders } from './mutation-folders.ts';
import { replacedText } from './sample-checker.ts';

type StrykerOptions = Required<ConstructorParameters<typeof Stryker>[0]>;
type MutantResults = Awaited<ReturnType<Stryker['runMutationTest']>>;

const usage =
  'Use: npm run prove -- mutation [--folder NAME]... [--sample N] [--seed S] [--json], where NAME is one of: ' +
  Object.keys(mutationFolders).join(', ');

/** What Stryker says of a run whose tests passed while their hooks, or the loading of their file, did not. */
const outsideOfTests = 'outside of a test run';

const { folders, sample, seed, json } = readOptions();
endWithParent();
process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
const temporary = mkdtempSync(join(tmpdir(), 'mutation-'));
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));

const scores = [];
for (const folder of folders) {
  try {
    scores.push(await scoreOf(folder));
  } catch (error) {
    // Stryker has said why, for example that a test fails without any change.
    console.error(`${folder}: not tried. ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
if (json) console.log(JSON.stringify({ seed, scores }));

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        folder: { type: 'string', multiple: true, default: Object.keys(mutationFolders) },
        sample: { type: 'string', default: '40' },
        seed: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
      },
    });
    const [count, start] = [Number(values.sample), Number(values.seed)];
    const isWrong = !Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(start);
    if (isWrong || values.folder.some((name) => !Object.hasOwn(mutationFolders, name))) throw new Error(usage);
    return { folders: values.folder, sample: count, seed: start, json: values.json };
  } catch (error) {
    console.error(error instanceof Error && error.message !== usage ? `${error.message}\n${usage}` : usage);
    process.exit(2);
  }
}

/** Tries a folder's mutants, and prints what became of them. */
async function scoreOf(folder: string) {
  const startedAt = performance.now();
  const results = await tryMutants(folder);
  const having = (...statuses: readonly string[]) => results.filter(({ status }) => statuses.includes(status));
  // A change that makes a hook throw, such as the one in which a template is synthesized, fails no test by name.
  const failedOutside = having('RuntimeError').filter(({ statusReason = '' }) => statusReason.includes(outsideOfTests));
  const killed = having('Killed', 'Timeout').length + failedOutside.length;
  const survivors = having('Survived').map(describe);
  const uncovered = having('NoCoverage').map(describe);
  const failed = having('RuntimeError').length - failedOutside.length;
  const tried = killed + survivors.length + uncovered.length;
  const score = tried === 0 ? 100 : (100 * killed) / tried;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(
    `${folder}: ${tried} of ${results.length - having('Ignored').length} mutants tried, ${killed} killed ` +
      `(${having('Timeout').length} by a time-out), ${survivors.length} survived, ${uncovered.length} not covered, ` +
      `score ${score.toFixed(1)} %; ${failed} could not run; ${seconds} s`,
  );
  // On a busy machine a time-out may also mean that nothing more happened than that the tests were slow.
  for (const mutant of having('Timeout').map(describe)) console.log(`  timed out    ${mutant}`);
  for (const survivor of survivors) console.log(`  survived     ${survivor}`);
  for (const mutant of uncovered) console.log(`  not covered  ${mutant}`);
  return { folder, tried, killed, survived: survivors, notCovered: uncovered, failed, score };
}

async function tryMutants(folder: string): Promise<MutantResults> {
  Object.assign(process.env, { PROVE_FOLDER: folder, PROVE_SAMPLE: String(sample), PROVE_SEED: String(seed) });
  const stryker = new Stryker({
    mutate: [...(mutationFolders[folder]?.mutate ?? [])],
    testRunner: 'vitest',
    vitest: { configFile: 'test/prove/mutation.vitest.config.ts', related: false },
    plugins: ['@stryker-mutator/vitest-runner', fileURLToPath(new URL('./sample-checker.ts', import.meta.url))],
    checkers: ['sample'],
    // Each test runs only against the mutants that it reaches.
    coverageAnalysis: 'perTest',
    // What runs once, when a file is loaded or before its tests, concerns no single test: all would have to run.
    ignoreStatic: mutationFolders[folder]?.madeBefore !== true,
    // Half of these is one checker: two would draw two samples.
    concurrency: 2,
    timeoutMS: 30_000,
    dryRunTimeoutMinutes: 20,
    reporters: [],
    logLevel: 'error' as StrykerOptions['logLevel'],
    tempDirName: join(temporary, folder),
    cleanTempDir: 'always',
    // Stryker reads it with an interface of TypeScript that version 7 no longer has. Without a file it reads none.
    tsconfigFile: 'no-tsconfig.json',
    disableTypeChecks: false,
  });
  return stryker.runMutationTest();
}

/** Says where a mutant is, and what it makes of the code. A result's lines and columns count from 1. */
function describe({ fileName, location: { start, end }, replacement }: MutantResults[number]): string {
  const fromZero = ({ line, column }: typeof start) => ({ line: line - 1, column: column - 1 });
  const location = { start: fromZero(start), end: fromZero(end) };
  const oneLine = (code: string) => code.replaceAll(/\s+/g, ' ');
  const original = oneLine(replacedText(readFileSync(fileName, 'utf8'), { location }));
  return `${relative(process.cwd(), fileName)}:${start.line}:${start.column} ${original} → ${oneLine(replacement)}`;
}
