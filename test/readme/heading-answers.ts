import type { Heading } from '../../lib/operator/doctor/headings.ts';

/**
 * How the product answers each heading of Procore's troubleshooting page: prevented, healed without a person, or named
 * with cause and remedy. The table of functions/procore/README.md is made of it, and test/troubleshooting tests each.
 */
export const headingAnswers: Readonly<Record<Heading, string>> = {
  'The access token is invalid':
    'Prevented: tokens are rotated at 75 % of their life, and `access-token` replaces an expired one before it hands it out. Healed: a 401 has the token replaced once, by generation, and the call repeated.',
  'The refresh token is invalid':
    'Prevented: one refresh at a time, journalled before and stored at once after. Named: `reauthorization_required` with its cause and the way to reconnect; no further call to Procore until then.',
  'Authorization code errors':
    'Prevented: the code is exchanged at once and once, and the redirect URI comes from one place. Named: a page with cause, remedy and a way to start again.',
  'Wrong environment credentials':
    'Prevented: mixing does not compile, hosts come from one table, a secret names its environment, and every token is checked against our client id.',
  '403: App is not connected to this company':
    'Named, with an alarm, and so is an app that is installed nowhere. Healed: calls to the company pause (1 min doubling to 1 h) and go on by themselves when the app is connected again.',
  '403: Insufficient permissions': 'Named: probes with the same account read its level on the tool in this project.',
  '403: Tool disabled in the project': 'Named: the tool is missing from the permission manifest of the project.',
  '403: Resource outside access scope':
    'Named: the project is not among those that the account sees; for a service account the Permitted Projects.',
  '404 on a resource that exists':
    'Named: a wrong path (Procore answers a page) apart from a hidden record; probes tell a hidden project and a missing permission from a record that does not exist or is private.',
  '429: Too Many Requests':
    'Prevented: one budget for all invocations, learned from the headers; the same call twice at once is one, and answers are kept where you ask for it. Healed: `Retry-After`, else `X-Rate-Limit-Reset`, else back-off with full jitter.',
  'Sandbox data is empty or different from production':
    'Named: an empty list of a sandbox without projects is explained, with what to do.',
  'Cannot install app in sandbox':
    'Named: the account sees no company with the app; the steps of the Developer Portal follow.',
  'Sandbox credentials vs. production credentials':
    'Prevented: a secret of another environment is not used. Named: credentials that Procore refuses raise an alarm, and no connection is blamed.',
  'Webhooks are not being delivered':
    'Prevented: intake answers within Procore’s 5 s whatever becomes of the event. Healed: the hourly audit re-enables hooks, repairs headers and fetches what was discarded; `reconcile` finds what was never sent.',
  'Duplicate webhook events':
    'Prevented: dropped by the event id, within 5 minutes by the queue and for 30 days by the ledger.',
  '400: Bad Request':
    'Prevented: always JSON with its content type, exact ids, page sizes that the endpoint allows. Named: a missing `company_id` or other parameter, a date that is not accepted; Procore’s words by field, from any of its body shapes.',
  '422: Unprocessable Entity':
    'Named, whatever the status and the shape of the body: locked by ERP, set via a workflow, unknown budget code, cost code or location, a quantity on a contract by amount, duplicate origin_id. Healed: a duplicate after a lost answer is looked up and is a success.',
  'Unexpected empty response':
    'Prevented: a call without its company does not compile. Named: filters, a date that the list needs, the company, projects that are not active, and the permission are tried one after the other.',
  'Pagination: missing data':
    'Prevented: lists are read to their end in every style of paging, and compared with `Total`: fewer is an error.',
  'Getting Help':
    'A support report with everything that Procore’s support asks for, without secrets, and the state of status.procore.com.',
};
