import { z } from 'zod';
import type { Sleep } from '../../../functions/clock.ts';
import { parseConnectionId } from '../../../functions/connection/connection.ts';
import { isOnlyProposed } from '../../../functions/connection/restoring-writes.ts';
import { askPatiently } from '../../../functions/procore/access-token-source.ts';
import { systemClock, systemSleep } from '../../../functions/system.ts';
import { clientsOf, commandTime } from '../company-api.ts';
import { pictureOf } from '../connection/picture.ts';
import { showHistory, showLife } from '../connection/show.ts';
import { troubleOf } from '../connection/trouble.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, YesFlag } from '../shared-parameters.ts';
import { companiesOf, describeStopped, type StoppedCompany, stoppedCompanies } from '../stopped-companies.ts';
import {
  describeConnection,
  listConnections,
  type MalformedConnection,
  malformedRemedy,
  readConnection,
  type StoredConnection,
} from '../stored-connection.ts';
import { counted, fromNow, indent, showFacts, showMoment, showTable } from '../table.ts';

/** Shows all connections of an environment. It scans the table, which no function does. */
export async function list(session: StackSession, flags: EnvironmentFlag): Promise<Report> {
  const environment = await session.environment(flags.environment);
  const malformed: MalformedConnection[] = [];
  const found = await session.terminal.working('Reading connections', (say) =>
    listConnections(environment, say, (one) => malformed.push(one)),
  );
  const stopped = await stoppedCompanies(environment, found.flatMap(companiesOf));
  const connections = found.map((one) => describe(one, stopped));
  return {
    data: { environment: environment.name, connections, ...(malformed.length > 0 && { malformed }) },
    text: [showConnections(environment.name, found, stopped, systemClock()), ...malformed.map(showMalformed)].join(
      '\n',
    ),
  };
}

/** From when on the logs are read. */
interface LogFlags {
  /** Epoch seconds. */
  readonly since: number;
  readonly noLog: boolean;
}

/** Shows one connection: everything but its tokens, and what the logs tell of it. */
export async function show(
  { terminal, environment: find }: StackSession,
  { environment: name, since, noLog }: EnvironmentFlag & LogFlags,
  connectionId: string,
): Promise<Report> {
  const environment = await find(name);
  const now = systemClock();
  const wish = { now, since: noLog ? undefined : since };
  const picture = await terminal.working('Reading the log', (say) =>
    pictureOf(environment, connectionId, { ...wish, say }),
  );
  const { connection, stopped, trouble, history } = picture;
  const facts = showConnection(connection, stopped, now);
  return {
    data: {
      ...describe(connection, stopped),
      trouble: trouble ?? null,
      ...(history && { history }),
    },
    text: history === undefined ? facts : `${facts}\n\n${showHistory(history, now)}`,
  };
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
  const until = showMoment(after.expiresAt, systemClock());
  const text = rotated
    ? `Rotated: generation ${generation} is now ${after.generation}, valid until ${until}.`
    : `Not rotated: generation ${generation} is younger than a minute, valid until ${until}.`;
  return { data: { connectionId, rotated, ...after }, text };
}

/** Procore's documents do not say whether revoking one token set spares the others of the same user. */
const othersMayEnd = ' Other connections of the same Procore user may have ended with it: see connections list.';

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
    ? `Disconnected, and Procore has confirmed that the tokens are revoked.${othersMayEnd}`
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

/** Shows connections in a table, what is wrong with them first. @param now epoch seconds */
export function showConnections(
  environment: string,
  found: readonly StoredConnection[],
  stopped: readonly StoppedCompany[],
  now: number,
): string {
  if (found.length === 0) {
    return `${environment} has no connections. Make one: npm run procore -- connect ID --environment ${environment}`;
  }
  const rows = found.map((connection) => [
    showStatus(connection),
    fromNow(connection.expiresAt, now),
    connection.connectionId,
    connection.companyId ?? '-',
    connection.grant,
    showReason(connection, stoppedOf(connection, stopped), now),
  ]);
  return showTable(['STATUS', 'TOKEN EXPIRES', 'CONNECTION', 'COMPANY', 'GRANT', 'REASON'], rows);
}

function showMalformed({ connectionId, why }: MalformedConnection): string {
  return indent(`The stored connection "${connectionId}" cannot be read: ${why}. ${malformedRemedy}.`, '');
}

/** One that has never been connected is stored as disconnected, but nobody has disconnected it. */
function showStatus(connection: StoredConnection): string {
  return isOnlyProposed(connection) ? 'unconfirmed' : connection.status;
}

function showConfirmation(connection: StoredConnection, now: number): string {
  const until = showMoment(connection.unconfirmed?.expiresAt, now);
  return isAwaited(connection, now) ? `waits for confirmation until ${until}` : 'was not confirmed in time';
}

function isAwaited({ unconfirmed }: StoredConnection, now: number): boolean {
  return unconfirmed !== undefined && unconfirmed.expiresAt > now;
}

/** Why a connection does not work, or not for all of its companies. */
function showReason(connection: StoredConnection, stopped: readonly StoppedCompany[], now: number): string {
  const { cause, failure, companiesCount } = connection;
  const companies = stopped.map(({ companyId }) => companyId).join(', ');
  return [
    ...(isOnlyProposed(connection) ? [showConfirmation(connection, now)] : []),
    ...(cause ? [cause] : []),
    ...(failure?.kind === 'refused' ? [`Procore refuses to refresh it: ${showFailure(failure, now)}`] : []),
    ...(companiesCount === 0 ? ['the app is installed in no company that the account sees'] : []),
    ...(companies ? [`app not connected to company ${companies}`] : []),
  ].join('; ');
}

function showFailure({ code, status, since }: NonNullable<StoredConnection['failure']>, now: number): string {
  const answered = status === undefined ? '' : ` (status ${status})`;
  return `${code}${answered}${since === undefined ? '' : ` since ${showMoment(since, now)}`}`;
}

function showCompanies({ companyIds, companiesCount = companyIds.length, companiesReadAt }: StoredConnection): string {
  const more = companiesCount - companyIds.length;
  const ids = companyIds.join(', ') || (companiesReadAt === undefined ? '-' : 'none');
  return more > 0 ? `${ids} and ${more} more` : ids;
}

/** Shows all that an operator may know of a connection. @param now epoch seconds */
export function showConnection(connection: StoredConnection, stopped: readonly StoppedCompany[], now: number): string {
  return showFacts(connectionFacts(connection, stopped, now));
}

/**
 * Tells all that an operator may know of a connection, as names and values for people.
 *
 * @param now epoch seconds
 */
export function connectionFacts(
  connection: StoredConnection,
  stopped: readonly StoppedCompany[],
  now: number,
): readonly (readonly [name: string, value: string])[] {
  const { failure, companyId = '-', authorizedBy, createdAt } = connection;
  const isNew = isOnlyProposed(connection);
  const reason = showReason(connection, stopped, now);
  const trouble = troubleOf(connection, now);
  return [
    ['status', reason === '' ? showStatus(connection) : `${showStatus(connection)} (${reason})`],
    ['connection', connection.connectionId],
    ['environment', connection.environment],
    ['grant', connection.grant],
    ['generation', String(connection.generation)],
    ['token issued', showMoment(connection.issuedAt, now)],
    ['token expires', showMoment(connection.expiresAt, now)],
    ['life of the token', showLife(connection, now)],
    ['next look', showMoment(connection.rotateAt, now)],
    [
      'last failure',
      failure
        ? `${showFailure(failure, now)}, ${counted(failure.count, 'time')}, last ${showMoment(failure.at, now)}`
        : '-',
    ],
    ['cooling down until', showMoment(connection.notBefore, now)],
    ...(trouble === undefined
      ? []
      : ([
          ['what is wrong', trouble.cause],
          ['what to do', trouble.remedy],
        ] as const)),
    ['checked to be ours', connection.environmentChecked ? 'yes' : 'not yet'],
    ['Procore user', connection.procoreUserId ?? '-'],
    ['company', companyId],
    ['companies seen', showCompanies(connection)],
    ...stopped.map((one) => [`app in ${one.companyId}`, describeStopped(one, now)] as const),
    [
      connection.grant === 'client_credentials' ? 'authorized' : 'connect link issued',
      showMoment(isNew ? undefined : authorizedBy.linkIssuedAt, now),
    ],
    ...(isNew || !isAwaited(connection, now)
      ? []
      : [['another waits for confirmation until', showMoment(connection.unconfirmed?.expiresAt, now)] as const]),
    ...(connection.restoredGeneration !== connection.generation
      ? []
      : [['restored, not refreshed', showMoment(connection.restoredAt, now)] as const]),
    ['connected first', showMoment(isNew ? undefined : createdAt, now)],
    ['changed', showMoment(connection.updatedAt, now)],
  ];
}
