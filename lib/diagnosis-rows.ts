import type { Diagnosis } from '../functions/procore/diagnosis.ts';
import type { DiagnosisRow } from '../functions/procore/diagnosis-row.ts';
import { answerDiagnosisRows } from '../functions/procore/diagnosis-rows.ts';

/**
 * Every problem that pages, errors, alarms and the doctor name: those of an answer, then those that the doctor finds.
 */
export const diagnosisRows = [
  ...answerDiagnosisRows,
  {
    id: 'insufficient_permissions',
    cause: 'The user or service account does not have the permission level that this endpoint needs.',
    remedy:
      "Ask an administrator to raise the user's level for the tool (User Permissions Matrix). For a service account, set the tool's permission in the app's manifest in the Developer Portal, and update the app in the company.",
    retry: false,
    actor: 'customer',
  },
  {
    id: 'tool_disabled',
    cause: 'The tool that the resource belongs to is switched off in this project.',
    remedy: 'Ask a project administrator to enable it under Project Admin > Tools.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'outside_access_scope',
    cause: 'The user may use the tool, but is not in this project or company.',
    remedy:
      "Add the user to the project's directory. For a service account, add the project to the app's Permitted Projects. Do this again after each update of the app.",
    retry: false,
    actor: 'customer',
  },
  {
    id: 'sandbox_empty',
    cause: 'A Developer Sandbox is an isolated environment with its own data; it does not mirror production.',
    remedy:
      'Create test data (projects, users) in the sandbox itself, or use a Monthly Sandbox, which copies production on a schedule and wipes hooks made there.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'app_not_installed',
    cause: 'The account sees no company with this app. No version of the app is installed in the sandbox company.',
    remedy:
      'In the Developer Portal choose Create Version, copy the Sandbox App Version Key, and paste it in the sandbox under Company Admin > App Management > Install Custom App.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'installed_nowhere',
    cause: 'The account is connected, but sees no company: the app is installed in none that it may enter.',
    remedy:
      "Have the company's administrator install the app (Company Admin > App Management, with the App Version Key), and see that the account is in the company's directory. It need not connect again.",
    retry: false,
    actor: 'customer',
  },
  {
    id: 'webhooks_not_delivered',
    cause:
      'Procore delivers nothing. The hook is missing, disabled or without triggers; or its URL or header is not ours; or our answers failed and Procore paused.',
    remedy:
      'Run npm run procore -- doctor ENVIRONMENT --fix: it enables hooks and repairs headers. The hourly audit does this by itself, and fetches what was discarded.',
    retry: true,
    actor: 'nobody',
  },
  {
    id: 'duplicate_events',
    cause: 'Procore delivers an event again when it got no answer in time, so duplicates are normal.',
    remedy:
      'Intake drops them by the event id. An event that on-event.ts gets twice all the same has the mark handledBefore. Use event.id as the idempotency key.',
    retry: false,
    actor: 'nobody',
  },
  {
    id: 'empty_because_of_filters',
    cause: 'The list is empty because of its filters. Without them the same call gives records.',
    remedy: 'Loosen the filters. A range is written FROM...TO with full timestamps.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'empty_because_of_date',
    cause:
      'The list is bound to a date. Without one, Procore gives those of today only, and of daily logs the approved ones.',
    remedy: 'Give log_date, or start_date and end_date (YYYY-MM-DD, today at the latest).',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'empty_because_inactive',
    cause: 'The list of projects has active ones only, and the company has none that is active.',
    remedy: 'Read /rest/v1.0/companies/COMPANY_ID/projects, or have the project made active in Procore.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'empty_because_of_company',
    cause: 'The project of this call does not belong to the company that the Procore-Company-Id header names.',
    remedy: 'Call through procore.company(ID) with the id of the company that owns the project.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'empty_because_of_permissions',
    cause: 'The user has no access to the tool or the project, and Procore shows an empty list instead of a refusal.',
    remedy: 'Give the user at least Read Only on the tool in this project.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'empty_unexplained',
    cause:
      'The list is empty, and not everything could be tried: there are no records, or the account does not see them.',
    remedy: 'Compare it with what an administrator sees in Procore. If records are there, raise the level on the tool.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'really_empty',
    cause: 'Filters, dates, header, project and permission are in order: there are no records.',
    remedy: 'Nothing to do.',
    retry: false,
    actor: 'nobody',
  },
  {
    id: 'list_truncated',
    cause: 'Procore gave fewer records than it counted: pages are missing, or records changed while the list was read.',
    remedy: 'Read the list again. The client gives an error here and never a shorter list.',
    retry: true,
    actor: 'nobody',
  },
] as const satisfies readonly DiagnosisRow[];

/** The id of a row. */
export type DiagnosisId = (typeof diagnosisRows)[number]['id'];

/** Gives a row by its id. @returns the row */
export function diagnosisRow(id: DiagnosisId): DiagnosisRow & { readonly id: DiagnosisId } {
  const row = diagnosisRows.find((each) => each.id === id);
  if (row === undefined) throw new TypeError(`There is no diagnosis "${id}".`);
  return row;
}

/**
 * Makes a diagnosis of a problem that no single answer shows, e.g. one that a probe found.
 *
 * @returns the row, without words of Procore's
 */
export function namedDiagnosis(id: DiagnosisId): Diagnosis<DiagnosisId> {
  return { ...diagnosisRow(id), said: [], fields: {} };
}
