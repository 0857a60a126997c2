import { paginateListSubscriptionsByTopic, type SNSClient } from '@aws-sdk/client-sns';

/** Who has subscribed to the topic of alarms. */
export interface AlarmSubscribers {
  /** Those that get messages. */
  readonly confirmed: number;
  /** Those that were sent a mail, and have not answered it. */
  readonly pending: number;
}

/**
 * Counts who has subscribed to a topic.
 *
 * @see [ListSubscriptionsByTopic](https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html)
 */
export async function countAlarmSubscribers(client: SNSClient, topicArn: string): Promise<AlarmSubscribers> {
  let [confirmed, pending] = [0, 0];
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn: topicArn })) {
    // In place of its ARN a subscription has `PendingConfirmation`, or `Deleted`.
    confirmed += Subscriptions.filter(({ SubscriptionArn: arn }) => arn?.startsWith('arn:')).length;
    pending += Subscriptions.filter(({ SubscriptionArn: arn }) => arn === 'PendingConfirmation').length;
  }
  return { confirmed, pending };
}
