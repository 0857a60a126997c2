import { recordCompanies } from './company-choice.ts';
import type { Connection } from './connection.ts';
import type { AttentionDependencies } from './dependencies.ts';
import { finishDisconnecting } from './disconnect.ts';
import { checkEnvironment } from './environment-check.ts';
import { endRestored } from './restored-end.ts';
import { finishRevoking } from './revocation.ts';
import { rotateConnection } from './rotation.ts';
import {
  areCompaniesDue,
  areCompaniesListed,
  companiesTime,
  isRestored,
  isRotationDue,
  retrySeconds,
  rotationTime,
} from './timing.ts';
import { lookAgainAt } from './transitions.ts';
import { finishUnconfirmed } from './unconfirmed.ts';
import { announceVerdict } from './verdict.ts';

/**
 * How the sweep's look at a connection ended. `out_of_time` means that this invocation ends too soon and another one
 * must do the work.
 */
export type Attention = 'attended' | 'not_due' | 'out_of_time';

/** How much time an invocation must have left to list an account's companies, in milliseconds. */
const companiesReserveMs = 15_000;

/**
 * Does what a connection needs when its `rotateAt` has come: a rotation, or whatever a crash or an outage left undone (an
 * environment to check, companies to list, a revocation or an announcement to finish, or a token set that nobody has
 * confirmed in time).
 *
 * @param due the `rotateAt` that the sweep found. Whether it has come was judged there, by one clock; here it only must
 *   be the stored one still. A message of a version before has none, so this invocation's clock judges.
 * @returns `not_due` when somebody else has done it since the connection was queued
 * @throws whatever the ports throw; the connection is then no worse than before, and stays due
 */
export async function attendConnection(
  dependencies: AttentionDependencies,
  connectionId: string,
  due?: number,
): Promise<Attention> {
  const found = await dependencies.store.read(connectionId);
  if (found?.rotateAt === undefined) return 'not_due';
  if (due === undefined ? found.rotateAt > dependencies.clock() : found.rotateAt !== due) return 'not_due';
  const connection = await finishUnconfirmed(dependencies, found);
  switch (connection.status) {
    case 'disconnected':
      await finishDisconnecting(dependencies, connection);
      return 'attended';
    case 'reauthorization_required':
      await announceVerdict(dependencies, await finishRevoking(dependencies, connection));
      return 'attended';
    case 'connected':
      return attendConnected(dependencies, connection, found.rotateAt);
    default:
      // A status of a later version, which attends to it: the connection stays due.
      return 'not_due';
  }
}

async function attendConnected(
  dependencies: AttentionDependencies,
  found: Connection,
  due: number,
): Promise<Attention> {
  if (found.tokens && found.tokens.expiresAt <= dependencies.clock()) dependencies.observer.count('sweepPastExpiry');
  const checked = await finishChecking(dependencies, await finishRevoking(dependencies, found));
  if (checked === undefined) return 'attended';
  if (await endRestored(dependencies, checked)) return 'attended';
  // The sweeper's clock may lead this one.
  if (!isRotationDue(checked, Math.max(dependencies.clock(), due))) {
    await planNextLook(dependencies, await finishCompanies(dependencies, checked), due);
    return 'attended';
  }
  const { outcome, connection } = await rotateConnection(dependencies, checked);
  if (outcome === 'out_of_time') return outcome;
  if (outcome === 'rotated') {
    // Procore says nothing about a token that has expired. It can say whose the new token is, and what it sees.
    const current = await finishChecking(dependencies, connection);
    if (current) await finishCompanies(dependencies, current);
  }
  if (outcome === 'cooling' || outcome === 'elsewhere') await planNextLook(dependencies, connection, due);
  return 'attended';
}

/** Checks the environment if it is unchecked. @returns undefined when the tokens belonged to another environment */
async function finishChecking(
  dependencies: AttentionDependencies,
  connection: Connection,
): Promise<Connection | undefined> {
  if (connection.environmentChecked) return connection;
  const check = await checkEnvironment(dependencies, connection);
  if (check.outcome === 'foreign') return undefined;
  return check.outcome === 'ours' ? check.connection : connection;
}

/** Lists the companies of the account if nobody has done so for a day. They stay due when Procore does not list them. */
async function finishCompanies(dependencies: AttentionDependencies, connection: Connection): Promise<Connection> {
  const { connectionId, tokens, companyId, grant } = connection;
  const now = dependencies.clock();
  if (!tokens || tokens.expiresAt <= now || !areCompaniesDue(connection, now)) return connection;
  if (dependencies.remaining() < companiesReserveMs) return connection;
  const named = grant === 'client_credentials' ? companyId : undefined;
  const seen = await dependencies.listCompanies(tokens.accessToken, named);
  if (seen.outcome === 'unavailable') {
    dependencies.observer.note('connection.companies_unavailable', { connectionId });
    return connection;
  }
  const ids = seen.outcome === 'too_many' ? seen.outcome : seen.companies.map(({ id }) => id);
  return (await recordCompanies(dependencies, connection, ids)) ?? connection;
}

/**
 * Plans the next look at a connection, unless somebody has planned it since. A message about the same time would be
 * dropped for five minutes as a repetition, so the time must move.
 */
async function planNextLook(dependencies: AttentionDependencies, connection: Connection, due: number): Promise<void> {
  const { rotateAt, tokens, environmentChecked, notBefore = 0, attempt, unconfirmed } = connection;
  if (rotateAt !== due || !tokens) return;
  const now = dependencies.clock();
  // A claim or a cool-down that is not over by this clock is what comes next. What Procore has not told yet is asked
  // again before the next rotation.
  const isWaiting = attempt !== undefined || notBefore > now;
  const unknown = [
    ...(environmentChecked ? [] : [now + retrySeconds]),
    ...(areCompaniesListed(connection) ? [] : [companiesTime(connection, now)]),
    ...(unconfirmed ? [unconfirmed.expiresAt + 1] : []),
  ];
  const planned = isWaiting
    ? Math.max(notBefore, attempt ? attempt.leaseUntil + 1 : 0)
    : Math.min(
        isRestored(connection) ? tokens.expiresAt : rotationTime(tokens, dependencies.randomFraction()),
        ...unknown,
      );
  await dependencies.store.write(lookAgainAt(connection, Math.max(planned, now + 1, due + 1), now));
}
