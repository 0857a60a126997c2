import type { DiagnosisRow } from './diagnosis-row.ts';
import { oauthDiagnosisRows } from './oauth-diagnosis-rows.ts';

/** All statuses of a class: proxies have their own, such as 520 to 530. */
function hundredFrom(first: number): readonly number[] {
  return Array.from({ length: 100 }, (_, index) => first + index);
}

/**
 * The problems that an answer of Procore's shows, in the order in which they are tried: the more certain recognition
 * comes first. Those that only the doctor finds are in lib/diagnosis-rows.ts, so that no bundle carries them.
 */
export const answerDiagnosisRows = [
  ...oauthDiagnosisRows,
  {
    id: 'app_not_connected',
    recognised: [{ text: /app (is not|isnt) connected to (this|the) company/ }],
    cause: "The app is not installed in this company, or the company's administrator has disconnected it.",
    remedy:
      'Ask the company administrator to connect the app again (Company Admin > App Management). Calls pause until then, and go on by themselves.',
    retry: true,
    actor: 'customer',
  },
  {
    id: 'path_unknown',
    recognised: [{ statuses: [404], page: true }, { statuses: [405, 501] }],
    cause:
      'Procore has no such path, or not for this method: it answers 405, or 404 with a page, where a record that is hidden or missing gives JSON.',
    remedy:
      "Compare method and path with the endpoint's page in the API reference: version, spelling, ids that are empty.",
    retry: false,
    actor: 'developer',
  },
  {
    id: 'company_header_missing',
    recognised: [
      { text: /missing procore company id|procore company id (header )?(is )?(missing|required)/ },
      { statuses: [404], withoutCompanyHeader: true },
    ],
    cause: 'The call has no Procore-Company-Id header, which Procore needs on every call except /me and /companies.',
    remedy: 'Call through procore.company(COMPANY_ID): it sends the header on every call.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'endpoint_deprecated',
    recognised: [
      { statuses: [410] },
      { text: /\b(api|endpoint|resource|version)\b.*\bdeprecated\b|\bdeprecated (api|endpoint|resource|version)\b/ },
    ],
    cause: 'Procore refuses this version of the endpoint: new apps have no access to deprecated ones.',
    remedy: "Use the newest version of the endpoint in Procore's API reference.",
    retry: false,
    actor: 'developer',
  },
  {
    id: 'access_token_invalid',
    recognised: [
      { statuses: [401] },
      { code: /^invalid_token$/i },
      { text: /access token (is |was |has )?(been )?(invalid|expired|revoked)/ },
    ],
    cause: 'The access token has expired or was revoked.',
    remedy:
      'The client has asked for a new one by itself, once. If Procore refuses that too, connect the account again (npm run procore -- connect CONNECTION).',
    retry: true,
    actor: 'nobody',
  },
  {
    id: 'forbidden',
    recognised: [
      { statuses: [403] },
      // Some endpoints are documented with a 401 for this. A new token would not help.
      {
        statuses: [401],
        text: /\b(not|dont|doesnt) have (\w+ ){0,3}permissions?\b|\b(insufficient|missing|lacks?) (\w+ ){0,2}permissions?\b|\bnot an active contact\b/,
      },
    ],
    cause:
      'Procore refuses access, and its answer does not say why: the permission level, a tool that is switched off, or a project outside the scope.',
    remedy: 'Let the doctor find the reason (npm run procore -- doctor ENVIRONMENT).',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'not_visible',
    recognised: [{ statuses: [404] }, { text: /entity with this id not found/ }],
    cause: 'The resource does not exist, or the user may not see it. Procore answers 404 in both cases.',
    remedy: 'Give the user at least Read Only on the tool in this project, and check the ids and the company.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'rate_limited',
    recognised: [
      { statuses: [429] },
      { code: /^TOO_MANY_REQUESTS$/ },
      { text: /surpassed the max number of requests|too many requests|rate limit (was |is |has been )?exceeded/ },
    ],
    cause: 'The hourly or the 10-second limit of Procore is used up.',
    remedy:
      'The client waits as long as Procore asks, and all invocations share one budget. If work piles up: use sync actions, webhooks and incremental reads, or ask Procore for a higher hourly limit.',
    retry: true,
    actor: 'nobody',
  },
  {
    id: 'duplicate_origin_id',
    // Rails leaves `_id` out of the name of a field in a sentence.
    recognised: [
      { text: /\borigin id\b.*(taken|unique|exists|duplicate|already)|duplicate.*\borigin id\b/ },
      { text: /\borigin (has |is |was )?(already )?(been )?taken\b/ },
    ],
    cause: 'Another record of the company has this origin_id already, perhaps from an earlier try of the same call.',
    remedy:
      'Use a sync action, which updates the record with that origin_id, or read the record and use its id. After a retry the client does this by itself.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'record_locked',
    recognised: [
      { text: /\b(is|are|was|been|record) locked\b|\blocked (because|by|record)\b|\bsynced (to|with) .*\berp\b/ },
      { text: /\berp\b.*\b(synced|integrat)/ },
      { statuses: [423] },
    ],
    cause: 'The record is locked, for example because an ERP integration has taken it over.',
    remedy: 'Change it in the ERP system, or have the accounting approver unlink it in the ERP Integrations tool.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'set_via_workflow',
    recognised: [{ text: /\bset (via|by|through) (a |the )?workflow\b/ }, { code: /^WORKFLOW_CONFLICT$/ }],
    cause: 'A workflow in Procore governs this field, so no call can change it.',
    remedy:
      'Leave the field out of the call. Its value changes when somebody in Procore moves the workflow on, or ends it.',
    retry: false,
    actor: 'customer',
  },
  {
    id: 'budget_code_not_found',
    recognised: [{ text: /\bbudget code (was |is )?not found\b/ }],
    cause: 'The record names a budget code that Procore does not find in this project.',
    remedy: "Use a budget code of the same project, or have the code added to the project's budget first.",
    retry: false,
    actor: 'developer',
  },
  {
    id: 'amount_contract',
    recognised: [{ text: /\bquantity updates? (is |are )?not allowed on (an? )?amount accounting\b/ }],
    cause: 'The contract is accounted by amount, and the call sets a quantity.',
    remedy: 'Leave the quantity out, and send the amount.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'unknown_reference',
    recognised: [
      {
        text: /\b(cost code|location|line item type|vendor|assignee|wbs code|sub job|tax code)s?\b.{0,80}\b(not (exist|found|valid|belong)|invalid|must exist|doesnt (exist|belong)|no longer)\b/,
      },
    ],
    cause: 'The record refers to a cost code, location or other record that is not in this project.',
    remedy: 'Read the list of the same project first and use an id from it, or create the missing record.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'page_too_large',
    recognised: [{ text: /exceeding max per page|invalid per page/ }],
    cause: 'per_page is larger than this endpoint allows.',
    remedy: 'Read the list with list() of the client. It uses the largest size that the endpoint allows.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'date_not_accepted',
    recognised: [{ text: /\bmust be a range\b|\bend date( parameter)? cannot exceed\b/ }],
    cause: 'The endpoint does not take this date or range: it is not written as one, or it ends in the future.',
    remedy:
      'Write a range FROM...TO with full timestamps in filters, dates as YYYY-MM-DD, and end it today at the latest.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'company_id_missing',
    recognised: [
      { text: /\bcompany id (parameter |param )?(is |are )?(a )?(missing|required|empty)\b/ },
      { text: /\bcompany id (cant|cannot|can not|must not|should not) be (blank|empty|null)\b/ },
      { text: /\bcompany id (has to|must|should) be (provided|supplied|specified|present|given|set|included)\b/ },
      { text: /\b(missing|requires?|required|empty) (parameters? |params? |field )?company id\b/ },
      { text: /\b(supply|provide|specify|include|send|give) (either )?(an? |the )?(valid )?company id\b/ },
    ],
    cause: 'This endpoint wants company_id in the query or the body, beside the Procore-Company-Id header.',
    remedy: 'Add company_id to the query of a read, or to the body of a write.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'parameter_missing',
    recognised: [
      { text: /\bparam(eter)?s? (is|are) (missing|required)\b|\b(missing|required) (required )?param(eter)?s?\b/ },
      { text: /\bmissing project (or company )?id\b/ },
      {
        statuses: [400, 422],
        text: /\b(is|are) (a )?(required|missing|empty)\b|^[\w ]{1,60} required$|\b(cant|cannot|can not|must not|should not) be (blank|empty|null)\b|\b(has to|must|should) be (provided|supplied|specified|present|given)\b/,
      },
    ],
    cause: 'A field or parameter that the endpoint needs is missing. The answer names it.',
    remedy: "Add what the answer names; the endpoint's page in the API reference says where it belongs.",
    retry: false,
    actor: 'developer',
  },
  {
    id: 'unprocessable',
    recognised: [{ statuses: [422, 409] }, { code: /^VALIDATION_ERROR$/ }],
    cause: 'Procore understood the request, but its business rules refuse it.',
    remedy: 'Correct the fields that the answer names.',
    retry: false,
    actor: 'developer',
  },
  {
    id: 'bad_request',
    recognised: [{ statuses: [400, 406, 411, 412, 413, 414, 415, 416, 417, 428, 431] }],
    cause: 'Procore cannot read the request: malformed JSON, a required field missing, or an invalid value.',
    remedy: "Compare the fields that the answer names with the endpoint's page in the API reference, and correct them.",
    retry: false,
    actor: 'developer',
  },
  {
    id: 'overloaded',
    recognised: [{ statuses: [503] }],
    cause: 'Procore is overloaded or down at the moment.',
    remedy: 'The client waits and tries again. If it lasts, see status.procore.com.',
    retry: true,
    actor: 'procore',
  },
  {
    id: 'server_error',
    recognised: [{ statuses: [408, ...hundredFrom(500)] }],
    cause: 'Something failed at Procore, or between Procore and us. The call may have taken effect all the same.',
    remedy:
      'The client repeats reads, and writes with an origin_id or an idempotency token. If it lasts, see status.procore.com, then send the support report (npm run procore -- support-report ID) to apisupport@procore.com.',
    retry: true,
    actor: 'procore',
  },
  {
    id: 'no_answer',
    recognised: [{ failures: ['timed_out', 'connection_lost'] }],
    cause: 'Procore gave no answer in time, or the connection broke. The call may have taken effect all the same.',
    remedy:
      'The client repeats reads, and writes with an origin_id or an idempotency token. If it lasts, see status.procore.com.',
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
    id: 'redirected',
    recognised: [{ statuses: [300, 301, 302, 303, 307, 308] }],
    cause: 'Procore answers with another address. The client does not go there: the token would go along.',
    remedy:
      "Compare the path with the endpoint's page in the API reference. An endpoint that redirects to a file cannot be read with this client.",
    retry: false,
    actor: 'developer',
  },
  {
    id: 'unreadable_answer',
    recognised: [{ statuses: hundredFrom(200) }],
    cause: 'Procore answered success with a body that is not JSON, or is cut off.',
    remedy: 'The client repeats reads. If it lasts, send the support report to apisupport@procore.com.',
    retry: true,
    actor: 'procore',
  },
  {
    id: 'unknown',
    recognised: [{}],
    cause: 'Procore answered in a way that we do not know.',
    remedy: 'Send the support report (npm run procore -- support-report ID) to apisupport@procore.com.',
    retry: false,
    actor: 'procore',
  },
] as const satisfies readonly DiagnosisRow[];

/** The id of a row of {@link answerDiagnosisRows}. */
export type AnswerDiagnosisId = (typeof answerDiagnosisRows)[number]['id'];
