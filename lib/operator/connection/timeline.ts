import type { LogOutput } from '../../stack-outputs.ts';
import type { ConnectionLine } from './log.ts';
import { type Words, wholeNumber, wordsOf } from './words.ts';

/** One thing that happened to a connection. */
export interface TimelineRow extends Words {
  /** Epoch seconds, to the millisecond. */
  readonly at: number;
  /** Its literal name in the log. */
  readonly event: string;
  /** The generation that it is about: of new tokens, theirs. */
  readonly generation?: number;
  /** How long it took since the attempt began, or since the tokens went into escrow; in milliseconds. */
  readonly tookMs?: number;
  /** In which function's log it stands. */
  readonly log: LogOutput;
}

/** The lines that end an attempt, and by how much their generation is newer than that of its claim. */
const ends: Readonly<Record<string, 0 | 1>> = {
  'rotation.replaced': 1,
  'rotation.escrowed': 1,
  'rotation.not_sent': 0,
  'rotation.unknown': 0,
  'rotation.throttled': 0,
  'rotation.unjudged': 0,
  'rotation.not_granted': 0,
  'rotation.client_refused': 0,
  'rotation.suspect': 0,
  'rotation.refused': 0,
};

/** An attempt of which nothing more is heard for so long is over: the longest invocation with its lease, in seconds. */
const attemptSeconds = 120;

/**
 * Tells what happened to a connection, of the lines of its log.
 *
 * @param lines the oldest first
 * @param now epoch seconds
 * @returns one row a line, the oldest first
 */
export function timelineOf(lines: readonly ConnectionLine[], now: number): readonly TimelineRow[] {
  const began = new Map(lines.map((line, index) => [line, beginningOf(lines, index)]));
  const ended = new Set([...began].flatMap(([line, start]) => (line.event in ends && start ? [start] : [])));
  return lines.map((line) => {
    const { at, event, log, fields } = line;
    const generation = wholeNumber(fields.generation);
    const start = began.get(line);
    const isOpen = event === 'rotation.claimed' && !ended.has(line);
    return {
      ...{ at, event, log, ...(isOpen ? openWords(line, now) : wordsOf(line)) },
      ...(generation !== undefined && { generation }),
      ...(start && { tookMs: Math.max(0, Math.round((at - start.at) * 1000)) }),
    };
  });
}

/** Nothing tells how an attempt ended whose function was ended, or is at work still. */
function openWords(line: ConnectionLine, now: number): Words {
  const { what } = wordsOf(line);
  const isOver = now - line.at > attemptSeconds;
  return isOver
    ? { what: `${what} The log does not say how that ended.`, sure: 'unknown', tone: 'trouble' }
    : { what: `${what} It is under way.`, sure: 'certain', tone: 'plain' };
}

/** Finds the line that began what this one ends: the claim of the attempt, or the way into escrow. */
function beginningOf(lines: readonly ConnectionLine[], index: number): ConnectionLine | undefined {
  const line = lines[index];
  if (line === undefined) return undefined;
  const generation = wholeNumber(line.fields.generation);
  if (generation === undefined) return undefined;
  if (line.event === 'rotation.recovered') {
    return lastBefore(lines, index, (one) => one.event === 'rotation.escrowed' && one.fields.generation === generation);
  }
  const newer = Object.hasOwn(ends, line.event) ? ends[line.event] : undefined;
  if (newer === undefined) return undefined;
  const { attemptNumber, requestId } = line.fields;
  return lastBefore(lines, index, ({ event, log, fields }) => {
    if (event !== 'rotation.claimed' || log !== line.log || fields.generation !== generation - newer) return false;
    // Only the holder of an attempt ends it, within its own invocation.
    if (requestId !== undefined && fields.requestId !== undefined && requestId !== fields.requestId) return false;
    return attemptNumber === undefined || fields.attemptNumber === attemptNumber;
  });
}

function lastBefore(
  lines: readonly ConnectionLine[],
  index: number,
  isMeant: (line: ConnectionLine) => boolean,
): ConnectionLine | undefined {
  for (let at = index - 1; at >= 0; at -= 1) {
    const line = lines[at];
    if (line !== undefined && isMeant(line)) return line;
  }
  return undefined;
}
