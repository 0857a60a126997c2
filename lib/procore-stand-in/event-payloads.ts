import { rawJson } from './exact-json.ts';
import type { Hook, PayloadVersion } from './hooks.ts';
import { webhookResources } from './hooks.ts';
import type { Unknowns } from './unknowns.ts';

/** Something that happened in Procore; ids are decimal digits. */
export interface StandInEvent {
  readonly resourceName: string;
  readonly eventType: string;
  readonly companyId: string;
  /** Left out for an event of the company. */
  readonly projectId?: string;
  readonly resourceId: string;
  /** Epoch milliseconds. Left out: now. */
  readonly happenedAt?: number;
  /** Left out: the person of the stand-in. */
  readonly userId?: string;
  /** Client id of the app whose call caused it; not in v4.0. */
  readonly sourceApplicationId?: string;
  /** Token that the client sent along; not in v4.0. */
  readonly sourceOperationId?: string;
}

/** What tells one event from another; the same in every hook's payload. */
export interface EventIdentity {
  /** Decimal digits beyond 2^53. */
  readonly id: string;
  readonly ulid: string;
  /** ISO 8601 with microseconds. */
  readonly timestamp: string;
}

/**
 * Says whether a hook is told of an event: its level has the resource in its catalogue, its company or project is the
 * event's, and one of its triggers names resource and event type, the name case-sensitive.
 *
 * @see [PROCORE.md, section 3.4](PROCORE.md#34-resources-and-triggers): anything else is silence, not an error
 */
export function isTold(hook: Hook, event: StandInEvent): boolean {
  const catalogue = hook.projectId === null ? webhookResources.company : webhookResources.project;
  return (
    hook.companyId === event.companyId &&
    (hook.projectId === null || hook.projectId === event.projectId) &&
    catalogue.some(({ name }) => name === event.resourceName) &&
    hook.triggers.some(
      (trigger) => trigger.resourceName === event.resourceName && trigger.eventType === event.eventType,
    )
  );
}

/** Writes an event's body in a payload version. @see [PROCORE.md, section 3.5](PROCORE.md#35-payloads) */
export function writePayload(
  version: PayloadVersion,
  event: StandInEvent & { readonly userId: string },
  { id, ulid, timestamp }: EventIdentity,
  unknowns: Unknowns,
): string {
  const { companyId, projectId, resourceId, userId } = event;
  if (version === 'v4.0') {
    return JSON.stringify({
      id: ulid,
      timestamp,
      reason: event.eventType,
      company_id: companyId,
      ...(projectId !== undefined
        ? { project_id: projectId }
        : unknowns.v4CompanyEventProjectId === 'null' && { project_id: null }),
      user_id: userId,
      resource_type: event.resourceName,
      resource_id: resourceId,
    });
  }
  const project = projectId === undefined ? null : rawJson(projectId);
  return JSON.stringify({
    id: rawJson(id),
    ulid,
    timestamp,
    metadata: {
      source_user_id: rawJson(userId),
      source_project_id: project,
      source_operation_id: event.sourceOperationId ?? null,
      source_company_id: rawJson(companyId),
      source_application_id: event.sourceApplicationId ?? null,
    },
    user_id: rawJson(userId),
    company_id: rawJson(companyId),
    project_id: project,
    api_version: version,
    event_type: event.eventType,
    resource_name: event.resourceName,
    resource_id: rawJson(resourceId),
    ...(version === 'v3.0' && { related_resources: [] }),
  });
}
