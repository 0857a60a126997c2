import type { ConnectionChange } from '../../functions/connection/connection-change.ts';
import { howToReconnect } from '../../functions/connection/refusals.ts';

/**
 * Makes a change of a connection as `onConnectionChange` gets it: of the connection `acme` in the sandbox.
 *
 * @param given what is to be otherwise: `connectionId`, `generation`, `cause`, `at`
 */
export function sampleConnectionChange(
  change: ConnectionChange['change'],
  given: Partial<Omit<ConnectionChange, 'change'>> = {},
): ConnectionChange {
  const { connectionId = 'acme' } = given;
  return {
    ...{ connectionId, environment: 'sandbox', change, generation: 1, at: Date.UTC(2026, 0, 15, 12) / 1000 },
    reconnect: howToReconnect({ connectionId, environment: 'sandbox', grant: 'authorization_code' }),
    ...(change === 'reauthorization_required' && { cause: 'revoked' }),
    ...given,
  };
}
