// The package's export `./on-event`: what an integrator's file needs, and the reader of messages for a consumer in place of
// our worker. It needs nothing of AWS.
export type { ConnectionChange } from '../connection/connection-change.ts';
export { ProcoreApiError } from '../procore/api-error.ts';
export type { ApiPath, CompanyClient } from '../procore/client.ts';
export { documented } from '../procore/documented.ts';
export type { ProcoreEnvironmentName } from '../procore/environment.ts';
export { type ExactJson, type ExactJsonObject, exactId, isJsonObject } from '../procore/exact-json.ts';
// What `documented` is for: the context's client reads the same records as the one of './client'.
export type {
  ChangeEvent,
  Commitment,
  Company,
  CustomFields,
  ManpowerLog,
  NamedPerson,
  NamedRecord,
  Project,
  Rfi,
  Submittal,
  User,
} from '../procore/resources.ts';
export type { EventContext, EventHandlers, EventMarks, HandlerContext, MarkedEvent } from './event-handlers.ts';
export {
  type ConnectionChangeMessage,
  type EventMessage,
  readEventMessage,
  type WebhookEventMessage,
} from './event-message.ts';
export type { ReadOwnSecret } from './own-secrets.ts';
export { Permanent } from './permanent.ts';
export type { PayloadVersion, RelatedResource, WebhookEvent } from './webhook-event.ts';
