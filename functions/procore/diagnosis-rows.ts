import type { DiagnosisRow } from './diagnosis-row.ts';
import { oauthDiagnosisRows } from './oauth-diagnosis-rows.ts';

/** The rows in the order in which they are tried: the more certain recognition comes first. */
export const diagnosisRows = [
  ...oauthDiagnosisRows,
  {
    id: 'app_not_connected',
    recognised: [{ statuses: [401, 403], text: /app is not connected to this company/i }],
    cause: "The app is not installed in this company, or the company's administrator has disconnected it.",
    remedy:
      'The company administrator connects the app again under Company Admin > App Management. Calls pause meanwhile and go on by themselves.',
    retry: true,
    actor: 'customer',
  },
  {
    id: 'company_header_missing',
    recognised: [{ text: /missing procore-company-id header/i }, { statuses: [404], withoutCompanyHeader: true }],
    cause: 'The call has no Procore-Company-Id header, which Procore wants on every call but /me and /companies.',
    remedy: 'Call through procore.company(COMPANY_ID): it sends the header on every call.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'endpoint_deprecated',
    recognised: [{ statuses: [410] }, { text: /\bdeprecated\b/i }],
    cause: 'Procore refuses this version of the endpoint: new apps have no access to deprecated ones.',
    remedy: "Use the newest version of the endpoint in Procore's API reference.",
    retry: false,
    actor: 'developer',
  },
  {
    id: 'access_token_invalid',
    recognised: [{ statuses: [401] }],
    cause: 'The access token has expired or was revoked.',
    remedy:
      'The client has asked for a new one by itself, once. If Procore refuses that too, connect the account again (npm run procore -- connect CONNECTION).',
    retry: true,
    actor: 'nobody',
  },
  {
    id: 'insufficient_permissions',
    cause: 'The user or service account does not have the permission level that this endpoint wants.',
    remedy:
      "An administrator raises the user's level for the tool (User Permissions Matrix); for a service account, set the tool's permission in the app's manifest in the Developer Portal and update the app in the company.",
    retry: false,
    actor: 'customer',
  },
  {
    id: 'tool_disabled',
    cause: 'The tool that the resource belongs to is switched off in this project.',
    remedy: 'A project administrator enables it under Project Admin > Tools.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'outside_access_scope',
    cause: 'The user may use the tool, but is not in this project or company.',
    remedy:
      "Add the user to the project's directory; for a service account add the project to the app's Permitted Projects, again after each update of the app.",
    retry: false,
    actor: 'customer',
  },
  {
    id: 'forbidden',
    recognised: [{ statuses: [403] }],
    cause:
      'Procore refuses access and its answer does not say why: permission level, a tool that is switched off, or a project outside the scope.',
    remedy: 'Narrow it with the probes (npm run procore -- doctor ENVIRONMENT).',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'not_visible',
    recognised: [{ statuses: [404] }],
    cause: 'The resource does not exist, or the user may not see it: Procore answers 404 to both.',
    remedy: 'Give the user at least Read Only on the tool in this project, and check the ids and the company.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'rate_limited',
    recognised: [{ statuses: [429] }, { code: /^TOO_MANY_REQUESTS$/ }],
    cause: 'The hourly or the 10-second limit of Procore is spent.',
    remedy:
      'The client waits as long as Procore asks, and all invocations share one budget. If work piles up: use sync actions, webhooks and incremental reads, or ask Procore for a higher hourly limit.',
    retry: true,
    actor: 'nobody',
  },
  {
    id: 'duplicate_origin_id',
    recognised: [
      {
        statuses: [400, 409, 422],
        text: /origin.?id\b.*(taken|unique|exist|duplicate|already)|duplicate.*origin.?id/i,
      },
    ],
    cause: 'Another record of the company has this origin_id already, perhaps from an earlier try of the same call.',
    remedy:
      'Use a sync action, which updates the record with that origin_id, or read it and go on with its id. After a retry the client does so itself.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'record_locked',
    recognised: [
      { statuses: [400, 403, 409, 422], text: /\block(ed)?\b|synced (to|with).*erp|erp.*(synced|integrat)/i },
    ],
    cause: 'The record is locked, as records are that an ERP integration has taken over.',
    remedy: 'Change it in the ERP system, or have the accounting approver unlink it in the ERP Integrations tool.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'unknown_reference',
    recognised: [
      {
        statuses: [400, 404, 422],
        text: /(cost.?code|location|line.?item.?type|vendor|assignee|wbs.?code|sub.?job|tax.?code).*(not (exist|found|valid)|invalid|must exist|does ?n.t (exist|belong)|unknown|no longer)/i,
      },
    ],
    cause: 'The record refers to a cost code, location or other record that is not in this project.',
    remedy: 'Read the list from the same project first and use an id of it, or create the missing record.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'unprocessable',
    recognised: [{ statuses: [422, 409] }, { code: /^(VALIDATION_ERROR|WORKFLOW_CONFLICT)$/ }],
    cause: 'Procore understood the request and its business rules refuse it.',
    remedy: 'Correct the fields named in the answer.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'page_too_large',
    recognised: [{ statuses: [400, 422], text: /exceeding max per_page|invalid per_page/i }],
    cause: 'per_page is larger than this endpoint allows.',
    remedy: 'List through the client, which takes the largest size that the endpoint allows.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'bad_request',
    recognised: [{ statuses: [400, 406, 411, 413, 414, 415] }],
    cause: 'Procore cannot read the request: malformed JSON, a required field missing, or an invalid value.',
    remedy: "Correct the fields named in the answer by the endpoint's page in the API reference.",
    retry: false,
    actor: 'developer',
  },
  {
    id: 'overloaded',
    recognised: [{ statuses: [503] }],
    cause: 'Procore is overloaded or down for the moment.',
    remedy: 'The client waits and tries again. If it lasts, see status.procore.com.',
    retry: true,
    actor: 'procore',
  },
  {
    id: 'server_error',
    recognised: [{ statuses: [408, 500, 502, 504] }],
    cause: "The fault is on Procore's side, or between it and us. The call may have taken effect all the same.",
    remedy:
      'Reads are tried again by themselves, and so are writes with an origin_id or an idempotency token. If it lasts, see status.procore.com, then write to apisupport@procore.com with the support report (npm run procore -- support-report ID).',
    retry: true,
    actor: 'procore',
  },
  {
    id: 'no_answer',
    recognised: [{ failures: ['timed_out', 'connection_lost'] }],
    cause: 'Procore gave no answer in time, or the connection broke. The call may have taken effect all the same.',
    remedy:
      'Reads are tried again by themselves, and so are writes with an origin_id or an idempotency token. If it lasts, see status.procore.com.',
    retry: true,
    actor: 'procore',
  },
  {
    id: 'unreachable',
    recognised: [{ failures: ['not_sent'] }],
    cause:
      'Nothing reached Procore: its name cannot be resolved, or the connection is refused. The call took no effect.',
    remedy:
      'The client tries again. If it lasts, check the way out to the internet (functions in a VPC need a NAT gateway), then status.procore.com.',
    retry: true,
    actor: 'operator',
  },
  {
    id: 'unreadable_answer',
    recognised: [{ statuses: [200, 201, 202, 203] }],
    cause: 'Procore answered success with a body that is not JSON, or is cut off.',
    remedy: 'Reads are tried again by themselves. If it lasts, send the support report to apisupport@procore.com.',
    retry: true,
    actor: 'procore',
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
    cause: 'The account sees no company with this app: no version of the app was installed in the sandbox company.',
    remedy:
      'In the Developer Portal choose Create Version, copy the Sandbox App Version Key, and paste it in the sandbox under Company Admin > App Management > Install Custom App.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'webhooks_not_delivered',
    cause:
      'Procore delivers nothing: the hook is missing, disabled or without triggers, its destination or header is not ours, or our answers failed and Procore paused.',
    remedy:
      'npm run procore -- doctor ENVIRONMENT --fix re-enables hooks and repairs headers; the hourly audit does so by itself and fetches what was discarded.',
    retry: true,
    actor: 'nobody',
  },
  {
    id: 'duplicate_events',
    cause: 'Procore delivers an event again when it saw no timely answer, so duplicates are normal.',
    remedy:
      'Intake drops them by the event id. What on-event.ts still gets twice carries the mark handledBefore; use event.id as the idempotency key.',
    retry: false,
    actor: 'nobody',
  },
  {
    id: 'empty_because_of_filters',
    cause: 'The list is empty because of its filters; without them the same call gives records.',
    remedy: 'Loosen the filters. A range is written FROM...TO with full timestamps.',
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
    cause: 'The user has no access to the tool or the project, and Procore shows an empty list in place of a refusal.',
    remedy: 'Give the user at least Read Only on the tool in this project.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'really_empty',
    cause: 'Header, permission and filters are in order: there are no records.',
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
  {
    id: 'unknown',
    recognised: [{}],
    cause: 'Procore answered in a way that no row of the diagnosis knows.',
    remedy: 'Send the support report (npm run procore -- support-report ID) to apisupport@procore.com.',
    retry: false,
    actor: 'procore',
  },
] as const satisfies readonly DiagnosisRow[];

/** The id of a row. */
export type DiagnosisId = (typeof diagnosisRows)[number]['id'];
