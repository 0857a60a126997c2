import type { ProcoreEnvironmentName } from '../functions/procore/environment.ts';

/** The type of the metadata that the construct ProcoreEnvironment leaves in the cloud assembly, at its own path. */
export const environmentMark = 'procore-connector:environment';

/** What that metadata says. Versions of the package read each other's: only add keys, and do without those that are missing. */
export interface EnvironmentMark {
  readonly procoreEnvironment: ProcoreEnvironmentName;
  /** Whether the worker takes the events. */
  readonly worker: boolean;
  /** The integrator's file, from the folder in which the app is started. @default events are logged */
  readonly onEventEntry?: string;
  /** The host of one's own. @default API Gateway draws one */
  readonly domainName?: string;
}
