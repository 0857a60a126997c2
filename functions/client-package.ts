// The package's export `./client`: the API client for an integrator's own functions, and what its calls take and give.
export { connectToProcore } from './connect-to-procore.ts';
export { ProcoreApiError } from './procore/api-error.ts';
export type { ReadListOptions, ReadOptions, WriteOptions } from './procore/call-options.ts';
export type { ApiPath, CompanyClient, CompanyFreePath, ProcoreClient } from './procore/client.ts';
export type { Diagnosis } from './procore/diagnosis.ts';
export { documented } from './procore/documented.ts';
export type { ProcoreEnvironmentName } from './procore/environment.ts';
export {
  type ExactJson,
  type ExactJsonInput,
  type ExactJsonObject,
  exactId,
  isJsonObject,
} from './procore/exact-json.ts';
export type { ChangedListOptions, Query } from './procore/listing.ts';
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
} from './procore/resources.ts';
export type { ApiAnswer } from './procore/send-call.ts';
export type { SyncOptions, SyncResult, SyncUpdate } from './procore/sync.ts';
