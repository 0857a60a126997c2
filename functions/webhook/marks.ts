import { errorName } from '../connector-error.ts';
import type { Observer } from '../observer.ts';
import type { EventMarks } from './event-handlers.ts';
import type { Ledger } from './ledger.ts';
import type { SubscriptionStore } from './subscription.ts';
import type { WebhookEvent } from './webhook-event.ts';

/** What {@link readMarks} needs. */
export interface MarkDependencies {
  readonly ledger: Pick<Ledger, 'history'>;
  /** Gives our own client id; undefined when nobody has written it yet. */
  readonly ownClientId: () => Promise<string | undefined>;
  readonly subscriptions: Pick<SubscriptionStore, 'read'>;
  readonly observer: Observer;
}

/**
 * Finds out what is known about an event beyond its payload. A mark is a hint: when something cannot be read, its mark
 * stays unset and the event is handled all the same.
 *
 * @returns the marks; a failure is noted and not thrown
 */
export async function readMarks(event: WebhookEvent, dependencies: MarkDependencies): Promise<EventMarks> {
  const { ledger, ownClientId, subscriptions, observer } = dependencies;
  const unmarked = (what: string) => (error: unknown) => {
    observer.note(what, { eventId: event.id, errorName: errorName(error) });
    return undefined;
  };
  const told = (clientId: string | undefined) => {
    if (clientId === undefined) observer.note('event.client_id_unknown', { eventId: event.id });
    return clientId;
  };
  const [history, clientId, subscribed] = await Promise.all([
    ledger.history(event).catch(unmarked('event.history_unread')),
    event.sourceApplicationId === undefined
      ? undefined
      : ownClientId().then(told).catch(unmarked('event.client_id_unread')),
    subscriptions
      .read(event.companyId)
      .then((subscription) => subscription !== undefined)
      .catch(unmarked('event.subscription_unread')),
  ]);
  if (history === undefined) observer.count('ledgerUnread');
  if (subscribed === false) observer.count('eventUnsubscribed');
  const newestHandled = history?.newestHandled ?? null;
  return {
    handledBefore: history?.handledBefore ?? false,
    stale:
      history === undefined
        ? null
        : newestHandled !== null && event.occurredAt !== null && event.occurredAt < newestHandled,
    loop: clientId !== undefined && event.sourceApplicationId === clientId,
    unsubscribed: subscribed === false,
  };
}
