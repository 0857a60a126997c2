import { ProcoreApiError } from '../../../functions/procore/api-error.ts';
import type { ProcoreClient } from '../../../functions/procore/client.ts';
import type { Diagnosis } from '../../../functions/procore/diagnosis.ts';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import { type DiagnosisId, namedDiagnosis } from '../../diagnosis-rows.ts';
import { idOf, visibleProjects } from './probes.ts';

/** What an account can reach. */
export interface Installation {
  /** Companies in which the app works. */
  readonly connected: readonly string[];
  /** Companies that the account sees, and why each refuses. */
  readonly refused: Readonly<Record<string, string>>;
  /** Absent when some company works. */
  readonly diagnosis?: Diagnosis<DiagnosisId>;
}

/** Companies that are tried: enough to tell whether the app is installed anywhere. */
const mostCompanies = 20;

/**
 * Finds out in which companies the app is installed: lists the account's companies and asks each for its projects. A
 * service account needs the company header even for that list, so it must name one.
 *
 * @param companyId named in the header of the list, where the grant is `client_credentials`
 * @throws ProcoreApiError when the companies themselves cannot be listed
 */
export async function examineInstallation<E extends ProcoreEnvironmentName>(
  client: ProcoreClient<E>,
  companyId?: string,
): Promise<Installation> {
  const connected: string[] = [];
  const refused: Record<string, string> = {};
  try {
    const companies = companyId === undefined ? client : client.company(companyId);
    for await (const company of companies.list('/rest/v1.0/companies')) {
      const id = idOf(company);
      if (id === undefined) continue;
      const projects = await visibleProjects(client.company(id));
      if ('ids' in projects) connected.push(id);
      else refused[id] = projects.refused;
      if (connected.length + Object.keys(refused).length >= mostCompanies) break;
    }
  } catch (error) {
    if (!(error instanceof ProcoreApiError) || error.code !== 'app_not_connected') throw error;
  }
  if (connected.length > 0) return { connected, refused };
  const isRefusedOtherwise = Object.values(refused).some((code) => code !== 'app_not_connected');
  if (isRefusedOtherwise) return { connected, refused, diagnosis: namedDiagnosis('insufficient_permissions') };
  const seesNone = Object.keys(refused).length === 0;
  const isSandbox = client.environment === 'sandbox' || client.environment === 'monthly-sandbox';
  const elsewhere = seesNone ? 'installed_nowhere' : 'app_not_connected';
  return { connected, refused, diagnosis: namedDiagnosis(isSandbox ? 'app_not_installed' : elsewhere) };
}
