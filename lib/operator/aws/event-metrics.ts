import { type CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';

/** How many runs of onEvent ended well and how many failed in a minute, as CloudWatch counts them. */
export interface MeasuredMinute {
  /** When it began, epoch seconds. */
  readonly at: number;
  readonly handled: number;
  readonly failed: number;
}

/** Which metrics are meant. */
export interface MeasuredEvents {
  readonly stackName: string;
  readonly environment: string;
  /** The event queue's; its last part is the queue's name. */
  readonly queueUrl: string;
}

/**
 * Reads the metrics of events, minute by minute: messages deleted from the event queue, which are done with, and failures
 * of onEvent. One call with two metrics.
 *
 * @param since epoch seconds
 * @param until epoch seconds
 * @returns the minutes in which something happened, the oldest first
 * @see [GetMetricData](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html)
 */
export async function readEventMetrics(
  client: CloudWatchClient,
  { stackName, environment, queueUrl }: MeasuredEvents,
  since: number,
  until: number,
): Promise<readonly MeasuredMinute[]> {
  const queue = { Name: 'QueueName', Value: queueUrl.split('/').at(-1) ?? '' };
  const own = [
    { Name: 'stack', Value: stackName },
    { Name: 'environment', Value: environment },
  ];
  const query = (Id: string, Namespace: string, MetricName: string, Dimensions: typeof own): MetricDataQuery => ({
    Id,
    MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period: 60, Stat: 'Sum' },
  });
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(since * 1000),
      EndTime: new Date(until * 1000),
      ScanBy: 'TimestampAscending',
      MetricDataQueries: [
        query('handled', 'AWS/SQS', 'NumberOfMessagesDeleted', [queue]),
        query('failed', 'ProcoreConnector', 'eventFailed', own),
      ],
    }),
  );
  const minutes = new Map<number, { at: number; handled: number; failed: number }>();
  for (const { Id, Timestamps = [], Values = [] } of MetricDataResults) {
    for (const [index, time] of Timestamps.entries()) {
      const at = time.getTime() / 1000;
      const minute = minutes.get(at) ?? { at, handled: 0, failed: 0 };
      if (Id === 'handled' || Id === 'failed') minute[Id] = Values[index] ?? 0;
      minutes.set(at, minute);
    }
  }
  return [...minutes.values()].toSorted((one, other) => one.at - other.at);
}
