import { atOnce, type DueJob, type JobName, parseJobId } from './job.ts';

/**
 * Holds back work that wants many calls of Procore at once, while there are few. Without it many slices begin, share the
 * calls, and none comes to anything.
 */
export interface Admission {
  /** Whether a job may be held back. */
  readonly isOf: (job: JobName) => boolean;
  /** How many of these jobs may begin in this minute, of each kind. */
  readonly most: () => Promise<number>;
}

/**
 * Passes on the jobs that may begin, in their order. One that is held back stays due, at no write, and keeps its place.
 *
 * @param admission holds nothing back when it is absent
 */
export async function* admitted(jobs: AsyncIterable<DueJob>, admission: Admission | undefined): AsyncGenerator<DueJob> {
  const begun = new Map<string, number>();
  let most: number | undefined;
  for await (const job of jobs) {
    const name = parseJobId(job.id);
    if (admission !== undefined && name !== undefined && job.nextAt !== atOnce && admission.isOf(name)) {
      most ??= await admission.most();
      const before = begun.get(name.kind) ?? 0;
      if (before >= most) continue;
      begun.set(name.kind, before + 1);
    }
    yield job;
  }
}
