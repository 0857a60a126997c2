import type { QuarantineReader } from '../quarantine.ts';
import { deleteMessage, giveBack, type SetAsideQueue, takeInHand } from './messages-in-hand.ts';

/** Shows and empties the quarantine queue. */
export function sqsQuarantineReader(queue: SetAsideQueue): QuarantineReader {
  return {
    async receive() {
      const messages = await takeInHand(queue);
      return messages.map(({ MessageId: messageId = '', ReceiptHandle: receipt = '', Body: body = '{}' }) => ({
        ...JSON.parse(body),
        messageId,
        receipt,
      }));
    },
    giveBack: (deliveries) => giveBack(queue, deliveries),
    delete: (delivery) => deleteMessage(queue, delivery),
  };
}
