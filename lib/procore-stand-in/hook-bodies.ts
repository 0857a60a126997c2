import { secondTimestamp } from './clock.ts';
import type { Delivery } from './deliveries.ts';
import { isRecord, parseExact } from './exact-json.ts';
import type { FixtureBook } from './fixtures.ts';
import { type Hook, type HookFields, payloadVersions, type Trigger } from './hooks.ts';
import type { Unknowns } from './unknowns.ts';

/**
 * Hides an Authorization value but for its last five characters.
 *
 * @see [PROCORE.md, section 3.2](PROCORE.md#32-endpoints-of-v20)
 */
export function maskAuthorization(authorization: string): string {
  return `*****${authorization.slice(-5)}`;
}

/** Writes a hook as v2.0 does. */
export function writeHook(hook: Hook, book: FixtureBook, withTriggerCount: boolean): unknown {
  const body = book.fill('hook', {
    id: hook.id,
    status: hook.status,
    payloadVersion: hook.payloadVersion,
    namespace: hook.namespace,
    maskedAuthorization: hook.authorization === undefined ? null : maskAuthorization(hook.authorization),
    destinationUrl: hook.destinationUrl,
    companyId: hook.projectId === null ? hook.companyId : null,
    projectId: hook.projectId,
    createdAt: secondTimestamp(hook.createdAt),
    updatedAt: secondTimestamp(hook.updatedAt),
  });
  return withTriggerCount && isRecord(body) ? { ...body, trigger_count: hook.triggers.length } : body;
}

/** Writes a trigger as v2.0 does. */
export function writeTrigger(hook: Hook, trigger: Trigger, book: FixtureBook, unknowns: Unknowns): unknown {
  const spelled = {
    create: trigger.eventType,
    CREATE: trigger.eventType.toUpperCase(),
    CREATED: `${trigger.eventType.replace(/e$/, '')}ed`.toUpperCase(),
  }[unknowns.triggerEventType];
  return book.fill('trigger', {
    id: trigger.id,
    hookId: hook.id,
    resourceName: trigger.resourceName,
    eventType: spelled,
    companyId: hook.projectId === null ? hook.companyId : null,
    projectId: hook.projectId,
  });
}

/** Writes a delivery with its attempts as v2.0 does; the payload's ids keep their digits. */
export function writeDelivery(delivery: Delivery, book: FixtureBook): unknown {
  return book.fill('delivery', {
    id: delivery.id,
    status: delivery.status,
    payload: parseExact(delivery.payload),
    attempts: delivery.attempts.map((attempt) =>
      book.fill('deliveryAttempt', {
        id: attempt.id,
        success: attempt.success,
        responseStatus: attempt.status ?? null,
        responseBody: attempt.body ?? null,
        responseHeaders: attempt.headers ?? null,
        startedAt: secondTimestamp(attempt.startedAt),
        completedAt: secondTimestamp(attempt.completedAt),
      }),
    ),
  });
}

/** A hook's fields read from a body, or the first thing that is wrong with it. */
export type HookReading =
  | { readonly fields: Partial<HookFields & Pick<Hook, 'status'>> }
  | { readonly property: string; readonly message: string };

/**
 * Reads the fields of a hook that a body has, and refuses wrong ones. Other headers than Authorization are dropped.
 *
 * @see [PROCORE.md, section 3.2](PROCORE.md#32-endpoints-of-v20)
 */
export function readHookFields(body: unknown): HookReading {
  if (!isRecord(body)) return { property: 'body', message: 'must be a JSON object' };
  const { payload_version: version, namespace, destination_url: url, destination_headers: headers, status } = body;
  const payloadVersion = payloadVersions.find((known) => known === version);
  if (version !== undefined && payloadVersion === undefined) {
    return { property: 'payload_version', message: `payload_version must be one of ${payloadVersions.join(', ')}` };
  }
  if (namespace !== undefined && (typeof namespace !== 'string' || !/^[a-z0-9-]+$/.test(namespace))) {
    return { property: 'namespace', message: 'namespace may only have the characters a-z, 0-9 and -' };
  }
  if (url !== undefined && (typeof url !== 'string' || !isDestination(url))) {
    return { property: 'destination_url', message: 'destination_url must be an HTTPS URL' };
  }
  if (status !== undefined && status !== 'active' && status !== 'disabled') {
    return { property: 'status', message: 'status must be active or disabled' };
  }
  const authorization = isRecord(headers) ? headers.Authorization : undefined;
  if (authorization !== undefined && (typeof authorization !== 'string' || !/^[\x20-\x7e]+$/.test(authorization))) {
    return { property: 'destination_headers', message: 'Authorization must be a header value' };
  }
  return {
    fields: {
      ...(payloadVersion && { payloadVersion }),
      ...(namespace !== undefined && { namespace }),
      ...(url !== undefined && { destinationUrl: url }),
      ...(authorization !== undefined && { authorization }),
      ...(status !== undefined && { status }),
    },
  };
}

/** Procore wants https; a stand-in on this machine also delivers to this machine. */
function isDestination(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1'].includes(hostname));
}
