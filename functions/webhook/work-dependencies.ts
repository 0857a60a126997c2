import type { Clock, RandomFraction, RemainingTime, Sleep } from '../clock.ts';
import type { CompanyClient } from '../procore/client.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { BudgetClass } from '../procore/rate-room.ts';
import type { SharedReads } from '../procore/shared-reads.ts';
import type { Breaker } from './breaker.ts';
import type { EventHandlers } from './event-handlers.ts';
import type { Evidence } from './evidence.ts';
import type { Ledger } from './ledger.ts';
import type { MarkDependencies } from './marks.ts';
import type { ReadOwnSecret } from './own-secrets.ts';
import type { FrameOf } from './told-error.ts';
import type { IsErased } from './tombstones.ts';
import type { TryRecord } from './try-record.ts';
import type { EventWorkQueue } from './work-queue.ts';

/** That a message was handled, as the ledger is to keep it. */
export interface HandledMark {
  /** Epoch seconds. */
  readonly at: number;
  /** The record of its tries, if it has one. */
  readonly record: TryRecord | undefined;
}

/** What working a batch of the event queue needs. */
export interface WorkDependencies extends MarkDependencies {
  readonly environment: ProcoreEnvironmentName;
  readonly queue: EventWorkQueue;
  readonly ledger: Pick<Ledger, 'history' | 'markHandled' | 'tries' | 'keepTries' | 'recordFailure'>;
  /** @default none has been erased */
  readonly isErased?: IsErased;
  /** Lives as long as the process. */
  readonly evidence: Evidence;
  /** Lives as long as the process. */
  readonly breaker: Breaker;
  /** What was handled and could not be marked, by the message's id. Lives as long as the process. */
  readonly unmarked: Map<string, HandledMark>;
  /** Gives the integrator's functions. Their file is loaded by the first call, and may fail. */
  readonly handlers: () => Promise<EventHandlers>;
  /** Gives `onEvent` the client of a company's API. It makes no call itself. */
  readonly companyClient: (companyId: string, remaining: RemainingTime, budgetClass: BudgetClass) => CompanyClient;
  /** Gives the integrator's own secrets. */
  readonly secret: ReadOwnSecret;
  /** What the process has read: an event ends what is kept of its resource. */
  readonly reads: Pick<SharedReads, 'resourceChanged' | 'connectionChanged'>;
  /** Gives the line of the sources at which an error was thrown. */
  readonly frameOf: FrameOf;
  /**
   * How long the queue hides a message that was handed out, in seconds.
   *
   * @default that of a worker with the usual time-out
   */
  readonly visibilitySeconds?: number;
  /** For how many hours a failing event is tried, from its sending on. */
  readonly giveUpAfterHours: number;
  readonly clock: Clock;
  readonly randomFraction: RandomFraction;
  readonly sleep: Sleep;
  readonly remaining: RemainingTime;
}
