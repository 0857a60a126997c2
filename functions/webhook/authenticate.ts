import { hash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { PreviousUse } from './previous-use.ts';
import { fingerprint } from './subscription.ts';
import { previousEndsAt, type WebhookAuthorization, type WebhookAuthorizationSource } from './webhook-authorization.ts';

/** How the `Authorization` header was: right, absent (as scanners send it), or wrong. */
export type Authentication = 'authenticated' | 'none_sent' | 'wrong_sent';

/** Judges the value of a delivery's `Authorization` header; undefined when there was none. */
export type Authenticate = (header: string | undefined) => Promise<Authentication>;

/** Reading the secret again costs a call that any stranger can cause, so it is done at most once in 30 seconds. */
const rereadSeconds = 30;

/** Use of the previous value is written down once a minute at most: people need its time to the hour. */
const noteSeconds = 60;

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** Compares hashes: they are equally long, and the time that it takes tells nothing about the secret. */
function equalInConstantTime(left: string, right: string): boolean {
  return timingSafeEqual(sha256(left), sha256(right));
}

/** What a header is: one of the two accepted values, one that was accepted once, or anything else. */
type Match = 'current' | 'previous' | 'retired' | 'unknown';

function judge(header: string, authorization: WebhookAuthorization, now: number): Match {
  const { current, previous, retired = [] } = authorization;
  const isCurrent = equalInConstantTime(header, `Bearer ${current}`);
  const isPrevious = previous !== undefined && equalInConstantTime(header, `Bearer ${previous}`);
  if (isCurrent) return 'current';
  // The time is looked at here, so that the value also ends when no audit comes to take it away.
  if (isPrevious) return now < (previousEndsAt(authorization) ?? Number.POSITIVE_INFINITY) ? 'previous' : 'retired';
  return retired.includes(fingerprint(header.replace(/^Bearer /, ''))) ? 'retired' : 'unknown';
}

const isAccepted = (match: Match) => match === 'current' || match === 'previous';

/**
 * Makes the check of a delivery's `Authorization` header. Procore signs nothing: it sends the value that its hook was
 * given. The current and the previous value are accepted, so that the header can be rotated without losing an event; the
 * previous one until its time is over.
 *
 * The source remembers the secret: after it was read once, an outage of Secrets Manager stops no delivery.
 *
 * @returns a function of the header; it throws what the source throws
 * @see [Webhooks](https://developers.procore.com/documentation/webhooks)
 */
export function createAuthenticator(dependencies: {
  readonly source: WebhookAuthorizationSource;
  readonly previousUse: Pick<PreviousUse, 'note'>;
  readonly clock: Clock;
  readonly observer: Observer;
}): Authenticate {
  const { source, previousUse, clock, observer } = dependencies;
  let rereadAt = Number.NEGATIVE_INFINITY;
  let notedAt = Number.NEGATIVE_INFINITY;

  async function match(header: string, authorization: WebhookAuthorization): Promise<Match> {
    const found = judge(header, authorization, clock());
    if (found === 'previous' && clock() - notedAt >= noteSeconds) {
      notedAt = clock();
      await previousUse.note(fingerprint(authorization.previous ?? ''), notedAt).catch((error: unknown) => {
        // The delivery matters more than this note. The next delivery writes it.
        notedAt = Number.NEGATIVE_INFINITY;
        observer.note('webhook.previous_use_unwritten', { errorName: errorName(error) });
      });
    }
    return found;
  }

  return async (header) => {
    if (header === undefined || header === '') {
      observer.count('webhookAuthorizationMissing');
      observer.note('webhook.refused', { reason: 'authorization_missing' });
      return 'none_sent';
    }
    let found = await match(header, await source.read());
    // The header may have been rotated since the secret was read.
    if (!isAccepted(found) && clock() - rereadAt >= rereadSeconds) {
      rereadAt = clock();
      found = await match(header, await source.read({ fresh: true }));
    }
    if (isAccepted(found)) return 'authenticated';
    // Only hooks know a value that we issued once: then events are being lost. Anybody can send any other value.
    const wasRight = found === 'retired';
    observer.count(wasRight ? 'webhookAuthorizationRetired' : 'webhookAuthorizationWrong');
    observer.note('webhook.refused', { reason: wasRight ? 'authorization_retired' : 'authorization_wrong' });
    return 'wrong_sent';
  };
}
