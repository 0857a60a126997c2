import { Stack } from 'aws-cdk-lib';
import {
  type AlarmBase,
  AlarmRule,
  AlarmState,
  CompositeAlarm,
  type IAlarmAction,
  MathExpression,
  Metric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import type { HandlerName } from '../handler-names.ts';
import {
  type AlarmRow,
  alarmRows,
  type FunctionGroup,
  type FunctionMeasure,
  type Watched,
  type WatchedQueue,
  watchedFunctions,
} from './alarms.ts';
import type { ConnectorFunction } from './connector-function.ts';
import { ConnectorDashboard, type QueueMeasure } from './dashboard.ts';
import type { MonitoringLevel } from './environment-options.ts';
import type { ConnectorHttpApi } from './http-api.ts';
import { LogQueries } from './log-queries.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

/** The namespace of our own metrics, those of functions/observer.ts and those made of access logs. */
export const metricNamespace = 'ProcoreConnector';

export interface MonitoringProps {
  readonly procoreEnvironment: ProcoreEnvironmentName;
  readonly functions: Readonly<Record<FunctionGroup, readonly ConnectorFunction[]>>;
  readonly queues: Readonly<Record<WatchedQueue, IQueue>>;
  readonly api: ConnectorHttpApi;
  /** Lean has the alarms that say so, and no dashboard. */
  readonly level: MonitoringLevel;
  /** Where the composite alarm goes. Default is nowhere. */
  readonly pagerTopic?: ITopic | undefined;
}

/** How the constructs of AWS call what we measure of a queue and of a function (its sum), and what of it is looked at. */
const queueMeasures = {
  age: ['metricApproximateAgeOfOldestMessage', 'Maximum'],
  length: ['metricApproximateNumberOfMessagesVisible', 'Maximum'],
  inHand: ['metricApproximateNumberOfMessagesNotVisible', 'Maximum'],
  sent: ['metricNumberOfMessagesSent', 'Sum'],
  deleted: ['metricNumberOfMessagesDeleted', 'Sum'],
} as const;
const functionMeasures = { Errors: 'metricErrors', Throttles: 'metricThrottles' } as const;

/** One environment's alarms, the composite one to page on, the log queries, and with full monitoring the dashboard. */
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
    const rows = alarmRows.filter((row) => (row.lean || props.level === 'full') && this.#isThere(row));
    const alarms = rows.map((row) => ({
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
    new LogQueries(this, 'Queries', {
      folder: prefix,
      functions: props.functions,
      accessLogs: props.api.accessLogs,
    });
    if (props.pagerTopic !== undefined) tell(this.pagingAlarm, new SnsAction(props.pagerTopic));
    if (props.level === 'lean') return;
    new ConnectorDashboard(this, 'Dashboard', {
      name: `${stackName}-${props.procoreEnvironment}`,
      ours: (metric, statistic) => this.#ours(metric, statistic),
      ofQueue: (queue, measure) => this.#ofQueue(queue, measure),
    });
  }

  /**
   * Adds what every alarm of the environment does when it fires and when it ends. The composite one, which only repeats,
   * is left out: while it is in ALARM, it says nothing of a second trouble, so each alarm has to speak for itself.
   */
  addAlarmAction(action: IAlarmAction): void {
    for (const { alarm } of this.#alarms) tell(alarm, action);
  }

  /** Without our worker there is nothing of it to watch. */
  #isThere({ watched }: AlarmRow): boolean {
    return !('functions' in watched) || this.#addends(watched).length > 0;
  }

  #metric(row: AlarmRow): Metric | MathExpression {
    const { watched, periodMinutes = 5 } = row;
    if ('queue' in watched) {
      const { queue, measure } = watched;
      return measure === 'held'
        ? sum([this.#ofQueue(queue, 'length'), this.#ofQueue(queue, 'inHand')])
        : this.#ofQueue(queue, measure);
    }
    if ('heartbeat' in watched) return this.#function(watched.heartbeat).lambda.metricInvocations();
    const addends = this.#addends(watched);
    const [only, ...others] = addends;
    // CloudWatch looks further back before it takes a lack of data for the end, by two periods more: too long where
    // periods are long. A sum says 0 at once.
    if (only === undefined || others.length > 0 || periodMinutes > 5) {
      // What Lambda counts as an error is an unanswered request, too, and must not count twice.
      return 'and' in watched ? combined(addends, (values) => `MAX([${values.join(', ')}])`) : sum(addends);
    }
    return only;
  }

  #addends(
    watched: Exclude<Watched, { readonly queue: WatchedQueue } | { readonly heartbeat: HandlerName }>,
  ): Metric[] {
    if ('api' in watched) return [this.#props.api.metric(watched.api)];
    if ('metrics' in watched) {
      const ours = watched.metrics.map((name) => this.#ours(name, watched.statistic ?? 'Sum'));
      const { handler, measures } = watched.and ?? { measures: [] };
      return handler === undefined
        ? ours
        : [...ours, ...measures.map((measure) => this.#ofFunction(this.#function(handler), measure))];
    }
    const names: readonly HandlerName[] = watchedFunctions[watched.functions];
    return this.#functions
      .filter(({ name }) => names.includes(name))
      .map((each) => this.#ofFunction(each, watched.measure));
  }

  get #functions(): readonly ConnectorFunction[] {
    return [...new Set(Object.values(this.#props.functions).flat())];
  }

  #function(name: HandlerName): ConnectorFunction {
    const found = this.#functions.find((each) => each.name === name);
    if (found === undefined) throw new RangeError(`There is no function ${name} to watch.`);
    return found;
  }

  #ofFunction({ lambda }: ConnectorFunction, measure: FunctionMeasure): Metric {
    return lambda[functionMeasures[measure]]();
  }

  #ours(metricName: string, statistic: string): Metric {
    return new Metric({
      namespace: metricNamespace,
      metricName,
      dimensionsMap: { stack: Stack.of(this).stackName, environment: this.#props.procoreEnvironment },
      statistic,
    });
  }

  #ofQueue(queue: WatchedQueue, measure: QueueMeasure): Metric {
    const [method, statistic] = queueMeasures[measure];
    return this.#props.queues[queue][method]({ label: queue, statistic });
  }
}

/** Lets an alarm say that it fires, and that it is over. */
function tell(alarm: AlarmBase, action: IAlarmAction): void {
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
}

/** Adds metrics up. */
function sum(metrics: readonly Metric[]): MathExpression {
  return combined(metrics, (values) => values.join(' + '));
}

/** Combines metrics; one without data counts as 0, since the others must be heard all the same. */
function combined(metrics: readonly Metric[], write: (values: readonly string[]) => string): MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]));
  return new MathExpression({
    expression: write(Object.keys(usingMetrics).map((name) => `FILL(${name}, 0)`)),
    usingMetrics,
  });
}
