import { ConnectorError } from '../connector-error.ts';
import type { ProcoreEnvironmentName } from './environment.ts';

/**
 * A table or queue holds an item of another Procore environment. Nothing may be concluded from the item, and nothing
 * may be done with it. Environments never share a table, so somebody has copied it there.
 */
export class ForeignItemError extends ConnectorError {
  override readonly name = 'ForeignItemError';
  readonly code = 'foreign_item';
  /**
   * @param place which table or queue, e.g. `table "Deliveries"`
   * @param stored the environment that the item names; undefined when it is only known to be another one
   * @param expected the environment that is served here
   */
  constructor(place: string, stored: string | undefined, expected: ProcoreEnvironmentName) {
    const whose = stored === undefined ? 'another environment' : `environment "${stored}"`;
    super(
      `An item of ${whose} lies in the ${place} of environment "${expected}". Somebody has copied items between ` +
        `environments. Remove every item there whose "environment" is not "${expected}"; an account whose connection ` +
        'is removed has to be connected again.',
    );
  }
}
