import type { ExactJson } from './exact-json.ts';
import type { ListOptions, Query } from './listing.ts';
import type { StandardSchema } from './standard-schema.ts';

/** Options of every call. */
export interface CallOptions {
  readonly query?: Query;
  /**
   * How long one try may take.
   *
   * @default 30000 (milliseconds)
   */
  readonly timeoutMs?: number;
}

/** How old an answer may be. */
export interface Cacheable {
  /**
   * Takes an answer that this process has kept, if it was asked for less than so many seconds ago; else asks Procore and
   * keeps the answer. Writes through this process's clients and webhooks that it handles end what is kept of their
   * resource; it sees no others.
   *
   * @default 0: Procore is asked, and nothing is kept
   */
  readonly cacheSeconds?: number;
}

/** What stands for no schema: the answer as it came. */
export type Unchecked = StandardSchema<ExactJson>;

/** What an answer has to look like. */
export interface Checkable<Schema extends StandardSchema = Unchecked> {
  /**
   * A schema of zod, valibot, arktype or any other library that implements Standard Schema. It gets ids as texts. A `get`
   * has the body checked, a list each of its records.
   *
   * @default nothing is checked, and ids are as Procore wrote them
   */
  readonly schema?: Schema;
}

/** Options of a call that reads. */
export interface ReadOptions<Schema extends StandardSchema = Unchecked>
  extends CallOptions,
    Cacheable,
    Checkable<Schema> {}

/** Options of reading a whole list. Only a whole list is kept, never a part of one. */
export interface ReadListOptions<Schema extends StandardSchema = Unchecked>
  extends ListOptions,
    Cacheable,
    Checkable<Schema> {}

/** Options of a call that changes something. */
export interface WriteOptions extends CallOptions {
  /**
   * A value of yours that nobody can guess, another one for each write. It is sent as `Idempotency-Token`, and the
   * write may then be repeated.
   */
  readonly idempotencyToken?: string;
}

/** How long one try may take when the caller does not say, in milliseconds. */
export const usualTimeoutMs = 30_000;
