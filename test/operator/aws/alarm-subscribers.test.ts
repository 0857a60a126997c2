import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { SNSClient } from '@aws-sdk/client-sns';
import { expect, it } from 'vitest';
import { close, listen } from '../../../lib/listening.ts';
import { countAlarmSubscribers } from '../../../lib/operator/aws/alarm-subscribers.ts';

const topicArn = 'arn:aws:sns:us-east-1:111122223333:alarms';

/** The answer of SNS, by the fields that it documents. */
function page(subscriptions: readonly string[], next = ''): string {
  const members = subscriptions.map((arn) => `<member><SubscriptionArn>${arn}</SubscriptionArn></member>`).join('');
  const result = `<Subscriptions>${members}</Subscriptions>${next && `<NextToken>${next}</NextToken>`}`;
  return `<ListSubscriptionsByTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ListSubscriptionsByTopicResult>${result}</ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>`;
}

it('tells confirmed subscriptions from those that wait for their confirmation, on all pages', async () => {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const body = new URLSearchParams(await text(request));
    asked.push(`${body.get('Action')} ${body.get('TopicArn')} ${body.get('NextToken')}`);
    const more = page([`${topicArn}:1`, 'PendingConfirmation'], 'more');
    response.end(body.has('NextToken') ? page([`${topicArn}:2`, 'Deleted', 'PendingConfirmation']) : more);
  });
  const port = await listen(server, 0);
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const client = new SNSClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials });
  expect(await countAlarmSubscribers(client, topicArn)).toEqual({ confirmed: 2, pending: 2 });
  expect(asked).toEqual([`ListSubscriptionsByTopic ${topicArn} null`, `ListSubscriptionsByTopic ${topicArn} more`]);
  client.destroy();
  await close(server);
});
