import { createHash } from 'node:crypto';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { Connection, ConnectionStatus } from './connection.ts';

/**
 * What a write may require of the stored item. Each condition has a name, and all conditions of a write must hold. The
 * set is closed, so that both stores (DynamoDB and memory) know all of them.
 */
export type Condition =
  | { readonly condition: 'absent' }
  | { readonly condition: 'generationIs'; readonly generation: number }
  | { readonly condition: 'statusIs'; readonly status: ConnectionStatus }
  /** There is no attempt, or its lease ended before `now`. */
  | { readonly condition: 'attemptFreeAt'; readonly now: number }
  /** There is no cool-down, or it has ended by `now`. */
  | { readonly condition: 'coolDownOverAt'; readonly now: number }
  | { readonly condition: 'attemptIs'; readonly owner: string; readonly number: number }
  /** Nobody has claimed an attempt since the item was read. */
  | { readonly condition: 'attemptNumberIs'; readonly attemptNumber: number }
  /** The stored tokens come from an older link. So a link can succeed only once. */
  | { readonly condition: 'linkOlderThan'; readonly linkIssuedAt: number }
  | { readonly condition: 'sessionIs'; readonly sessionId: string }
  /** The list of access tokens to revoke is the same as when the item was read. `[]` means that there is no list. */
  | { readonly condition: 'revokingIs'; readonly revoking: readonly string[] }
  | { readonly condition: 'rotateAtIs'; readonly rotateAt: number }
  /** The same token set waits for its confirmation as when the item was read, or none. */
  | { readonly condition: 'unconfirmedIs'; readonly referenceHash: string | undefined }
  /** Nobody has noted or chosen companies for the token set that waits since the item was read. */
  | { readonly condition: 'unconfirmedAccountIs'; readonly changedAt: number | undefined }
  /** Nobody has noted or chosen companies since the item was read. Undefined means that the field is absent. */
  | {
      readonly condition: 'companiesAre';
      readonly companiesReadAt: number | undefined;
      readonly companyId: string | undefined;
      readonly companyChosenAt: number | undefined;
    };

/** A field that a write can set. */
export type ConnectionFields = Omit<Connection, 'connectionId'>;

/** A field that a write can remove. */
export type RemovableField =
  | 'tokens'
  | 'rotateAt'
  | 'notBefore'
  | 'attempt'
  | 'failure'
  | 'cause'
  | 'revoking'
  | 'unconfirmed'
  | 'procoreUserId'
  | 'companyId'
  | 'companyChosenAt'
  | 'companiesCount'
  | 'companiesReadAt'
  | 'companiesFor'
  | 'formerCompanyId'
  | 'restoredAt'
  | 'restoredGeneration'
  | 'restoredRefreshToken';

/** One conditional write of one connection. It takes effect as a whole when every condition holds, else not at all. */
export interface ConnectionWrite {
  readonly connectionId: string;
  readonly require: readonly Condition[];
  /** Fields to set. A field that is set is replaced as a whole; all others stay as they are stored. */
  readonly set: Partial<ConnectionFields>;
  readonly remove: readonly RemovableField[];
}

/** A connection that the sweep should look at. The index holds nothing else of it. */
export interface DueConnection {
  readonly connectionId: string;
  /** Epoch seconds. */
  readonly rotateAt: number;
}

/** Where connections are stored, one item each. */
export interface ConnectionStore {
  /** The environment of every connection in the store. */
  readonly environment: ProcoreEnvironmentName;

  /**
   * Reads a connection with strong consistency: the result is at least as new as every write that was answered.
   *
   * @returns the connection, or undefined when there is none
   * @throws ForeignItemError when the stored item belongs to another environment
   */
  read(connectionId: string): Promise<Connection | undefined>;

  /**
   * Writes once, under the conditions.
   *
   * The caller must read the item again before it believes a refusal: the SDK may repeat a write that took effect, and
   * the repetition is then refused because of the first write. So a caller that must know puts a unique mark into what
   * it writes. After an error it is not known whether the write took effect.
   */
  write(write: ConnectionWrite): Promise<'written' | 'refused'>;

  /**
   * Lists the connections of one shard whose `rotateAt` has come, earliest first. The list is eventually consistent.
   *
   * @param now epoch seconds
   * @param limit how many connections the answer holds at most
   * @param cursor where an earlier answer ended
   * @returns one page
   */
  due(shard: string, now: number, limit: number, cursor?: string): Promise<DuePage>;

  /**
   * Keeps the companies of an account that sees more than the {@link mostCompanyIds} that its connection's item has room
   * for. Of fewer it keeps nothing.
   *
   * @param sessionId of the authorization whose account it is
   * @param companyIds all of them
   */
  keepCompanies(connectionId: string, sessionId: string, companyIds: readonly string[]): Promise<void>;

  /**
   * Gives what {@link ConnectionStore.keepCompanies} keeps.
   *
   * @returns all ids; an empty list when none are kept for this authorization
   */
  companies(connectionId: string, sessionId: string): Promise<readonly string[]>;
}

/** How many company ids the item of a connection has room for. An account that sees more is rare. */
export const mostCompanyIds = 200;

/** One page of the answer to {@link ConnectionStore.due}. */
export interface DuePage {
  readonly connections: readonly DueConnection[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** The shards of the due index: enough for 16,000 writes a second, and few enough to ask each of them every minute. */
export const dueShards: readonly string[] = Array.from({ length: 16 }, (_, shard) => `due-${shard}`);

/**
 * Tells in which shard of the due index a connection is.
 *
 * @returns one of {@link dueShards}, always the same one for the same connection
 */
export function dueShardOf(connectionId: string): string {
  const [first = 0] = createHash('sha256').update(connectionId).digest();
  return `due-${first % dueShards.length}`;
}

/**
 * Applies a write to the connection that it was built from.
 *
 * @returns what is stored when the write takes effect and nothing else has changed since `connection` was read
 */
export function afterWrite(connection: Connection, write: ConnectionWrite): Connection {
  const after: Connection = { ...connection, ...write.set };
  for (const field of write.remove) delete (after as { -readonly [F in RemovableField]?: Connection[F] })[field];
  return after;
}
