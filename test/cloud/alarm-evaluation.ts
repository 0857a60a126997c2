import { type Json, textsIn } from './synthesized.ts';

/** One value that CloudWatch was told of a metric. */
export interface Sample {
  /** Since the scenario began; before that it is negative. */
  readonly minute: number;
  readonly value: number;
}

/** All samples by metric, named as {@link metricKey} does, and by minute. */
export type Samples = ReadonlyMap<string, ReadonlyMap<number, readonly number[]>>;

/** Puts samples in order by minute. */
export function byMinute(samples: readonly Sample[]): ReadonlyMap<number, readonly number[]> {
  const minutes = Map.groupBy(samples, ({ minute }) => minute);
  return new Map([...minutes].map(([minute, reported]) => [minute, reported.map(({ value }) => value)]));
}

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** A metric in a template. */
export interface TemplateMetric {
  readonly Namespace: string;
  readonly MetricName: string;
  /** A metric that a filter makes of a log may have none. */
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: Json }[];
}

interface MetricStat {
  readonly Metric: TemplateMetric;
  /** In seconds. */
  readonly Period: number;
  readonly Stat: string;
}

/** One of the queries of an alarm on metric math. */
interface MetricQuery {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: MetricStat;
  readonly ReturnData?: boolean;
}

/** What a template says of an alarm, as far as it decides on the alarm's state. */
export interface TemplateAlarm extends Partial<TemplateMetric> {
  readonly Period?: number;
  readonly Statistic?: string;
  readonly ExtendedStatistic?: string;
  readonly Metrics?: readonly MetricQuery[];
  readonly ComparisonOperator: string;
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly TreatMissingData?: string;
}

/** Names a metric, e.g. `AWS/SQS ApproximateAgeOfOldestMessage QueueName=SandboxEscrowQueue81059B13`. */
export function metricKey({ Namespace, MetricName, Dimensions = [] }: TemplateMetric): string {
  const dimensions = Dimensions.map(({ Name, Value }) => `${Name}=${textsIn(Value)[0]}`).sort();
  return [Namespace, MetricName, ...dimensions].join(' ');
}

/** The metrics that an alarm watches, whether it is one or several. */
export function metricsOf(alarm: TemplateAlarm): readonly TemplateMetric[] {
  return queriesOf(alarm).flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []));
}

/** An alarm, ready to be evaluated. */
export interface AlarmEvaluator {
  /** How long one data point of the alarm is. */
  readonly periodMinutes: number;
  /**
   * Evaluates the alarm at the end of one of its periods.
   *
   * @param before the state that it has had, which it keeps where it ignores missing data. @default OK
   */
  stateAt(samples: Samples, minute: number, before?: AlarmState): AlarmState;
}

/**
 * Reads what decides on an alarm's state, and evaluates it as CloudWatch does.
 *
 * CloudWatch looks at more periods than the alarm has, prefers those with data, and lets what the alarm says of missing
 * data stand in only for what is then still lacking. How much further back it looks is not documented for every period;
 * the two periods more of its tables of examples are taken here. Periods are aligned to the beginning of the scenario.
 *
 * @throws Error for a property whose meaning is not known here
 * @see [How alarm state is evaluated when data is missing](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html)
 */
export function alarmEvaluator(alarm: TemplateAlarm): AlarmEvaluator {
  const { EvaluationPeriods: evaluated, DatapointsToAlarm: needed = evaluated } = alarm;
  const { periodMinutes, valueAt } = valueOfAlarm(alarm);
  const breaches = comparison(alarm);
  const treatment = treatmentOf(alarm);
  return {
    periodMinutes,
    stateAt(samples, minute, before = 'OK') {
      const range = Array.from({ length: evaluated + 2 }, (_, index) => minute - index * periodMinutes);
      const latest = range.flatMap((end) => valueAt(samples, end) ?? []).slice(0, evaluated);
      const missing = evaluated - latest.length;
      const breaching = latest.filter(breaches).length;
      if (treatment === 'ignore' && breaching < needed && breaching + missing >= needed) return before;
      return breaching + (treatment === 'breaching' ? missing : 0) >= needed ? 'ALARM' : 'OK';
    },
  };
}

/**
 * Evaluates the rule of a composite alarm.
 *
 * @param stateOf gives the state of an alarm by logical id
 */
export function compositeStateOf(rule: Json, stateOf: (logicalId: string) => AlarmState): AlarmState {
  const text = textsIn(rule)
    .filter((part) => part !== '' && part !== 'Arn')
    .join('')
    .replace(/^\((.*)\)$/, '$1');
  const isAll = text.includes(' AND ');
  const holds = text.split(isAll ? ' AND ' : ' OR ').map((operand) => {
    const [, state, logicalId] = /^\(?(ALARM|OK)\("(\w+)"\)\)?$/.exec(operand) ?? [];
    if (logicalId === undefined) throw new Error(`a rule that this evaluator does not know: ${operand}`);
    return stateOf(logicalId) === state;
  });
  return (isAll ? holds.every(Boolean) : holds.some(Boolean)) ? 'ALARM' : 'OK';
}

/** An alarm's metric queries, also of one that watches a single metric. */
function queriesOf(alarm: TemplateAlarm): readonly MetricQuery[] {
  if (alarm.Metrics !== undefined) return alarm.Metrics;
  const { Namespace = '', MetricName = '', Dimensions = [], Period = 0 } = alarm;
  const Stat = alarm.Statistic ?? alarm.ExtendedStatistic ?? '';
  return [{ Id: 'only', MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period, Stat } }];
}

/** The value that an alarm compares: of the period that ends at a minute; undefined without data. */
type ValueAt = (samples: Samples, end: number) => number | undefined;

function valueOfAlarm(alarm: TemplateAlarm): { readonly periodMinutes: number; readonly valueAt: ValueAt } {
  const queries = queriesOf(alarm);
  const [returned, ...others] = queries.filter(({ ReturnData }) => ReturnData !== false);
  if (returned === undefined || others.length > 0) throw new Error('an alarm that watches no or several values');
  const [seconds, ...otherPeriods] = new Set(queries.flatMap(({ MetricStat }) => MetricStat?.Period ?? []));
  if (seconds === undefined || otherPeriods.length > 0) throw new Error('an alarm with several periods');
  const periodMinutes = seconds / 60;
  const measured = new Map(
    queries.flatMap(({ Id, MetricStat }) =>
      MetricStat ? [[Id, valueOfMetric(MetricStat, periodMinutes)] as const] : [],
    ),
  );
  return { periodMinutes, valueAt: sumOf(returned.Expression ?? returned.Id, measured) };
}

function valueOfMetric({ Metric, Stat }: MetricStat, periodMinutes: number): ValueAt {
  const key = metricKey(Metric);
  return (samples, end) => {
    const values: number[] = [];
    for (let minute = end - periodMinutes; minute < end; minute += 1) {
      values.push(...(samples.get(key)?.get(minute) ?? []));
    }
    return statistic(Stat, values);
  };
}

/**
 * Adds up `m0 + FILL(m1, 0) + …`, takes the largest of `MAX([FILL(m0, 0), …])`, or gives `IF(m0 >= 15, m0)`, which has no
 * data while the condition does not hold; the other functions of metric math are not known here.
 */
function sumOf(expression: string, measured: ReadonlyMap<string, ValueAt>): ValueAt {
  const [, tested = '', least, given = ''] = /^IF\((\w+) >= (\d+), (\w+)\)$/.exec(expression) ?? [];
  if (least !== undefined) {
    return (samples, end) => {
      const value = measured.get(tested)?.(samples, end);
      return value !== undefined && value >= Number(least) ? measured.get(given)?.(samples, end) : undefined;
    };
  }
  const [, largest] = /^MAX\(\[(.*)\]\)$/.exec(expression) ?? [];
  const terms = largest === undefined ? expression.split(' + ') : largest.split(/, (?=FILL)/);
  const addends = terms.map((term): ValueAt => {
    const [, filled, filler, plain] = /^(?:FILL\((\w+), (\d+)\)|(\w+))$/.exec(term) ?? [];
    const valueAt = measured.get(filled ?? plain ?? '');
    if (valueAt === undefined) throw new Error(`metric math that this evaluator does not know: ${term}`);
    return filled === undefined ? valueAt : (samples, end) => valueAt(samples, end) ?? Number(filler);
  });
  return (samples, end) => {
    const values = addends.flatMap((valueAt) => valueAt(samples, end) ?? []);
    if (values.length === 0) return undefined;
    return largest === undefined ? values.reduce((total, value) => total + value, 0) : Math.max(...values);
  };
}

function statistic(name: string, values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const [, percentile] = /^p(\d+)$/.exec(name) ?? [];
  if (percentile !== undefined) {
    return values.toSorted((one, other) => one - other)[Math.ceil((values.length * Number(percentile)) / 100) - 1];
  }
  const known: Readonly<Record<string, number>> = {
    Sum: values.reduce((total, value) => total + value, 0),
    SampleCount: values.length,
    Minimum: Math.min(...values),
    Maximum: Math.max(...values),
  };
  if (known[name] === undefined) throw new Error(`a statistic that this evaluator does not know: ${name}`);
  return known[name];
}

function comparison({ ComparisonOperator, Threshold }: TemplateAlarm): (value: number) => boolean {
  const known: Readonly<Record<string, (value: number) => boolean>> = {
    GreaterThanOrEqualToThreshold: (value) => value >= Threshold,
    GreaterThanThreshold: (value) => value > Threshold,
    LessThanThreshold: (value) => value < Threshold,
    LessThanOrEqualToThreshold: (value) => value <= Threshold,
  };
  const breaches = known[ComparisonOperator];
  if (breaches === undefined) throw new Error(`a comparison that this evaluator does not know: ${ComparisonOperator}`);
  return breaches;
}

function treatmentOf({ TreatMissingData: treatment }: TemplateAlarm): 'breaching' | 'notBreaching' | 'ignore' {
  if (treatment === 'breaching' || treatment === 'notBreaching' || treatment === 'ignore') return treatment;
  throw new Error(`missing data that is treated as ${treatment}, which this evaluator does not know`);
}
