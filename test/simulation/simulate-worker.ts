// One thread of `npm run simulate`: explores the shares that it is sent and answers with what it found.
import { parentPort } from 'node:worker_threads';
import { exploreSchedules, type ScheduleRange, type Tally } from './explore.ts';
import { type World, type WorldName, worlds } from './worlds.ts';

/** What a thread is to run. */
export interface Share extends Pick<ScheduleRange, 'firstSeed' | 'runs'> {
  readonly world: WorldName;
  readonly skewSeconds: number;
  readonly seedStep: number;
  readonly mutant: string | undefined;
}

/** What it found; errors do not cross threads as they are. */
export interface ShareFindings extends Omit<Tally, 'failure'> {
  readonly failure?: { readonly message: string; readonly seed: number; readonly choices: readonly number[] };
}

parentPort?.on('message', async ({ world, mutant, skewSeconds, ...range }: Share) => {
  const { runnerOf }: World = worlds[world];
  const { failure, ...findings } = await exploreSchedules(await runnerOf(mutant, skewSeconds), {
    ...range,
    shrinks: true,
  });
  parentPort?.postMessage({
    ...findings,
    ...(failure && {
      failure: { message: failure.violation.message, seed: failure.seed, choices: failure.choices },
    }),
  } satisfies ShareFindings);
});
