import type { ErasureRequest } from '../../functions/webhook/erasure.ts';
import type { StoredSubscription } from '../../functions/webhook/subscription.ts';
import type { StoredConnection } from './stored-connection.ts';

type Served = Pick<StoredSubscription, 'companyId' | 'connectionId'>;
type Serving = Pick<StoredConnection, 'connectionId' | 'status' | 'companyId' | 'companyIds' | 'companiesCount'>;

/** Names the companies that a connection serves: those of subscriptions, and the one that was chosen for it. */
export function servedCompanies(
  connectionId: string,
  connections: readonly Serving[],
  subscriptions: readonly Served[],
): readonly string[] {
  const served = subscriptions.filter((each) => each.connectionId === connectionId);
  const chosen = connections.find((each) => each.connectionId === connectionId)?.companyId;
  return [...new Set([...served.map(({ companyId }) => companyId), ...(chosen === undefined ? [] : [chosen])])];
}

/**
 * Tells which connections of a company end with it.
 *
 * One stays that another company's subscription names, or that was chosen for another company. Where none was chosen, and
 * the account sees several companies, nobody can tell whom it serves: it stays, too.
 *
 * @param erased all companies that are erased now
 */
export function judgeConnections(
  companyId: string,
  erased: readonly string[],
  connections: readonly Serving[],
  subscriptions: readonly Served[],
): ErasureRequest {
  const named = subscriptions.find((each) => each.companyId === companyId)?.connectionId;
  const concerned = connections.filter(
    (each) => each.connectionId === named || each.companyId === companyId || each.companyIds.includes(companyId),
  );
  const servesOthers = ({ connectionId, companyId: chosen, companyIds, companiesCount }: Serving) =>
    subscriptions.some((each) => each.connectionId === connectionId && !erased.includes(each.companyId)) ||
    (chosen === undefined ? (companiesCount ?? companyIds.length) > 1 : !erased.includes(chosen));
  const [connectionIds, keptConnectionIds]: [string[], string[]] = [[], []];
  for (const each of concerned) (servesOthers(each) ? keptConnectionIds : connectionIds).push(each.connectionId);
  return { connectionIds, keptConnectionIds };
}
