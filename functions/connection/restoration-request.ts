import { ConnectorError } from '../connector-error.ts';
import { isProcoreId } from '../procore/procore-id.ts';
import { parseConnectionId } from './connection.ts';
import type { RestorationRequest } from './restoration.ts';

/** A request to restore connections is not valid. */
export class InvalidRestorationRequestError extends ConnectorError {
  override readonly name = 'InvalidRestorationRequestError';
  readonly code = 'invalid_restoration_request';
}

/** What a caller asks for: to copy connections out of a table, or to send one restored refresh token. */
export type ParsedRestorationRequest =
  | { readonly wish: 'restore'; readonly table: string; readonly request: RestorationRequest }
  | { readonly wish: 'send_refresh_token'; readonly connectionId: string };

/**
 * Checks a request that came from outside.
 *
 * @param backupTable the name of the one table that may be read
 * @throws InvalidConnectionIdError, InvalidRestorationRequestError
 */
export function parseRestorationRequest(value: unknown, backupTable: string): ParsedRestorationRequest {
  const { fromTable, connectionId, companyId, cursor, dryRun, sendRefreshToken } = Object(value) as Readonly<
    Record<string, unknown>
  >;
  if (sendRefreshToken === true) return { wish: 'send_refresh_token', connectionId: parseConnectionId(connectionId) };
  if (fromTable !== backupTable) {
    throw new InvalidRestorationRequestError(
      `fromTable must be "${backupTable}": restore the backup into a table of this name. The function may read no other.`,
    );
  }
  if (companyId !== undefined && !isProcoreId(companyId)) {
    throw new InvalidRestorationRequestError('companyId must be the digits of a company id at Procore, as text.');
  }
  return {
    wish: 'restore',
    table: backupTable,
    request: {
      ...(connectionId !== undefined && { connectionId: parseConnectionId(connectionId) }),
      ...(companyId !== undefined && { companyId }),
      ...(typeof cursor === 'string' && { cursor }),
      dryRun: dryRun === true,
    },
  };
}
