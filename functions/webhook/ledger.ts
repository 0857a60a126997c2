import { hash } from 'node:crypto';
import type { Subject } from './event-message.ts';
import type { TryRecord } from './try-record.ts';
import type { WebhookEvent } from './webhook-event.ts';
import type { DeadLetterReason } from './work-queue.ts';

/** What the ledger holds about one event. */
export interface LedgerEntry {
  readonly event: WebhookEvent;
  /** When intake recorded it, epoch seconds; absent when only the worker has written about it. */
  readonly receivedAt?: number;
  /** When `onEvent` last finished with it, epoch seconds. */
  readonly handledAt?: number;
}

/** Why an event went to the dead-letter queue. */
export interface DeadLettered {
  readonly reason: DeadLetterReason;
  /** What a `Permanent` error said. */
  readonly detail?: string;
}

/** An entry as it is listed by time. */
export interface ArrivedEvent extends LedgerEntry {
  /** When intake first wrote it down, or the worker if intake could not; epoch seconds. */
  readonly arrivedAt: number;
  /** How often `onEvent` has failed with it. */
  readonly failures: number;
  /** Why it is, or last was, a dead letter; absent when it never was. */
  readonly deadLettered?: DeadLettered;
  /** Its last tries; absent when it never failed. */
  readonly tried?: TryRecord;
}

/** Why somebody may want to look at an event: it is failing, or it is a dead letter. */
export type Attention = 'failing' | 'dead';

/** An event, or a change of a connection, that wants attention. */
export interface Attended {
  readonly subject: Subject;
  readonly attention: Attention;
  /** Since when, epoch seconds. */
  readonly since: number;
  readonly tried?: TryRecord;
  readonly deadLettered?: DeadLettered;
}

/** What is known about how the events of a key fare (company and resource name, or connection). Times in epoch seconds. */
export interface KeyHealth {
  /** Until then successes are noted: an event of the key has failed. */
  readonly watchedUntil?: number;
  /** When a try began that succeeded, the last one that was noted. */
  readonly succeededAt?: number;
}

/** What happened before to an event and its resource, for the worker's marks. */
export interface EventHistory {
  readonly handledBefore: boolean;
  /** When the newest handled event of the resource occurred, epoch seconds; null when no event was handled. */
  readonly newestHandled: number | null;
}

/** How long the ledger keeps an event for replay, in seconds: 30 days. Procore retries for 12 hours. */
export const ledgerSeconds = 30 * 24 * 3600;

/** How far Procore's clock may lead ours, in seconds. */
const leadSeconds = 180;

/**
 * Tells up to which time a resource counts as seen when one of its events was handled.
 *
 * @returns the event's time, epoch seconds, but at most 3 minutes from now: otherwise later events would all look stale
 */
export function seenUpTo(occurredAt: number, now: number): number {
  return Math.min(occurredAt, now + leadSeconds);
}

/** The record of accepted events, of handled ones, and of the last one handled for each resource. */
export interface Ledger {
  /** Reads an event, strongly consistent. @returns undefined when it is unknown or its time is over */
  find(eventId: string): Promise<LedgerEntry | undefined>;
  /**
   * Records an accepted event, and keeps what is known of it already, such as the mark "handled": the worker may finish
   * with an event before intake has recorded it.
   *
   * @returns `known` when it was recorded before, perhaps by a try whose answer was lost
   */
  record(event: WebhookEvent, receivedAt: number): Promise<'recorded' | 'known'>;
  /** Tells what happened to the event and its resource before. */
  history(event: WebhookEvent): Promise<EventHistory>;
  /**
   * Marks an event as handled, and its resource as seen up to the event's time. Of a change of a connection nothing is
   * kept, unless it has failed before.
   *
   * @param tried the record of its tries, if it has one
   */
  markHandled(subject: Subject, handledAt: number, tried?: TryRecord): Promise<void>;
  /** Reads what is kept of failed tries. @returns undefined when none has failed */
  tries(subject: Subject): Promise<TryRecord | undefined>;
  /** Keeps the record of a try that has begun, or was asked to wait: neither is a failure. */
  keepTries(subject: Subject, tried: TryRecord): Promise<void>;
  /** Keeps the record of a failed try, in one write, and whether it was the last one. */
  recordFailure(subject: Subject, tried: TryRecord, deadLettered?: DeadLettered): Promise<void>;
  /** Tells how the events of a key fare. */
  health(key: string): Promise<KeyHealth>;
  /** Notes how the events of a key fare; what is not given stays. */
  noteHealth(key: string, health: KeyHealth): Promise<void>;
}

/** The ledger as people read it. */
export interface LedgerReader {
  /** Reads one event, strongly consistent. */
  show(eventId: string): Promise<ArrivedEvent | undefined>;
  /** Reads some events, as many as there are, strongly consistent and in any order. */
  showAll(eventIds: readonly string[]): Promise<readonly ArrivedEvent[]>;
  /**
   * Lists the events that arrived from `since` (included) to `until` (excluded), epoch seconds, oldest first.
   *
   * @param isLeftOut tells of which nothing is wanted: they are not read. @default all are
   */
  arrivals(since: number, until: number, isLeftOut?: (eventId: string) => boolean): AsyncIterable<ArrivedEvent>;
  /** Lists what is failing, or dead: within each part of the index the longest first. */
  attention(attention: Attention): AsyncIterable<Attended>;
}

/** How many partitions of the index hold the events of a day. One partition takes 1,000 writes a second. */
export const arrivalShards = 4;

/**
 * Gives the index's partitions that hold a day's events.
 *
 * @param day whole days since 1970
 */
export function arrivalPartitions(day: number): readonly string[] {
  return Array.from({ length: arrivalShards }, (_, shard) => `${day}#${shard}`);
}

/** Gives the index's partition of one event. */
export function arrivalPartition(eventId: string, arrivedAt: number): string {
  return `${Math.floor(arrivedAt / 86_400)}#${shardOf(eventId)}`;
}

function shardOf(id: string): number {
  return hash('sha256', id, 'buffer').readUInt8(0) % arrivalShards;
}

/** Gives the partitions of the index of what wants attention: as many as of a day's events. */
export function attentionPartitions(attention: Attention): readonly string[] {
  return Array.from({ length: arrivalShards }, (_, shard) => `${attention}#${shard}`);
}

/** Gives the partition of one event, or change, in the index of what wants attention. */
export function attentionPartition(attention: Attention, subjectId: string): string {
  return `${attention}#${shardOf(subjectId)}`;
}
