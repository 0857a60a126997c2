import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Quarantine } from '../webhook/quarantine.ts';
import { withinMs } from './deadline.ts';
import { isMessageRefused } from './sqs-refusal.ts';

/** How long a call may take, in milliseconds: intake has to answer Procore within 5 s. */
const callMs = 2000;

/**
 * Keeps deliveries in the quarantine queue. It is a standard queue, and only people receive from it.
 *
 * @returns the quarantine; a call ends after 2 s at the latest
 */
export function sqsQuarantine({
  client,
  queueUrl,
}: {
  readonly client: SQSClient;
  readonly queueUrl: string;
}): Quarantine {
  return {
    async keep(message) {
      const command = new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(message),
        MessageAttributes: { reason: { DataType: 'String', StringValue: message.reason } },
      });
      try {
        await withinMs(callMs, (abortSignal) => client.send(command, { abortSignal }));
        return 'kept';
      } catch (error) {
        if (isMessageRefused(error)) return 'refused';
        throw error;
      }
    },
  };
}
