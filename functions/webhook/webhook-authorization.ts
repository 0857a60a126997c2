import { MalformedSecretError, parseEnvironmentSecret, readText } from '../oauth/client-secret.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';

/** The values that the `Authorization` header of a delivery may carry after `Bearer `. */
export interface WebhookAuthorization {
  readonly current: string;
  /** Also accepted until {@link previousEndsAt}. */
  readonly previous?: string;
  /** When `current` took the place of `previous`, epoch seconds; absent when a person set them. */
  readonly rotatedAt?: number;
  /** When `previous` ends whatever still sends it, epoch seconds; see {@link previousEndsAt}. */
  readonly retireAt?: number;
  /** Fingerprints of values that were accepted once and no longer are, the newest first; absent when there are none. */
  readonly retired?: readonly string[];
}

/** How many retired values are remembered. One retires 13 hours after a roll-over at the earliest. */
const mostRetired = 10;

/** Adds a value to those that are no longer accepted. @param value its fingerprint */
export function withRetired(value: string, { retired = [] }: Pick<WebhookAuthorization, 'retired'>): readonly string[] {
  return [value, ...retired.filter((other) => other !== value)].slice(0, mostRetired);
}

/**
 * How long a previous value is accepted unless a person says otherwise, in seconds. Procore repeats a delivery for 12
 * hours; that is twice as long, and two audits.
 */
export const previousSeconds = 26 * 3600;

/**
 * Tells when the previous value ends. Nobody who sends it can move that time, and no hook that still has it.
 *
 * @returns epoch seconds; undefined when a person has set both values without a time: the next audit sets one
 */
export function previousEndsAt({ rotatedAt, retireAt }: WebhookAuthorization): number | undefined {
  // A time from before the roll-over is that of an earlier one: a version that does not know the field has left it there.
  if (retireAt !== undefined && retireAt > (rotatedAt ?? Number.NEGATIVE_INFINITY)) return retireAt;
  return rotatedAt === undefined ? undefined : rotatedAt + previousSeconds;
}

/**
 * Tells how long a function goes on with values that it has read. A previous value may be revoked at any time, and that
 * must take effect.
 *
 * @returns seconds
 */
export function rememberedSeconds({ previous }: Pick<WebhookAuthorization, 'previous'>): number {
  return previous === undefined ? 300 : 30;
}

/** Where the values come from: the environment's secret, checked for its environment. */
export interface WebhookAuthorizationSource {
  /**
   * Gives the values, from a cache unless `fresh`. When the secret cannot be read, it gives the values that were read
   * last. If there are none it throws, so that no delivery gets in unchecked.
   *
   * @throws WrongEnvironmentError when the secret names another environment
   * @throws MalformedSecretError when the secret does not have the documented shape
   */
  read(options?: { readonly fresh?: boolean }): Promise<WebhookAuthorization>;
}

/** Writes the webhook authorization's secret. */
export interface WebhookAuthorizationKeeper {
  /**
   * Puts the values into the secret, the environment's name with them, if it still has the values that were read.
   *
   * @returns `changed` when somebody else has written meanwhile
   */
  write(authorization: WebhookAuthorization, read: WebhookAuthorization): Promise<'written' | 'changed'>;
}

/** The stack generates 48. A value that a person sets has to be long enough that nobody can guess it. */
const fewestCharacters = 16;

/**
 * Reads the webhook authorization out of its secret `{"environment","current","previous"?,"rotatedAt"?,"retireAt"?,
 * "retired"?}`.
 *
 * @param text the secret string; undefined for a binary secret
 * @returns the values
 * @throws WrongEnvironmentError, MalformedSecretError; an empty or short value is malformed: it would let anybody in
 */
export function parseWebhookAuthorization(
  text: string | undefined,
  environment: ProcoreEnvironmentName,
): WebhookAuthorization {
  const fields = parseEnvironmentSecret('webhook authorization', text, environment);
  const current = readText(fields.current);
  const previous = readText(fields.previous);
  const short = `has fewer than ${fewestCharacters} characters in its field`;
  if (current.length < fewestCharacters) {
    throw new MalformedSecretError('webhook authorization', environment, `${short} "current"`);
  }
  const retired = readFingerprints(fields.retired);
  const remembered = { ...(retired.length > 0 && { retired }) };
  if (previous === '') return { current, ...remembered };
  if (previous.length < fewestCharacters) {
    throw new MalformedSecretError('webhook authorization', environment, `${short} "previous"`);
  }
  const { rotatedAt, retireAt } = fields;
  const dates = {
    ...(typeof rotatedAt === 'number' && { rotatedAt }),
    ...(typeof retireAt === 'number' && { retireAt }),
  };
  return { current, previous, ...dates, ...remembered };
}

/** What is no fingerprint is left out: a hint that is wrong must not keep deliveries out. */
function readFingerprints(field: unknown): readonly string[] {
  return Array.isArray(field) ? field.filter((one) => typeof one === 'string' && /^[\da-f]{16}$/.test(one)) : [];
}
