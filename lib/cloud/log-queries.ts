import { type ILogGroup, QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { pascalCase } from '../stack-outputs.ts';
import { alarmRows, type FunctionGroup } from './alarms.ts';
import type { ConnectorFunction } from './connector-function.ts';

export interface LogQueriesProps {
  /** `STACK/ENVIRONMENT`; a slash makes a folder in Logs Insights. */
  readonly folder: string;
  readonly functions: Readonly<Record<FunctionGroup, readonly ConnectorFunction[]>>;
  readonly accessLogs: ILogGroup;
}

/**
 * One saved query of Logs Insights for each log group: it finds the lines of all alarms that look there. One for each
 * alarm would be as many resources again as there are alarms, and a stack's resources are counted.
 */
export class LogQueries extends Construct {
  constructor(scope: Construct, id: string, { folder, functions, accessLogs }: LogQueriesProps) {
    super(scope, id);
    const save = (name: string, queryString: QueryString, logGroup: ILogGroup) =>
      new QueryDefinition(this, pascalCase(name), {
        queryDefinitionName: `${folder}/${name}`,
        queryString,
        logGroups: [logGroup],
      });
    for (const each of new Set(Object.values(functions).flat())) {
      const groups = (Object.keys(functions) as FunctionGroup[]).filter((group) => functions[group].includes(each));
      save(each.name, eventsQuery(eventsOf(groups)), each.logGroup);
    }
    save('requests', requestsQuery(), accessLogs);
  }
}

/** The events that the alarms of a function's groups look for, each once. */
function eventsOf(groups: readonly FunctionGroup[]): readonly string[] {
  const events = alarmRows.flatMap(({ logs }) =>
    logs !== 'requests' && logs.of.some((group) => groups.includes(group)) ? (logs.events ?? []) : [],
  );
  return [...new Set(events)];
}

/** How Lambda tells of a time-out or a crash: in text, and as JSON. */
const brokenOff = '@message like /Task timed out|Runtime\\.|"status": ?"(timeout|error|failure)"/';

function eventsQuery(events: readonly string[]): QueryString {
  const conditions = events.map((event) =>
    event.endsWith('*') ? `event like /^${event.slice(0, -1).replaceAll('.', '\\.')}/` : `event = "${event}"`,
  );
  return new QueryString({
    fields: [
      ...['@timestamp', 'event', 'connectionId', 'eventId', 'companyId', 'projectId', 'resourceName', 'resourceId'],
      ...['outcome', 'reason', 'cause', 'code', 'status', 'count', 'errorName', 'sha256', 'bytes', 'referenceId'],
      ...['requestId', '@log'],
    ],
    filterStatements: [[...conditions, 'level = "ERROR"', brokenOff].join(' or ')],
    sort: '@timestamp desc',
    limit: 200,
  });
}

function requestsQuery(): QueryString {
  return new QueryString({
    fields: ['@timestamp', 'routeKey', 'status', 'answerMs', 'requestId', 'integrationError'],
    filterStatements: ['routeKey like /^POST \\/webhooks/ or status >= 500', 'status >= 400 or answerMs >= 2500'],
    sort: '@timestamp desc',
    limit: 200,
  });
}
