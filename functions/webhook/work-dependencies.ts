import type { Clock, RandomFraction, RemainingTime, Sleep } from '../clock.ts';
import type { CompanyClient } from '../procore/client.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { Breaker } from './breaker.ts';
import type { EventHandlers } from './event-handlers.ts';
import type { BudgetClass } from './event-message.ts';
import type { Evidence } from './evidence.ts';
import type { Ledger } from './ledger.ts';
import type { MarkDependencies } from './marks.ts';
import type { FrameOf } from './told-error.ts';
import type { EventWorkQueue } from './work-queue.ts';

/** What working a batch of the event queue needs. */
export interface WorkDependencies extends MarkDependencies {
  readonly environment: ProcoreEnvironmentName;
  readonly queue: EventWorkQueue;
  readonly ledger: Pick<Ledger, 'history' | 'markHandled' | 'tries' | 'keepTries' | 'recordFailure'>;
  /** Lives as long as the process. */
  readonly evidence: Evidence;
  /** Lives as long as the process. */
  readonly breaker: Breaker;
  /** Gives the integrator's functions. Their file is loaded by the first call, and may fail. */
  readonly handlers: () => Promise<EventHandlers>;
  /** Gives `onEvent` the client of a company's API. It makes no call itself. */
  readonly companyClient: (companyId: string, remaining: RemainingTime, budgetClass: BudgetClass) => CompanyClient;
  /** Gives the line of the sources at which an error was thrown. */
  readonly frameOf: FrameOf;
  /** For how many hours a failing event is tried, from its sending on. */
  readonly giveUpAfterHours: number;
  readonly clock: Clock;
  readonly randomFraction: RandomFraction;
  readonly sleep: Sleep;
  readonly remaining: RemainingTime;
}
