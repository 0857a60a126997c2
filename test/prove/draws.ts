// npm run prove -- draws [--seeds N] [--seed NAME]... [--file PATH]...: lets the stand-in Procore draw all that documents
// leave open, by N seeds, as many at a time as there are cores, and runs what must hold over all of them.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { atATime } from '../../functions/at-a-time.ts';
import { endWithParent } from '../../lib/end-with-parent.ts';
import { provenOverDraws, runWithDraws, seedOf } from './draw-run.ts';

const usage = 'Use: npm run prove -- draws [--seeds N] [--seed NAME]... [--file PATH]...';

endWithParent();
const { seeds, files } = readOptions();
const failedSeeds = new Set<string>();
await Promise.all(seeds.map(atATime(availableParallelism(), prove)));
console.log(`${seeds.length - failedSeeds.size} of ${seeds.length} seeds hold.`);
if (failedSeeds.size > 0) process.exitCode = 1;

async function prove(seed: string): Promise<void> {
  const startedAt = performance.now();
  const failures = await runWithDraws(seed, files);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`${seed}: ${failures.length === 0 ? 'holds' : `${failures.length} failed`} (${seconds} s)`);
  for (const { test, why } of failures) console.log(`  ${test}\n    ${why}`);
  if (failures.length === 0) return;
  failedSeeds.add(seed);
  console.log(`  Once more: npm run prove -- draws --seed '${seed}'`);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string', default: '50' },
        seed: { type: 'string', multiple: true },
        file: { type: 'string', multiple: true, default: [...provenOverDraws] },
      },
    });
    const count = Number(values.seeds);
    if (!Number.isSafeInteger(count) || count < 1) throw new Error('--seeds is a whole number from 1.');
    const numbered = Array.from({ length: count }, (_, index) => seedOf(index + 1));
    return { seeds: values.seed ?? numbered, files: values.file };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${usage}`);
    process.exit(2);
  }
}
