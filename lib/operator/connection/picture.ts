import { parseConnectionId } from '../../../functions/connection/connection.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { companiesOf, type StoppedCompany, stoppedCompanies } from '../stopped-companies.ts';
import { readConnection, type StoredConnection } from '../stored-connection.ts';
import { type Generation, generationsOf } from './generations.ts';
import { type ConnectionLog, readConnectionLog } from './log.ts';
import { type TimelineRow, timelineOf } from './timeline.ts';
import { type Trouble, troubleOf } from './trouble.ts';

/** What the logs tell of a connection. */
export interface ConnectionHistory extends Pick<ConnectionLog, 'since' | 'readSince' | 'unread'> {
  /** The oldest first, as are the generations. */
  readonly rows: readonly TimelineRow[];
  readonly generations: readonly Generation[];
}

/** All that an operator may know of one connection. */
export interface ConnectionPicture {
  readonly connection: StoredConnection;
  /** Those of its companies to which the app is not connected. */
  readonly stopped: readonly StoppedCompany[];
  readonly trouble: Trouble | undefined;
  /** Absent when the logs were not asked. */
  readonly history?: ConnectionHistory;
}

/** What is to be read. */
interface PictureWish {
  /** Epoch seconds. */
  readonly now: number;
  /** From when on the logs are read, epoch seconds; undefined leaves them alone. */
  readonly since: number | undefined;
  /** Tells how far it is. */
  readonly say?: (text: string) => void;
}

/**
 * Reads how a connection stands, and what has become of it.
 *
 * @throws InvalidConnectionIdError; OperatorError when there is no such connection
 */
export async function pictureOf(
  environment: DeployedEnvironment,
  connectionId: string,
  { now, since, say }: PictureWish,
): Promise<ConnectionPicture> {
  const connection = await readConnection(environment, parseConnectionId(connectionId));
  const stopped = await stoppedCompanies(environment, companiesOf(connection));
  const told = { connection, stopped, trouble: troubleOf(connection, now) };
  if (since === undefined) return told;
  const log = await readConnectionLog(environment, connectionId, { since, until: now }, say);
  const rows = timelineOf(log.lines, now);
  const history = { rows, generations: generationsOf(rows, connection), since, readSince: log.readSince };
  return { ...told, history: { ...history, unread: log.unread } };
}
