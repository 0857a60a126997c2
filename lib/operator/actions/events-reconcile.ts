import { jobIdOf } from '../../../functions/jobs/job.ts';
import { systemClock } from '../../../functions/system.ts';
import { NoSubscriptionError } from '../../../functions/webhook/event-client.ts';
import type { OneRun } from '../../../functions/webhook/reconcile-round.ts';
import { jobsOf, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import { reconciledList } from '../reconcile-wish.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';

interface ReconcileFlags extends EnvironmentFlag {
  readonly company: string;
  readonly resource: string | undefined;
  readonly path: string | undefined;
  readonly project: string | undefined;
  readonly hours: number | undefined;
}

/** How far back one resource is read when nobody says. */
const usualHours = 24;

/**
 * Lets a company be reconciled now, as its subscription says; or one resource of it, as far back as is said. The job does
 * it, within minutes.
 */
export async function reconcile(session: StackSession, flags: ReconcileFlags): Promise<Report> {
  const environment = await session.environment(flags.environment);
  const { company, resource } = flags;
  const subscription = await subscriptionsOf(environment).read(company);
  if (subscription === undefined) throw new NoSubscriptionError(environment.name, company);
  if (resource !== undefined) return readOnce(environment, { ...flags, resource });
  if ((flags.path ?? flags.project ?? flags.hours) !== undefined) {
    throw usageError('--path, --project and --hours go with --resource: without it everything is read as subscribed.');
  }
  if (subscription.reconcile === undefined) {
    throw usageError(
      `Company ${company} has no lists that are read. Name one with --resource, or subscribe to them: npm run procore -- ` +
        `webhooks apply --environment ${environment.name} --company ${company} --reconcile-hours 6`,
    );
  }
  return runNow(environment, company);
}

async function runNow(environment: DeployedEnvironment, companyId: string): Promise<Report> {
  const jobs = jobsOf(environment);
  const now = Math.floor(systemClock());
  const name = { kind: 'reconcile', companyId } as const;
  const created = await jobs.create({ ...name, request: null, createdAt: now, nextAt: now });
  if (created === 'under_way' && (await jobs.change(jobIdOf(name), 'run', now)) === 'refused') {
    throw new OperatorError(
      'job_paused',
      `${jobIdOf(name)} is paused. ${resume(environment, jobIdOf(name))}`,
      exitCodes.failed,
    );
  }
  return begun(environment, jobIdOf(name));
}

async function readOnce(
  environment: DeployedEnvironment,
  { company, resource, path, project, hours }: ReconcileFlags & { readonly resource: string },
): Promise<Report> {
  const now = Math.floor(systemClock());
  const name = { kind: 'reconcile', companyId: company, subject: resource } as const;
  const request: OneRun = {
    lists: [reconciledList(resource, path)],
    since: now - (hours ?? usualHours) * 3600,
    ...(project !== undefined && { projectId: project }),
  };
  const jobs = jobsOf(environment);
  if ((await jobs.create({ ...name, request, createdAt: now, nextAt: now })) === 'created') {
    return begun(environment, jobIdOf(name));
  }
  const text = `${jobIdOf(name)} is under way already, or paused. Wait for it, or cancel it first: npm run procore -- jobs cancel`;
  return { data: { job: jobIdOf(name), begun: false }, text, exitCode: exitCodes.failed };
}

function begun(environment: DeployedEnvironment, id: string): Report {
  const look = `npm run procore -- jobs show "${id}" --environment ${environment.name}`;
  return { data: { job: id, begun: true }, text: `Began ${id}: within a minute or two. See what it finds: ${look}` };
}

const resume = ({ name }: DeployedEnvironment, id: string) =>
  `Let it go on: npm run procore -- jobs resume "${id}" --environment ${name}`;
