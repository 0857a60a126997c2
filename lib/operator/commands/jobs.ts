import { jobKinds } from '../../../functions/jobs/job.ts';
import { group, stackCommand } from '../command.ts';
import { procoreId } from '../parsers.ts';
import { environmentFlag, switchFlag } from '../shared-parameters.ts';

const jobValue = { brief: 'Id of the job, as the list shows it', parse: String, placeholder: 'JOB' } as const;
const ofOneJob = {
  flags: environmentFlag,
  positional: { kind: 'tuple', parameters: [jobValue] },
} as const;

const list = stackCommand({
  brief: 'Shows company-wide work: audits, and what `webhooks apply` has begun',
  examples: [
    'npm run procore -- jobs list --environment sandbox',
    'npm run procore -- jobs list --environment sandbox --kind audit --company 5358233',
  ],
  parameters: {
    flags: {
      ...environmentFlag,
      kind: { kind: 'enum', values: [...jobKinds], brief: 'Only this kind', placeholder: 'KIND', optional: true },
      company: {
        kind: 'parsed',
        parse: procoreId,
        brief: 'Only of this company; needs --kind',
        placeholder: 'ID',
        optional: true,
      },
    },
  },
  action: async () => (await import('../actions/jobs.ts')).list,
});

const show = stackCommand({
  brief: 'Shows one job: how far it has come, when it goes on, and why it failed last',
  examples: ['npm run procore -- jobs show audit#5358233 --environment sandbox'],
  parameters: ofOneJob,
  action: async () => (await import('../actions/jobs.ts')).show,
});

const pause = stackCommand({
  brief: 'Stops a job until it is resumed',
  examples: ['npm run procore -- jobs pause audit#5358233 --environment sandbox'],
  parameters: ofOneJob,
  action: async () => (await import('../actions/jobs.ts')).pause,
});

const resume = stackCommand({
  brief: 'Goes on with a job that was paused or has failed, from where it was',
  examples: ['npm run procore -- jobs resume audit#5358233 --environment sandbox'],
  parameters: ofOneJob,
  action: async () => (await import('../actions/jobs.ts')).resume,
});

const cancel = stackCommand({
  brief: 'Ends a job for good',
  examples: ['npm run procore -- jobs cancel apply#5358233 --environment sandbox'],
  parameters: { ...ofOneJob, flags: { ...environmentFlag, yes: switchFlag('Do not ask') } },
  action: async () => (await import('../actions/jobs.ts')).cancel,
});

const run = stackCommand({
  brief: 'Lets a job go on now, within a minute, whenever it would be due',
  examples: ['npm run procore -- jobs run audit#5358233 --environment sandbox'],
  parameters: ofOneJob,
  action: async () => (await import('../actions/jobs.ts')).run,
});

/** `procore jobs list|show|pause|resume|cancel|run`. */
export const jobs = group('Shows company-wide work, and stops it or lets it go on', {
  list,
  show,
  pause,
  resume,
  cancel,
  run,
});
