import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** A queue of messages that were set aside, as an operator works it. */
export interface SetAsideQueue {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/** How long what is in hand stays hidden: long enough for a long list, short enough when an operator walks away. */
const inHandSeconds = 60;

/** Takes up to ten messages in hand, with all their attributes. Others cannot see them for a minute. */
export async function takeInHand({ client, queueUrl }: SetAsideQueue): Promise<readonly Message[]> {
  const { Messages: messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: inHandSeconds,
      // Without waiting SQS asks a part of its servers only, and may say that there is nothing.
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['MessageGroupId', 'SentTimestamp'],
      MessageAttributeNames: ['All'],
    }),
  );
  return messages;
}

/** SQS takes so many in one call. */
const mostInCall = 10;

/**
 * Lets others see messages again at once. One that SQS refuses is not in hand any more, so that others see it already.
 */
export async function giveBack(
  { client, queueUrl }: SetAsideQueue,
  messages: readonly { readonly receipt: string }[],
): Promise<void> {
  for (let first = 0; first < messages.length; first += mostInCall) {
    const Entries = messages.slice(first, first + mostInCall).map(({ receipt }, index) => ({
      Id: String(index),
      ReceiptHandle: receipt,
      VisibilityTimeout: 0,
    }));
    await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

/** Deletes a message that is in hand. */
export async function deleteMessage(
  { client, queueUrl }: SetAsideQueue,
  { receipt }: { readonly receipt: string },
): Promise<void> {
  await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receipt }));
}
