import { silentObserver } from '../../functions/observer.ts';
import { clientIdStore, ledger, subscriptionStore } from '../../functions/place.ts';
import type { EventMarks } from '../../functions/webhook/event-handlers.ts';
import { readMarks } from '../../functions/webhook/marks.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import type { DeployedEnvironment } from './deployment.ts';
import { placeOf } from './place.ts';

/** Finds the marks that on-event.ts would get with an event if it came now. */
export function marksNow(environment: DeployedEnvironment, event: WebhookEvent): Promise<EventMarks> {
  const place = placeOf(environment);
  const { dynamoDb } = environment.clients;
  return readMarks(event, {
    ledger: ledger(place, dynamoDb),
    ownClientId: () => clientIdStore(place, dynamoDb).read(),
    subscriptions: subscriptionStore(place, dynamoDb),
    observer: silentObserver,
  });
}

/** Says marks in words. */
export function marksText({ handledBefore, stale, loop, unsubscribed }: EventMarks): string {
  const said = [
    ...(handledBefore ? ['handled before'] : []),
    ...(stale === true ? ['stale: a later one of its resource was handled'] : []),
    ...(stale === null ? ['nobody can tell whether it is stale'] : []),
    ...(loop ? ['loop: our own app caused it'] : []),
    ...(unsubscribed ? ['unsubscribed: no subscription names its company'] : []),
  ];
  return said.join('; ') || 'none';
}
