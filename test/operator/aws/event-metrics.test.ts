import type { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { expect, it } from 'vitest';
import { readEventMetrics } from '../../../lib/operator/aws/event-metrics.ts';

const at = (minute: number) => new Date((1_738_884_840 + minute * 60) * 1000);

it('asks once for the queue’s own metric and ours, and puts what CloudWatch counted together by the minute', async () => {
  const asked: GetMetricDataCommand['input'][] = [];
  const client = {
    async send({ input }: GetMetricDataCommand) {
      asked.push(input);
      return {
        MetricDataResults: [
          { Id: 'handled', Timestamps: [at(0), at(2)], Values: [7, 3] },
          { Id: 'failed', Timestamps: [at(1), at(2)], Values: [1, 2] },
        ],
      };
    },
  } as unknown as CloudWatchClient;
  const events = { stackName: 'Mine', environment: 'sandbox', queueUrl: 'https://sqs.example/1/Mine-events.fifo' };
  const minutes = await readEventMetrics(client, events, 1_738_884_840, 1_738_888_440);
  expect(minutes).toEqual([
    { at: 1_738_884_840, handled: 7, failed: 0 },
    { at: 1_738_884_900, handled: 0, failed: 1 },
    { at: 1_738_884_960, handled: 3, failed: 2 },
  ]);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.MetricDataQueries?.map(({ MetricStat }) => MetricStat?.Metric)).toEqual([
    {
      Namespace: 'AWS/SQS',
      MetricName: 'NumberOfMessagesDeleted',
      Dimensions: [{ Name: 'QueueName', Value: 'Mine-events.fifo' }],
    },
    {
      Namespace: 'ProcoreConnector',
      MetricName: 'eventFailed',
      Dimensions: [
        { Name: 'stack', Value: 'Mine' },
        { Name: 'environment', Value: 'sandbox' },
      ],
    },
  ]);
});
