import { createHash } from 'node:crypto';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';
import type { Connection, ConnectionStatus } from './connection.ts';

/**
 * What a write may require of the stored item, each named; the conditions of one write are joined by AND.
 * A closed set, so that both stores (DynamoDB, memory) understand all of them.
 */
export type Condition =
  | { readonly condition: 'absent' }
  | { readonly condition: 'generationIs'; readonly generation: number }
  | { readonly condition: 'statusIs'; readonly status: ConnectionStatus }
  /** No attempt, or one whose lease ended before `now`. */
  | { readonly condition: 'attemptFreeAt'; readonly now: number }
  /** No cool-down, or one that has ended by `now`. */
  | { readonly condition: 'coolDownOverAt'; readonly now: number }
  | { readonly condition: 'attemptIs'; readonly owner: string; readonly number: number }
  /** Nobody has claimed since the item was read. */
  | { readonly condition: 'attemptNumberIs'; readonly attemptNumber: number }
  /** The stored tokens came of an older link: what makes a link good for one success. */
  | { readonly condition: 'linkOlderThan'; readonly linkIssuedAt: number }
  | { readonly condition: 'sessionIs'; readonly sessionId: string }
  /** The list of access tokens to revoke is still the one read; `[]` stands for none. */
  | { readonly condition: 'revokingIs'; readonly revoking: readonly string[] }
  | { readonly condition: 'rotateAtIs'; readonly rotateAt: number };

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
  | 'procoreUserId'
  | 'companyId';

/** One conditional write of one connection: takes effect as a whole when every condition holds, else not at all. */
export interface ConnectionWrite {
  readonly connectionId: string;
  readonly require: readonly Condition[];
  /** Fields to set; a set field is replaced as a whole, all others stay as they are stored. */
  readonly set: Partial<ConnectionFields>;
  readonly remove: readonly RemovableField[];
}

/** A connection that the sweep should look at: all that the index holds. */
export interface DueConnection {
  readonly connectionId: string;
  /** Epoch seconds. */
  readonly rotateAt: number;
}

/** Where connections are stored: one item each. */
export interface ConnectionStore {
  /** The environment of every connection in it. */
  readonly environment: ProcoreEnvironmentName;

  /**
   * Reads a connection, strongly consistent: what it returns is at least as new as every write that was answered.
   *
   * @returns the connection, or undefined when there is none
   * @throws ForeignItemError when the stored item belongs to another environment
   */
  read(connectionId: string): Promise<Connection | undefined>;

  /**
   * Writes once, under the conditions.
   *
   * A refusal has to be read again before it is believed: the SDK may repeat a write that took effect, and the
   * repetition then meets its own effect. Whoever must know leaves a unique mark in what it writes. An error leaves
   * open whether the write took effect.
   */
  write(write: ConnectionWrite): Promise<'written' | 'refused'>;

  /**
   * Lists connections of one shard whose `rotateAt` has come, earliest first; eventually consistent.
   *
   * @param now epoch seconds
   * @param limit at most that many
   * @param cursor where an earlier answer ended
   */
  due(shard: string, now: number, limit: number, cursor?: string): Promise<DuePage>;
}

/** Part of the answer to {@link ConnectionStore.due}. */
export interface DuePage {
  readonly connections: readonly DueConnection[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** The shards of the due index: enough for 16,000 writes a second, few enough to ask each one every minute. */
export const dueShards: readonly string[] = Array.from({ length: 16 }, (_, shard) => `due-${shard}`);

/**
 * Tells in which shard of the due index a connection is.
 *
 * @returns one of {@link dueShards}, always the same for the same connection
 */
export function dueShardOf(connectionId: string): string {
  const [first = 0] = createHash('sha256').update(connectionId).digest();
  return `due-${first % dueShards.length}`;
}

/**
 * Gives the connection that a write makes of the one it was built from.
 *
 * @returns what is stored when the write takes effect and nothing else changed since `connection` was read
 */
export function afterWrite(connection: Connection, write: ConnectionWrite): Connection {
  const after: Connection = { ...connection, ...write.set };
  for (const field of write.remove) delete (after as { -readonly [F in RemovableField]?: Connection[F] })[field];
  return after;
}
