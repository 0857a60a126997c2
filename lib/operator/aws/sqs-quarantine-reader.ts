import type { QuarantineReader } from '../../../functions/webhook/quarantine.ts';
import { deleteMessage, giveBack, type SetAsideQueue, takeInHand } from './messages-in-hand.ts';

/** Shows and empties the quarantine queue. */
export function sqsQuarantineReader(queue: SetAsideQueue): QuarantineReader {
  return {
    async receive() {
      const messages = await takeInHand(queue);
      return messages.map(({ ReceiptHandle: receipt = '', Body: body = '{}' }) => ({ ...JSON.parse(body), receipt }));
    },
    giveBack: (deliveries) => giveBack(queue, deliveries),
    delete: (delivery) => deleteMessage(queue, delivery),
  };
}
