import type { NewJob } from '../../functions/jobs/job-store.ts';

/** A time at which sample jobs are due, epoch seconds. */
export const sampleDue = 1_800_000_000;

/** A job that a test begins. */
export function sampleJob(changed: Partial<NewJob> = {}): NewJob {
  return {
    kind: 'audit',
    companyId: '8089',
    request: { asked: 'all' },
    createdAt: sampleDue - 60,
    nextAt: sampleDue,
    ...changed,
  };
}
