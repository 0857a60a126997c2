import { type ExactJson, type ExactJsonObject, exactId, isJsonObject, parseExactJson } from '../procore/exact-json.ts';
import type { PayloadVersion, RelatedResource, WebhookEvent } from './webhook-event.ts';

/** Why a body cannot be read as an event. The quarantine keeps the reason with the body. */
export type UnreadableReason =
  | 'oversize'
  | 'empty_body'
  | 'invalid_utf8'
  | 'invalid_json'
  | 'not_an_object'
  | 'unknown_shape'
  | 'unknown_version'
  | 'missing_id'
  | 'missing_event_type'
  | 'missing_resource_name'
  | 'missing_resource_id'
  | 'missing_company_id'
  | 'unreadable_project_id';

/** An event, or the reason why the body cannot be read as one. */
export type ParsedDelivery = { readonly event: WebhookEvent } | { readonly unreadable: UnreadableReason };

/**
 * The longest body taken as an event, in bytes. Procore's samples are under 1 kB. The ledger's item holds the event,
 * whose JSON is about as long as the body; DynamoDB takes 400 kB.
 */
const maximumBytes = 256 * 1024;

const fieldNames = {
  legacy: { eventType: 'event_type', resourceName: 'resource_name' },
  'v4.0': { eventType: 'reason', resourceName: 'resource_type' },
} as const;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the body of an authenticated delivery as an event. The content type does not matter. A body that cannot be read
 * is kept in quarantine and not refused, because a refusal would pause all of Procore's deliveries.
 *
 * Unknown fields are ignored. Optional fields that cannot be read count as absent. When a key comes twice, the last one
 * counts: RFC 8259 leaves it open, and `JSON.parse` does it so.
 *
 * @returns the event, or a literal reason
 * @see [RFC 8259, section 4](https://www.rfc-editor.org/rfc/rfc8259#section-4)
 * @see [Webhooks](https://developers.procore.com/documentation/webhooks)
 */
export function parseDelivery(body: Uint8Array): ParsedDelivery {
  if (body.byteLength > maximumBytes) return { unreadable: 'oversize' };
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return { unreadable: 'invalid_utf8' };
  }
  if (text.trim() === '') return { unreadable: 'empty_body' };
  let payload: ExactJson;
  try {
    payload = parseExactJson(text);
  } catch {
    // A body that is nested more than 100 levels deep ends here, too.
    return { unreadable: 'invalid_json' };
  }
  // Procore does not document several events in one delivery, so an array is kept in quarantine.
  if (!isJsonObject(payload)) return { unreadable: 'not_an_object' };
  const version = payloadVersion(payload);
  return version === 'unknown_shape' || version === 'unknown_version'
    ? { unreadable: version }
    : readPayload(payload, version);
}

function payloadVersion(payload: ExactJsonObject): PayloadVersion | 'unknown_shape' | 'unknown_version' {
  const version = payload.api_version;
  if (version === 'v2' || version === 'v2.0' || version === 'v3.0' || version === 'v4.0') return version;
  if (version !== undefined && version !== null) return 'unknown_version';
  // Procore's sample of v4.0 has no `api_version`. Payloads of 2017 had none either, but they had no id and no company.
  return payload.resource_type !== undefined && payload.reason !== undefined ? 'v4.0' : 'unknown_shape';
}

function readPayload(payload: ExactJsonObject, payloadVersion: PayloadVersion): ParsedDelivery {
  const names = fieldNames[payloadVersion === 'v4.0' ? 'v4.0' : 'legacy'];
  const id = readId(payload.ulid) ?? readId(payload.id);
  const eventType = readName(payload[names.eventType]);
  const resourceName = readName(payload[names.resourceName]);
  const resourceId = readId(payload.resource_id);
  const companyId = readId(payload.company_id);
  const projectId = readId(payload.project_id) ?? null;
  if (id === undefined) return { unreadable: 'missing_id' };
  if (eventType === undefined) return { unreadable: 'missing_event_type' };
  if (resourceName === undefined) return { unreadable: 'missing_resource_name' };
  if (resourceId === undefined) return { unreadable: 'missing_resource_id' };
  if (companyId === undefined) return { unreadable: 'missing_company_id' };
  // Procore does not document whether v4.0 sends null or nothing for a company's own resource. Both are accepted.
  if (projectId === null && (payload.project_id ?? '') !== '') return { unreadable: 'unreadable_project_id' };
  const metadata = isJsonObject(payload.metadata) ? payload.metadata : {};
  const sourceApplicationId = readName(metadata.source_application_id);
  const sourceOperationId = readName(metadata.source_operation_id);
  const timestamp = readName(payload.timestamp) ?? null;
  return {
    event: {
      id,
      payloadVersion,
      eventType,
      resourceName,
      resourceId,
      companyId,
      projectId,
      userId: readId(payload.user_id) ?? null,
      timestamp,
      occurredAt: timestamp === null ? null : epochSeconds(timestamp),
      ...(sourceApplicationId !== undefined && { sourceApplicationId }),
      ...(sourceOperationId !== undefined && { sourceOperationId }),
      relatedResources: readRelatedResources(payload.related_resources),
    },
  };
}

/** Ids become keys and attributes at AWS, so they are bounded. Procore's are digits, or 26 letters and digits. */
function readId(value: ExactJson | undefined): string | undefined {
  const id = exactId(value);
  return id !== undefined && /^[\x21-\x7E]{1,128}$/.test(id) ? id : undefined;
}

/** Names become message attributes. SQS refuses control characters and empty texts there. */
function readName(value: ExactJson | undefined): string | undefined {
  const name = typeof value === 'number' ? exactId(value) : value;
  return typeof name === 'string' && /^[^\p{Cc}\p{Cs}\uFFFE\uFFFF]{1,256}$/u.test(name) ? name : undefined;
}

/**
 * Reads all digits of a timestamp. `Date.parse` drops those after milliseconds, and two events may differ only there.
 */
function epochSeconds(timestamp: string): number | null {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.exec(timestamp);
  if (parts === null) return null;
  const milliseconds = Date.parse(`${parts[1]}${parts[3]}`);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000 + Number(parts[2] ?? 0);
}

function readRelatedResources(value: ExactJson | undefined): readonly RelatedResource[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: ExactJson) => {
    if (!isJsonObject(entry)) return [];
    const id = readId(entry.id);
    const name = readName(entry.name);
    return id === undefined || name === undefined ? [] : [{ id, name }];
  });
}
