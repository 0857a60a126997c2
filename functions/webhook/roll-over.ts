import type { Clock } from '../clock.ts';
import { ConnectorError } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { PreviousUse } from './previous-use.ts';
import { fingerprint, type SubscriptionStore } from './subscription.ts';
import { type WebhookAuthorization, type WebhookAuthorizationKeeper, withRetired } from './webhook-authorization.ts';

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
      'The previous Authorization value is still accepted, because hooks or retries may use it. The hourly audit ' +
        'retires it when nothing has used it for 13 hours. Rotate again after that.',
    );
  }
}

/**
 * Begins a roll-over: `next` becomes the current value, and the current value becomes the previous one, which is still
 * accepted. Then `keepHook` moves the hooks. No delivery is refused meanwhile.
 *
 * @returns the values after the roll-over
 * @throws RollOverUnderWayError, also when somebody else has written the secret meanwhile
 */
export async function beginRollOver(
  before: WebhookAuthorization,
  next: string,
  { keeper, clock }: { readonly keeper: WebhookAuthorizationKeeper; readonly clock: Clock },
): Promise<WebhookAuthorization> {
  if (before.previous !== undefined) throw new RollOverUnderWayError();
  const { retired } = before;
  const rolled = { current: next, previous: before.current, rotatedAt: clock(), ...(retired && { retired }) };
  if ((await keeper.write(rolled, before)) === 'changed') throw new RollOverUnderWayError();
  return rolled;
}

/** Why the previous value is still accepted; `retired` when it is not. */
export type Retirement = 'nothing_to_retire' | 'hooks_not_moved' | 'retries_possible' | 'retired';

/**
 * Retires the previous value when no hook has it and no delivery with it can come: 13 hours after the last hook was
 * moved and after the last delivery with it.
 *
 * @returns what was done, or why nothing was done
 * @throws what the stores throw
 */
export async function retirePrevious(
  authorization: WebhookAuthorization,
  { store, keeper, use, clock, observer }: RetirementDependencies,
): Promise<Retirement> {
  const { current, previous, rotatedAt } = authorization;
  if (previous === undefined) return 'nothing_to_retire';
  if (rotatedAt === undefined) {
    // A person has set both values. Hooks that we do not keep may send the old one, so their 13 hours begin now.
    await keeper.write({ ...authorization, rotatedAt: clock() }, authorization);
    return 'retries_possible';
  }
  const hooks = (await store.list()).flatMap((subscription) => subscription.hooks);
  if (hooks.some(({ authorization }) => authorization !== fingerprint(current))) return 'hooks_not_moved';
  const times = [rotatedAt, (await use.last(fingerprint(previous))) ?? 0, ...hooks.map((hook) => hook.authorizedAt)];
  if (clock() - times.reduce((one, other) => Math.max(one, other)) < retrySeconds) return 'retries_possible';
  const retired = withRetired(fingerprint(previous), authorization);
  if ((await keeper.write({ current, retired }, authorization)) === 'changed') return 'retries_possible';
  observer.note('webhook.authorization_retired');
  return 'retired';
}
