import type { Context } from 'aws-lambda';
import { type Backup, BackupNotFoundError } from './connection/backup.ts';
import type { RotationDependencies } from './connection/dependencies.ts';
import { refusalFor } from './connection/refusals.ts';
import { restoreConnections } from './connection/restoration.ts';
import { InvalidRestorationRequestError, parseRestorationRequest } from './connection/restoration-request.ts';
import { NotRestoredError, sendRestoredRefreshToken } from './connection/restored-word.ts';
import { observed, observer } from './middleware.ts';
import { restorationDependencies } from './wiring.ts';

/** What the handler is given. */
export interface RestoringDependencies extends RotationDependencies {
  /** The name of the one restored table that may be read. */
  readonly backupTable: string;
  readonly backupIn: (table: string) => Backup;
}

/**
 * Invoked (IAM) with `{fromTable, connectionId?, companyId?, cursor?, dryRun?}`: copies connections out of a restored
 * table and answers `{connections: [{connectionId, became, until?}], cursor?}`; with a cursor there is more to do. With
 * `{connectionId, sendRefreshToken: true}` it sends one restored refresh token and answers `{connectionId, outcome}`.
 *
 * `{"error": {code, message}}` with `invalid_restoration_request`, `backup_not_found`, `invalid_connection_id`,
 * `connection_not_found` or `not_restored`. Anything else fails the invocation; invoked again it goes on.
 */
export async function answerRestoration(
  value: unknown,
  { backupTable, backupIn, ...dependencies }: RestoringDependencies,
) {
  try {
    const parsed = parseRestorationRequest(value, backupTable);
    if (parsed.wish === 'restore') {
      return await restoreConnections({ ...dependencies, backup: backupIn(parsed.table) }, parsed.request);
    }
    const { connectionId } = parsed;
    return { connectionId, outcome: await sendRestoredRefreshToken(dependencies, connectionId) };
  } catch (error) {
    const isMistake =
      error instanceof InvalidRestorationRequestError ||
      error instanceof BackupNotFoundError ||
      error instanceof NotRestoredError;
    if (isMistake) {
      return { error: { code: error.code, message: error.message } };
    }
    return refusalFor(error);
  }
}

const dependencies = restorationDependencies(observer);

export const handler = observed((request: unknown, context: Context) =>
  answerRestoration(request, { ...dependencies, remaining: () => context.getRemainingTimeInMillis() }),
);
