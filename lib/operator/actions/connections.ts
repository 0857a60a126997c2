import { z } from 'zod';
import type { Sleep } from '../../../functions/clock.ts';
import { parseConnectionId } from '../../../functions/connection/connection.ts';
import { askPatiently } from '../../../functions/procore/access-token-source.ts';
import { systemClock, systemSleep } from '../../../functions/system.ts';
import { clientsOf, commandTime } from '../company-api.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, YesFlag } from '../shared-parameters.ts';
import { companiesOf, describeStopped, type StoppedCompany, stoppedCompanies } from '../stopped-companies.ts';
import { describeConnection, listConnections, readConnection, type StoredConnection } from '../stored-connection.ts';
import { showFacts, showTable, showTime } from '../table.ts';

/** Shows all connections of an environment. It scans the table, which no function does. */
export async function list(session: StackSession, flags: EnvironmentFlag): Promise<Report> {
  const environment = await session.environment(flags.environment);
  const found = await session.terminal.working('Reading connections', (say) => listConnections(environment, say));
  const stopped = await stoppedCompanies(environment, found.flatMap(companiesOf));
  const connections = found.map((one) => describe(one, stopped));
  return {
    data: { environment: environment.name, connections },
    text: showConnections(environment.name, found, stopped),
  };
}

/** Shows one connection: everything but its tokens. */
export async function show(session: StackSession, flags: EnvironmentFlag, connectionId: string): Promise<Report> {
  const environment = await session.environment(flags.environment);
  const connection = await readConnection(environment, parseConnectionId(connectionId));
  const stopped = await stoppedCompanies(environment, companiesOf(connection));
  return { data: describe(connection, stopped), text: showConnection(connection, stopped) };
}

/** Replaces a connection's tokens, as a 401 does. */
export async function rotate(
  { terminal, environment: find }: StackSession,
  flags: EnvironmentFlag,
  wanted: string,
): Promise<Report> {
  const environment = await find(flags.environment);
  const { connectionId, generation } = await readConnection(environment, parseConnectionId(wanted));
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
}

/** Ends a connection and revokes its tokens at Procore. */
export async function disconnect(
  { terminal, environment: find }: StackSession,
  flags: EnvironmentFlag & YesFlag,
  wanted: string,
): Promise<Report> {
  const environment = await find(flags.environment);
  const { connectionId } = await readConnection(environment, parseConnectionId(wanted));
  if (!flags.yes) {
    const question = `Disconnect "${connectionId}" in ${environment.name}?`;
    if (!(await terminal.confirm(question)))
      return { data: { connectionId, disconnected: false }, text: 'Nothing was done.' };
  }
  const answer = await terminal.working('Disconnecting', () => environment.invoke('Disconnect', { connectionId }));
  const { revoked } = z.object({ revoked: z.boolean() }).parse(answer);
  const text = revoked
    ? 'Disconnected, and Procore has confirmed that the tokens are revoked.'
    : 'Disconnected. Procore has not confirmed the revocation yet; the sweep asks again every minute.';
  return { data: { connectionId, disconnected: true, revoked }, text };
}

/** Adds to a connection those of its companies to which the app is not connected, as functions or commands have found out. */
function describe(connection: StoredConnection, stopped: readonly StoppedCompany[]) {
  const appNotConnected = stoppedOf(connection, stopped);
  return { ...describeConnection(connection), ...(appNotConnected.length > 0 && { appNotConnected }) };
}

function stoppedOf(connection: StoredConnection, stopped: readonly StoppedCompany[]): readonly StoppedCompany[] {
  const ours = companiesOf(connection);
  return stopped.filter(({ companyId }) => ours.includes(companyId));
}

/** Shows connections in a table, what is wrong with them first. */
export function showConnections(
  environment: string,
  found: readonly StoredConnection[],
  stopped: readonly StoppedCompany[],
): string {
  if (found.length === 0) {
    return `${environment} has no connections. Make one: npm run procore -- connect ID --environment ${environment}`;
  }
  const rows = found.map((connection) => [
    connection.status,
    showTime(connection.expiresAt),
    connection.connectionId,
    connection.companyId ?? '-',
    connection.grant,
    showReason(connection, stoppedOf(connection, stopped)),
  ]);
  return showTable(['STATUS', 'TOKEN EXPIRES', 'CONNECTION', 'COMPANY', 'GRANT', 'REASON'], rows);
}

/** Why a connection does not work, or not for all of its companies. */
function showReason({ cause }: StoredConnection, stopped: readonly StoppedCompany[]): string {
  const companies = stopped.map(({ companyId }) => companyId).join(', ');
  return [...(cause ? [cause] : []), ...(companies ? [`app not connected to company ${companies}`] : [])].join('; ');
}

/** Shows all that an operator may know of a connection. */
export function showConnection(connection: StoredConnection, stopped: readonly StoppedCompany[]): string {
  const { failure, companyIds, companyId = '-' } = connection;
  const reason = showReason(connection, stopped);
  return showFacts([
    ['status', reason === '' ? connection.status : `${connection.status} (${reason})`],
    ['connection', connection.connectionId],
    ['environment', connection.environment],
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
    ...stopped.map((one) => [`app in ${one.companyId}`, describeStopped(one, systemClock())] as const),
    [
      connection.grant === 'client_credentials' ? 'authorized' : 'connect link issued',
      showTime(connection.authorizedBy.linkIssuedAt),
    ],
    ['connected first', showTime(connection.createdAt)],
    ['changed', showTime(connection.updatedAt)],
  ]);
}
