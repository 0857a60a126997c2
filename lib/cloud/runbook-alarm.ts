import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmBase,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  MathExpression,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type AlarmRow, alarmDescription } from './alarms.ts';

export interface RunbookAlarmProps {
  readonly row: AlarmRow;
  readonly name: string;
  /** What the row watches; the row's period is laid over it. */
  readonly metric: Metric | MathExpression;
}

/** An alarm that says what is wrong and what to do. */
export class RunbookAlarm extends Construct {
  /** What acts and reaches people. */
  readonly alarm: AlarmBase;

  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    super(scope, id);
    this.alarm = props.row.missingData === 'fault' ? this.#heartbeat(props) : this.#measured(props);
  }

  #measured({ row, name, metric }: RunbookAlarmProps): Alarm {
    const { threshold = 1, periodMinutes = 5, periods = 1, fires } = row;
    return new Alarm(this, 'Alarm', {
      alarmName: name,
      alarmDescription: alarmDescription(row),
      metric: metric.with({ period: Duration.minutes(periodMinutes) }),
      threshold,
      comparisonOperator:
        fires === 'below'
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  /**
   * An alarm for which missing data is the fault fires as soon as it is created: then all data is missing. So it acts
   * only together with a second one, which has no data until what it watches has run 15 times, is OK from then on, and
   * keeps that state whatever comes.
   *
   * @see [Missing data](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html),
   *   [IF without an else has no data](https://aws.amazon.com/blogs/mt/enhance-cloudwatch-metrics-with-metric-math-functions/)
   */
  #heartbeat({ row, name, metric }: RunbookAlarmProps): CompositeAlarm {
    const { periodMinutes = 5, periods = 1 } = row;
    const below = { threshold: 1, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD };
    const silent = new Alarm(this, 'Alarm', {
      ...below,
      alarmName: `${name}/not-running`,
      alarmDescription: `Part of ${name}, which acts; this one is in ALARM after a first deployment, too.`,
      // A sum says 0 at once. For missing data CloudWatch looks further back, and would fire 10 minutes later.
      metric: filled(metric).with({ period: Duration.minutes(periodMinutes) }),
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.BREACHING,
    });
    const begun = new Alarm(this, 'Begun', {
      ...below,
      alarmName: `${name}/has-run`,
      alarmDescription: `Part of ${name}, which acts; OK says that it has run since it was deployed.`,
      metric: new MathExpression({
        expression: 'IF(m0 >= 15, m0)',
        usingMetrics: { m0: metric },
        period: Duration.hours(1),
      }),
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.IGNORE,
    });
    return new CompositeAlarm(this, 'Silent', {
      compositeAlarmName: name,
      alarmDescription: alarmDescription(row),
      alarmRule: AlarmRule.allOf(
        AlarmRule.fromAlarm(silent, AlarmState.ALARM),
        AlarmRule.fromAlarm(begun, AlarmState.OK),
      ),
    });
  }
}

/** A metric that counts as 0 where it has no data. */
function filled(metric: Metric | MathExpression): MathExpression {
  return new MathExpression({ expression: 'FILL(m0, 0)', usingMetrics: { m0: metric } });
}
