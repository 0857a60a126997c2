import { Stack } from 'aws-cdk-lib';
import {
  AlarmRule,
  AlarmState,
  CompositeAlarm,
  type IAlarmAction,
  MathExpression,
  Metric,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { type AlarmRow, alarmRows, type FunctionGroup, type Watched, type WatchedQueue } from './alarms.ts';
import type { ConnectorFunction } from './connector-function.ts';
import { ConnectorDashboard } from './dashboard.ts';
import { LogQueries } from './log-queries.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

/** The namespace of our own metrics, those of functions/observer.ts and those made of access logs. */
export const metricNamespace = 'ProcoreConnector';

export interface MonitoringProps {
  readonly procoreEnvironment: ProcoreEnvironmentName;
  readonly functions: Readonly<Record<FunctionGroup, readonly ConnectorFunction[]>>;
  readonly queues: Readonly<Record<WatchedQueue, IQueue>>;
  readonly accessLogs: ILogGroup;
}

/** How the constructs of AWS call what we measure of a queue (by its maximum, unless told) and of a function (its sum). */
const queueMeasures = {
  age: 'metricApproximateAgeOfOldestMessage',
  length: 'metricApproximateNumberOfMessagesVisible',
  inHand: 'metricApproximateNumberOfMessagesNotVisible',
} as const;
const functionMeasures = { Errors: 'metricErrors', Throttles: 'metricThrottles' } as const;

/** One environment's alarms, the composite one to page on, the log queries, and the dashboard. */
export class Monitoring extends Construct {
  /** Fires with any alarm that somebody should be woken for. */
  readonly pagingAlarm: CompositeAlarm;
  readonly #alarms: readonly RunbookAlarm[];
  readonly #props: MonitoringProps;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    this.#props = props;
    const { stackName } = Stack.of(this);
    const prefix = `${stackName}/${props.procoreEnvironment}`;
    const alarms = alarmRows.map((row) => ({
      row,
      runbookAlarm: new RunbookAlarm(this, row.id, {
        row,
        name: `${prefix}/${row.id}`,
        metric: this.#metric(row),
      }),
    }));
    this.#alarms = alarms.map(({ runbookAlarm }) => runbookAlarm);
    const paging = alarms.filter(({ row }) => row.page).map(({ runbookAlarm }) => runbookAlarm.alarm);
    this.pagingAlarm = new CompositeAlarm(this, 'Paging', {
      compositeAlarmName: `${prefix}/page`,
      alarmDescription: `Something in ${prefix} needs a person now: see which alarm of this folder fires, and its text.`,
      alarmRule: AlarmRule.anyOf(...paging.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM))),
    });
    new LogQueries(this, 'Queries', { folder: prefix, ...props });
    new ConnectorDashboard(this, 'Dashboard', {
      name: `${stackName}-${props.procoreEnvironment}`,
      ours: (metric, statistic) => this.#ours(metric, statistic),
      ofQueue: (queue, measure) => this.#ofQueue(queue, measure),
    });
  }

  /** Adds what every alarm of the environment does when it fires; the composite one, which only repeats, is left out. */
  addAlarmAction(action: IAlarmAction): void {
    for (const { alarm } of this.#alarms) alarm.addAlarmAction(action);
  }

  #metric({ watched, missingData }: AlarmRow): Metric | MathExpression {
    if ('queue' in watched) {
      const { queue, measure } = watched;
      return measure === 'held'
        ? sum([this.#ofQueue(queue, 'length'), this.#ofQueue(queue, 'inHand')])
        : this.#ofQueue(queue, measure);
    }
    const addends = this.#addends(watched);
    const [only, ...others] = addends;
    // CloudWatch looks further back before it holds missing data for a fault: for 3 periods of 5 minutes, 10 minutes
    // more. A sum says 0 at once.
    if (only === undefined || others.length > 0 || missingData === 'fault') return sum(addends);
    return only;
  }

  #addends(watched: Exclude<Watched, { readonly queue: WatchedQueue }>): Metric[] {
    if ('metrics' in watched) return watched.metrics.map((name) => this.#ours(name, watched.statistic ?? 'Sum'));
    return this.#props.functions[watched.functions].map(({ lambda }) => lambda[functionMeasures[watched.measure]]());
  }

  #ours(metricName: string, statistic: string): Metric {
    return new Metric({
      namespace: metricNamespace,
      metricName,
      dimensionsMap: { environment: this.#props.procoreEnvironment },
      statistic,
    });
  }

  #ofQueue(queue: WatchedQueue, measure: keyof typeof queueMeasures): Metric {
    return this.#props.queues[queue][queueMeasures[measure]]({ label: queue });
  }
}

/** Adds metrics up; a metric without data counts as 0, since the others must be heard all the same. */
function sum(metrics: readonly Metric[]): MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  const expression = Object.keys(usingMetrics)
    .map((name) => `FILL(${name}, 0)`)
    .join(' + ');
  return new MathExpression({ expression, usingMetrics });
}
