import { jobIdOf } from '../../functions/jobs/job.ts';
import { systemClock } from '../../functions/system.ts';
import type { ApplyRequest } from '../../functions/webhook/company-jobs.ts';
import type { StoredSubscription } from '../../functions/webhook/subscription.ts';
import { jobsOf, subscriptionsOf } from './company-api.ts';
import type { DeployedEnvironment } from './deployment.ts';
import type { Terminal } from './terminal.ts';

/** A job of a company; `begun` is false when it is under way already. */
export interface ApplyJob {
  readonly id: string;
  readonly begun: boolean;
}

/** How many subscriptions one query reads. */
const pageSize = 50;

/**
 * Begins a job for each company with a subscription, or for some of them: it registers again what is stored, with the
 * current header and with what the request changes.
 *
 * @param wanted tells whether a company gets one. Default is every company
 * @returns the jobs, in the order of their companies
 */
export function beginApplyJobs(
  environment: DeployedEnvironment,
  terminal: Terminal,
  request: ApplyRequest,
  wanted: (subscription: StoredSubscription) => boolean = () => true,
): Promise<readonly ApplyJob[]> {
  return terminal.working('Beginning jobs', async (say) => {
    const jobs: ApplyJob[] = [];
    for await (const subscription of eachSubscription(environment)) {
      if (!wanted(subscription)) continue;
      const name = { kind: 'apply', companyId: subscription.companyId } as const;
      const now = Math.floor(systemClock());
      const created = await jobsOf(environment).create({ ...name, request, createdAt: now, nextAt: now });
      jobs.push({ id: jobIdOf(name), begun: created === 'created' });
      say(`Beginning jobs: ${jobs.length}`);
    }
    return jobs;
  });
}

/** Reads all subscriptions, a bounded page at a time. */
export async function* eachSubscription(environment: DeployedEnvironment): AsyncGenerator<StoredSubscription> {
  const store = subscriptionsOf(environment);
  let cursor: string | undefined;
  do {
    const page = await store.page(pageSize, cursor);
    yield* page.subscriptions;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
