/** What costs by the month whether or not anything happens. */
export interface StandingCharges {
  readonly keys: number;
  readonly secrets: number;
  /** Metrics of ours, if all of them occur. */
  readonly metrics: number;
  /** Metrics and measures of queues that alarms watch. */
  readonly alarmMetrics: number;
  /** Alarms each of which watches all functions of a group. */
  readonly functionGroupAlarms: number;
}
