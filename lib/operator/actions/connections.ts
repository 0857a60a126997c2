import { z } from 'zod';
import type { Sleep } from '../../../functions/clock.ts';
import { parseConnectionId } from '../../../functions/connection/connection.ts';
import { askPatiently } from '../../../functions/procore/access-token-source.ts';
import { systemClock, systemSleep } from '../../../functions/system.ts';
import { commandGroup, environmentOption, operatorCommand } from '../command.ts';
import { clientsOf, commandTime } from '../company-api.ts';
import { usageError } from '../exit-codes.ts';
import { companiesOf, describeStopped, type StoppedCompany, stoppedCompanies } from '../stopped-companies.ts';
import { describeConnection, listConnections, readConnection, type StoredConnection } from '../stored-connection.ts';
import { layOut, showTime } from '../table.ts';

const connectionOptions = {
  connectionId: { type: 'positional', description: 'The key under which your system knows the customer' },
  environment: environmentOption,
} as const;

const list = operatorCommand({
  description: 'Shows all connections of an environment (scans the table, which no function does)',
  args: { environment: environmentOption },
  async run({ terminal, environment: find }, args) {
    const environment = await find(args.environment);
    const found = await terminal.working('Reading connections', (say) => listConnections(environment, say));
    const stopped = await stoppedCompanies(environment, found.flatMap(companiesOf));
    const connections = found.map((one) => describe(one, stopped));
    return { data: { environment: environment.name, connections }, text: showList(environment.name, found, stopped) };
  },
});

const show = operatorCommand({
  description: 'Shows one connection: everything but its tokens',
  args: connectionOptions,
  async run({ environment: find }, args) {
    const environment = await find(args.environment);
    const connection = await readConnection(environment, parseConnectionId(args.connectionId));
    const stopped = await stoppedCompanies(environment, companiesOf(connection));
    return { data: describe(connection, stopped), text: showOne(connection, stopped) };
  },
});

const rotate = operatorCommand({
  description: 'Replaces the tokens now, as a 401 does; tokens younger than a minute are left alone',
  args: connectionOptions,
  async run({ terminal, environment: find }, args) {
    const environment = await find(args.environment);
    const before = await readConnection(environment, parseConnectionId(args.connectionId));
    const { connectionId, generation } = before;
    const tokens = clientsOf(environment, terminal, 'looking').tokensOf(connectionId);
    const remaining = commandTime();
    const vended = await terminal.working('Rotating', (say) => {
      const sleep: Sleep = (milliseconds) => {
        say(`Rotating: asking again in ${Math.ceil(milliseconds / 1000)} s`);
        return systemSleep(milliseconds);
      };
      return askPatiently(() => tokens.rejected(generation), { sleep, remaining });
    });
    // The access token goes no further.
    const after = { generation: vended.generation, expiresAt: vended.expiresAt };
    const rotated = after.generation > generation;
    const text = rotated
      ? `Rotated: generation ${generation} is now ${after.generation}, valid until ${showTime(after.expiresAt)}.`
      : `Not rotated: generation ${generation} is younger than a minute, valid until ${showTime(after.expiresAt)}.`;
    return { data: { connectionId, rotated, ...after }, text };
  },
});

const disconnect = operatorCommand({
  description: 'Ends a connection and revokes its tokens at Procore; only a person can connect it again',
  args: { ...connectionOptions, yes: { type: 'boolean', description: 'Do not ask' } },
  async run({ terminal, environment: find }, args) {
    const environment = await find(args.environment);
    const { connectionId } = await readConnection(environment, parseConnectionId(args.connectionId));
    if (args.yes !== true) {
      if (!terminal.interactive) throw usageError('This ends a connection. Say --yes where nobody can be asked.');
      const sure = await terminal.confirm(`Disconnect "${connectionId}" in ${environment.name}?`);
      if (!sure) return { data: { connectionId, disconnected: false }, text: 'Nothing was done.' };
    }
    const answer = await terminal.working('Disconnecting', () => environment.invoke('Disconnect', { connectionId }));
    const { revoked } = z.object({ revoked: z.boolean() }).parse(answer);
    const text = revoked
      ? `Disconnected, and Procore has confirmed that the tokens are revoked.`
      : 'Disconnected. Procore has not confirmed the revocation yet; the sweep goes on asking every minute.';
    return { data: { connectionId, disconnected: true, revoked }, text };
  },
});

/** `procore connections list|show|rotate|disconnect`. */
export const connections = commandGroup('Shows connections, rotates and disconnects them', {
  list,
  show,
  rotate,
  disconnect,
});

/** Adds to a connection those of its companies to which the app is not connected, whoever has found it out. */
function describe(connection: StoredConnection, stopped: readonly StoppedCompany[]) {
  const appNotConnected = stoppedOf(connection, stopped);
  return { ...describeConnection(connection), ...(appNotConnected.length > 0 && { appNotConnected }) };
}

function stoppedOf(connection: StoredConnection, stopped: readonly StoppedCompany[]): readonly StoppedCompany[] {
  const ours = companiesOf(connection);
  return stopped.filter(({ companyId }) => ours.includes(companyId));
}

function showList(environment: string, found: readonly StoredConnection[], stopped: readonly StoppedCompany[]): string {
  if (found.length === 0) {
    return `${environment} has no connections. Make one: npm run procore -- connect ID --environment ${environment}`;
  }
  const rows = found.map((connection) => [
    connection.connectionId,
    showStatus(connection, stoppedOf(connection, stopped)),
    connection.grant,
    String(connection.generation),
    showTime(connection.expiresAt),
    connection.companyId ?? '-',
  ]);
  return layOut([['CONNECTION', 'STATUS', 'GRANT', 'GENERATION', 'TOKEN EXPIRES', 'COMPANY'], ...rows]);
}

function showStatus({ status, cause }: StoredConnection, stopped: readonly StoppedCompany[]): string {
  const companies = stopped.map(({ companyId }) => companyId).join(', ');
  const remarks = [...(cause ? [cause] : []), ...(companies ? [`app not connected to company ${companies}`] : [])];
  return remarks.length === 0 ? status : `${status} (${remarks.join('; ')})`;
}

function showOne(connection: StoredConnection, stopped: readonly StoppedCompany[]): string {
  const { failure, companyIds, companyId = '-' } = connection;
  return layOut([
    ['connection', connection.connectionId],
    ['environment', connection.environment],
    ['status', showStatus(connection, stopped)],
    ['grant', connection.grant],
    ['generation', String(connection.generation)],
    ['token issued', showTime(connection.issuedAt)],
    ['token expires', showTime(connection.expiresAt)],
    ['next look', showTime(connection.rotateAt)],
    ['last failure', failure ? `${failure.code}, ${failure.count} time(s), last ${showTime(failure.at)}` : '-'],
    ['cooling down until', showTime(connection.notBefore)],
    ['checked to be ours', connection.environmentChecked ? 'yes' : 'not yet'],
    ['Procore user', connection.procoreUserId ?? '-'],
    ['company', companyId],
    ['companies seen', companyIds.join(', ') || '-'],
    ...stopped.map((one) => [`app in ${one.companyId}`, describeStopped(one, systemClock())]),
    [
      connection.grant === 'client_credentials' ? 'authorized' : 'connect link issued',
      showTime(connection.authorizedBy.linkIssuedAt),
    ],
    ['connected first', showTime(connection.createdAt)],
    ['changed', showTime(connection.updatedAt)],
  ]);
}
