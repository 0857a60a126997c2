import { ConnectorError, isConnectorError } from '../connector-error.ts';
/**
 * Thrown by `on-event.ts` to say that no further try can help: the event goes to the dead-letter queue at once, with
 * the message as its reason. Put no secret into the message.
 */
export class Permanent extends ConnectorError {
  override readonly name = 'Permanent';
  readonly code = 'permanent';
}

/**
 * Tells whether an error is a {@link Permanent}. Not by `instanceof`: the published package has the class twice, in the worker's
 * bundle and in what on-event.ts imports.
 */
export function isPermanent(error: unknown): error is Permanent {
  return isConnectorError(error) && error.code === 'permanent';
}
