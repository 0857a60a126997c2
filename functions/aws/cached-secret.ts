import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../clock.ts';
import { errorName } from '../connector-error.ts';
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

/**
 * Reads one secret and remembers its value. Callers at the same time share one read. When Secrets Manager fails, it
 * gives the value that was read last, however old that is. A value that `parse` refuses is not remembered: it is thrown,
 * or `onUnusable` hears of it and the last value goes on being given.
 *
 * @param parse turns the secret string into the value, or throws what is wrong with it
 * @returns a function that gives the value; `fresh` skips the cache; it throws what `parse` throws, and what the SDK
 * throws when no value was read before
 */
export function cachedSecret<T>(
  props: CachedSecretProps<T>,
  parse: (text: string | undefined) => T,
): (options?: { readonly fresh?: boolean }) => Promise<T> {
  const { client, secretId, clock, maxAgeSeconds = () => 300, observer, onUnusable } = props;
  let remembered: { readonly value: T; readonly readAgainAt: number } | undefined;
  let underway: Promise<T> | undefined;

  async function readSecret(): Promise<T> {
    let text: string | undefined;
    try {
      // Always AWSCURRENT, the default stage.
      text = (await client.send(new GetSecretValueCommand({ SecretId: secretId }))).SecretString;
    } catch (error) {
      if (remembered === undefined) throw error;
      observer?.note('secret.unread', { errorName: errorName(error) });
      return goOnWith(remembered.value);
    }
    try {
      const value = parse(text);
      remembered = { value, readAgainAt: clock() + maxAgeSeconds(value) };
      return value;
    } catch (error) {
      if (remembered === undefined || onUnusable === undefined) throw error;
      onUnusable(error);
      return goOnWith(remembered.value);
    }
  }

  function goOnWith(value: T): T {
    remembered = { value, readAgainAt: clock() + outageSeconds };
    return value;
  }

  return async ({ fresh = false } = {}) => {
    if (remembered !== undefined && !fresh && clock() < remembered.readAgainAt) return remembered.value;
    underway ??= readSecret().finally(() => {
      underway = undefined;
    });
    return underway;
  };
}
