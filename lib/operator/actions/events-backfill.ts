import type { Job } from '../../../functions/jobs/job.ts';
import { systemClock } from '../../../functions/system.ts';
import {
  type BackfillStatus,
  backfillId,
  backfillJob,
  backfillStatus,
} from '../../../functions/webhook/backfill-request.ts';
import { resourceListOf } from '../../../functions/webhook/resource-paths.ts';
import { jobsOf, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { counted, showFacts, showMoment } from '../table.ts';

interface BackfillFlags extends EnvironmentFlag {
  readonly company: string;
  readonly resource: string;
  readonly path: string | undefined;
  readonly project: string | undefined;
  readonly since: number | undefined;
  readonly status: boolean;
}

/** Begins to send every record of a resource as an event, or shows how far that has come. */
export async function backfill(session: StackSession, flags: BackfillFlags): Promise<Report> {
  const environment = await session.environment(flags.environment);
  return flags.status ? showStatus(environment, flags) : begin(environment, flags);
}

async function begin(environment: DeployedEnvironment, flags: BackfillFlags): Promise<Report> {
  const { company, resource, project, since } = flags;
  const { level, path, filtersByUpdate } = resourceListOf(resource, flags.path);
  if (project !== undefined && level === 'company')
    throw usageError(`"${resource}" is a list of the company: it has no --project.`);
  if ((await subscriptionsOf(environment).read(company)) === undefined) {
    throw new OperatorError(
      'no_subscription',
      `Company ${company} has no subscription in ${environment.name}, which says by which connection it is called. Begin with: npm run procore -- webhooks apply --environment ${environment.name}`,
      exitCodes.notFound,
    );
  }
  const request = {
    ...{ level, path },
    ...(since !== undefined && { since: Math.floor(since) }),
    ...(project !== undefined && { projectId: project }),
  };
  const id = backfillId(company, resource);
  if ((await jobsOf(environment).create(backfillJob(company, resource, request, systemClock()))) !== 'created') {
    throw new OperatorError(
      'backfill_under_way',
      `A backfill of "${resource}" of company ${company} is under way or paused. See it: npm run procore -- jobs show "${id}" --environment ${environment.name}`,
    );
  }
  return {
    data: { id, ...request },
    text: showBegun(environment.name, id, flags, since !== undefined && !filtersByUpdate),
  };
}

function showBegun(environment: string, id: string, { company, resource }: BackfillFlags, readsAll: boolean): string {
  const readingAll = readsAll
    ? ['Whether this list can be filtered by time is not known: perhaps all of it is read.']
    : [];
  return [
    `The backfill of ${resource} of company ${company} begins within two minutes. Live events go first.`,
    ...readingAll,
    `See how far it has come: npm run procore -- events backfill --status --company ${company} --resource "${resource}" --environment ${environment}`,
    `Stop it: npm run procore -- jobs pause "${id}" --environment ${environment}`,
  ].join('\n');
}

async function showStatus(environment: DeployedEnvironment, { company, resource }: BackfillFlags): Promise<Report> {
  const id = backfillId(company, resource);
  const job = await jobsOf(environment).read(id);
  const now = systemClock();
  const status = job && backfillStatus(job, now);
  if (job === undefined || status === undefined) {
    throw new OperatorError(
      'job_not_found',
      `There was never a backfill of "${resource}" of company ${company} in ${environment.name}.`,
      exitCodes.notFound,
    );
  }
  const { state, lastError } = job;
  return { data: { id, state, ...(lastError && { lastError }), ...status }, text: showBackfill(job, status, now) };
}

/** Shows how a backfill stands. @param now epoch seconds */
export function showBackfill({ id, state, lastError }: Job, status: BackfillStatus, now: number): string {
  return showFacts([
    ['job', id],
    ['state', state],
    ...backfillFacts(status, now),
    ...(lastError === undefined
      ? []
      : [['last failure', `${showMoment(lastError.at, now)}: ${lastError.text}`] as const]),
  ]);
}

/** Shows how far a backfill has come, for whoever shows its job. @returns no facts for a job of another kind */
export function jobFacts(job: Job, now: number): readonly (readonly [string, string])[] {
  const status = backfillStatus(job, now);
  return status === undefined ? [] : backfillFacts(status, now);
}

function backfillFacts(status: BackfillStatus, now: number): readonly (readonly [string, string])[] {
  const { listsDone, listsInAll, projectId, sent, known, sentAnHour, endsAt, unproven, unusable, hidden } = status;
  const facts: (readonly [string, string])[] = [
    ['lists read', `${listsDone} of ${listsInAll}${projectId === undefined ? '' : `; now project ${projectId}`}`],
    ['events sent', `${sent}${sentAnHour === undefined ? '' : `, ${sentAnHour} an hour`}`],
  ];
  if (endsAt !== undefined) facts.push(['ends about', showMoment(endsAt, now)]);
  if (known > 0) facts.push(['sent before', counted(known, 'record')]);
  if (unusable > 0) facts.push(['without an id', counted(unusable, 'record')]);
  if (hidden !== undefined) facts.push(['not shown to us', `${counted(hidden.projects, 'project')}: ${hidden.text}`]);
  if (unproven > 0) {
    facts.push([
      'perhaps not whole',
      `${counted(unproven, 'list')}: too long, or changing all the time. Run it again.`,
    ]);
  }
  return facts;
}
