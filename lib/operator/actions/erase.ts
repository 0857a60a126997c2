import type { Job } from '../../../functions/jobs/job.ts';
import { tombstones } from '../../../functions/place.ts';
import { systemClock } from '../../../functions/system.ts';
import { erasureId, erasureJob, erasureProgress } from '../../../functions/webhook/erasure.ts';
import { tombstoneSeconds } from '../../../functions/webhook/tombstones.ts';
import { jobsOf, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { judgeConnections, servedCompanies } from '../erased-connections.ts';
import { exitCodes, OperatorError, usageError } from '../exit-codes.ts';
import { placeOf } from '../place.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, YesFlag } from '../shared-parameters.ts';
import { listConnections } from '../stored-connection.ts';
import { counted, showFacts, showMoment } from '../table.ts';

interface EraseFlags extends EnvironmentFlag, YesFlag {
  readonly company: string | undefined;
  readonly connection: string | undefined;
  readonly status: boolean;
  readonly lift: boolean;
}

/** Begins to erase a company, shows how far that has come, or ends its tombstone. */
export async function erase(session: StackSession, flags: EraseFlags): Promise<Report> {
  const { company, connection, status, lift } = flags;
  if ((company === undefined) === (connection === undefined)) throw usageError('Give --company or --connection.');
  if ((status || lift) && company === undefined) throw usageError('Give --company with --status and --lift.');
  const environment = await session.environment(flags.environment);
  if (company !== undefined && status) {
    return showErasure(await required(environment, company), systemClock());
  }
  if (company !== undefined && lift) return liftTombstone(environment, company);
  return begin(environment, flags, session);
}

async function begin(environment: DeployedEnvironment, flags: EraseFlags, { terminal }: StackSession): Promise<Report> {
  const { company, connection, yes } = flags;
  const subscriptions = await subscriptionsOf(environment).list();
  const connections = await terminal.working('Reading connections', (say) => listConnections(environment, say));
  const companies = company === undefined ? servedCompanies(String(connection), connections, subscriptions) : [company];
  if (companies.length === 0) {
    throw new OperatorError(
      'nothing_to_erase',
      `Nothing says that connection "${connection}" serves a company. See it: npm run procore -- connections show ${connection} --environment ${environment.name}`,
      exitCodes.notFound,
    );
  }
  const wanted = companies.map((companyId) => ({
    companyId,
    ...judgeConnections(companyId, companies, connections, subscriptions),
  }));
  const asked = wanted.map(({ companyId, connectionIds }) =>
    connectionIds.length === 0 ? companyId : `${companyId} (and disconnect ${connectionIds.join(', ')})`,
  );
  if (!yes && !(await terminal.confirm(`Erase for good what is kept of company ${asked.join('; ')}?`))) {
    return { data: { companies, begun: false }, text: 'Nothing was done.' };
  }
  const jobs = await Promise.all(
    wanted.map(async ({ companyId, ...request }) => ({
      ...{ id: erasureId(companyId), companyId, ...request },
      begun: (await jobsOf(environment).create(erasureJob(companyId, request, systemClock()))) === 'created',
    })),
  );
  return {
    data: { environment: environment.name, jobs },
    text: jobs.map((job) => showBegun(environment, job)).join('\n'),
  };
}

function showBegun(
  { name }: DeployedEnvironment,
  { companyId, keptConnectionIds, begun }: { companyId: string; keptConnectionIds: readonly string[]; begun: boolean },
): string {
  return [
    begun
      ? `The erasure of company ${companyId} begins within two minutes, and takes at least three.`
      : `The erasure of company ${companyId} is under way already.`,
    ...(keptConnectionIds.length > 0
      ? [`Not disconnected, since they serve other companies as well: ${keptConnectionIds.join(', ')}.`]
      : []),
    `See the receipt: npm run procore -- erase --company ${companyId} --status --environment ${name}`,
  ].join('\n');
}

async function required(environment: DeployedEnvironment, companyId: string): Promise<Job> {
  const job = await jobsOf(environment).read(erasureId(companyId));
  if (job !== undefined) return job;
  throw new OperatorError(
    'job_not_found',
    `Company ${companyId} was never erased in ${environment.name}.`,
    exitCodes.notFound,
  );
}

async function liftTombstone(environment: DeployedEnvironment, companyId: string): Promise<Report> {
  const { state } = await required(environment, companyId);
  if (state !== 'done') {
    throw new OperatorError('erasure_under_way', `The erasure of company ${companyId} is ${state}, not done yet.`);
  }
  await tombstones(placeOf(environment), environment.clients.dynamoDb).lift(companyId);
  return {
    data: { companyId, lifted: true },
    text: `What comes of company ${companyId} is taken in again within a minute, also what waits in queues from before.`,
  };
}

/** Shows how far an erasure has come: what is gone, and what ends when. @param now epoch seconds */
export function showErasure(job: Job, now: number): Report {
  const so = erasureProgress(job);
  const { keptConnectionIds = [] } = (job.request ?? {}) as { readonly keptConnectionIds?: readonly string[] };
  const { erasedAt, hooksLeft, unrevoked, notWhole, unknownMessages } = so;
  const tombstoneUntil = erasedAt + tombstoneSeconds;
  const after = (days: number) =>
    job.lookedAt === undefined ? '' : `, until ${showMoment(job.lookedAt + days * 86_400, now)}`;
  const text = showFacts([
    ['job', job.id],
    ['state', job.state === 'done' ? 'done' : `${job.state}: ${so.step}`],
    ...(job.lastError === undefined ? [] : [['last failure', job.lastError.text] as const]),
    ['gone', `${counted(so.subscriptions, 'subscription')}, ${counted(so.hooks, 'hook')} at Procore`],
    ['', `${counted(so.events, 'event')} of the ledger, ${counted(so.failedCalls, 'failed call')}`],
    ['', `${counted(so.deadLetters, 'dead letter')}, ${so.quarantined} of quarantine`],
    ['', `${counted(so.jobs, 'job')} and lists of ids, pauses and budget`],
    ['disconnected', so.disconnected.join(', ') || 'none'],
    ...(unrevoked.length > 0
      ? [['not yet revoked', `${unrevoked.join(', ')}: asked again until Procore confirms`] as const]
      : []),
    ...(keptConnectionIds.length > 0
      ? [['not disconnected', `${keptConnectionIds.join(', ')}: serving other companies as well`] as const]
      : []),
    ...(hooksLeft === undefined
      ? []
      : [
          ['left at Procore', `hooks ${hooksLeft.hookIds.join(', ')}: delete them there. ${hooksLeft.reason}`] as const,
        ]),
    ...(notWhole.length > 0
      ? [['not gone through', `${notWhole.join(', ')}: too many messages; erase again`] as const]
      : []),
    ...(unknownMessages > 0
      ? [
          [
            'nobody knows whose',
            `${counted(unknownMessages, 'message')} of dead letters and quarantine: 14 days`,
          ] as const,
        ]
      : []),
    ['tombstone', `what still comes is dropped until ${showMoment(tombstoneUntil, now)}`],
    ['remaining', `backups of tables (point-in-time recovery): 35 days${after(35)}`],
    ['', `messages in flight: dropped when they are seen, 14 days at most${after(14)}`],
    ['', 'sessions of browsers: 90 minutes; tokens in escrow: 14 days at most'],
    ['', 'logs: as many days as `logRetentionDays` says; they have ids, and nothing of records'],
    ['', 'what your own code has stored, and this receipt'],
  ]);
  return { data: { id: job.id, state: job.state, ...so, tombstoneUntil, keptConnectionIds }, text };
}
