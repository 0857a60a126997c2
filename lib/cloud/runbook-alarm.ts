import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type MathExpression,
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

const treatments = { fine: TreatMissingData.NOT_BREACHING, fault: TreatMissingData.BREACHING } as const;

/** An alarm that says what is wrong and what to do. */
export class RunbookAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, { row, name, metric }: RunbookAlarmProps) {
    super(scope, id);
    const { threshold = 1, periodMinutes = 5, periods = 1, fires, missingData } = row;
    this.alarm = new Alarm(this, 'Alarm', {
      alarmName: name,
      alarmDescription: alarmDescription(row),
      metric: metric.with({ period: Duration.minutes(periodMinutes) }),
      threshold,
      comparisonOperator:
        fires === 'below'
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: treatments[missingData],
    });
  }
}
