import type { Connection } from '../../functions/connection/connection.ts';
import {
  afterWrite,
  type Condition,
  type ConnectionStore,
  type ConnectionWrite,
  dueShardOf,
  mostCompanyIds,
} from '../../functions/connection/connection-store.ts';
import type { ProcoreEnvironmentName } from '../../functions/procore/environment.ts';
import { ForeignItemError } from '../../functions/procore/foreign-item.ts';
import { memoryPort, type PortFaults } from './port.ts';

/** A call of the store, as a hook sees it. */
export type StoreCall =
  | { readonly operation: 'read'; readonly connectionId: string }
  | { readonly operation: 'write'; readonly write: ConnectionWrite }
  | { readonly operation: 'due'; readonly shard: string }
  | { readonly operation: 'keepCompanies' | 'companies'; readonly connectionId: string };

/** Where a test comes between caller and store. */
export interface StoreHooks {
  /** Before the effect: may wait, or throw what a refused or unreachable store throws. */
  before?(call: StoreCall): Promise<void> | void;
  /** After the effect, before the answer: may wait, or throw, by which the answer is lost. */
  after?(call: StoreCall, answer: unknown): Promise<void> | void;
  /** Whether the SDK repeats this write after it took effect; the caller then gets the second answer. */
  repeats?(write: ConnectionWrite): boolean;
}

/** A store in this process; its effects are atomic. */
export interface MemoryConnectionStore extends ConnectionStore {
  readonly connections: Map<string, Connection>;
  /** May be replaced at any time. */
  hooks: StoreHooks;
  readonly calls: StoreCall[];
}

/** Makes an empty store. */
export function memoryConnectionStore(
  environment: ProcoreEnvironmentName = 'sandbox',
  faults?: PortFaults,
): MemoryConnectionStore {
  const connections = new Map<string, Connection>();
  const companies = new Map<string, { readonly sessionId: string; readonly companyIds: readonly string[] }>();
  const calls: StoreCall[] = [];

  async function perform<Answer>(call: StoreCall, effect: () => Answer): Promise<Answer> {
    calls.push(call);
    await store.hooks.before?.(call);
    const answer = effect();
    await store.hooks.after?.(call, answer);
    return answer;
  }

  const foreign = (stored: string) => new ForeignItemError('table "memory"', stored, environment);

  function readOnce(connectionId: string): Connection | undefined {
    const stored = connections.get(connectionId);
    if (stored && stored.environment !== environment) throw foreign(stored.environment);
    return structuredClone(stored);
  }

  function writeOnce(write: ConnectionWrite): 'written' | 'refused' {
    const stored = connections.get(write.connectionId);
    if (stored && stored.environment !== environment) return 'refused';
    if ((write.set.environment ?? environment) !== environment) throw foreign(String(write.set.environment));
    if (!write.require.every((condition) => holds(condition, stored))) return 'refused';
    // A copy, as through the wire: nobody holds a reference into the store.
    const blank = { environment, connectionId: write.connectionId } as Connection;
    connections.set(write.connectionId, structuredClone(afterWrite(stored ?? blank, write)));
    return 'written';
  }

  const store: MemoryConnectionStore = {
    environment,
    connections,
    hooks: {},
    calls,
    read: (connectionId) => perform({ operation: 'read', connectionId }, () => readOnce(connectionId)),
    write: (write) =>
      perform({ operation: 'write', write }, () => {
        const answer = writeOnce(write);
        return answer === 'written' && store.hooks.repeats?.(write) ? writeOnce(write) : answer;
      }),
    due: (shard, now, limit, cursor = '0') =>
      perform({ operation: 'due', shard }, () => {
        const due = [...connections.values()]
          .flatMap(({ connectionId, rotateAt }) => (rotateAt === undefined ? [] : [{ connectionId, rotateAt }]))
          .filter(({ connectionId, rotateAt }) => dueShardOf(connectionId) === shard && rotateAt <= now)
          .sort((one, other) => one.rotateAt - other.rotateAt || (one.connectionId < other.connectionId ? -1 : 1));
        const start = Number(cursor);
        const end = start + limit;
        return { connections: due.slice(start, end), ...(end < due.length && { cursor: String(end) }) };
      }),
    keepCompanies: (connectionId, sessionId, companyIds) =>
      companyIds.length <= mostCompanyIds
        ? Promise.resolve()
        : perform({ operation: 'keepCompanies', connectionId }, () => {
            companies.set(connectionId, { sessionId, companyIds });
          }),
    companies: (connectionId, sessionId) =>
      perform({ operation: 'companies', connectionId }, () => {
        const kept = companies.get(connectionId);
        return kept?.sessionId === sessionId ? kept.companyIds : [];
      }),
  };
  return memoryPort('connection store', store, faults);
}

/** Whether a condition holds of what is stored. */
export function holds(condition: Condition, stored: Connection | undefined): boolean {
  if (condition.condition === 'absent') return stored === undefined;
  if (stored === undefined) return false;
  switch (condition.condition) {
    case 'generationIs':
      return stored.generation === condition.generation;
    case 'statusIs':
      return stored.status === condition.status;
    case 'attemptFreeAt':
      return stored.attempt === undefined || stored.attempt.leaseUntil < condition.now;
    case 'coolDownOverAt':
      return stored.notBefore === undefined || stored.notBefore <= condition.now;
    case 'attemptIs':
      return stored.attempt?.owner === condition.owner && stored.attempt.number === condition.number;
    case 'attemptNumberIs':
      return stored.attemptNumber === condition.attemptNumber;
    case 'linkOlderThan':
      return stored.authorizedBy.linkIssuedAt < condition.linkIssuedAt;
    case 'sessionIs':
      return stored.authorizedBy.sessionId === condition.sessionId;
    case 'revokingIs':
      return JSON.stringify(stored.revoking ?? []) === JSON.stringify(condition.revoking);
    case 'rotateAtIs':
      return stored.rotateAt === condition.rotateAt;
    case 'unconfirmedIs':
      return stored.unconfirmed?.referenceHash === condition.referenceHash;
    case 'unconfirmedAccountIs':
      return stored.unconfirmed?.account?.changedAt === condition.changedAt;
    case 'companiesAre':
      return (['companiesReadAt', 'companyId', 'companyChosenAt'] as const).every(
        (field) => stored[field] === condition[field],
      );
  }
}
