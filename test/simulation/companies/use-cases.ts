/** The engine of jobs under simulation, with the store's conditions, in one module: a mutant can take its place. */
export { sweepDueJobs } from '../../../functions/jobs/sweep-jobs.ts';
export { workSlice } from '../../../functions/jobs/work-slice.ts';
export { instantJobStore } from '../../memory/job-store.ts';
