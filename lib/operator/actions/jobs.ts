import { atOnce, type Job, type JobKind, jobStates } from '../../../functions/jobs/job.ts';
import { type JobChange, type JobSelection, statesForChange } from '../../../functions/jobs/job-store.ts';
import { systemClock } from '../../../functions/system.ts';
import { jobsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, YesFlag } from '../shared-parameters.ts';
import { counted, fromNow, showFacts, showMoment, showTable } from '../table.ts';
import { jobFacts } from './events-backfill.ts';

interface ListFlags extends EnvironmentFlag {
  readonly kind: JobKind | undefined;
  readonly company: string | undefined;
}

/** How many jobs one query reads. */
const pageSize = 100;

/** Shows company-wide work. */
export async function list(session: StackSession, flags: ListFlags): Promise<Report> {
  const { kind, company } = flags;
  if (kind === undefined && company !== undefined) throw usageError('--company needs --kind: say which of its jobs.');
  const environment = await session.environment(flags.environment);
  const selection: JobSelection =
    kind === undefined ? {} : { kind, ...(company !== undefined && { companyId: company }) };
  const jobs = await session.terminal.working('Reading jobs', (say) => readJobs(environment, selection, say));
  return {
    data: { environment: environment.name, jobs: jobs.map(described) },
    text: showJobs(environment.name, jobs, systemClock()),
  };
}

/** Shows one job. */
export async function show(session: StackSession, flags: EnvironmentFlag, id: string): Promise<Report> {
  const environment = await session.environment(flags.environment);
  const job = await jobsOf(environment).read(id);
  if (job === undefined) throw noSuchJob(environment, id);
  return {
    data: { ...described(job), request: job.request, checkpoint: job.checkpoint },
    text: showJob(job, systemClock()),
  };
}

/** Stops a job until it is resumed. */
export const pause = (session: StackSession, flags: EnvironmentFlag, id: string): Promise<Report> =>
  change(session, flags, id, 'pause', 'Paused. It goes on when it is resumed.');

/** Goes on with a paused or failed job. */
export const resume = (session: StackSession, flags: EnvironmentFlag, id: string): Promise<Report> =>
  change(session, flags, id, 'resume', 'It goes on within two minutes, from where it was.');

/** Lets a job be due now. */
export const run = (session: StackSession, flags: EnvironmentFlag, id: string): Promise<Report> =>
  change(session, flags, id, 'run', 'It goes on within two minutes.');

/** Ends a job for good. */
export async function cancel(session: StackSession, flags: EnvironmentFlag & YesFlag, id: string): Promise<Report> {
  const environment = await session.environment(flags.environment);
  if ((await jobsOf(environment).read(id)) === undefined) throw noSuchJob(environment, id);
  if (!flags.yes && !(await session.terminal.confirm(`Cancel the job "${id}" of ${environment.name} for good?`))) {
    return { data: { id, cancelled: false }, text: 'Nothing was done.' };
  }
  return change(session, flags, id, 'cancel', 'Cancelled. What it has done stays done.');
}

async function change(
  session: StackSession,
  flags: EnvironmentFlag,
  id: string,
  wanted: JobChange,
  text: string,
): Promise<Report> {
  const environment = await session.environment(flags.environment);
  const store = jobsOf(environment);
  const outcome = await store.change(id, wanted, Math.floor(systemClock()));
  if (outcome === 'absent') throw noSuchJob(environment, id);
  if (outcome === 'refused') {
    const allowed = statesForChange[wanted].from.join(' or ');
    const { state = jobStates[0] } = (await store.read(id)) ?? {};
    throw new OperatorError('job_not_changed', `The job "${id}" is ${state}; only one that is ${allowed} can do this.`);
  }
  return { data: { id, done: wanted }, text };
}

async function readJobs(
  environment: DeployedEnvironment,
  selection: JobSelection,
  say: (text: string) => void,
): Promise<readonly Job[]> {
  const found: Job[] = [];
  let cursor: string | undefined;
  do {
    const page = await jobsOf(environment).list(selection, pageSize, cursor);
    found.push(...page.jobs);
    say(`Reading jobs: ${found.length}`);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

/** Leaves out what may be long. */
function described({ request: _, checkpoint: __, ...job }: Job): Omit<Job, 'request' | 'checkpoint'> {
  return job;
}

function noSuchJob(environment: DeployedEnvironment, id: string): OperatorError {
  return new OperatorError(
    'job_not_found',
    `There is no job "${id}" in ${environment.name}. See those there are: npm run procore -- jobs list --environment ${environment.name}`,
    exitCodes.notFound,
  );
}

function showDue(nextAt: number | undefined, show: (at: number | undefined) => string): string {
  return nextAt === atOnce ? 'at once' : show(nextAt);
}

/** Shows jobs in a table. @param now epoch seconds */
export function showJobs(environment: string, jobs: readonly Job[], now: number): string {
  const show = (at: number | undefined) => fromNow(at, now);
  if (jobs.length === 0) return `${environment} has no company-wide work: it begins with \`webhooks apply\`.`;
  const rows = jobs.map(({ id, state, lease, nextAt, lookedAt, failures, lastError }) => [
    id,
    lease === undefined ? state : 'working',
    show(lookedAt),
    showDue(nextAt, show),
    failures > 0 ? `${counted(failures, 'failure')}: ${lastError?.name ?? ''}` : '',
  ]);
  return showTable(['JOB', 'STATE', 'WENT WELL', 'DUE', 'FAILING'], rows);
}

/** Shows one job. @param now epoch seconds */
export function showJob(job: Job, now: number): string {
  const show = (at: number | undefined) => showMoment(at, now);
  const { id, state, lease, createdAt, lookedAt, nextAt, failures, lastError, request, checkpoint } = job;
  return showFacts([
    ['job', id],
    ['state', lease === undefined ? state : `${state}, a slice is being worked until ${show(lease.until)} at most`],
    ['begun', show(createdAt)],
    ['went well last', show(lookedAt)],
    ['due', showDue(nextAt, show)],
    ...(failures > 0 ? [['failures in a row', String(failures)] as const] : []),
    ...(lastError === undefined
      ? []
      : [['last failure', `${show(lastError.at)}: ${lastError.name}: ${lastError.text}`] as const]),
    ...jobFacts(job, now),
    ['asked for', JSON.stringify(request)],
    ['checkpoint', JSON.stringify(checkpoint ?? null).slice(0, 500)],
  ]);
}
