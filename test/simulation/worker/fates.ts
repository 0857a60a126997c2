import {
  type EventMessage,
  groupId,
  messageVersion,
  provenance,
  queueJson,
  subjectId,
  workKey,
} from '../../../functions/webhook/event-message.ts';
import type { WebhookEvent } from '../../../functions/webhook/webhook-event.ts';
import type { DeadLetterReason } from '../../../functions/webhook/work-queue.ts';
import { type Arrival, startTime } from './scenario.ts';

/** An arrival, and what has become of it. Times are true ones, epoch seconds. */
export interface Fate {
  readonly arrival: Arrival;
  readonly subjectId: string;
  readonly groupId: string;
  /** Company and resource name, or the connection; a foreign or unreadable message has none. */
  readonly key: string | undefined;
  readonly body: string;
  readonly occurredAt: number;
  /** In which order it came first. */
  order: number;
  firstSentAt?: number;
  firstTriedAt?: number;
  lastFailedAt?: number;
  handledAt?: number;
  /** When the ledger took the mark that it is handled. */
  markedAt?: number;
  /** When a message of it first left the queue, and whether its mark was given up by then. */
  goneAt?: number;
  wasLetGo: boolean;
  /** When its marks were last read, and whether the ledger told. */
  historyReadAt?: number;
  /** Why its messages became dead letters, the last one last. */
  readonly deadFor: (DeadLetterReason | 'received_too_often')[];
  /** When one of its messages became one, the last one. */
  deadAt?: number;
  /** In how many tries in a row the process died while nothing else was under way in it. */
  deathsAlone: number;
  /** Whether one of its tries failed in a brown-out. */
  wasInBrownOut: boolean;
}

/** Tells that no further try of an event is wanted: it was handled, or it is a dead letter. */
export function isEnded({ handledAt, deadFor }: Fate): boolean {
  return handledAt !== undefined || deadFor.length > 0;
}

/** Makes the message of an arrival, of which nothing has become yet. */
export function fateOf(arrival: Arrival): Fate {
  const occurredAt = startTime + (arrival.sentAt[0] ?? 0) - 10 - arrival.lateSeconds;
  const message = messageOf(arrival, occurredAt);
  const isOurs = arrival.nature !== 'foreign' && arrival.nature !== 'unreadable';
  return {
    arrival,
    subjectId: subjectId(message),
    groupId: groupId(message),
    key: isOurs ? workKey(message).key : undefined,
    body: arrival.nature === 'unreadable' ? 'nonsense' : queueJson(message),
    occurredAt,
    ...{ order: 0, deadFor: [], deathsAlone: 0, wasInBrownOut: false, wasLetGo: false },
  };
}

function messageOf(arrival: Arrival, occurredAt: number): EventMessage {
  const { id, kind, nature, company, resourceName, resourceId } = arrival;
  const environment = nature === 'foreign' ? 'production' : 'sandbox';
  if (kind === 'change') {
    const change = { connectionId: company, environment, change: 'connected', reconnect: '', at: occurredAt } as const;
    const generation = Number(id.replace(/\D/g, ''));
    return { kind: 'connection_change', version: messageVersion, environment, change: { ...change, generation } };
  }
  const event: WebhookEvent = {
    ...{ id, payloadVersion: 'v4.0', eventType: 'update', resourceName, resourceId, companyId: company },
    ...{ projectId: null, userId: null, timestamp: null, occurredAt, relatedResources: [] },
  };
  return { kind: 'webhook_event', ...provenance('live'), environment, event, receivedAt: occurredAt };
}
