import type { DiagnosisId } from '../../diagnosis-rows.ts';

/**
 * The headings of Procore's troubleshooting page, in its order.
 *
 * @see [Troubleshooting](https://developers.procore.com/documentation/troubleshooting)
 */
export const headings = [
  'The access token is invalid',
  'The refresh token is invalid',
  'Authorization code errors',
  'Wrong environment credentials',
  '403: App is not connected to this company',
  '403: Insufficient permissions',
  '403: Tool disabled in the project',
  '403: Resource outside access scope',
  '404 on a resource that exists',
  '429: Too Many Requests',
  'Sandbox data is empty or different from production',
  'Cannot install app in sandbox',
  'Sandbox credentials vs. production credentials',
  'Webhooks are not being delivered',
  'Duplicate webhook events',
  '400: Bad Request',
  '422: Unprocessable Entity',
  'Unexpected empty response',
  'Pagination: missing data',
  'Getting Help',
] as const;

/** One of {@link headings}. */
export type Heading = (typeof headings)[number];

/** The heading of the troubleshooting page under which each diagnosis belongs. */
export const headingOf: Readonly<Record<DiagnosisId, Heading>> = {
  refresh_token_invalid: 'The refresh token is invalid',
  authorization_code_invalid: 'Authorization code errors',
  client_credentials_rejected: 'Sandbox credentials vs. production credentials',
  wrong_environment: 'Wrong environment credentials',
  installed_nowhere: '403: App is not connected to this company',
  app_not_connected: '403: App is not connected to this company',
  company_header_missing: 'Unexpected empty response',
  endpoint_deprecated: 'Getting Help',
  access_token_invalid: 'The access token is invalid',
  insufficient_permissions: '403: Insufficient permissions',
  tool_disabled: '403: Tool disabled in the project',
  outside_access_scope: '403: Resource outside access scope',
  forbidden: '403: Insufficient permissions',
  path_unknown: '404 on a resource that exists',
  not_visible: '404 on a resource that exists',
  rate_limited: '429: Too Many Requests',
  duplicate_origin_id: '422: Unprocessable Entity',
  record_locked: '422: Unprocessable Entity',
  unknown_reference: '422: Unprocessable Entity',
  set_via_workflow: '422: Unprocessable Entity',
  budget_code_not_found: '422: Unprocessable Entity',
  amount_contract: '422: Unprocessable Entity',
  unprocessable: '422: Unprocessable Entity',
  page_too_large: '400: Bad Request',
  date_not_accepted: '400: Bad Request',
  company_id_missing: '400: Bad Request',
  parameter_missing: '400: Bad Request',
  bad_request: '400: Bad Request',
  overloaded: 'Getting Help',
  server_error: 'Getting Help',
  no_answer: 'Getting Help',
  unreachable: 'Getting Help',
  redirected: 'Getting Help',
  unreadable_answer: 'Getting Help',
  sandbox_empty: 'Sandbox data is empty or different from production',
  app_not_installed: 'Cannot install app in sandbox',
  webhooks_not_delivered: 'Webhooks are not being delivered',
  duplicate_events: 'Duplicate webhook events',
  empty_because_of_filters: 'Unexpected empty response',
  empty_because_of_date: 'Unexpected empty response',
  empty_because_inactive: 'Unexpected empty response',
  empty_unexplained: 'Unexpected empty response',
  empty_because_of_company: 'Unexpected empty response',
  empty_because_of_permissions: 'Unexpected empty response',
  really_empty: 'Unexpected empty response',
  list_truncated: 'Pagination: missing data',
  unknown: 'Getting Help',
};
