import { redactText } from '../../functions/redact.ts';
import { handlerNames } from '../handler-names.ts';
import { type FunctionOutput, pascalCase } from '../stack-outputs.ts';
import type { DeployedEnvironment } from './deployment.ts';
import { OperatorError } from './exit-codes.ts';
import { readLogLine } from './log-line.ts';

/** A line of a function's log, as people read it: without secrets. */
export interface LogEntry {
  /** Given once. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Which function wrote it, e.g. `webhook-intake`. */
  readonly writer: string;
  readonly level: LogLevel;
  /** `console` for what on-event.ts writes by `console.log`. */
  readonly event: string;
  /** What else it says, by name. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** How grave lines are, the least grave first. */
export const logLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

/** One of {@link logLevels}. */
export type LogLevel = (typeof logLevels)[number];

/** Which lines are meant; all that is given must fit. */
export interface LogFilter {
  /** With this the event's name begins, e.g. `webhook.`. */
  readonly event?: string | undefined;
  /** As grave as this, or graver. */
  readonly level?: LogLevel | undefined;
  readonly connection?: string | undefined;
  /** Stands anywhere in the line, in any capitals. */
  readonly text?: string | undefined;
}

/** How far the log is read. */
export interface LogBounds {
  /** From when on, epoch milliseconds. */
  readonly since: number;
  /** So many lines at most, the newest. */
  readonly most: number;
  /** So many answers of CloudWatch of each log. @default all there are */
  readonly pages?: number;
}

/**
 * Reads the last lines that fit of all logs of an environment that can be read: of a deployed one those that have an
 * output, on this machine those of all functions.
 *
 * @returns the oldest first
 */
export async function readRecentLog(
  environment: Pick<DeployedEnvironment, 'readLog'>,
  filter: LogFilter,
  { since, most, pages }: LogBounds,
): Promise<readonly LogEntry[]> {
  const logs = await Promise.all(
    handlerNames.map(async (writer) => {
      const entries: LogEntry[] = [];
      for await (const entry of entriesOf(environment, writer, filter, since, pages)) {
        if (entries.push(entry) > most) entries.shift();
      }
      return entries;
    }),
  );
  return logs
    .flat()
    .sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1))
    .slice(-most);
}

async function* entriesOf(
  environment: Pick<DeployedEnvironment, 'readLog'>,
  writer: (typeof handlerNames)[number],
  filter: LogFilter,
  since: number,
  pages: number | undefined,
): AsyncGenerator<LogEntry> {
  const name: FunctionOutput = pascalCase(writer);
  try {
    for await (const line of environment.readLog(name, since, termOf(filter), pages)) {
      // What on-event.ts writes as JSON looks like ours, and was redacted by nobody.
      const { timestamp: _, event, level, ...fields } = readLogLine({ ...line, text: redactText(line.text) }) ?? {};
      if (typeof event !== 'string') continue;
      const known = logLevels.find((one) => one === level) ?? (level === 'FATAL' ? 'ERROR' : 'INFO');
      const entry = { id: `${name}-${line.id}`, at: line.at, writer, level: known, event, fields };
      if (fits(entry, filter)) yield entry;
    }
  } catch (error) {
    // On AWS few logs have an output, and a stack without the worker has no log of it.
    if (!(error instanceof OperatorError) || error.code !== 'output_missing') throw error;
  }
}

/** CloudWatch looks for one term, with the capitals that it has. A text may be meant in any. */
function termOf({ event, connection }: LogFilter): string | undefined {
  return [connection, event].find((term) => term !== undefined && !term.includes('"'));
}

function fits({ event, level, fields }: LogEntry, filter: LogFilter): boolean {
  const text = filter.text?.toLowerCase();
  return (
    (filter.event === undefined || event.startsWith(filter.event)) &&
    (filter.level === undefined || logLevels.indexOf(level) >= logLevels.indexOf(filter.level)) &&
    (filter.connection === undefined || fields.connectionId === filter.connection) &&
    (text === undefined || `${event} ${JSON.stringify(fields)}`.toLowerCase().includes(text))
  );
}

/** How the log is followed. */
export interface Following {
  readonly signal: AbortSignal;
  /** Waits between two looks. */
  readonly pause: () => Promise<void>;
  readonly bounds: LogBounds;
}

/** So much is read again, in milliseconds: lines of one moment come one after another. */
const overlapMs = 2000;

/**
 * Follows the log of a system on this machine.
 *
 * @returns the lines that are new, the oldest first; never an empty list
 */
export async function* followLog(
  environment: Pick<DeployedEnvironment, 'readLog'>,
  filter: LogFilter,
  { signal, pause, bounds }: Following,
): AsyncGenerator<readonly LogEntry[]> {
  let { since } = bounds;
  let told = new Set<string>();
  while (!signal.aborted) {
    const entries = await readRecentLog(environment, filter, { ...bounds, since });
    const fresh = entries.filter(({ id }) => !told.has(id));
    if (fresh.length > 0) yield fresh;
    const newest = entries.at(-1)?.at;
    if (newest !== undefined) since = Math.max(since, newest - overlapMs);
    told = new Set(entries.filter(({ at }) => at >= since).map(({ id }) => id));
    await pause();
  }
}
