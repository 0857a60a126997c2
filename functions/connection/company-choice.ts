import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { choose, noteCompanies, type SeenCompanies } from './transitions.ts';

type CompanyDependencies = Pick<ConnectionDependencies, 'store' | 'clock'>;

/** How often a write is made again that somebody else's write came in between. */
const mostTries = 5;

/**
 * Gives the companies that are known of the account whose tokens are stored. Those of a former account do not count: a
 * version that does not know of this may have left them.
 *
 * @returns the first 200 ids, and the chosen one
 */
export function knownCompanies({
  companyIds,
  companyId,
  companiesFor,
  authorizedBy,
}: Pick<Connection, 'companyIds' | 'companyId' | 'companiesFor' | 'authorizedBy'>): {
  readonly companyIds: readonly string[];
  readonly companyId: string | undefined;
} {
  const isFormer = companiesFor !== undefined && companiesFor !== authorizedBy.sessionId;
  return isFormer ? { companyIds: [], companyId: undefined } : { companyIds, companyId };
}

/**
 * Stores which companies a connection's account sees. If there is only one, it counts as chosen. A choice that the
 * account does not see any more is removed. When somebody has authorized the connection again meanwhile, nothing is
 * stored.
 *
 * @param connection as it was when the companies were asked for
 * @param seen all of them, in Procore's order; an empty list says that the app is installed nowhere
 * @returns the connection as it is after that; undefined when nothing was stored
 */
export async function recordCompanies(
  dependencies: CompanyDependencies & Pick<ConnectionDependencies, 'randomFraction'>,
  connection: Connection,
  seen: SeenCompanies,
): Promise<Connection | undefined> {
  const { connectionId, authorizedBy } = connection;
  if (seen !== 'too_many') await dependencies.store.keepCompanies(connectionId, authorizedBy.sessionId, seen);
  let current: Connection | undefined = connection;
  for (let tries = 1; tries <= mostTries; tries += 1) {
    if (current?.authorizedBy.sessionId !== authorizedBy.sessionId || current.status !== 'connected') return undefined;
    const now = dependencies.clock();
    const write = noteCompanies(current, seen, { now, fraction: dependencies.randomFraction() });
    if ((await dependencies.store.write(write)) === 'written') return afterWrite(current, write);
    const before: number | undefined = current.companiesReadAt;
    current = await dependencies.store.read(connectionId);
    // The SDK may have repeated a write that took effect.
    if (current?.companiesReadAt === now && before !== now) return current;
  }
  return undefined;
}

/** A person's choice among the companies of the account just connected. */
export interface CompanyChoice {
  readonly connectionId: string;
  readonly companyId: string;
  /** The session that authorized the connection; no other may choose. */
  readonly sessionId: string;
  /** Procore has just listed the company for these tokens. It need not be among the companies that are kept. */
  readonly isListed?: boolean;
}

/** How a choice ended. */
export type CompanyChoiceOutcome =
  | { readonly outcome: 'chosen'; readonly connection: Connection }
  /** The account does not see this company. */
  | { readonly outcome: 'not_visible' }
  /** Another session has authorized the connection since, or nobody has. */
  | { readonly outcome: 'superseded' };

/** Stores the company that a person chose for a connection. @returns `chosen`, or why nothing was stored */
export async function chooseCompany(
  dependencies: CompanyDependencies,
  choice: CompanyChoice,
): Promise<CompanyChoiceOutcome> {
  const { connectionId, companyId, sessionId, isListed = false } = choice;
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const stored = await dependencies.store.read(connectionId);
    if (stored?.authorizedBy.sessionId !== sessionId || stored.status === 'disconnected') break;
    if (stored.companyId === companyId) return { outcome: 'chosen', connection: stored };
    if (!isListed && !(await isVisible(dependencies, stored, companyId))) return { outcome: 'not_visible' };
    const write = choose(stored, companyId, sessionId, dependencies.clock());
    if ((await dependencies.store.write(write)) === 'written') {
      return { outcome: 'chosen', connection: afterWrite(stored, write) };
    }
  }
  return { outcome: 'superseded' };
}

async function isVisible({ store }: CompanyDependencies, connection: Connection, companyId: string): Promise<boolean> {
  const { connectionId, authorizedBy, companiesCount = 0 } = connection;
  const { companyIds } = knownCompanies(connection);
  if (companyIds.includes(companyId)) return true;
  if (companyIds.length === 0 || companiesCount <= companyIds.length) return false;
  return (await store.companies(connectionId, authorizedBy.sessionId)).includes(companyId);
}
