/** Errors that are about the message itself. AWS spells them in several ways. */
const messageRefused = /InvalidMessageContents|InvalidParameterValue|InvalidAttribute/;

/**
 * Tells whether SQS refuses a message because of its characters or its size. It would refuse it every time. A missing
 * queue or permission is an outage: somebody repairs it, and until then the sender has to try again.
 *
 * @returns true when the message will never be taken
 * @see [SendMessage](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html)
 */
export function isMessageRefused(error: unknown): boolean {
  return error instanceof Error && messageRefused.test(error.name);
}
