import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConnectorError } from '../../../functions/connector-error.ts';
import type { Kept } from '../../kept.ts';

/** The state of a local system on the disk. */
export interface LocalState extends Kept {
  /** Its folder; the queues have a file of their own there (lib/local/aws/kept-queues.ts). */
  readonly folder: string;
  /** Writes what is left and lets the folder go, for the next one. */
  close(): Promise<void>;
  /** Lets the folder go after a start that failed. One that was new is removed: nobody has worked with it. */
  abandon(): Promise<void>;
}

/** Another local system, which still runs, works with the folder. */
export class StateInUseError extends ConnectorError {
  override readonly name = 'StateInUseError';
  readonly code = 'state_in_use';
}

/** The state cannot be read: it is damaged, or of a newer version. */
export class StateUnreadableError extends ConnectorError {
  override readonly name = 'StateUnreadableError';
  readonly code = 'state_unreadable';
}

const format = 1;
const files = { state: 'state.db', queues: 'fauxqs.db', pid: 'pid' } as const;
/** @see [SQLite's result codes](https://www.sqlite.org/rescode.html) */
const results = { busy: 5, corrupt: 11, notADatabase: 26 } as const;

/**
 * Opens the state of a local system, and keeps others out until it is closed or the process ends: the lock is the
 * operating system's, on SQLite's file, so that a process which was killed leaves none behind.
 *
 * @param folder is made when there is none; only its own user can read it
 * @throws StateInUseError when another process has it, StateUnreadableError when it is damaged (the folder is then moved
 *   aside) or of a newer version
 */
export function openState(folder: string): LocalState {
  const isNew = !hasState(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  // SQLite gives its journals the permissions of the file.
  for (const name of [files.state, files.queues]) makePrivate(join(folder, name));
  const database = lock(folder);
  try {
    prepare(database, folder);
    checkQueues(folder);
  } catch (error) {
    database.close();
    if (!isDamage(error)) throw error;
    throw moveAside(folder, error);
  }
  writeFileSync(join(folder, files.pid), String(process.pid), { mode: 0o600 });
  const state = stateOf(database, folder);
  return {
    ...state,
    async abandon() {
      await state.close();
      if (isNew) removeState(folder);
    },
  };
}

/** Whether there is a state in a folder. */
export function hasState(folder: string): boolean {
  return existsSync(join(folder, files.state));
}

/** The folder as a person sees it from where they are. */
export function shown(folder: string): string {
  return relative(process.cwd(), folder) || '.';
}

function makePrivate(path: string): void {
  if (!existsSync(path)) writeFileSync(path, '', { mode: 0o600, flag: 'wx' });
  chmodSync(path, 0o600);
}

/** Opens the file for this process alone. @throws StateInUseError */
function lock(folder: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, files.state));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; COMMIT');
    return database;
  } catch (error) {
    database.close();
    if (isDamage(error)) throw moveAside(folder, error);
    if (resultOf(error) !== results.busy) throw error;
    throw new StateInUseError(
      `Another npm start${runningPid(folder)} works with the state in ${shown(folder)}. End that one (Ctrl-C there), or give this one ` +
        'other ports with --port N: each has a state of its own.',
      { cause: error },
    );
  }
}

/** For the message alone: the lock itself is SQLite's. */
function runningPid(folder: string): string {
  const path = join(folder, files.pid);
  return existsSync(path) ? ` (process ${readFileSync(path, 'utf8')})` : '';
}

function prepare(database: DatabaseSync, folder: string): void {
  // A refresh token is good once: what is answered must have reached the disk. Values that were replaced are overwritten.
  database.exec('PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > format) {
    throw new StateUnreadableError(
      `The state in ${shown(folder)} was written by a newer version of Procore Connector (format ${version}; this one reads ` +
        `${format}). Use that version, or begin anew with --fresh, which moves it aside.`,
    );
  }
  refuseDamage(database);
  database.exec(
    `CREATE TABLE IF NOT EXISTS entries
       (part TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, UNIQUE (part, key)) STRICT;
     PRAGMA user_version = ${format}`,
  );
}

/** Nobody works on what the last process had received: it is handed out again at once, not when its time has passed. */
function checkQueues(folder: string): void {
  const queues = new DatabaseSync(join(folder, files.queues));
  try {
    refuseDamage(queues);
    const known = queues.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sqs_messages'").get();
    if (known) queues.exec('UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL');
  } finally {
    queues.close();
  }
}

class DamageFound extends Error {}

function refuseDamage(database: DatabaseSync): void {
  const found = String(database.prepare('PRAGMA quick_check(1)').get()?.quick_check);
  if (found !== 'ok') throw new DamageFound(found);
}

function isDamage(error: unknown): boolean {
  const result = resultOf(error);
  return error instanceof DamageFound || result === results.corrupt || result === results.notADatabase;
}

function resultOf(error: unknown): number | undefined {
  const { errcode } = Object(error) as { errcode?: unknown };
  // The primary code; the bits above say more of the same.
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

function moveAside(folder: string, cause: unknown): StateUnreadableError {
  const aside = setAside(folder, 'damaged');
  return new StateUnreadableError(
    `The state of the last npm start in ${shown(folder)} is damaged (${(cause as Error).message}). It was moved to ${shown(aside)}, as ` +
      'it is. The next npm start begins anew: accounts have to be connected again.',
    { cause },
  );
}

/** Moves a folder out of the way, with all that it holds. @returns where it is now */
export function setAside(folder: string, why: string): string {
  const aside = `${folder}.${why}-${new Date().toISOString().replace(/[:.]/g, '-')}`;
  renameSync(folder, aside);
  return aside;
}

/** Removes a folder with all that it holds. */
export function removeState(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

interface WaitingEntry {
  readonly part: string;
  readonly key: string;
  /** JSON; undefined removes the entry. */
  readonly value: string | undefined;
  /** It was removed before it was put. */
  readonly isAnew: boolean;
}

function stateOf(database: DatabaseSync, folder: string): Omit<LocalState, 'abandon'> {
  const read = database.prepare('SELECT key, value FROM entries WHERE part = ? ORDER BY rowid');
  const write = database.prepare(
    'INSERT INTO entries (part, key, value) VALUES (?, ?, ?) ON CONFLICT (part, key) DO UPDATE SET value = excluded.value',
  );
  const erase = database.prepare('DELETE FROM entries WHERE part = ? AND key = ?');
  /** The newest value of each entry that is not written yet; undefined removes it. */
  let waiting = new Map<string, WaitingEntry>();
  let nextWrite: Promise<void> | undefined;

  function enter(part: string, key: string, value: string | undefined): void {
    const id = JSON.stringify([part, key]);
    const before = waiting.get(id);
    // A key that was removed and comes again is a new one: the last.
    const isAnew = before !== undefined && (before.value === undefined || before.isAnew);
    if (before?.value === undefined) waiting.delete(id);
    waiting.set(id, { part, key, value, isAnew });
    // Whatever is put in the same turn shares one write to the disk.
    nextWrite ??= new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        nextWrite = undefined;
        try {
          flush();
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    // Who wants to know asks durable(); what could not be written is tried again with what comes next.
    nextWrite.catch(() => {});
  }
  function flush(): void {
    const writing = waiting;
    if (writing.size === 0) return;
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const { part, key, value, isAnew } of writing.values()) {
        if (value === undefined || isAnew) erase.run(part, key);
        if (value !== undefined) write.run(part, key, value);
      }
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
    waiting = new Map();
  }
  return {
    folder,
    entries(part) {
      flush();
      return read.all(part).map(({ key, value }) => [String(key), JSON.parse(String(value))] as const);
    },
    put: (part, key, value) => enter(part, key, JSON.stringify(value)),
    remove: (part, key) => enter(part, key, undefined),
    async durable() {
      await nextWrite;
      // A write that failed before this one was asked for.
      flush();
    },
    async close() {
      // At once, not in a later turn: whoever forgets the folder makes it anew in this one.
      flush();
      rmSync(join(folder, files.pid), { force: true });
      database.close();
    },
  };
}
