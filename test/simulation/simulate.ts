// npm run simulate -- [--world NAME] --runs N --seed S [--skew SECONDS] [--mutant NAME]: runs schedules until one fails.
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { endWithParent } from '../../lib/end-with-parent.ts';
import { addTo } from './explore.ts';
import type { Share, ShareFindings } from './simulate-worker.ts';
import { type World, type WorldName, worlds } from './worlds.ts';

const usage =
  'Use: npm run simulate -- [--world rotation|worker|companies] --runs N --seed S [--skew SECONDS] [--mutant NAME], in whole numbers.';
const values = readOptions();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
if (!Object.hasOwn(worlds, values.world)) refuse(`There is no world "${values.world}".\n${usage}`);
const worldName = values.world as WorldName;
const world: World = worlds[worldName];
const skew = values.skew ?? String(world.skewSeconds);
const [runs, seed, skewSeconds] = [values.runs, values.seed, skew].map(Number) as [number, number, number];
if (![runs, seed, skewSeconds].every((number) => Number.isSafeInteger(number) && number >= 0) || runs === 0) {
  refuse(usage);
}
const { mutants, invariants } = world;
if (values.mutant !== undefined && !mutants.some(({ name }) => name === values.mutant)) {
  refuse(`There is no mutant "${values.mutant}". There are:\n${mutants.map(({ name }) => `  ${name}`).join('\n')}`);
}

endWithParent();
const startedAt = performance.now();
const workers = Math.min(availableParallelism(), Math.ceil(runs / 1000));
let schedules = 0;
/** When it was last said how far the workers have come, and how often it is said; milliseconds. */
let toldAtMs = 0;
const betweenLinesMs = 10_000;
const totals: Record<string, number> = {};
const endings: Record<string, number> = {};
const failures: NonNullable<ShareFindings['failure']>[] = [];
const thousands = (count: number) => count.toLocaleString('en');
console.log(
  `${thousands(runs)} schedules from seed ${seed}, clocks up to ${skewSeconds} s apart, ` +
    `${values.mutant === undefined ? 'the real code' : `mutant ${values.mutant}`}, ${workers} workers`,
);
await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));

const seconds = (performance.now() - startedAt) / 1000;
const total = (name: string) => thousands(totals[name] ?? 0);
console.log(
  `\n${thousands(schedules)} schedules with ${total('steps')} steps in ${seconds.toFixed(1)} s. ` +
    `Every invariant was checked after every step: ${Object.keys(invariants).join(', ')}.\n`,
);
const ended = Object.values(endings).reduce((sum, count) => sum + count, 0);
for (const [ending, count] of Object.entries(endings).sort(([, one], [, other]) => other - one)) {
  const share = ((100 * count) / ended).toFixed(3);
  console.log(`  ${ending.padEnd(20)} ${thousands(count).padStart(12)} ${share.padStart(8)} %`);
}
console.log(`\nOf ${total('invocations')} invocations ${total('deaths')} died at work.`);
if (worldName === 'rotation') {
  console.log(
    `${thousands(endings.loss_window ?? 0)} of these held a token set that was nowhere else yet.\n` +
      `${total('healedVerdicts')} verdicts were proven wrong by a success that waited in escrow, and healed.`,
  );
} else if (worldName === 'worker') {
  console.log(
    `Of ${total('brownOutEvents')} innocent events that failed in a brown-out, ${total('brownOutConvicted')} were given ` +
      'up for it.',
  );
}
if (worldName === 'companies') {
  console.log(`${total('slices')} slices were worked, ${total('refused')} wake-ups found nothing to do.`);
}
const [failure] = failures.sort((one, other) => one.seed - other.seed);
if (failure) {
  console.log(`\nVIOLATION of ${failure.message}`);
  console.log(`seed ${failure.seed}; shrunk schedule: ${JSON.stringify(failure.choices)}\n`);
  await world.tell({ ...failure, skewSeconds, mutant: values.mutant }, console.log);
  const flags = [
    worldName === 'rotation' ? '' : ` --world ${worldName}`,
    skewSeconds === world.skewSeconds ? '' : ` --skew ${skewSeconds}`,
    values.mutant ? ` --mutant ${values.mutant}` : '',
  ].join('');
  console.log(`\nReplay: npm run simulate -- --seed ${failure.seed} --runs 1${flags}`);
  process.exitCode = 1;
} else {
  console.log('\nNo violation.');
}

/** Says now and then how far all workers have come. */
function tellProgress(): void {
  const sinceMs = performance.now() - startedAt;
  if (sinceMs < toldAtMs + betweenLinesMs || schedules >= runs) return;
  toldAtMs = sinceMs;
  console.log(`  ${thousands(schedules)} schedules in ${(sinceMs / 1000).toFixed(0)} s`);
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        runs: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '1' },
        world: { type: 'string', default: 'rotation' },
        skew: { type: 'string' },
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
  // Schedules of one world take a hundred times as long as those of another.
  const portion = worldName === 'companies' ? 500 : 20_000;
  for (let first = worker; first < runs && failures.length === 0; first += workers * portion) {
    const left = Math.ceil((runs - first) / workers);
    const share: Share = {
      world: worldName,
      firstSeed: seed + first,
      seedStep: workers,
      runs: Math.min(portion, left),
      skewSeconds,
      mutant: values.mutant,
    };
    thread.postMessage(share);
    // Rejects when the thread fails.
    const [findings] = (await once(thread, 'message')) as [ShareFindings];
    schedules += findings.schedules;
    addTo(totals, findings.totals);
    addTo(endings, findings.endings);
    if (findings.failure) failures.push(findings.failure);
    tellProgress();
  }
  await thread.terminate();
}
