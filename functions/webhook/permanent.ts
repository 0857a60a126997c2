/**
 * Thrown by `on-event.ts` to say that no further try can help: the event goes to the dead-letter queue at once, with
 * the message as its reason. Put no secret into the message.
 */
export class Permanent extends Error {
  override readonly name = 'Permanent';
  readonly code = 'permanent';
}
