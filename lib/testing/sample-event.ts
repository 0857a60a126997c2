import { sha256 } from '../../functions/sha256.ts';
import { checkResources } from '../../functions/webhook/catalogue.ts';
import type { EventMarks, MarkedEvent } from '../../functions/webhook/event-handlers.ts';
import type { WebhookEvent } from '../../functions/webhook/webhook-event.ts';
import { companyResources, projectResources } from './webhook-resources.ts';

type Resources = typeof companyResources & typeof projectResources;

/** A resource that webhooks report, as Procore spells it: `RFIs`, `Company Users`. */
export type ResourceName = keyof typeof companyResources | keyof typeof projectResources;

/** What webhooks report of a resource: `create`, `update` or `delete`, as far as there is such an event. */
export type ResourceAction<Name extends ResourceName> = Resources[Name][number];

/** What a test wants of an event. All ids are texts. */
export type GivenEvent = Partial<WebhookEvent> & { readonly marks?: Partial<EventMarks> };

/** Ids of the world that {@link startProcore} has: an event without ids of its own is about something that is there. */
export const sampleIds = {
  companyId: '5358233',
  projectId: '23498237',
  /** The first RFI of the project. As real ids can be, it is beyond 2^53. */
  resourceId: '9007199254740993',
  userId: '5960067',
  /** The client id of the integrator's own app: what it causes is marked as `loop`. */
  clientId: 'the-client-id-of-your-app',
} as const;

const sampleTimestamp = '2026-01-15T12:00:00.000000Z';

const catalogue = {
  company: entriesOf(companyResources),
  project: entriesOf(projectResources),
};

/**
 * Makes an event as `onEvent` gets it. The same arguments make the same event, with the same id: it is then a duplicate. For
 * another event of the same record give another `timestamp` (an earlier one for an older event), or an `id`.
 *
 * A resource or an action that this version does not know can be given as `resourceName` and `eventType`.
 *
 * @param given what is to be otherwise: ids, `timestamp`, `userId`, `marks`
 * @throws UnknownResourceError for a name or an action that Procore does not report, with the names that may be meant
 */
export function sampleEvent<Name extends ResourceName>(
  resourceName: Name,
  action: ResourceAction<Name>,
  { marks, ...given }: GivenEvent = {},
): MarkedEvent {
  checkResources([{ name: resourceName, actions: [action] }], catalogue);
  const { timestamp = sampleTimestamp } = given;
  const millis = timestamp === null ? Number.NaN : Date.parse(timestamp);
  // v4.0 does not say which app has caused a change.
  const byApp = marks?.loop ? { sourceApplicationId: sampleIds.clientId } : {};
  const hasApp = given.sourceApplicationId !== undefined || marks?.loop === true;
  const event = {
    payloadVersion: hasApp ? 'v3.0' : 'v4.0',
    eventType: action,
    resourceName,
    resourceId: sampleIds.resourceId,
    companyId: sampleIds.companyId,
    projectId: Object.hasOwn(projectResources, resourceName) ? sampleIds.projectId : null,
    userId: sampleIds.userId,
    timestamp,
    occurredAt: Number.isNaN(millis) ? null : secondsOf(timestamp ?? '', millis),
    relatedResources: [],
    ...byApp,
    ...given,
  } as const;
  return {
    id: ulid(millis, JSON.stringify(event)),
    ...event,
    marks: { handledBefore: false, stale: false, loop: false, unsubscribed: false, ...marks },
  };
}

function entriesOf(resources: Readonly<Record<string, readonly string[]>>) {
  return Object.entries(resources).map(([name, actions]) => ({ name, actions }));
}

/** Keeps the microseconds of a timestamp, which a Date does not have. */
function secondsOf(timestamp: string, millis: number): number {
  const fraction = /\.(\d+)/.exec(timestamp)?.[1] ?? '0';
  return Math.floor(millis / 1000) + Number(`0.${fraction}`);
}

/** As Procore's ids of events: ten characters of the time, sixteen that are otherwise random. */
function ulid(millis: number, text: string): string {
  const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const time = Number.isNaN(millis) ? 0 : millis;
  const inTime = Array.from({ length: 10 }, (_, index) => letters[Math.floor(time / 32 ** (9 - index)) % 32]);
  const digest = Buffer.from(sha256(text), 'hex');
  const random = Array.from({ length: 16 }, (_, index) => letters[digest.readUInt8(index) % 32]);
  return [...inTime, ...random].join('');
}
