import type { Clock } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { PreviousUse } from './previous-use.ts';
import { fingerprint, type SubscribedHook, type Subscription, type SubscriptionStore } from './subscription.ts';
import {
  previousEndsAt,
  previousSeconds,
  type WebhookAuthorization,
  type WebhookAuthorizationKeeper,
  withRetired,
} from './webhook-authorization.ts';

/** What {@link retirePrevious} needs. */
export interface RetirementDependencies {
  readonly store: SubscriptionStore;
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

/** Why the previous value is still accepted; `retired` when it is not. */
export type Retirement = 'nothing_to_retire' | 'hooks_not_moved' | 'retries_possible' | 'retired';

/**
 * Retires the previous value at its time, whoever still sends it. It does so earlier when no hook has it and no delivery
 * with it can come: 13 hours after the last hook was moved and after the last delivery with it. Companies whose hooks
 * would break, or do break, are noted.
 *
 * @returns what was done, or why nothing was done
 * @throws what the stores throw
 */
export async function retirePrevious(
  authorization: WebhookAuthorization,
  dependencies: RetirementDependencies,
): Promise<Retirement> {
  const { store, keeper, use, clock, observer } = dependencies;
  const { current, previous, rotatedAt } = authorization;
  if (previous === undefined) return 'nothing_to_retire';
  const endsAt = previousEndsAt(authorization);
  if (endsAt === undefined) {
    // A person has set both values. Hooks that we do not keep may send the old one, so its time begins now.
    const now = clock();
    await keeper.write({ ...authorization, rotatedAt: now, retireAt: now + previousSeconds }, authorization);
    return 'retries_possible';
  }
  if (clock() < endsAt) {
    const subscriptions = await store.list();
    const unmoved = unmovedHooks(subscriptions, current);
    noteUnmoved('subscription.hooks_not_moved', unmoved, observer);
    if (unmoved.length > 0) return 'hooks_not_moved';
    const moved = subscriptions.flatMap(({ hooks }) => hooks.map(({ authorizedAt }) => authorizedAt));
    // A person who said when it ends may have left out since when it is the previous one.
    const times = [rotatedAt ?? clock(), (await use.last(fingerprint(previous))) ?? 0, ...moved];
    if (clock() - times.reduce((one, other) => Math.max(one, other)) < retrySeconds) return 'retries_possible';
  }
  if ((await keeper.write(withoutPrevious(authorization), authorization)) === 'changed') return 'retries_possible';
  observer.note('webhook.authorization_retired');
  noteUnmoved('subscription.hooks_cut_off', unmovedHooks(await store.list(), current), observer);
  return 'retired';
}

/** What is left when the previous value ends: it is remembered by its fingerprint. */
function withoutPrevious({ current, previous, retired }: WebhookAuthorization): WebhookAuthorization {
  const all = previous === undefined ? retired : withRetired(fingerprint(previous), { ...(retired && { retired }) });
  return { current, ...(all && { retired: all }) };
}

/** Names each company once: it may have hundreds of hooks. */
function noteUnmoved(event: string, unmoved: readonly UnmovedHook[], observer: Observer): void {
  for (const [companyId, hooks] of Map.groupBy(unmoved, (hook) => hook.companyId)) {
    observer.note(event, { companyId, connectionId: hooks[0]?.connectionId, count: hooks.length });
  }
}
