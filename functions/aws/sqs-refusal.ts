/** Errors that are about this message and no other. AWS spells them in several ways. */
const messageRefused = /InvalidMessageContents|InvalidParameterValue|InvalidAttribute/;

/**
 * Tells whether SQS refuses a message for what it is, its characters or its size, and so would refuse it for ever. A
 * missing queue or permission is an outage like any other: somebody repairs it, and until then the sender must retry.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function isMessageRefused(error: unknown): boolean {
  return error instanceof Error && messageRefused.test(error.name);
}
