import { type MovableClock, microsecondTimestamp } from './clock.ts';
import type { Delivery, DeliveryQueue } from './deliveries.ts';
import { isTold, type StandInEvent, writePayload } from './event-payloads.ts';
import type { HookStore } from './hooks.ts';
import { hugeId, type Randomness, ulid } from './randomness.ts';
import type { Unknowns } from './unknowns.ts';
import type { World } from './world.ts';

/** What it takes to tell hooks of an event. */
export interface Telling {
  readonly clock: MovableClock;
  readonly deliveries: DeliveryQueue;
  readonly events: Randomness;
  readonly hooks: HookStore;
  readonly unknowns: Unknowns;
  readonly world: World;
}

/** Queues a delivery of an event for each hook that listens. @returns the deliveries; none when nobody listens */
export function tellHooks(
  { clock, deliveries, events, hooks, unknowns, world }: Telling,
  event: StandInEvent,
): Delivery[] {
  const told = hooks
    .all()
    .filter((hook) => isTold(hook, event))
    .filter((hook) => hook.status === 'active' || unknowns.disabledHookEvents === 'kept')
    .filter(({ companyId }) => !world.disconnected.has(companyId) || unknowns.disconnectedCompanyStillDelivers);
  const now = event.happenedAt ?? clock.now();
  const identity = {
    id: hugeId(events),
    ulid: ulid(now, events),
    timestamp: microsecondTimestamp(now, events.below(1000)),
  };
  const happened = { userId: world.person.id, ...event };
  return told.map((hook) => {
    const payload = writePayload(hook.payloadVersion, happened, identity, unknowns);
    return deliveries.enqueue(hook, { resourceName: event.resourceName, eventType: event.eventType, payload });
  });
}
