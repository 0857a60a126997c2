import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often the files are looked at, in milliseconds; seldom enough that looking takes a fiftieth of the time at most. */
const lookMs = 100;
const mostShare = 1 / 50;

/** A file that is away or empty is being saved: editors rename, or truncate and write. So long is waited for the rest. */
const savingMs = 500;

/** What files were when somebody looked: a hash of each by its path; `''` for one that is not there. */
export type Contents = ReadonlyMap<string, string>;

/** Reads what files hold now. */
export function contentsOf(files: Iterable<string>): Contents {
  return new Map([...files].map((file) => [file, hashOf(file)]));
}

/** What is waited for. */
interface AwaitedChange {
  /** What the files were when they were used last. */
  readonly since: Contents;
  /** Ends the wait also without a change after this time. @default never */
  readonly atMostMs?: number;
  /** Ends the wait by rejecting. */
  readonly signal: AbortSignal;
}

/**
 * Waits until one of some files holds something else, and then until nothing moves any more: however an editor saves
 * (by a rename, in two writes, twice), that is one change. A file that was only touched has not changed.
 *
 * Files are looked at, since a notice of the operating system is not to be had of every disk (network drives, folders that
 * a container shares), and an editor that renames takes the watched file away. It does not cost more for a few files.
 *
 * @returns when the change was seen first, by `performance.now()`
 */
export async function nextChange({ since, atMostMs = Infinity, signal }: AwaitedChange): Promise<number> {
  const files = [...since.keys()];
  const end = performance.now() + atMostMs;
  let held = since;
  let before: readonly string[] | undefined;
  let movedAt = -Infinity;
  let seenAt: number | undefined;
  for (;;) {
    const began = performance.now();
    const now = files.map(stateOf);
    if (before?.join() !== now.join()) {
      movedAt = began;
      held = contentsOf(files);
    }
    before = now;
    const isChanged = files.some((file) => held.get(file) !== since.get(file));
    seenAt = isChanged ? (seenAt ?? began) : undefined;
    const isSaving = [...held].some(
      ([file, hash]) => hash !== since.get(file) && (hash === '' || hash === hashOfNothing),
    );
    const isStill = began - movedAt >= (isSaving ? savingMs : lookMs * 0.9);
    if ((isStill && seenAt !== undefined) || began >= end) return seenAt ?? began;
    await sleep(Math.max(lookMs, (performance.now() - began) / mostShare), undefined, { signal });
  }
}

/** Tells whether a file may have changed, without reading it. */
function stateOf(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? 'away' : `${found.ino}/${found.size}/${found.mtimeNs}/${found.ctimeNs}`;
}

const hashOfNothing = createHash('sha256').digest('hex');

function hashOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return '';
  }
}
