import type { Connection } from './connection.ts';
import { afterWrite } from './connection-store.ts';
import type { ConnectionDependencies } from './dependencies.ts';
import { choose, noteCompanies } from './transitions.ts';

type CompanyDependencies = Pick<ConnectionDependencies, 'store' | 'clock'>;

/**
 * Stores which companies a connection's account sees. If there is only one, it counts as chosen. A choice that the
 * account does not see any more is removed. When somebody has authorized the connection again meanwhile, nothing is
 * stored.
 *
 * @param connection as its authorization stored it
 */
export async function recordCompanies(
  dependencies: CompanyDependencies,
  connection: Connection,
  companyIds: readonly string[],
): Promise<void> {
  await dependencies.store.write(noteCompanies(connection, companyIds, dependencies.clock()));
}

/** A person's choice among the companies of the account just connected. */
export interface CompanyChoice {
  readonly connectionId: string;
  readonly companyId: string;
  /** The session that authorized the connection; no other may choose. */
  readonly sessionId: string;
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
  const { connectionId, companyId, sessionId } = choice;
  const stored = await dependencies.store.read(connectionId);
  if (stored?.authorizedBy.sessionId !== sessionId || stored.status === 'disconnected') {
    return { outcome: 'superseded' };
  }
  if (!stored.companyIds.includes(companyId)) return { outcome: 'not_visible' };
  const write = choose(stored, companyId, sessionId, dependencies.clock());
  if ((await dependencies.store.write(write)) === 'refused') return { outcome: 'superseded' };
  return { outcome: 'chosen', connection: afterWrite(stored, write) };
}
