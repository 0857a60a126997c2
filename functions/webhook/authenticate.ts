import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Observer } from '../observer.ts';
import type { WebhookAuthorization, WebhookAuthorizationSource } from './webhook-authorization.ts';

/** Whether the `Authorization` header was right, absent (scanners) or another one (events will be lost: alarm). */
export type Authentication = 'authenticated' | 'none_sent' | 'wrong_sent';

/** Judges the value of a delivery's `Authorization` header; undefined when there was none. */
export type Authenticate = (header: string | undefined) => Promise<Authentication>;

/** Reading the secret again costs a call that any stranger can cause, so it is done at most once in 30 seconds. */
const rereadSeconds = 30;

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Hashing both sides gives equal lengths, and a time that tells nothing about the secret. */
function equalInConstantTime(left: string, right: string): boolean {
  return timingSafeEqual(sha256(left), sha256(right));
}

function matches(header: string, { current, previous }: WebhookAuthorization): boolean {
  const isCurrent = equalInConstantTime(header, `Bearer ${current}`);
  const isPrevious = previous !== undefined && equalInConstantTime(header, `Bearer ${previous}`);
  return isCurrent || isPrevious;
}

/**
 * Makes the check of a delivery's `Authorization` header, which Procore repeats verbatim from the hook; it signs
 * nothing. Current and previous values are accepted, so that the header can be rotated without losing an event.
 *
 * The source remembers the secret: once it was read, an outage of Secrets Manager stops no delivery.
 *
 * @returns a function of the header; it throws what the source throws
 * @see https://developers.procore.com/documentation/webhooks
 */
export function createAuthenticator(dependencies: {
  readonly source: WebhookAuthorizationSource;
  readonly clock: Clock;
  readonly observer: Observer;
}): Authenticate {
  const { source, clock, observer } = dependencies;
  let rereadAt = Number.NEGATIVE_INFINITY;

  return async (header) => {
    if (header === undefined || header === '') {
      observer.count('webhookAuthorizationMissing');
      return 'none_sent';
    }
    if (matches(header, await source.read())) return 'authenticated';
    // The header may have been rotated since the secret was read.
    if (clock() - rereadAt >= rereadSeconds) {
      rereadAt = clock();
      if (matches(header, await source.read({ fresh: true }))) return 'authenticated';
    }
    observer.count('webhookAuthorizationWrong');
    return 'wrong_sent';
  };
}
