// npm run simulate -- --runs N --seed S [--skew SECONDS] [--mutant NAME]: runs schedules until one fails.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { endWithParent } from '../../lib/end-with-parent.ts';
import type { Ending } from './ending.ts';
import { figures } from './explore.ts';
import { mutants } from './mutants/table.ts';
import type { Share, ShareFindings } from './simulate-worker.ts';
import { tellStory } from './story.ts';
import { invariants } from './violation.ts';

const usage = 'Use: npm run simulate -- --runs N --seed S [--skew SECONDS] [--mutant NAME], in whole numbers.';
const values = readOptions();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const [runs, seed, skewSeconds] = [values.runs, values.seed, values.skew].map(Number) as [number, number, number];
if (![runs, seed, skewSeconds].every((number) => Number.isSafeInteger(number) && number >= 0) || runs === 0) {
  refuse(usage);
}
if (values.mutant !== undefined && !mutants.some(({ name }) => name === values.mutant)) {
  refuse(`There is no mutant "${values.mutant}". There are:\n${mutants.map(({ name }) => `  ${name}`).join('\n')}`);
}

endWithParent();
const startedAt = performance.now();
const workers = Math.min(availableParallelism(), Math.ceil(runs / 1000));
const totals = {
  schedules: 0,
  steps: 0,
  invocations: 0,
  deaths: 0,
  healedVerdicts: 0,
  endings: {} as Partial<Record<Ending, number>>,
};
const failures: NonNullable<ShareFindings['failure']>[] = [];
console.log(
  `${runs.toLocaleString('en')} schedules from seed ${seed}, clocks up to ${skewSeconds} s apart, ` +
    `${values.mutant === undefined ? 'the real code' : `mutant ${values.mutant}`}, ${workers} workers`,
);
await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));

const seconds = (performance.now() - startedAt) / 1000;
const connections = Object.values(totals.endings).reduce((sum, count) => sum + count, 0);
console.log(
  `\n${totals.schedules.toLocaleString('en')} schedules with ${totals.steps.toLocaleString('en')} steps in ` +
    `${seconds.toFixed(1)} s. Every invariant was checked after every step: ${Object.keys(invariants).join(', ')}.\n`,
);
for (const [ending, count] of Object.entries(totals.endings).sort(([, one], [, other]) => other - one)) {
  const share = ((100 * count) / connections).toFixed(3);
  console.log(`  ${ending.padEnd(20)} ${count.toLocaleString('en').padStart(12)} ${share.padStart(8)} %`);
}
const thousands = (count: number) => count.toLocaleString('en');
console.log(`
Of ${thousands(totals.invocations)} invocations ${thousands(totals.deaths)} died at work; ${thousands(
  totals.endings.loss_window ?? 0,
)} of these held a token set that was nowhere else yet.
${thousands(totals.healedVerdicts)} verdicts were proven wrong by a success that waited in escrow, and healed.`);
const [failure] = failures.sort((one, other) => one.seed - other.seed);
if (failure) {
  console.log(`\nVIOLATION of ${failure.message}`);
  console.log(`seed ${failure.seed}; shrunk schedule: ${JSON.stringify(failure.choices)}\n`);
  await tellStory({ ...failure, skewSeconds, mutant: values.mutant }, console.log);
  const flags = `${skewSeconds === 30 ? '' : ` --skew ${skewSeconds}`}${values.mutant ? ` --mutant ${values.mutant}` : ''}`;
  console.log(`\nReplay: npm run simulate -- --seed ${failure.seed} --runs 1${flags}`);
  process.exitCode = 1;
} else {
  console.log('\nNo violation.');
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        runs: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '1' },
        skew: { type: 'string', default: '30' },
        mutant: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return refuse(`${(error as Error).message}\n${usage}`);
  }
}

function refuse(text: string): never {
  console.error(text);
  process.exit(2);
}

/** Runs one worker's share: every n-th seed, in portions, so that what is found elsewhere ends it. */
async function work(worker: number): Promise<void> {
  const thread = new Worker(new URL('./simulate-worker.ts', import.meta.url));
  const portion = 20_000;
  for (let first = worker; first < runs && failures.length === 0; first += workers * portion) {
    const left = Math.ceil((runs - first) / workers);
    const share: Share = {
      firstSeed: seed + first,
      seedStep: workers,
      runs: Math.min(portion, left),
      skewSeconds,
      mutant: values.mutant,
    };
    thread.postMessage(share);
    // Rejects when the thread fails.
    const [findings] = (await once(thread, 'message')) as [ShareFindings];
    totals.schedules += findings.schedules;
    for (const figure of figures) totals[figure] += findings[figure];
    for (const [ending, count] of Object.entries(findings.endings) as [Ending, number][]) {
      totals.endings[ending] = (totals.endings[ending] ?? 0) + count;
    }
    if (findings.failure) failures.push(findings.failure);
  }
  await thread.terminate();
}
