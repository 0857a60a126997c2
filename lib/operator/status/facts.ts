import type { Job } from '../../../functions/jobs/job.ts';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import type { BudgetState } from '../../../functions/procore/rate-windows.ts';
import type { Attended } from '../../../functions/webhook/ledger.ts';
import type { StoredSubscription } from '../../../functions/webhook/subscription.ts';
import type { QueueOutput } from '../../stack-outputs.ts';
import type { StoppedCompany } from '../stopped-companies.ts';
import type { MalformedConnection, StoredConnection } from '../stored-connection.ts';

/**
 * What was read, or why it could not be: a part that nobody could read is not in order. `code` tells errors apart, by the
 * error's own code or else its name.
 */
export type Reading<T> = { readonly value: T } | { readonly unread: string; readonly code?: string };

/** How many messages a queue holds, roughly as SQS counts them. */
export interface QueueDepth {
  /** Could be received now. */
  readonly waiting: number;
  /** In somebody's hand, or put off. */
  readonly inFlight: number;
}

/** An alarm of CloudWatch that fires. */
export interface FiringAlarm {
  /** The alarm's heading in the runbook, e.g. `tokens-past-expiry`. */
  readonly id: string;
  /** Since when, epoch seconds. */
  readonly since: number;
  /** What its description says: why it fires, and what to do. */
  readonly cause: string;
  readonly remedy: string;
}

/** A list of which only the beginning was read. */
export interface Beginning<T> {
  readonly first: readonly T[];
  /** Whether there are more. */
  readonly more: boolean;
}

/** The hooks of some companies, as Procore has them now. */
export interface LookedAtHooks {
  readonly companies: number;
  /** How many companies have a subscription. */
  readonly ofCompanies: number;
  readonly disabled: readonly { readonly companyId: string; readonly hookId: string }[];
  /** Companies of which Procore was asked and nothing was learned, and why; absent when there is none. */
  readonly refused?: { readonly companies: number; readonly why: string; readonly code?: string };
}

/** How the OAuth client's secret stands; Procore is not asked. */
export type StoredClient = 'set' | 'missing' | 'other_environment' | 'malformed';

/** What `procore status` reads of one environment. Times are epoch seconds. */
export interface EnvironmentFacts {
  readonly environment: ProcoreEnvironmentName;
  readonly stackName: string;
  readonly local: boolean;
  readonly now: number;
  /** When connections and subscriptions were read: on AWS they are taken over from an earlier look for five minutes. */
  readonly scannedAt: number;
  readonly client: Reading<StoredClient>;
  readonly connections: Reading<readonly StoredConnection[]>;
  /** Items among them that cannot be read. */
  readonly malformed: readonly MalformedConnection[];
  /** Companies to which the app is not connected: of the first hundred that failing events, subscriptions and connections name. */
  readonly stopped: Reading<readonly StoppedCompany[]>;
  readonly queues: Reading<Readonly<Record<QueueOutput, QueueDepth>>>;
  /** Since when the oldest event waits; undefined when none does. */
  readonly oldestEvent: Reading<number | undefined>;
  readonly failing: Reading<Beginning<Attended>>;
  readonly dead: Reading<Beginning<Attended>>;
  readonly subscriptions: Reading<readonly StoredSubscription[]>;
  readonly failedJobs: Reading<Beginning<Job>>;
  readonly hooks: Reading<LookedAtHooks>;
  readonly budget: Reading<BudgetState>;
  /** undefined where there are no alarms: on this machine. */
  readonly alarms: Reading<readonly FiringAlarm[]> | undefined;
  /** How the stack stands, in CloudFormation's words, and since when; undefined on this machine. */
  readonly deployed: { readonly status: string; readonly at: number | undefined } | undefined;
}
