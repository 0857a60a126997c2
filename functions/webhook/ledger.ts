import { hash } from 'node:crypto';
import type { WebhookEvent } from './webhook-event.ts';

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
  readonly reason: 'permanent' | 'tries_spent';
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
  /** Marks the event as handled, and its resource as seen up to the event's time. */
  markHandled(event: WebhookEvent, handledAt: number): Promise<void>;
  /** Counts a failed try of the event. @returns how often it has failed by now */
  countFailure(event: WebhookEvent): Promise<number>;
  /** Notes that the event went to the dead-letter queue, and why. A later note replaces an earlier one. */
  markDeadLettered(event: WebhookEvent, deadLettered: DeadLettered): Promise<void>;
}

/** The ledger as people read it. */
export interface LedgerReader {
  /** Reads one event, strongly consistent. */
  show(eventId: string): Promise<ArrivedEvent | undefined>;
  /** Lists the events that arrived from `since` (included) to `until` (excluded), epoch seconds, oldest first. */
  arrivals(since: number, until: number): AsyncIterable<ArrivedEvent>;
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
  const shard = hash('sha256', eventId, 'buffer').readUInt8(0) % arrivalShards;
  return `${Math.floor(arrivedAt / 86_400)}#${shard}`;
}
