import type { Actor } from '../../../functions/procore/diagnosis-row.ts';
import type { ProcoreEnvironmentName } from '../../../functions/procore/environment.ts';
import { type DiagnosisId, namedDiagnosis } from '../../diagnosis-rows.ts';
import { type Heading, headingOf, headings } from './headings.ts';
import type { Installation } from './installation.ts';
import type { Narrowed } from './probes.ts';

/** What was seen of one connection. */
export interface SeenConnection {
  readonly connectionId: string;
  readonly status: 'connected' | 'reauthorization_required' | 'disconnected';
  readonly cause?: string;
  /** Epoch seconds; absent when there is no token. */
  readonly expiresAt?: number;
  /** Whether Procore accepted the token just now; absent when it was not asked. */
  readonly accepted?: boolean;
  /** Whether `token/info` named our own client id. */
  readonly environmentChecked: boolean;
}

/** What was seen of one hook at Procore. */
export interface SeenHook {
  readonly hookId: string;
  readonly status: string;
  readonly triggers: number;
  /** Whether it leads to our own webhook URL with the current header. */
  readonly isOurs: boolean;
  /** Deliveries that failed or were discarded of late. */
  readonly failed: number;
}

/** What a doctor has gathered about one environment; what could not be gathered is left out. */
export interface Evidence {
  readonly environment: ProcoreEnvironmentName;
  /** Epoch seconds. */
  readonly now: number;
  readonly credentials?: 'accepted' | 'refused' | 'placeholder' | 'wrong_environment' | 'malformed';
  readonly connections?: readonly SeenConnection[];
  /** Callbacks whose code Procore refused in the last day. */
  readonly refusedCodes?: number;
  /** Whether the redirect URI that functions use is the stack's own output. */
  readonly redirectUriAgrees?: boolean;
  readonly installation?: Installation;
  /** Everything that was tried and refused, narrowed by the probes; empty when nothing was. */
  readonly refusals?: readonly Narrowed[];
  /** Calls that Procore answered with 429 in the last hour. */
  readonly throttled?: number;
  readonly budgetHourLeftPercent?: number;
  /** How many projects the account sees. */
  readonly projects?: number;
  readonly hooks?: readonly SeenHook[];
  /** How many hooks Procore refused to show. */
  readonly hooksUnseen?: number;
  /** Whether our webhook URL answers from outside with 401 to a wrong header. */
  readonly intakeAnswers?: boolean;
  readonly duplicatesDropped?: number;
  /** Calls that failed of late, by diagnosis. */
  readonly failedCalls?: Partial<Readonly<Record<DiagnosisId, number>>>;
  /** A list of which the count said more than came. */
  readonly listsComplete?: boolean;
  readonly statusPage?: { readonly description: string; readonly troubled: readonly string[] };
  /** What was tried and went well, in words; it stands beside a heading that is in order. */
  readonly seen?: Partial<Readonly<Record<Heading, string>>>;
}

/** One line of an examination. */
export interface Finding {
  readonly heading: Heading;
  readonly verdict: 'ok' | 'problem' | 'cannot_tell';
  /** What was seen. */
  readonly evidence: string;
  /** Only with `problem`. */
  readonly diagnosisId?: DiagnosisId;
  readonly cause?: string;
  readonly remedy?: string;
  /** Who has to do something. */
  readonly actor?: Actor;
}

type Judgement = Omit<Finding, 'heading' | 'cause' | 'remedy' | 'actor'>;

const fine = (evidence: string): Judgement => ({ verdict: 'ok', evidence });
const cannotTell = (evidence: string): Judgement => ({ verdict: 'cannot_tell', evidence });
const problem = (diagnosisId: DiagnosisId, evidence: string): Judgement => ({
  verdict: 'problem',
  diagnosisId,
  evidence,
});

/**
 * Judges what was gathered about an environment, heading by heading of Procore's troubleshooting page, in its order.
 * Pure: `doctor` gathers, this judges. What was not gathered is `cannot_tell`, never `ok`.
 *
 * @returns one finding a heading
 * @see https://developers.procore.com/documentation/troubleshooting
 */
export function examine(evidence: Evidence): readonly Finding[] {
  return headings.map((heading) => {
    const refused = evidence.refusals?.filter(({ diagnosis }) => headingOf[diagnosis.id] === heading) ?? [];
    const judgement = refusedUnder(refused) ?? judges[heading](evidence);
    // A refusal's own diagnosis may say more exactly than the row what to do, and who.
    const row = refused[0]?.diagnosis ?? (judgement.diagnosisId && namedDiagnosis(judgement.diagnosisId));
    const seen = judgement.verdict === 'ok' ? evidence.seen?.[heading] : undefined;
    if (seen !== undefined) return { heading, verdict: 'ok', evidence: `${judgement.evidence} ${seen}` };
    return { heading, ...judgement, ...(row && { cause: row.cause, remedy: row.remedy, actor: row.actor }) };
  });
}

const judges: Readonly<Record<Heading, (evidence: Evidence) => Judgement>> = {
  'The access token is invalid': ({ connections, now }) => {
    if (connections === undefined) return cannotTell('The connections could not be read.');
    const alive = connections.filter(({ status }) => status === 'connected');
    const bad = alive.filter(({ accepted, expiresAt = 0 }) => accepted === false || expiresAt <= now);
    if (bad.length > 0) return problem('access_token_invalid', `No valid token: ${names(bad)}.`);
    return fine(`${counted(alive.length, 'connection')} with a valid token.`);
  },
  'The refresh token is invalid': ({ connections }) => {
    if (connections === undefined) return cannotTell('The connections could not be read.');
    const dead = connections.filter(({ status }) => status === 'reauthorization_required');
    if (dead.length > 0) return problem('refresh_token_invalid', `To be connected again: ${names(dead)}.`);
    return fine('No connection waits for a person.');
  },
  'Authorization code errors': ({ refusedCodes, redirectUriAgrees }) => {
    if (redirectUriAgrees === false)
      return problem('authorization_code_invalid', 'The redirect URI is not the one of the stack.');
    if (refusedCodes !== undefined && refusedCodes > 0) {
      return problem('authorization_code_invalid', `Procore refused ${refusedCodes} codes in the last day.`);
    }
    if (refusedCodes === undefined && redirectUriAgrees === undefined)
      return cannotTell('Nothing is known of callbacks.');
    return fine('Codes are exchanged at once, and the redirect URI comes from one place.');
  },
  'Wrong environment credentials': ({ credentials, connections }) => {
    if (credentials === 'wrong_environment')
      return problem('wrong_environment', 'The secret names another environment.');
    const unchecked =
      connections?.filter(({ status, environmentChecked }) => status === 'connected' && !environmentChecked) ?? [];
    if (unchecked.length > 0) return cannotTell(`Not confirmed by Procore yet: ${names(unchecked)}.`);
    if (credentials === undefined) return cannotTell('The secret could not be read.');
    return fine('The secret names this environment, and Procore confirmed our client id for every connection.');
  },
  '403: App is not connected to this company': ({ installation, refusals }) => {
    const refused = Object.entries(installation?.refused ?? {}).filter(([, code]) => code === 'app_not_connected');
    if (refused.length > 0) {
      return problem('app_not_connected', `Not connected: company ${refused.map(([id]) => id).join(', ')}.`);
    }
    return narrowedTo('app_not_connected', refusals, 'No company refuses the app.', installation === undefined);
  },
  '403: Insufficient permissions': ({ refusals }) =>
    narrowedTo('insufficient_permissions', refusals, 'No call is refused for its permission level.'),
  '403: Tool disabled in the project': ({ refusals }) =>
    narrowedTo('tool_disabled', refusals, 'No call meets a tool that is switched off.'),
  '403: Resource outside access scope': ({ refusals }) =>
    narrowedTo('outside_access_scope', refusals, 'Every project of the subscriptions is within reach.'),
  '404 on a resource that exists': ({ refusals }) =>
    narrowedTo('not_visible', refusals, 'No call is answered with 404.'),
  '429: Too Many Requests': ({ throttled, budgetHourLeftPercent: left }) => {
    if (throttled !== undefined && throttled > 0) {
      return problem('rate_limited', `Procore answered ${throttled} calls with 429 in the last hour.`);
    }
    if (left !== undefined && left < 5) return problem('rate_limited', `${left} % of the hourly limit is left.`);
    if (throttled === undefined && left === undefined) return cannotTell('No call has told of the limits yet.');
    return fine(left === undefined ? 'No 429 in the last hour.' : `${left} % of the hourly limit is left.`);
  },
  'Sandbox data is empty or different from production': ({ environment, projects }) => {
    if (environment === 'production' || environment === 'federal') return fine('This is no sandbox.');
    if (projects === undefined) return cannotTell('The projects could not be listed.');
    if (projects === 0) return problem('sandbox_empty', 'The account sees no project.');
    return fine(`The account sees ${counted(projects, 'project')}.`);
  },
  'Cannot install app in sandbox': ({ installation }) => {
    if (installation === undefined) return cannotTell('The companies could not be listed.');
    if (installation.diagnosis?.id === 'app_not_installed') {
      return problem('app_not_installed', 'No company that the account sees has the app.');
    }
    return fine(`The app is installed in ${installation.connected.length} companies.`);
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
        return cannotTell('The credentials were not tried.');
    }
  },
  'Webhooks are not being delivered': ({ hooks, hooksUnseen = 0, intakeAnswers }) => {
    if (intakeAnswers === false) return problem('webhooks_not_delivered', 'Our webhook URL does not answer.');
    if (hooks === undefined) return cannotTell('The hooks could not be listed.');
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
    if (hooksUnseen > 0) return cannotTell(`Procore refuses to show ${counted(hooksUnseen, 'hook')}.`);
    return fine(
      hooks.length === 0
        ? 'No webhooks are wanted.'
        : `${counted(hooks.length, 'hook')} active, with triggers, our URL and header.`,
    );
  },
  'Duplicate webhook events': ({ duplicatesDropped }) =>
    fine(
      duplicatesDropped === undefined
        ? 'Duplicates are dropped by the event id.'
        : `Duplicates are dropped by the event id: ${duplicatesDropped} in the last day.`,
    ),
  '400: Bad Request': ({ failedCalls }) => failedWith(failedCalls, ['bad_request', 'page_too_large']),
  '422: Unprocessable Entity': ({ failedCalls }) =>
    failedWith(failedCalls, ['duplicate_origin_id', 'record_locked', 'unknown_reference', 'unprocessable']),
  'Unexpected empty response': ({ refusals, failedCalls }) => {
    const empty = refusals?.find(({ diagnosis }) => diagnosis.id.startsWith('empty_because_of_'));
    if (empty !== undefined) return problem(empty.diagnosis.id, empty.evidence.join(' '));
    return failedWith(failedCalls, ['company_header_missing']);
  },
  'Pagination: missing data': ({ listsComplete }) => {
    if (listsComplete === undefined) return cannotTell('No list was read.');
    if (!listsComplete) return problem('list_truncated', 'A list gave fewer records than Procore counted.');
    return fine('Lists are read to their end, and counted.');
  },
  'Getting Help': ({ statusPage, failedCalls }) => {
    if (statusPage === undefined) return cannotTell('status.procore.com could not be read.');
    if (statusPage.troubled.length > 0)
      return problem('server_error', `${statusPage.description}: ${statusPage.troubled.join(', ')}.`);
    const ids = [
      'server_error',
      'overloaded',
      'no_answer',
      'unreachable',
      'unreadable_answer',
      'endpoint_deprecated',
      'unknown',
    ] as const;
    const failed = failedCalls === undefined ? undefined : failedWith(failedCalls, ids);
    return failed?.verdict === 'problem' ? failed : fine(`status.procore.com: ${statusPage.description}.`);
  },
};

/** What was tried and refused speaks for its heading before anything else does; all of it with the first one's row. */
function refusedUnder([first, ...others]: readonly Narrowed[]): Judgement | undefined {
  if (first === undefined) return undefined;
  return problem(first.diagnosis.id, [first, ...others].flatMap(({ evidence }) => evidence).join(' '));
}

function narrowedTo(
  id: DiagnosisId,
  refusals: readonly Narrowed[] | undefined,
  otherwise: string,
  isUnknown = false,
): Judgement {
  const found = refusals?.find(({ diagnosis }) => diagnosis.id === id);
  if (found !== undefined) return problem(id, found.evidence.join(' '));
  return refusals === undefined || isUnknown ? cannotTell('No project was probed.') : fine(otherwise);
}

function failedWith(failedCalls: Evidence['failedCalls'], ids: readonly DiagnosisId[]): Judgement {
  if (failedCalls === undefined) return cannotTell('The log of calls could not be read.');
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

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
