import { ConnectorError, isConnectorError } from '../connector-error.ts';

/**
 * Thrown by `on-event.ts` to say that no further try can help. The event goes to the dead-letter queue at once, with
 * the message as its reason. Do not put a secret into the message.
 */
export class Permanent extends ConnectorError {
  override readonly name = 'Permanent';
  readonly code = 'permanent';
}

/**
 * Tells whether an error is a {@link Permanent}. It does not use `instanceof`, because the published package brings the
 * class twice: in the worker's bundle, and in what on-event.ts imports.
 *
 * @returns true when the event is not to be tried again
 */
export function isPermanent(error: unknown): error is Permanent {
  return isConnectorError(error) && error.code === 'permanent';
}
