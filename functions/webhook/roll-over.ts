import type { Clock } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { PreviousUse } from './previous-use.ts';
import { fingerprint, type SubscriptionStore } from './subscription.ts';
import type { WebhookAuthorization, WebhookAuthorizationKeeper } from './webhook-authorization.ts';

/** What it takes to retire the previous value. */
export interface RetirementDependencies {
  readonly store: SubscriptionStore;
  readonly keeper: WebhookAuthorizationKeeper;
  readonly use: Pick<PreviousUse, 'last'>;
  readonly clock: Clock;
  readonly observer: Observer;
}

/**
 * A delivery may be tried for 12 hours with the header that its hook had when it was queued, with pauses of up to an
 * hour; which header a retry carries after a change is not documented.
 */
const retrySeconds = 13 * 3600;

/** A roll-over is under way: a third value would put out the first, which hooks or retries may still send. */
export class RollOverUnderWayError extends ConnectorError {
  override readonly name = 'RollOverUnderWayError';
  readonly code = 'roll_over_under_way';
  constructor() {
    super(
      'The previous Authorization value is still accepted, since hooks or retries may use it: the hourly audit retires ' +
        'it once nothing has used it for 13 hours. Rotate again after that.',
    );
  }
}

/**
 * Begins a roll-over: `next` becomes current, and what was current stays accepted as previous. Hooks are moved next, by
 * {@link applySubscription}'s `keepHook` or by the audit, and no delivery is refused meanwhile.
 *
 * @throws RollOverUnderWayError
 */
export async function beginRollOver(
  before: WebhookAuthorization,
  next: string,
  { keeper, clock }: { readonly keeper: WebhookAuthorizationKeeper; readonly clock: Clock },
): Promise<WebhookAuthorization> {
  if (before.previous !== undefined) throw new RollOverUnderWayError();
  const rolled = { current: next, previous: before.current, rotatedAt: clock() };
  if ((await keeper.write(rolled, before)) === 'changed') throw new RollOverUnderWayError();
  return rolled;
}

/** Why the previous value is still accepted; `retired` when it no longer is. */
export type Retirement = 'nothing_to_retire' | 'hooks_not_moved' | 'retries_possible' | 'retired';

/**
 * Retires the previous value when no hook has it any more and no delivery with it can come: 13 hours after the last
 * hook was moved and after the last delivery with it.
 */
export async function retirePrevious(
  authorization: WebhookAuthorization,
  { store, keeper, use, clock, observer }: RetirementDependencies,
): Promise<Retirement> {
  const { current, previous, rotatedAt } = authorization;
  if (previous === undefined) return 'nothing_to_retire';
  if (rotatedAt === undefined) {
    // A person has set both. Hooks that we do not keep may send the old one, so that their 13 hours begin now.
    await keeper.write({ current, previous, rotatedAt: clock() }, authorization);
    return 'retries_possible';
  }
  const hooks = (await store.list()).flatMap((subscription) => subscription.hooks);
  if (hooks.some(({ authorization }) => authorization !== fingerprint(current))) return 'hooks_not_moved';
  const times = [rotatedAt, (await use.last(fingerprint(previous))) ?? 0, ...hooks.map((hook) => hook.authorizedAt)];
  if (clock() - times.reduce((one, other) => Math.max(one, other)) < retrySeconds) return 'retries_possible';
  if ((await keeper.write({ current }, authorization)) === 'changed') return 'retries_possible';
  observer.note('webhook.authorization_retired');
  return 'retired';
}
