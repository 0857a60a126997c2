import { atATime } from '../../../functions/at-a-time.ts';
import type { LogOutput } from '../../stack-outputs.ts';
import { awsTrouble } from '../aws-trouble.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { OperatorError } from '../exit-codes.ts';
import { type Logged, loggedLine } from '../logged.ts';

/** A line that a function has written about one connection. */
export interface ConnectionLine {
  /** Epoch seconds, to the millisecond, by the clock of the function. */
  readonly at: number;
  readonly log: LogOutput;
  /** Its literal name, e.g. `rotation.claimed`. */
  readonly event: string;
  readonly fields: Logged['fields'];
}

/** What the logs have of one connection. Times are in epoch seconds. */
export interface ConnectionLog {
  /** From when on lines were wanted, and to when. */
  readonly since: number;
  readonly until: number;
  /** From when on all lines were read: later than `since` when there was too much to read. */
  readonly readSince: number;
  /** The oldest first. */
  readonly lines: readonly ConnectionLine[];
  /** Logs that could not be read, and why, in words. */
  readonly unread: readonly { readonly logs: readonly LogOutput[]; readonly why: string }[];
}

/** The functions that change connections: what becomes of one stands in their logs. */
export const connectionLogs = [
  'OauthCallback',
  'ConnectServiceAccount',
  'ConfirmConnection',
  'Disconnect',
  'AccessToken',
  'TokenRotation',
  'TokenRecovery',
  'RestoreConnections',
] as const satisfies readonly LogOutput[];

/** How much is read at most. */
interface LogLimits {
  /** Of each log; CloudWatch also gives empty pages, where it has searched for long. */
  readonly pages: number;
  readonly lines: number;
}

const usualLimits: LogLimits = { pages: 40, lines: 2000 };

/** How long the first piece of time is that is read, the newest one; each older one is twice as long. In seconds. */
const firstPieceSeconds = 6 * 3600;

/** CloudWatch answers five calls of FilterLogEvents a second in some regions. */
const logsAtOnce = 4;

/**
 * Reads what functions have written about one connection, piece by piece from now backwards, because CloudWatch gives the
 * oldest lines first. So the newest ones are there when there are too many.
 *
 * @param since and `until` in epoch seconds
 * @param say tells how far it is
 * @returns also when logs could not be read: it says which ones, and why
 */
export async function readConnectionLog(
  environment: Pick<DeployedEnvironment, 'readLogPages' | 'local'>,
  connectionId: string,
  { since, until }: { readonly since: number; readonly until: number },
  say: (text: string) => void = () => {},
  limits: LogLimits = usualLimits,
): Promise<ConnectionLog> {
  const unread = new Map<LogOutput, string>();
  const pagesLeft = new Map<LogOutput, number>(connectionLogs.map((log) => [log, limits.pages]));
  const lines = new Map<string, ConnectionLine>();
  let readSince = until;
  for (const [from, to] of piecesOf(since, until)) {
    if (to < until) say(`Reading the log: back to ${new Date(to * 1000).toISOString()} so far`);
    const read = atATime(logsAtOnce, (log: LogOutput) =>
      readPiece(environment, { log, connectionId, from, to, pages: pagesLeft.get(log) ?? 0 }),
    );
    const pieces = await Promise.all(
      connectionLogs.filter((log) => !unread.has(log)).map(async (log) => ({ log, ...(await read(log)) })),
    );
    for (const { log, why, pages } of pieces) {
      if (why !== undefined) unread.set(log, why);
      pagesLeft.set(log, pages);
    }
    // The lines of a piece that was not read to its end would leave gaps between others.
    if (pieces.some(({ isWhole }) => !isWhole)) break;
    for (const { log, found } of pieces) for (const [id, line] of found) lines.set(`${log} ${id}`, line);
    readSince = from;
    if (lines.size > limits.lines) break;
  }
  const sorted = [...lines.values()].sort((one, other) => one.at - other.at);
  const kept = sorted.slice(-limits.lines);
  return {
    ...{ since, until, lines: kept, unread: byReason(unread) },
    readSince: kept.length < sorted.length ? (kept[0]?.at ?? readSince) : readSince,
  };
}

/** Cuts a time into pieces, the newest and shortest first. */
function piecesOf(since: number, until: number): readonly (readonly [from: number, to: number])[] {
  const pieces: [number, number][] = [];
  let [to, seconds] = [until, firstPieceSeconds];
  while (to > since) {
    const from = Math.max(since, to - seconds);
    pieces.push([from, to]);
    to = from;
    seconds *= 2;
  }
  return pieces;
}

interface Piece {
  readonly found: ReadonlyMap<string, ConnectionLine>;
  /** How many pages may be read after this. */
  readonly pages: number;
  readonly isWhole: boolean;
  /** Why the log cannot be read at all. */
  readonly why?: string;
}

async function readPiece(
  { readLogPages, local }: Pick<DeployedEnvironment, 'readLogPages' | 'local'>,
  wanted: {
    readonly log: LogOutput;
    readonly connectionId: string;
    readonly from: number;
    readonly to: number;
    readonly pages: number;
  },
): Promise<Piece> {
  const { log, connectionId, from, to } = wanted;
  const found = new Map<string, ConnectionLine>();
  let pages = wanted.pages;
  try {
    const selection = { since: Math.floor(from * 1000), until: Math.ceil(to * 1000) };
    for await (const page of readLogPages(log, { ...selection, field: ['connectionId', connectionId] })) {
      pages -= 1;
      if (pages < 0) return { found, pages: 0, isWhole: false };
      for (const { id, at, text } of page) {
        const line = readLine(log, at, text, connectionId);
        if (line !== undefined) found.set(id, line);
      }
    }
    return { found, pages, isWhole: true };
  } catch (error) {
    return { found: new Map(), pages, isWhole: true, why: reasonOf(error, local) };
  }
}

/** What is filtered elsewhere is looked at again: a line of another connection must never be shown as one of this. */
function readLine(log: LogOutput, at: number, text: string, connectionId: string): ConnectionLine | undefined {
  const logged = loggedLine(log, at, text);
  const { event, timestamp } = logged?.fields ?? {};
  if (logged === undefined || typeof event !== 'string' || logged.fields.connectionId !== connectionId) return;
  if (!/^(rotation|connection)\.[a-z_]{1,40}$/.test(event)) return;
  const written = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  return { at: (Number.isNaN(written) ? at : written) / 1000, log, event, fields: logged.fields };
}

/** @throws the error itself, when it is neither AWS's nor about a log that the deployed version does not name */
function reasonOf(error: unknown, local: boolean): string {
  if (error instanceof OperatorError && error.code === 'output_missing') {
    return 'the deployed version does not name them; deploy again (npm run deploy)';
  }
  const trouble = awsTrouble(error, local);
  if (trouble === undefined || trouble.code === 'local_not_running') throw error;
  return trouble.message;
}

function byReason(unread: ReadonlyMap<LogOutput, string>): ConnectionLog['unread'] {
  const reasons = [...new Set(unread.values())];
  return reasons.map((why) => ({
    why,
    logs: [...unread].filter(([, reason]) => reason === why).map(([log]) => log),
  }));
}
