import { MalformedSecretError, parseEnvironmentSecret, readText } from '../oauth/client-secret.ts';
import type { ProcoreEnvironmentName } from '../procore/environment.ts';

/** The values that the `Authorization` header of a delivery may carry after `Bearer `. */
export interface WebhookAuthorization {
  readonly current: string;
  /** Accepted, too, until every hook at Procore sends `current`. */
  readonly previous?: string;
  /** When `current` took the place of `previous`, epoch seconds; absent when a person set them. */
  readonly rotatedAt?: number;
}

/** Where the values come from: the environment's secret, checked for its environment. */
export interface WebhookAuthorizationSource {
  /**
   * Gives the values; cached for a while unless `fresh`. When the secret cannot be read, the last values that could
   * are given; without any it throws, so that nothing is let in unchecked.
   *
   * @throws WrongEnvironmentError when the secret names another environment
   * @throws MalformedSecretError when the secret is not of the shape that is documented
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

/** The stack generates 48; whatever a person sets must still be beyond guessing. */
const fewestCharacters = 16;

/**
 * Reads the webhook authorization out of its secret `{"environment","current","previous"?,"rotatedAt"?}`.
 *
 * @param text the secret string; undefined for a binary secret
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
  if (previous === '') return { current };
  if (previous.length < fewestCharacters) {
    throw new MalformedSecretError('webhook authorization', environment, `${short} "previous"`);
  }
  const { rotatedAt } = fields;
  return { current, previous, ...(typeof rotatedAt === 'number' && { rotatedAt }) };
}
