// One thread of `npm run simulate`: explores the shares that it is sent and answers with what it found.
import { parentPort } from 'node:worker_threads';
import { type Exploration, explore, type Findings } from './explore.ts';
import { useCasesOf } from './story.ts';

/** What a thread is to run. */
export interface Share extends Pick<Exploration, 'firstSeed' | 'runs' | 'skewSeconds'> {
  readonly seedStep: number;
  readonly mutant: string | undefined;
}

/** What it found; errors do not cross threads as they are. */
export interface ShareFindings extends Omit<Findings, 'failure'> {
  readonly failure?: { readonly message: string; readonly seed: number; readonly choices: readonly number[] };
}

parentPort?.on('message', async ({ mutant, ...share }: Share) => {
  const { failure, ...findings } = await explore({ ...share, useCases: await useCasesOf(mutant), shrinks: true });
  parentPort?.postMessage({
    ...findings,
    ...(failure && {
      failure: { message: failure.violation.message, seed: failure.seed, choices: failure.choices },
    }),
  } satisfies ShareFindings);
});
