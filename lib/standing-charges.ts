import type { ProcoreEnvironmentName } from '../functions/procore/environment.ts';
import type { HandlerName } from './handler-names.ts';

/** What an environment's template has that costs: by the month whether or not anything happens, or by what happens. */
export interface StandingCharges {
  readonly environment: ProcoreEnvironmentName;
  /** The environment's own, and that of the topic of alarms. */
  readonly keys: number;
  readonly secrets: number;
  /** Metrics that alarms watch, each alarm's counted for itself. */
  readonly alarmMetrics: number;
  readonly compositeAlarms: number;
  readonly dashboards: number;
  /** Queues that Lambda polls, whether or not anything comes. */
  readonly polledQueues: { readonly fifo: number; readonly standard: number };
  /** How often a day a schedule starts each function. */
  readonly runsPerDay: Readonly<Partial<Record<HandlerName, number>>>;
  /** Memory of each function that there is, in GB. */
  readonly memoryGb: Readonly<Partial<Record<HandlerName, number>>>;
  /** Whether functions are traced. */
  readonly traced: boolean;
  /** Whether Lambda writes a start, an end and a report line for each invocation. */
  readonly systemLines: boolean;
  /** Whether the ledger of deliveries is backed up all the time. */
  readonly ledgerBackup: boolean;
  /** How long logs are kept, in days. */
  readonly logDays: number;
}
