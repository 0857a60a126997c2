import { type CloudWatchClient, GetMetricDataCommand, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import type { FiringAlarm } from '../status/facts.ts';

const remedyMark = 'What to do: ';

/**
 * Lists the alarms of a folder that fire, e.g. of `my-stack/sandbox`. The alarms that are parts of others are left out,
 * and so is the one to page on: it only repeats.
 *
 * @returns the longest first
 * @see [DescribeAlarms](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html)
 */
export async function readFiringAlarms(client: CloudWatchClient, folder: string): Promise<readonly FiringAlarm[]> {
  const prefix = `${folder}/`;
  const found: FiringAlarm[] = [];
  const pages = paginateDescribeAlarms(
    { client },
    { AlarmNamePrefix: prefix, StateValue: 'ALARM', AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] },
  );
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of pages) {
    for (const { AlarmName = '', AlarmDescription = '', ...times } of [...MetricAlarms, ...CompositeAlarms]) {
      const id = AlarmName.slice(prefix.length);
      if (id === 'page' || id.includes('/')) continue;
      const since = (times.StateTransitionedTimestamp ?? times.StateUpdatedTimestamp)?.getTime() ?? 0;
      found.push({ id, since: since / 1000, ...readDescription(AlarmDescription) });
    }
  }
  return found.toSorted((one, other) => one.since - other.since);
}

/** Takes the description apart that lib/cloud/alarms.ts puts together. */
function readDescription(description: string): Pick<FiringAlarm, 'cause' | 'remedy'> {
  const [cause = '', ...others] = description.split('\n\n');
  const remedy = others.find((part) => part.startsWith(remedyMark));
  return { cause, remedy: remedy?.slice(remedyMark.length) ?? 'See its description in CloudWatch.' };
}

/**
 * Reads how long the oldest message of a queue has waited, as CloudWatch had it in the last ten minutes.
 *
 * @param queueUrl its last part is the queue's name
 * @param now epoch seconds
 * @returns seconds; undefined when CloudWatch has no value, which an empty queue may have
 * @see [SQS metrics](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html)
 */
export async function readOldestMessageAge(
  client: CloudWatchClient,
  queueUrl: string,
  now: number,
): Promise<number | undefined> {
  const queueName = queueUrl.split('/').at(-1) ?? '';
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date((now - 600) * 1000),
      EndTime: new Date(now * 1000),
      ScanBy: 'TimestampDescending',
      MetricDataQueries: [
        {
          Id: 'age',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/SQS',
              MetricName: 'ApproximateAgeOfOldestMessage',
              Dimensions: [{ Name: 'QueueName', Value: queueName }],
            },
            Period: 60,
            Stat: 'Maximum',
          },
        },
      ],
    }),
  );
  const age = MetricDataResults[0]?.Values?.[0];
  return age === undefined || age === 0 ? undefined : age;
}
