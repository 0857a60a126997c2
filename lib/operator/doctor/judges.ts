import type { DiagnosisId } from '../../diagnosis-rows.ts';
import { statusPageText } from '../status-page.ts';
import { counted } from '../table.ts';
import type { Evidence, Finding, SeenConnection } from './evidence.ts';
import type { Heading } from './headings.ts';

/** What is said under a heading, before the row of its diagnosis is added. */
type Judgement = Pick<Finding, 'verdict' | 'evidence' | 'diagnosisId'>;

const fine = (evidence: string): Judgement => ({ verdict: 'ok', evidence });
const notTried = (evidence: string): Judgement => ({ verdict: 'not_tried', evidence });
const problem = (diagnosisId: DiagnosisId, evidence: string): Judgement => ({
  verdict: 'problem',
  diagnosisId,
  evidence,
});

/** Judges each heading by what was gathered, apart from calls that were refused: these speak for themselves. */
export const judges: Readonly<Record<Heading, (evidence: Evidence) => Judgement>> = {
  'The access token is invalid': ({ connections, now }) => {
    if (connections === undefined) return notTried('The connections could not be read.');
    const alive = connections.filter(({ status }) => status === 'connected');
    if (alive.length === 0) return notTried('There is no connection with a token.');
    const bad = alive.filter(({ accepted, expiresAt = 0 }) => accepted === false || expiresAt <= now);
    if (bad.length > 0) return problem('access_token_invalid', `No valid token: ${names(bad)}.`);
    if (!alive.some(({ accepted }) => accepted)) return notTried('Procore was not asked, or did not say.');
    return fine(`${counted(alive.length, 'connection')} with a token that has time left.`);
  },
  'The refresh token is invalid': ({ connections }) => {
    if (connections === undefined) return notTried('The connections could not be read.');
    const dead = connections.filter(({ status }) => status === 'reauthorization_required');
    if (dead.length > 0) return problem('refresh_token_invalid', `To be connected again: ${names(dead)}.`);
    if (connections.length === 0) return notTried('There is no connection.');
    return fine('No connection waits for a person.');
  },
  'Authorization code errors': ({ refusedCodes, redirectUriAgrees }) => {
    if (redirectUriAgrees === false)
      return problem('authorization_code_invalid', 'The redirect URI is not the one of the stack.');
    if (refusedCodes !== undefined && refusedCodes > 0) {
      return problem('authorization_code_invalid', `Procore refused ${refusedCodes} codes in the last day.`);
    }
    if (redirectUriAgrees === undefined) return notTried('Procore did not say whether it takes our redirect URI.');
    return fine('Codes are exchanged at once, and the redirect URI comes from one place.');
  },
  'Wrong environment credentials': ({ credentials, connections }) => {
    if (credentials === 'wrong_environment')
      return problem('wrong_environment', 'The secret names another environment.');
    if (credentials === undefined) return notTried('The secret could not be read, or Procore did not say.');
    if (credentials !== 'accepted') return notTried('The secret has no client id and secret that Procore takes.');
    const connected = connections?.filter(({ status }) => status === 'connected') ?? [];
    if (connected.length === 0) return notTried('There is no connection whose token Procore could confirm.');
    const unchecked = connected.filter(({ environmentChecked }) => !environmentChecked);
    if (unchecked.length > 0) return notTried(`Not confirmed by Procore yet: ${names(unchecked)}.`);
    return fine('The secret names this environment, and Procore confirmed our client id for every connection.');
  },
  '403: App is not connected to this company': ({ installation }) => {
    const refused = Object.entries(installation?.refused ?? {}).filter(([, code]) => code === 'app_not_connected');
    if (refused.length > 0) {
      return problem('app_not_connected', `Not connected: company ${refused.map(([id]) => id).join(', ')}.`);
    }
    if (installation === undefined) return notTried('The companies could not be listed.');
    return installation.connected.length === 0
      ? notTried('No company let itself be tried.')
      : fine('No company refuses the app.');
  },
  '403: Insufficient permissions': (evidence) => listsTold(evidence, 'No call is refused for its permission level.'),
  '403: Tool disabled in the project': (evidence) => listsTold(evidence, 'No call meets a tool that is switched off.'),
  '403: Resource outside access scope': ({ projectsCompared }) => {
    if (projectsCompared === undefined) return notTried('The projects could not be listed.');
    if (projectsCompared === 0) return notTried('No subscription names a project.');
    return fine('Every project of the subscriptions is within reach.');
  },
  '404 on a resource that exists': (evidence) => listsTold(evidence, 'No call is answered with 404.'),
  '429: Too Many Requests': ({ throttled, budgetHourLeftPercent: left }) => {
    if (throttled !== undefined && throttled > 0) {
      return problem('rate_limited', `Procore answered ${throttled} calls with 429 in the last hour.`);
    }
    if (left !== undefined && left < 5) return problem('rate_limited', `${left} % of the hourly limit is left.`);
    if (throttled === undefined && left === undefined) return notTried('No call has told of the limits yet.');
    return fine(left === undefined ? 'No 429 in the last hour.' : `${left} % of the hourly limit is left.`);
  },
  'Sandbox data is empty or different from production': ({ environment, projects }) => {
    if (environment === 'production' || environment === 'federal') return fine('This is no sandbox.');
    if (projects === undefined) return notTried('The projects could not be listed.');
    if (projects === 0) return problem('sandbox_empty', 'The account sees no project.');
    return fine(`The account sees ${counted(projects, 'project')}.`);
  },
  'Cannot install app in sandbox': ({ installation }) => {
    if (installation === undefined) return notTried('The companies could not be listed.');
    if (installation.diagnosis?.id === 'app_not_installed') {
      return problem('app_not_installed', 'No company that the account sees has the app.');
    }
    const { length } = installation.connected;
    if (length === 0) return notTried('No company let itself be tried.');
    return fine(`The app is installed in ${length} ${length === 1 ? 'company' : 'companies'}.`);
  },
  'Sandbox credentials vs. production credentials': ({ credentials }) => {
    switch (credentials) {
      case 'accepted':
        return fine('Procore accepts the client id and secret of this environment.');
      case 'placeholder':
        return problem('client_credentials_rejected', 'The secret still holds the placeholder.');
      case 'malformed':
        return problem('client_credentials_rejected', 'The secret is not of the right shape.');
      case 'wrong_environment':
        return problem('wrong_environment', 'The secret names another environment.');
      case 'refused':
        return problem('client_credentials_rejected', 'Procore refuses the client id and secret.');
      default:
        return notTried('Procore did not say whether it takes them.');
    }
  },
  'Webhooks are not being delivered': ({ hooks, hooksUnseen = 0, intakeAnswers }) => {
    if (intakeAnswers === false) return problem('webhooks_not_delivered', 'Our webhook URL does not answer.');
    if (hooks === undefined) return notTried('The hooks could not be listed.');
    const bad = hooks.filter(
      ({ status, triggers, isOurs, failed }) => status !== 'active' || triggers === 0 || !isOurs || failed > 0,
    );
    if (bad.length > 0) {
      const said = bad.map(
        ({ hookId, status, triggers, isOurs, failed }) =>
          `hook ${hookId}: ${status}, ${triggers} triggers${isOurs ? '' : ', not our URL or header'}${failed > 0 ? `, ${failed} deliveries lost` : ''}`,
      );
      return problem('webhooks_not_delivered', `${said.join('; ')}.`);
    }
    if (hooksUnseen > 0) return notTried(`${counted(hooksUnseen, 'hook')} could not be looked at.`);
    return fine(
      hooks.length === 0
        ? 'No webhooks are wanted.'
        : `${counted(hooks.length, 'hook')} active, with triggers, our URL and header.`,
    );
  },
  'Duplicate webhook events': ({ duplicatesDropped, hooks, hooksUnseen = 0 }) => {
    if (hooks === undefined || hooksUnseen > 0) return notTried('Whether a hook is there twice could not be seen.');
    return fine(
      duplicatesDropped === undefined
        ? 'Duplicates are dropped by the event id.'
        : `Duplicates are dropped by the event id: ${duplicatesDropped} in the last day.`,
    );
  },
  '400: Bad Request': ({ failedCalls }) =>
    failedWith(failedCalls, [
      'bad_request',
      'page_too_large',
      'date_not_accepted',
      'company_id_missing',
      'parameter_missing',
    ]),
  '422: Unprocessable Entity': ({ failedCalls }) =>
    failedWith(failedCalls, [
      'duplicate_origin_id',
      'record_locked',
      'set_via_workflow',
      'budget_code_not_found',
      'amount_contract',
      'unknown_reference',
      'unprocessable',
    ]),
  'Unexpected empty response': ({ failedCalls, unexplained = [], listsRead }) => {
    const failed = failedWith(failedCalls, ['company_header_missing']);
    if (failed.verdict === 'problem') return failed;
    if (unexplained.length > 0) return notTried(unexplained.join(' '));
    return listsRead === undefined ? notTried('No list could be tried.') : failed;
  },
  'Pagination: missing data': ({ listsComplete }) => {
    if (listsComplete === undefined) return notTried('No list was read.');
    if (!listsComplete) return problem('list_truncated', 'A list gave fewer records than Procore counted.');
    return fine('Lists are read to their end, and counted.');
  },
  'Getting Help': ({ statusPage, failedCalls }) => {
    const ids = [
      'server_error',
      'overloaded',
      'no_answer',
      'unreachable',
      'unreadable_answer',
      'endpoint_deprecated',
      'unknown',
    ] as const;
    const failed = failedWith(failedCalls, ids);
    const told = statusPageText(statusPage);
    if (failed.verdict === 'problem') return { ...failed, evidence: `${failed.evidence} ${told}` };
    if (statusPage === undefined || 'notAsked' in statusPage) return notTried(told);
    return statusPage.troubled.length > 0 ? problem('server_error', told) : fine(told);
  },
};

/** Only a list that was read shows that lists can be. */
function listsTold({ listsRead }: Evidence, otherwise: string): Judgement {
  if (listsRead === undefined) return notTried('No list could be tried.');
  return listsRead.length === 0 ? notTried('No subscription names a list that could be tried.') : fine(otherwise);
}

function failedWith(failedCalls: Evidence['failedCalls'], ids: readonly DiagnosisId[]): Judgement {
  if (failedCalls === undefined) return notTried('The log of calls could not be read.');
  for (const id of ids) {
    const count = failedCalls[id] ?? 0;
    if (count > 0) return problem(id, `${counted(count, 'call')} of late.`);
  }
  return fine('No such call in the last day.');
}

function names(connections: readonly SeenConnection[]): string {
  const shown = connections
    .slice(0, 5)
    .map(({ connectionId, cause }) => (cause === undefined ? connectionId : `${connectionId} (${cause})`));
  const more = connections.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
