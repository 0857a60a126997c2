import { patiently } from './authorize.ts';
import type { Connection, Unconfirmed } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { askWhose } from './environment-check.ts';
import { surrenderTokens } from './revocation.ts';
import { isUnconfirmedOver, unconfirmedSeconds } from './timing.ts';
import { create, type SeenCompanies } from './transitions.ts';
import {
  chooseUnconfirmed,
  describeUnconfirmed,
  endUnconfirmed,
  type NewUnconfirmed,
  newUnconfirmed,
  propose,
} from './unconfirmed-transitions.ts';

/** How a token set came to wait for its confirmation. */
export type ProposeOutcome =
  /** It waits; or it waited, and is confirmed already. */
  | { readonly outcome: 'waiting'; readonly connection: Connection }
  /** A newer link has connected or waits, or the connection was disconnected. The tokens were given up for revocation. */
  | { readonly outcome: 'superseded' };

/**
 * Stores the tokens of a person beside the live ones, in ONE write, where they wait for the integrator's word. Nothing is
 * announced, vended or replaced by it.
 *
 * @throws whatever the store throws, after tries for as long as the invocation lasts
 */
export function proposeAuthorization(
  dependencies: ConnectionDependencies,
  authorization: NewUnconfirmed,
): Promise<ProposeOutcome> {
  return patiently(dependencies, () => tryToPropose(dependencies, authorization));
}

async function tryToPropose(
  dependencies: ConnectionDependencies,
  authorization: NewUnconfirmed,
): Promise<ProposeOutcome> {
  const { connectionId, authorizedBy } = authorization;
  const { store, observer } = dependencies;
  for (;;) {
    const stored = await store.read(connectionId);
    // The answer to our write was lost, or the SDK repeated the write. Or somebody has been quick to confirm it.
    const isOurs = [stored?.unconfirmed, stored].some((one) => one?.authorizedBy.sessionId === authorizedBy.sessionId);
    if (stored && isOurs) return { outcome: 'waiting', connection: stored };
    const newest = Math.max(stored?.authorizedBy.linkIssuedAt ?? 0, linkBefore(stored?.unconfirmed, authorizedBy));
    if (stored && newest >= authorizedBy.linkIssuedAt) {
      await surrenderTokens(dependencies, { ...authorization, authorizedBy });
      return { outcome: 'superseded' };
    }
    const now = dependencies.clock();
    const times = { now, expiresAt: now + unconfirmedSeconds };
    const write = stored
      ? propose(stored, authorization, times)
      : create(newUnconfirmed(store.environment, authorization, times));
    if ((await store.write(write)) === 'refused') continue;
    observer.note('connection.unconfirmed', { connectionId, generation: stored?.generation ?? 0 });
    return { outcome: 'waiting', connection: afterWrite(stored ?? ({ connectionId } as Connection), write) };
  }
}

/** The link of a set that waits, as far as it keeps another one out: one of the same link takes its place. */
function linkBefore(unconfirmed: Unconfirmed | undefined, { linkIssuedAt }: { readonly linkIssuedAt: number }): number {
  const waits = unconfirmed?.authorizedBy.linkIssuedAt ?? 0;
  return waits > linkIssuedAt ? waits : 0;
}

/** The set of a session that waits for its confirmation. */
export interface WaitingSet {
  readonly connectionId: string;
  readonly sessionId: string;
}

/** Reads a connection with the set of a session that waits. @returns undefined when it does not wait any more */
async function readWaiting(
  { store, clock }: Pick<ConnectionDependencies, 'store' | 'clock'>,
  { connectionId, sessionId }: WaitingSet,
): Promise<{ readonly connection: Connection; readonly unconfirmed: Unconfirmed } | undefined> {
  const connection = await store.read(connectionId);
  const unconfirmed = connection?.unconfirmed;
  if (!connection || unconfirmed?.authorizedBy.sessionId !== sessionId) return undefined;
  return isUnconfirmedOver(connection, clock()) ? undefined : { connection, unconfirmed };
}

/**
 * Asks Procore whether tokens that wait were issued to our client. Those of another client are given up.
 *
 * @param connection as just written or read
 */
export async function checkUnconfirmed(
  dependencies: ConnectionDependencies,
  connection: Connection,
  { tokens }: Unconfirmed,
): Promise<'ours' | 'foreign' | 'unavailable'> {
  const { outcome } = await askWhose(dependencies, connection, tokens);
  if (outcome !== 'foreign') return outcome;
  const { connectionId, generation } = connection;
  dependencies.observer.note('connection.wrong_environment', { connectionId, generation });
  dependencies.observer.count('wrongEnvironment');
  await giveUpForeign(dependencies, connection, tokens.accessToken);
  return outcome;
}

/** How often a write is made again that somebody else's write came in between. */
const mostTries = 5;

/** Ends the waiting of another client's tokens. While they wait, they could be confirmed, and take the live ones' place. */
async function giveUpForeign(
  { store, clock }: Pick<ConnectionDependencies, 'store' | 'clock'>,
  connection: Connection,
  accessToken: string,
): Promise<void> {
  let current: Connection | undefined = connection;
  for (let tries = 1; tries <= mostTries; tries += 1) {
    if (current?.unconfirmed?.tokens.accessToken !== accessToken) return;
    if ((await store.write(endUnconfirmed(current, clock()))) === 'written') return;
    current = await store.read(connection.connectionId);
  }
}

/** Notes which companies the account of the set sees that waits. Of a set that does not wait any more nothing is noted. */
export async function noteUnconfirmedCompanies(
  dependencies: Pick<ConnectionDependencies, 'store' | 'clock'>,
  waiting: WaitingSet,
  seen: SeenCompanies,
): Promise<void> {
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const found = await readWaiting(dependencies, waiting);
    if (!found) return;
    const write = describeUnconfirmed(found.connection, found.unconfirmed, seen, dependencies.clock());
    if ((await dependencies.store.write(write)) === 'written') return;
  }
}

/**
 * Notes the company that a person chose for the set that waits.
 *
 * @param companyId one that the account sees
 * @returns `superseded` when the set does not wait any more
 */
export async function chooseUnconfirmedCompany(
  dependencies: Pick<ConnectionDependencies, 'store' | 'clock'>,
  waiting: WaitingSet,
  companyId: string,
): Promise<'chosen' | 'superseded'> {
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const found = await readWaiting(dependencies, waiting);
    if (!found) break;
    if (found.unconfirmed.account?.companyId === companyId) return 'chosen';
    const write = chooseUnconfirmed(found.connection, found.unconfirmed, companyId, dependencies.clock());
    if ((await dependencies.store.write(write)) === 'written') return 'chosen';
  }
  return 'superseded';
}

/**
 * Gives up the set that waits if its time is over, or a newer link has connected.
 *
 * @param connection as just read
 * @returns the connection as it is after that; it is still due when somebody else has written meanwhile
 */
export async function finishUnconfirmed(
  { store, clock, observer }: Pick<ConnectionDependencies, 'store' | 'clock' | 'observer'>,
  connection: Connection,
): Promise<Connection> {
  if (!isUnconfirmedOver(connection, clock())) return connection;
  const write = endUnconfirmed(connection, clock());
  if ((await store.write(write)) === 'refused') return connection;
  const { connectionId, generation } = connection;
  observer.note('connection.unconfirmed_ended', { connectionId, generation });
  return afterWrite(connection, write);
}
