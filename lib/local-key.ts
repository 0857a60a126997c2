import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ownFolder } from './own-folder.ts';

// The AWS of this machine gives tokens and secrets to whoever calls it. So it takes calls only with a key that is drawn
// when it starts, and that stands in a file which its own user alone can read. Who knows the endpoint finds the file.

const folder = join(ownFolder, '.local');

/** The access key id of callers outside the stack: scripts, the command line, a person. */
export const operatorName = 'local';

function fileOf(endpoint: string): string {
  return join(folder, `aws-${new URL(endpoint).port}.key`);
}

/** The file with an endpoint's key, as seen from the working folder. */
export function keyFileOf(endpoint: string): string {
  return relative(process.cwd(), fileOf(endpoint));
}

/**
 * Says how a command that asked another folder's system finds the one that was started here.
 *
 * @param asked the endpoint that was asked, where it is known
 * @returns a sentence with a space before it; an empty text where nothing else was started here
 */
export function wayToOwnSystem(asked?: string): string {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const endpoints = names
    .flatMap((name) => /^aws-(\d+)\.key$/.exec(name)?.[1] ?? [])
    .map((port) => `http://127.0.0.1:${port}`)
    .filter((endpoint) => endpoint !== asked);
  return endpoints.length === 0 ? '' : ` What was started in this one takes --endpoint ${endpoints.join(' or ')}.`;
}

/** Files of this process. They go also when it ends in a hurry, as a bench does that is told to end. */
const drawn = new Set<() => void>();
process.once('exit', () => {
  for (const forget of drawn) forget();
});

/** The key of an endpoint that is being served. */
export interface DrawnKey {
  /**
   * Tells who a caller says that it is.
   *
   * @param accessKeyId as the signature names it
   * @returns a function's logical id, or `local`; undefined when the key is missing or wrong
   */
  callerOf(accessKeyId: string): string | undefined;
  /** Removes the file, unless another system has taken the port since. */
  forget(): void;
}

/**
 * Draws the key of an endpoint that begins to be served, and keeps it for those who call it.
 *
 * @param endpoint with the port that is listened on already: who holds the port owns the file
 */
export function drawKey(endpoint: string): DrawnKey {
  const key = randomBytes(16).toString('hex');
  const path = fileOf(endpoint);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  // One that a system left behind which was killed: its permissions would stay.
  rmSync(path, { force: true });
  writeFileSync(path, key, { mode: 0o600, flag: 'wx' });
  const forget = () => {
    drawn.delete(forget);
    if (readKey(endpoint) === key) rmSync(path, { force: true });
  };
  drawn.add(forget);
  return {
    callerOf(accessKeyId) {
      const [, name, given] = /^(\w+)-(\w+)$/.exec(accessKeyId) ?? [];
      return given !== undefined && isSame(given, key) ? name : undefined;
    },
    forget,
  };
}

/**
 * Gives the credentials with which an endpoint on this machine is called.
 *
 * @param name a function's logical id to act as that function, by default the operator
 * @returns credentials that are refused when no system has been started at that endpoint from this folder
 */
export function localCredentials(endpoint: string, name = operatorName) {
  return { accessKeyId: `${name}-${readKey(endpoint)}`, secretAccessKey: 'local' };
}

function readKey(endpoint: string): string {
  try {
    return readFileSync(fileOf(endpoint), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none';
    throw error;
  }
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
