import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { type ILogGroup, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type AlarmRow, alarmDescription } from './alarms.ts';

export interface RunbookAlarmProps {
  readonly row: AlarmRow;
  /** Name of the alarm and of its log query; a slash makes a folder in Logs Insights. */
  readonly name: string;
  readonly metric: IMetric;
  /** Where the log query looks. */
  readonly logGroups: readonly ILogGroup[];
}

/** An alarm that says what is wrong and what to do, with the Logs Insights query of the same name that shows whom it hit. */
export class RunbookAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, { row, name, metric, logGroups }: RunbookAlarmProps) {
    super(scope, id);
    const { threshold = 1, periods = 1, fires, missingData } = row;
    this.alarm = new Alarm(this, 'Alarm', {
      alarmName: name,
      alarmDescription: alarmDescription(row),
      metric,
      threshold,
      comparisonOperator:
        fires === 'below'
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: missingData === 'fault' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    new QueryDefinition(this, 'Query', {
      queryDefinitionName: name,
      queryString: row.logs.of === 'api' ? requestsQuery() : eventsQuery(row.logs.events),
      logGroups: [...logGroups],
    });
  }
}

/** The period of an alarm's metric. @returns 5 minutes unless the row says otherwise */
export function periodOf({ periodMinutes = 5 }: Pick<AlarmRow, 'periodMinutes'>): Duration {
  return Duration.minutes(periodMinutes);
}

function eventsQuery(events: readonly string[] = []): QueryString {
  const conditions = events.map((event) =>
    event.endsWith('*') ? `event like /^${event.slice(0, -1).replaceAll('.', '\\.')}/` : `event = "${event}"`,
  );
  return new QueryString({
    fields: [
      ...['@timestamp', 'event', 'connectionId', 'eventId', 'companyId', 'resourceName', 'resourceId'],
      ...['outcome', 'reason', 'code', 'status', 'errorName', 'referenceId', 'requestId', '@log'],
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
