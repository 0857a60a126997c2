import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { alarmDescription, alarmRows } from '../../../lib/cloud/alarms.ts';
import { close, listen } from '../../../lib/listening.ts';
import { readFiringAlarms, readOldestMessageAge } from '../../../lib/operator/aws/cloudwatch-state.ts';

const asked: { readonly operation: string | undefined; readonly body: unknown }[] = [];
let answers: object[] = [];
/** Answers as CloudWatch does, by the fields that it documents. */
const server = createServer(async (request, response) => {
  const target = request.headers['x-amz-target'];
  asked.push({ operation: String(target).split('.')[1], body: await json(request) });
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  response.end(JSON.stringify(answers.shift() ?? {}));
});
let client: CloudWatchClient;

beforeAll(async () => {
  const port = await listen(server, 0);
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  client = new CloudWatchClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials });
});
afterAll(async () => {
  client.destroy();
  await close(server);
});

it('lists the alarms of one environment that fire, the longest first, without those that only repeat', async () => {
  const [row] = alarmRows;
  if (row === undefined) return expect.fail('there are alarms');
  const firing = (name: string, at: number) => ({
    AlarmName: `my-stack/sandbox/${name}`,
    AlarmDescription: alarmDescription(row),
    StateTransitionedTimestamp: at,
  });
  answers = [
    { MetricAlarms: [firing('quarantine', 200), firing('rotation-sweep-silent/not-running', 1)], NextToken: 'more' },
    { CompositeAlarms: [firing('page', 1), firing('rotation-sweep-silent', 100)] },
  ];
  expect(await readFiringAlarms(client, 'my-stack/sandbox')).toEqual([
    { id: 'rotation-sweep-silent', since: 100, cause: row.cause, remedy: row.remedy },
    { id: 'quarantine', since: 200, cause: row.cause, remedy: row.remedy },
  ]);
  expect(asked.splice(0)).toMatchObject([
    { operation: 'DescribeAlarms', body: { AlarmNamePrefix: 'my-stack/sandbox/', StateValue: 'ALARM' } },
    { operation: 'DescribeAlarms', body: { NextToken: 'more' } },
  ]);
});

it('reads how long the oldest message has waited, and nothing of an empty queue', async () => {
  const url = 'https://sqs.us-east-1.amazonaws.com/111122223333/events.fifo';
  answers = [
    { MetricDataResults: [{ Id: 'age', Values: [75, 15] }] },
    { MetricDataResults: [{ Id: 'age', Values: [] }] },
  ];
  expect(await readOldestMessageAge(client, url, 1_800_000_000)).toBe(75);
  expect(await readOldestMessageAge(client, url, 1_800_000_000)).toBeUndefined();
  expect(JSON.stringify(asked)).toContain('"Name":"QueueName","Value":"events.fifo"');
});
