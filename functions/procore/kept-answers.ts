import type { ProcoreEnvironmentName } from './environment.ts';
import { namesInPath, type ResourceName } from './resource-names.ts';

/** What is read, and through which connection: what an account may see differs. */
export interface Read {
  readonly kind: 'answer' | 'list';
  readonly environment: ProcoreEnvironmentName;
  readonly connectionId: string;
  /** undefined for what is read without a company. */
  readonly companyId: string | undefined;
  /** Path and query. */
  readonly path: string;
}

/** An answer to keep. */
export interface Kept {
  /** When it was asked for, epoch seconds: what it says is at least as new. */
  readonly askedAt: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Tells whether a read, whose path has these names, is of something that has changed. */
export type Fits = (read: Read, names: readonly ResourceName[]) => boolean;

/** Answers in memory. */
export type KeptAnswers = ReturnType<typeof keptAnswers>;

/** How much all answers together may take, in bytes: 8 MiB. */
const mostOfAll = 8 * 1024 * 1024;
/** What an answer takes besides its texts, in bytes. */
const overhead = 512;
/** How many changes are remembered. What was being read while more happened is not kept. */
const mostChanges = 1000;

/** How many bytes a text takes at most: engines keep one or two for each of its characters. */
export const bytesOf = (text: string) => text.length * 2;

/** Gives the key of a read: no other read has the same. */
export const keyOf = ({ kind, environment, connectionId, companyId, path }: Read) =>
  JSON.stringify([kind, environment, connectionId, companyId, path]);

/**
 * Keeps answers in memory, up to a number of bytes. What was not used for the longest time goes first. One answer may
 * take a quarter of it.
 *
 * @param most in bytes, as {@link bytesOf} measures
 */
export function keptAnswers(most = mostOfAll) {
  const kept = new Map<string, Kept & { readonly read: Read; readonly names: readonly ResourceName[]; size: number }>();
  const changes: Fits[] = [];
  let forgotten = 0;
  let bytes = 0;

  function remove(key: string): void {
    bytes -= kept.get(key)?.size ?? 0;
    kept.delete(key);
  }

  return {
    /** How much one answer may take. */
    mostOfOne: most / 4,
    /** How much is kept. */
    bytes: () => bytes,
    /** How many changes there were. */
    changes: () => forgotten + changes.length,

    /** Finds an answer of any age. */
    find(read: Read): Kept | undefined {
      const key = keyOf(read);
      const found = kept.get(key);
      if (found !== undefined && kept.delete(key)) kept.set(key, found);
      return found;
    },

    /**
     * Keeps an answer, unless it is too large, or what it says has changed since it was asked for.
     *
     * @param since how many changes there were then
     */
    keep(read: Read, answer: Kept, since: number): void {
      const key = keyOf(read);
      const names = namesInPath(read.path);
      const hasChanged = since < forgotten || changes.slice(since - forgotten).some((fits) => fits(read, names));
      const size = overhead + bytesOf(key) + bytesOf(answer.text) + bytesOf([...answer.headers].join());
      if (hasChanged || size > most / 4) return;
      remove(key);
      kept.set(key, { ...answer, read, names, size });
      bytes += size;
      for (const oldest of kept.keys()) if (bytes > most) remove(oldest);
    },

    /** Drops what has changed. */
    changed(fits: Fits): void {
      for (const [key, { read, names }] of kept) if (fits(read, names)) remove(key);
      if (changes.push(fits) > mostChanges) forgotten += changes.splice(0, 1).length;
    },
  };
}
