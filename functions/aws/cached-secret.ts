import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../clock.ts';
import { ConnectorError, errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';

/** What {@link cachedSecret} needs. */
export interface CachedSecretProps<T = unknown> {
  readonly client: SecretsManagerClient;
  /** ARN or name. */
  readonly secretId: string;
  readonly clock: Clock;
  /**
   * How long a value is given without reading the secret again.
   *
   * @default 300 (seconds)
   */
  readonly maxAgeSeconds?: (value: T) => number;
  /**
   * Gets a note when an old value is given because the secret could not be read.
   *
   * @default nobody is told
   */
  readonly observer?: Observer;
  /**
   * Hears that `parse` has refused what is stored, while the last usable value is given instead.
   *
   * @default the refusal is thrown
   */
  readonly onUnusable?: (error: unknown) => void;
}

/** While the secret cannot be read, it is tried again only after this time: time-outs would slow down every call. */
const outageSeconds = 15;

/** How often the secret is read to judge a refusal by, in seconds: a burst of refusals must not be one of reads. */
const missSeconds = 30;

/** A refusal cannot be judged now, because the secret could not be read since. */
class SecretUnreadError extends ConnectorError {
  override readonly name = 'SecretUnreadError';
  readonly code = 'secret_unread';
  constructor() {
    super('The secret could not be read again, so it is not known whether the refused value was still the right one.');
  }
}

/** How a caller wants the value. */
export interface SecretReading {
  /** Skips the cache. A value from before is given all the same when the secret cannot be read. */
  readonly fresh?: boolean;
  /** Gives only a value whose reading began after this time, in epoch seconds, and throws when there is none. */
  readonly since?: number;
}

/**
 * Reads one secret and remembers its value. Callers at the same time share one read. When Secrets Manager fails, it
 * gives the value that was read last, however old that is. A value that `parse` refuses is not remembered: it is thrown,
 * or `onUnusable` hears of it and the last value goes on being given.
 *
 * @param parse turns the secret string into the value, or throws what is wrong with it
 * @returns a function that gives the value; it throws what `parse` throws, and what the SDK throws when no value was read
 * before. With `since` the secret is read at most once in 30 s; the function throws SecretUnreadError in between.
 */
export function cachedSecret<T>(
  props: CachedSecretProps<T>,
  parse: (text: string | undefined) => T,
): (options?: SecretReading) => Promise<T> {
  const { client, secretId, clock, maxAgeSeconds = () => 300, observer, onUnusable } = props;
  let remembered: { readonly value: T; readonly readAgainAt: number; readonly readAt: number } | undefined;
  let underway: Promise<T> | undefined;
  let missAt = Number.NEGATIVE_INFINITY;
  /** How often the secret could be read. */
  let readings = 0;

  async function readSecret(): Promise<T> {
    const readAt = clock();
    let text: string | undefined;
    try {
      // Always AWSCURRENT, the default stage.
      text = (await client.send(new GetSecretValueCommand({ SecretId: secretId }))).SecretString;
    } catch (error) {
      if (remembered === undefined) throw error;
      observer?.note('secret.unread', { errorName: errorName(error) });
      return goOnWith(remembered);
    }
    try {
      const value = parse(text);
      remembered = { value, readAgainAt: clock() + maxAgeSeconds(value), readAt };
      readings += 1;
      return value;
    } catch (error) {
      if (remembered === undefined || onUnusable === undefined) throw error;
      onUnusable(error);
      return goOnWith(remembered);
    }
  }

  function goOnWith({ value, readAt }: { readonly value: T; readonly readAt: number }): T {
    remembered = { value, readAgainAt: clock() + outageSeconds, readAt };
    return value;
  }

  function read(): Promise<T> {
    underway ??= readSecret().finally(() => {
      underway = undefined;
    });
    return underway;
  }

  async function readSince(since: number): Promise<T> {
    // A reading under way may have begun too early.
    if (underway) await underway.catch(() => undefined);
    if (remembered !== undefined && remembered.readAt > since) return remembered.value;
    if (clock() < missAt + missSeconds) throw new SecretUnreadError();
    missAt = clock();
    const before = readings;
    const value = await read();
    if (readings === before) throw new SecretUnreadError();
    return value;
  }

  return async ({ fresh = false, since } = {}) => {
    if (since !== undefined) return readSince(since);
    if (remembered !== undefined && !fresh && clock() < remembered.readAgainAt) return remembered.value;
    return read();
  };
}
