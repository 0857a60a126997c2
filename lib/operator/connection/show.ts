import type { StoredConnection } from '../stored-connection.ts';
import { counted, fromNow, indent, showTable, showTime, span } from '../table.ts';
import type { Generation } from './generations.ts';
import type { ConnectionHistory } from './picture.ts';
import type { TimelineRow } from './timeline.ts';
import type { Sureness } from './words.ts';

/** How sure a row is, in words. */
export const surenessText: Readonly<Record<Sureness, string>> = {
  certain: 'certain',
  likely: 'likely',
  unknown: 'not known',
};

/** Says how much of the token's life is left. @param now epoch seconds */
export function showLife({ status, issuedAt, expiresAt }: StoredConnection, now: number): string {
  if (status !== 'connected' || issuedAt === undefined || expiresAt === undefined) return '-';
  if (expiresAt <= now) return `ended ${fromNow(expiresAt, now)}`;
  return `${span(expiresAt - now)} left of ${span(expiresAt - issuedAt)}`;
}

/** Says how long something took, for people. */
export function showTook(tookMs: number | undefined): string {
  if (tookMs === undefined) return '';
  return tookMs < 10_000 ? `${tookMs} ms` : span(tookMs / 1000);
}

/** Says when a generation ended, or that it lasts. */
export function showEnd({ endedAt, isCurrent }: Generation): string {
  if (endedAt !== undefined) return showTime(endedAt);
  return isCurrent ? 'lasts' : '-';
}

/** Says why a generation began and ended. */
export function showWhy({ began, ended }: Generation): string {
  return ended === undefined ? began : `${began}; ${ended}`;
}

/** Says how long a generation lasted, as far as both its ends are known. @param now epoch seconds */
export function showLasted({ beganAt, endedAt, isCurrent }: Generation, now: number): string {
  const end = endedAt ?? (isCurrent ? now : undefined);
  return beganAt === undefined || end === undefined ? '-' : span(end - beganAt);
}

/** Says what was read, and what was not. @returns sentences */
export function showReach({ rows, since, readSince, unread }: ConnectionHistory): readonly string[] {
  const all = unread.flatMap(({ logs }) => logs);
  return [
    `${counted(rows.length, 'line')} of the log since ${showTime(readSince)}.`,
    ...(readSince > since
      ? [`What is older, back to ${showTime(since)}, is too much to read. Give a later --since.`]
      : []),
    ...unread.map(({ logs, why }) => `Not read, so that something may be missing: ${logs.join(', ')}. ${why}`),
    ...(rows.length === 0 && all.length === 0
      ? ['With "logLevel": "error" functions write no such lines, and after the retention of the logs they are gone.']
      : []),
  ];
}

/** Shows what the logs tell of a connection. @param now epoch seconds */
export function showHistory(history: ConnectionHistory, now: number): string {
  const { rows, generations } = history;
  const parts = [
    ...(generations.length === 0 ? [] : [`Generations of its tokens:\n${showGenerations(generations, now)}`]),
    ...(rows.length === 0 ? [] : [`What happened, the newest at the end:\n${showRows(rows, now)}`]),
    showReach(history)
      .map((sentence) => indent(sentence, ''))
      .join('\n'),
  ];
  return parts.join('\n\n');
}

function showGenerations(generations: readonly Generation[], now: number): string {
  const rows = generations.map((one) => [
    String(one.generation),
    showTime(one.beganAt),
    showEnd(one),
    showLasted(one, now),
    showWhy(one),
  ]);
  return showTable(['GENERATION', 'BEGAN', 'ENDED', 'LASTED', 'WHY'], rows);
}

function showRows(rows: readonly TimelineRow[], now: number): string {
  const cells = rows.map(({ at, generation, tookMs, sure, what }) => [
    showTime(at),
    fromNow(at, now),
    generation === undefined ? '-' : String(generation),
    showTook(tookMs) || '-',
    surenessText[sure],
    what,
  ]);
  return showTable(['WHEN', 'AGO', 'GENERATION', 'TOOK', 'SURE', 'WHAT'], cells);
}
