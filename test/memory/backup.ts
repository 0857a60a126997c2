import type { Backup } from '../../functions/connection/backup.ts';
import type { Connection } from '../../functions/connection/connection.ts';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { ForeignItemError } from '../../functions/procore/foreign-item.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** Makes a backup in this process, of connections as they are now. */
export function memoryBackup(
  environment: ProcoreEnvironmentName,
  connections: readonly Connection[],
  faults?: PortFaults,
): Backup {
  const rows = structuredClone(connections);
  return memoryPort<Backup>(
    'backup',
    {
      async read(connectionId) {
        const row = rows.find((each) => each.connectionId === connectionId);
        if (row && row.environment !== environment) {
          throw new ForeignItemError('table "backup"', row.environment, environment);
        }
        return structuredClone(row);
      },
      async page(limit, cursor = '0') {
        const end = Number(cursor) + limit;
        const page = structuredClone(rows.slice(Number(cursor), end));
        return {
          connections: page.filter((row) => row.environment === environment),
          foreign: page.filter((row) => row.environment !== environment).map(({ connectionId }) => connectionId),
          ...(end < rows.length && { cursor: String(end) }),
        };
      },
    },
    faults,
  );
}
