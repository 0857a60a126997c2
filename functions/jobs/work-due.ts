import { atATime } from '../at-a-time.ts';
import { type Admission, admitted } from './admission.ts';
import { dueJobs } from './sweep-jobs.ts';
import { leastSliceMs, type WorkSliceDependencies, workSlice } from './work-slice.ts';

/** How many slices are worked side by side: nearly all of the time they wait for Procore. */
export const slicesAtATime = 10;

/** What one run worked. */
export interface WorkedJobs {
  readonly slices: number;
}

/**
 * Works the jobs that are due, those first that have waited longest, until none is left or time runs out: for a function
 * that no queue feeds. A job that fails does not keep the others from it.
 *
 * @returns how many slices were worked
 * @throws the first error of the store
 */
export async function workDueJobs(
  dependencies: Omit<WorkSliceDependencies, 'wakeUps'> & { readonly admission?: Admission },
): Promise<WorkedJobs> {
  const { clock, remaining, admission } = dependencies;
  const found = { fault: undefined as unknown };
  const running = new Set<Promise<void>>();
  let slices = 0;
  const work = atATime(slicesAtATime, async (jobId: string) => {
    const became = await workSlice(jobId, dependencies);
    if (became === 'worked' || became === 'failed') slices += 1;
  });
  for await (const { id } of admitted(dueJobs(dependencies, Math.floor(clock()), found), admission)) {
    if (remaining() < leastSliceMs) break;
    const run = work(id).catch((error: unknown) => {
      found.fault ??= error;
    });
    const ended = run.finally(() => running.delete(ended));
    running.add(ended);
    if (running.size >= slicesAtATime) await Promise.race(running);
  }
  await Promise.all(running);
  if (found.fault !== undefined) throw found.fault;
  return { slices };
}
