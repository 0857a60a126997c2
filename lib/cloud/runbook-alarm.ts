import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type MathExpression,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { type ILogGroup, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type AlarmRow, alarmDescription } from './alarms.ts';

export interface RunbookAlarmProps {
  readonly row: AlarmRow;
  /** Name of the alarm and of its log query; a slash makes a folder in Logs Insights. */
  readonly name: string;
  /** What the row watches; the row's period is laid over it. */
  readonly metric: Metric | MathExpression;
  /** Where the log query looks. */
  readonly logGroups: readonly ILogGroup[];
}

const treatments = { fine: TreatMissingData.NOT_BREACHING, fault: TreatMissingData.BREACHING } as const;

/** An alarm that says what is wrong and what to do, with the Logs Insights query of the same name that shows whom it hit. */
export class RunbookAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, { row, name, metric, logGroups }: RunbookAlarmProps) {
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
    new QueryDefinition(this, 'Query', {
      queryDefinitionName: name,
      queryString: row.logs === 'requests' ? requestsQuery() : eventsQuery(row.logs.events),
      logGroups: [...logGroups],
    });
  }
}

function eventsQuery(events: readonly string[] = []): QueryString {
  const conditions = events.map((event) =>
    event.endsWith('*') ? `event like /^${event.slice(0, -1).replaceAll('.', '\\.')}/` : `event = "${event}"`,
  );
  return new QueryString({
    fields: [
      ...['@timestamp', 'event', 'connectionId', 'eventId', 'companyId', 'projectId', 'resourceName', 'resourceId'],
      ...['outcome', 'reason', 'cause', 'code', 'status', 'count', 'errorName', 'sha256', 'bytes', 'referenceId'],
      ...['requestId', '@log'],
    ],
    filterStatements: [[...conditions, 'level = "ERROR"', '@message like /Task timed out|Runtime\\./'].join(' or ')],
    sort: '@timestamp desc',
    limit: 200,
  });
}

function requestsQuery(): QueryString {
  return new QueryString({
    fields: ['@timestamp', 'routeKey', 'status', 'answerMs', 'requestId', 'integrationError'],
    filterStatements: ['routeKey = "POST /webhooks"', 'status >= 400 or answerMs >= 2500'],
    sort: '@timestamp desc',
    limit: 200,
  });
}
