import type { Clock } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { PreviousUse } from './previous-use.ts';
import { fingerprint, type SubscribedHook, type Subscription } from './subscription.ts';
import {
  previousEndsAt,
  previousSeconds,
  type WebhookAuthorization,
  type WebhookAuthorizationKeeper,
  withRetired,
} from './webhook-authorization.ts';

/** What ending a previous value needs. */
export interface RetirementDependencies {
  readonly keeper: WebhookAuthorizationKeeper;
  readonly use: Pick<PreviousUse, 'last'>;
  readonly clock: Clock;
  readonly observer: Observer;
}

/**
 * Procore may try a delivery for 12 hours, with pauses of up to an hour. Its retries may have the header that the hook
 * had when the delivery was queued: no document says which.
 */
const retrySeconds = 13 * 3600;

/** A roll-over is under way. Another one would end the previous value, which hooks or retries may still send. */
export class RollOverUnderWayError extends ConnectorError {
  override readonly name = 'RollOverUnderWayError';
  readonly code = 'roll_over_under_way';
  constructor() {
    super(
      'The previous Authorization value is still accepted, because hooks or retries may use it. It ends at its time ' +
        'at the latest; `webhooks rotate-authorization --revoke-previous` ends it now. Rotate again after that.',
    );
  }
}

/** The secret was written by somebody else since it was read. */
export class AuthorizationChangedError extends ConnectorError {
  override readonly name = 'AuthorizationChangedError';
  readonly code = 'authorization_changed';
  constructor() {
    super('Somebody else has written the webhook authorization at the same time. Nothing was done: run this again.');
  }
}

/**
 * Begins a roll-over: `next` becomes the current value, and the current value becomes the previous one, which is still
 * accepted. Then `keepHook` moves the hooks. No delivery is refused meanwhile.
 *
 * @param acceptedSeconds how long the previous value is accepted; default is 26 hours
 * @returns the values after the roll-over
 * @throws RollOverUnderWayError, also when somebody else has written the secret meanwhile
 */
export async function beginRollOver(
  before: WebhookAuthorization,
  next: string,
  { keeper, clock }: { readonly keeper: WebhookAuthorizationKeeper; readonly clock: Clock },
  acceptedSeconds = previousSeconds,
): Promise<WebhookAuthorization> {
  const now = clock();
  if (isUnderWay(before, now)) throw new RollOverUnderWayError();
  const { current: previous, retired } = withoutPrevious(before);
  const dates = { rotatedAt: now, retireAt: now + acceptedSeconds };
  const rolled = { current: next, previous, ...dates, ...(retired && { retired }) };
  if ((await keeper.write(rolled, before)) === 'changed') throw new RollOverUnderWayError();
  return rolled;
}

/** Tells whether a previous value is still accepted. @param now epoch seconds */
export function isUnderWay(authorization: WebhookAuthorization, now: number): boolean {
  return authorization.previous !== undefined && now < (previousEndsAt(authorization) ?? Number.POSITIVE_INFINITY);
}

/**
 * Sets the time at which the previous value ends: a person's word, nobody else's.
 *
 * @param retireAt epoch seconds
 * @returns the values with it
 * @throws AuthorizationChangedError
 */
export async function setRetirement(
  authorization: WebhookAuthorization,
  retireAt: number,
  keeper: WebhookAuthorizationKeeper,
): Promise<WebhookAuthorization> {
  const next = { ...authorization, retireAt };
  if ((await keeper.write(next, authorization)) === 'changed') throw new AuthorizationChangedError();
  return next;
}

/**
 * Ends the previous value at once, whatever still sends it.
 *
 * @throws AuthorizationChangedError
 */
export async function revokePrevious(
  authorization: WebhookAuthorization,
  keeper: WebhookAuthorizationKeeper,
): Promise<void> {
  if ((await keeper.write(withoutPrevious(authorization), authorization)) === 'changed') {
    throw new AuthorizationChangedError();
  }
}

/** A hook of ours that does not send the current value, as far as we know. */
export interface UnmovedHook extends Pick<SubscribedHook, 'hookId' | 'projectId'> {
  readonly companyId: string;
  readonly connectionId: string;
}

/** Lists the hooks whose deliveries are refused once no other value than the current one is accepted. */
export function unmovedHooks(subscriptions: readonly Subscription[], current: string): readonly UnmovedHook[] {
  return subscriptions.flatMap(({ companyId, connectionId, hooks }) =>
    hooks
      .filter(({ authorization }) => authorization !== fingerprint(current))
      .map(({ hookId, projectId }) => ({ companyId, connectionId, hookId, projectId })),
  );
}

/**
 * Where a previous value stands: there is none, it goes on until its time, its time has begun just now, or it ended just
 * now.
 */
export type PreviousStands = 'none' | 'accepted' | 'time_begun' | 'retired';

/**
 * Ends the previous value if its time has come, whoever still sends it. Values that a person has set get a time.
 *
 * @returns where it stands now
 * @throws what the keeper throws
 */
export async function retireAtItsTime(
  authorization: WebhookAuthorization,
  { keeper, clock, observer }: Omit<RetirementDependencies, 'use'>,
): Promise<PreviousStands> {
  if (authorization.previous === undefined) return 'none';
  const endsAt = previousEndsAt(authorization);
  const now = clock();
  if (endsAt === undefined) {
    // A person has set both values. Hooks that we do not keep may send the old one, so its time begins now.
    await keeper.write({ ...authorization, rotatedAt: now, retireAt: now + previousSeconds }, authorization);
    return 'time_begun';
  }
  if (now < endsAt) return 'accepted';
  return endPrevious(authorization, { keeper, observer });
}

/** What is known of all hooks of all subscriptions. */
export interface HookMoves {
  /** How many do not have the current value. */
  readonly unmoved: number;
  /** When the last one got it, epoch seconds; 0 when there are none. */
  readonly lastMovedAt: number;
}

/**
 * Ends the previous value before its time when no hook has it and no delivery with it can come: 13 hours after the last
 * hook was moved and after the last delivery with it.
 *
 * @returns where it stands now
 * @throws what the stores throw
 */
export async function retireWhenMoved(
  authorization: WebhookAuthorization,
  { unmoved, lastMovedAt }: HookMoves,
  { keeper, use, clock, observer }: RetirementDependencies,
): Promise<PreviousStands> {
  const { previous, rotatedAt } = authorization;
  if (previous === undefined) return 'none';
  if (unmoved > 0) return 'accepted';
  // A person who said when it ends may have left out since when it is the previous one.
  const lastUsedAt = (await use.last(fingerprint(previous))) ?? 0;
  if (clock() - Math.max(rotatedAt ?? clock(), lastUsedAt, lastMovedAt) < retrySeconds) return 'accepted';
  return endPrevious(authorization, { keeper, observer });
}

async function endPrevious(
  authorization: WebhookAuthorization,
  { keeper, observer }: Pick<RetirementDependencies, 'keeper' | 'observer'>,
): Promise<PreviousStands> {
  if ((await keeper.write(withoutPrevious(authorization), authorization)) === 'changed') return 'accepted';
  observer.note('webhook.authorization_retired');
  return 'retired';
}

/** What is left when the previous value ends: it is remembered by its fingerprint. */
function withoutPrevious({ current, previous, retired }: WebhookAuthorization): WebhookAuthorization {
  const all = previous === undefined ? retired : withRetired(fingerprint(previous), { ...(retired && { retired }) });
  return { current, ...(all && { retired: all }) };
}
