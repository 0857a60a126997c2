import { procoreOrigins } from '../../functions/procore/environment.ts';
import type { DeployedEnvironment } from './deployment.ts';
import { readStatusPage, type StatusPage } from './support-report.ts';

/**
 * Reads Procore's status page for an environment that talks to Procore itself: a stand-in has none, and Procore's own
 * says nothing about it.
 *
 * @returns undefined when there is none, or it cannot be read
 */
export async function statusPageOf({ name, procore }: DeployedEnvironment): Promise<StatusPage | undefined> {
  return procore.apiOrigin === procoreOrigins(name).apiOrigin ? readStatusPage(fetch) : undefined;
}
