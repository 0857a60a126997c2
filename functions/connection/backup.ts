import { ConnectorError } from '../connector-error.ts';
import type { Connection } from './connection.ts';

/** There is no restored table to read. */
export class BackupNotFoundError extends ConnectorError {
  override readonly name = 'BackupNotFoundError';
  readonly code = 'backup_not_found';
  constructor(table: string) {
    super(
      `There is no table "${table}" that can be read: restore the backup first, under that name, and wait until it is active.`,
    );
  }
}

/** One page of a backup. */
export interface BackupPage {
  readonly connections: readonly Connection[];
  /** Ids of items that belong to another environment. */
  readonly foreign: readonly string[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** The connections as they were at an earlier time: a table that was restored beside the living one. It is only read. */
export interface Backup {
  /**
   * Reads one connection.
   *
   * @returns undefined when the backup has none of this id
   * @throws ForeignItemError when it belongs to another environment, BackupNotFoundError
   */
  read(connectionId: string): Promise<Connection | undefined>;
  /**
   * Reads some connections, in an order of the backup's own.
   *
   * @param limit how many at most; a page may have fewer, or none, and not be the last one
   * @param cursor where an earlier page ended
   * @throws BackupNotFoundError when there is nothing to read
   */
  page(limit: number, cursor?: string): Promise<BackupPage>;
}
