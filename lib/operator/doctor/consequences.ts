import type { DiagnosisId } from '../../diagnosis-rows.ts';
import type { Finding } from './evidence.ts';
import { type Heading, headingOf } from './headings.ts';
import { isBeforeAccess, outages } from './outage.ts';
import type { Narrowed } from './probes.ts';

/** The problems that bring another one about, by the other one. */
const causes: Partial<Readonly<Record<DiagnosisId, readonly DiagnosisId[]>>> = {
  // Where no token can be replaced, tokens come to their end.
  access_token_invalid: ['wrong_environment', 'client_credentials_rejected', ...outages],
  client_credentials_rejected: ['wrong_environment'],
  // After a 503 our own budget holds calls back.
  rate_limited: outages,
  app_not_connected: ['app_not_installed'],
  app_not_installed: ['installed_nowhere'],
  sandbox_empty: ['installed_nowhere', 'app_not_installed', 'app_not_connected', 'outside_access_scope'],
};

const credentials: readonly DiagnosisId[] = [
  'wrong_environment',
  'client_credentials_rejected',
  ...outages,
  'rate_limited',
];
const account: readonly DiagnosisId[] = [...credentials, 'refresh_token_invalid', 'access_token_invalid'];
const company: readonly DiagnosisId[] = [
  ...account,
  'installed_nowhere',
  'app_not_installed',
  'app_not_connected',
  'insufficient_permissions',
  'tool_disabled',
  'outside_access_scope',
];

/** What each heading needs to be tried, as the problems that stand in the way, the first ones first. */
const blockers: Partial<Readonly<Record<Heading, readonly DiagnosisId[]>>> = {
  'The access token is invalid': [...credentials, 'refresh_token_invalid'],
  'The refresh token is invalid': credentials,
  'Authorization code errors': credentials,
  'Wrong environment credentials': [...credentials, 'refresh_token_invalid'],
  '403: App is not connected to this company': [...account, 'insufficient_permissions'],
  '403: Insufficient permissions': company,
  '403: Tool disabled in the project': company,
  '403: Resource outside access scope': company,
  '404 on a resource that exists': company,
  '429: Too Many Requests': account,
  'Sandbox data is empty or different from production': company,
  'Cannot install app in sandbox': [...account, 'installed_nowhere', 'insufficient_permissions'],
  'Sandbox credentials vs. production credentials': credentials,
  'Webhooks are not being delivered': company,
  'Duplicate webhook events': company,
  'Unexpected empty response': company,
  'Pagination: missing data': account,
};

/**
 * Whether one refusal is why there is another: the same company without the app, or the same project out of reach.
 *
 * @param other undefined gives false
 */
export function explains(cause: Narrowed, other: Narrowed | undefined): boolean {
  const { diagnosis, about } = cause;
  if (other !== undefined && (isBeforeAccess(other.diagnosis.id) || other.diagnosis.id === 'app_not_connected'))
    return false;
  if (other?.about === undefined || about === undefined || diagnosis.id === other.diagnosis.id) return false;
  if (diagnosis.id === 'app_not_connected') return about.companyId === other.about.companyId;
  if (diagnosis.id !== 'outside_access_scope' || about.projectIds === undefined) return false;
  return other.about.projectIds?.every((id) => about.projectIds?.includes(id)) ?? false;
}

/** Finds what brings a problem about. @returns the heading of its cause; undefined when it stands for itself */
export function causeBehind({ heading, diagnosisId }: Finding, findings: readonly Finding[]): Heading | undefined {
  if (diagnosisId === undefined) return undefined;
  const same = findings.find((one) => isProblem(one, diagnosisId) && one.heading === headingOf[diagnosisId]);
  if (same !== undefined && same.heading !== heading) return same.heading;
  return firstOf(causes[diagnosisId] ?? [], findings);
}

/** Finds what kept a heading from being tried. @returns the heading of that problem; undefined when there is none */
export function blockerOf(heading: Heading, findings: readonly Finding[]): Heading | undefined {
  const others = findings.filter((finding) => finding.heading !== heading);
  return firstOf(blockers[heading] ?? [], others);
}

function firstOf(ids: readonly DiagnosisId[], findings: readonly Finding[]): Heading | undefined {
  return ids.flatMap((id) => findings.find((one) => isProblem(one, id)) ?? []).at(0)?.heading;
}

/** A problem, or what would have shown one if it had been tried. */
function isProblem({ verdict, diagnosisId }: Finding, id: DiagnosisId): boolean {
  return verdict !== 'follows' && diagnosisId === id;
}
