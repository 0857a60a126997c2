import { errorName, isConnectorError } from '../connector-error.ts';
import type { Observer } from '../observer.ts';

/**
 * Handles one message of a batch. An error is logged and thrown no further, so that the other messages of the batch are
 * handled all the same; SQS hands the failed one out again.
 *
 * @param work returns whether the message is done
 * @returns whether the message is done; false after an error
 */
export async function handleMessage(
  { observer }: { readonly observer: Observer },
  messageId: string,
  work: () => Promise<boolean>,
): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    const code = isConnectorError(error) ? error.code : undefined;
    observer.note('message.failed', { referenceId: messageId, code, errorName: errorName(error) });
    return false;
  }
}
