import type { Context, ScheduledEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { type JobSweepReport, sweepDueJobs } from './jobs/sweep-jobs.ts';
import { jobIdIn } from './jobs/wake-ups.ts';
import { type WorkedJobs, workDueJobs } from './jobs/work-due.ts';
import { type WokenUp, workSlice } from './jobs/work-slice.ts';
import { observed, observer } from './middleware.ts';
import { ensureRound } from './webhook/audit-round.ts';
import { companyWorkDependencies } from './wiring.ts';

/** What can be done about jobs. */
export interface CompanyWork {
  /** @param sentAt when its wake-up was sent, epoch seconds */
  work(jobId: string, sentAt: number): Promise<WokenUp>;
  everyMinute(): Promise<JobSweepReport | WorkedJobs>;
}

/** A run by the minute ends before the next one begins, in milliseconds. */
const runMs = 50_000;

/**
 * Works the company-wide jobs: the audit of hooks, and what `webhooks apply` begins. The `company-work` queue brings
 * wake-ups, each of which is one slice of one job, ten side by side. Every minute a rule starts it as well: then it sends
 * wake-ups for what is due, or, where the account may run few functions at once and no queue feeds it, works what is due.
 *
 * Answers with the wake-ups that could not be worked, or with counts. A slice that fails is in its job, and no failure.
 */
export async function answerCompanyWork(
  event: SQSEvent | ScheduledEvent,
  { work, everyMinute }: CompanyWork,
): Promise<SQSBatchResponse | JobSweepReport | WorkedJobs> {
  if (!('Records' in event)) return everyMinute();
  const worked = await Promise.allSettled(
    event.Records.map(({ body, attributes }) => work(jobIdIn(body), Number(attributes.SentTimestamp) / 1000)),
  );
  const failed = worked.filter(({ status }) => status === 'rejected') as readonly PromiseRejectedResult[];
  if (failed[0] !== undefined && failed.length === worked.length) throw failed[0].reason;
  const open = event.Records.filter((_, index) => worked[index]?.status === 'rejected');
  return { batchItemFailures: open.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

const { wakeUps, release, ...shared } = companyWorkDependencies(observer);

export const handler = observed((event: SQSEvent | ScheduledEvent, context: Context) => {
  const remaining = () => context.getRemainingTimeInMillis();
  const reserveMs = Math.max(0, remaining() - runMs);
  return answerCompanyWork(event, {
    work: (jobId, sentAt) => workSlice(jobId, { ...shared, ...(wakeUps && { wakeUps }), remaining }, sentAt),
    async everyMinute() {
      await ensureRound({ ...shared, jobs: shared.store });
      if (wakeUps !== undefined) return sweepDueJobs({ ...shared, wakeUps, remaining });
      return workDueJobs({ ...shared, remaining: () => remaining() - reserveMs });
    },
  }).finally(release);
});
