import { parseConnectionId } from '../../../functions/connection/connection.ts';
import type { Actor } from '../../../functions/procore/diagnosis-row.ts';
import { systemClock } from '../../../functions/system.ts';
import { type AppliedSubscription, applySubscription } from '../../../functions/webhook/apply-subscription.ts';
import { companyHooks, readWebhookAuthorization, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import type { Finding } from '../doctor/evidence.ts';
import { examine } from '../doctor/examination.ts';
import { type DoctorQuestions, type Gathered, gatherEvidence } from '../doctor/gather.ts';
import type { Heading } from '../doctor/headings.ts';
import { isOutage } from '../doctor/outage.ts';
import { namedEnvironment } from '../environments.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, RegisteredFlag } from '../shared-parameters.ts';
import { describeFacts } from '../status/describe.ts';
import { gatherFacts } from '../status/gather.ts';
import { isToActOn, type Problem } from '../status/problem.ts';
import { problemsOf } from '../status/problems.ts';
import { showProblems, summaryOf } from '../status/show.ts';
import { nameConnection } from '../suggested-commands.ts';
import { indent } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface DoctorFlags extends EnvironmentFlag, RegisteredFlag {
  readonly connection: string | undefined;
  readonly company: string | undefined;
  readonly fix: boolean;
}

/** Walks Procore's troubleshooting page, heading by heading, and says what it finds; with `fix` it repairs hooks. */
export async function doctor(
  { terminal, environment: find }: StackSession,
  flags: DoctorFlags,
  word: string | undefined,
): Promise<Report> {
  const environment = await find(namedEnvironment(word, flags.environment));
  const asked: DoctorQuestions = {
    connectionId: flags.connection === undefined ? undefined : parseConnectionId(flags.connection),
    companyId: flags.company,
    registered: flags.registered,
  };
  const look = () => terminal.working('Examining', (say) => gatherEvidence(environment, terminal, asked, say));
  const facts = await terminal.working('Looking at the whole', () =>
    gatherFacts(environment, terminal, { reads: 'stored' }),
  );
  const problems = problemsOf(facts);
  let gathered = await look();
  let findings = examine(gathered.evidence);
  let repairs: readonly Repair[] = [];
  if (flags.fix && findings.some(isAboutHooks)) {
    repairs = await repairHooks(environment, terminal, gathered);
    gathered = await look();
    findings = examine(gathered.evidence);
  }
  const counts = countVerdicts(findings);
  return {
    data: {
      environment: environment.name,
      connectionId: gathered.connection?.connectionId ?? null,
      companyId: flags.company ?? null,
      status: describeFacts(facts, problems),
      repairs,
      counts,
      findings,
    },
    text: [...showStand(problems), showFindings(environment, gathered, repairs, findings)].join('\n'),
    exitCode: counts.problem > 0 || problems.some(isToActOn) ? exitCodes.failed : exitCodes.done,
  };
}

/** What `procore status` says comes first: the page of Procore's troubles has no heading for a dead letter. */
function showStand(problems: readonly Problem[]): readonly string[] {
  return problems.some(isToActOn) ? [`Status: ${summaryOf(problems)}`, ...showProblems(problems), ''] : [];
}

/** What was done to one hook, or why nothing could be done for a company. */
export interface Repair {
  readonly companyId: string;
  readonly hookId?: string;
  readonly done: string;
}

function isAboutHooks({ heading, verdict }: Finding): boolean {
  const headings: readonly Heading[] = ['Webhooks are not being delivered', 'Duplicate webhook events'];
  return verdict === 'problem' && headings.includes(heading);
}

async function repairHooks(
  environment: DeployedEnvironment,
  terminal: Terminal,
  { subscriptions }: Gathered,
): Promise<readonly Repair[]> {
  const { current: authorization } = await readWebhookAuthorization(environment, terminal);
  const store = subscriptionsOf(environment);
  const hooksOf = companyHooks(environment, terminal);
  const repairs: Repair[] = [];
  for (const subscription of subscriptions) {
    const { companyId, connectionId } = subscription;
    const api = hooksOf(connectionId, companyId);
    try {
      const applied = await terminal.working(`Company ${companyId}: repairing hooks`, () =>
        applySubscription(subscription, { api, store, authorization, clock: systemClock }),
      );
      repairs.push(...describeChanges(companyId, applied));
    } catch (error) {
      // The second look says what is wrong with this company; the others are repaired all the same.
      repairs.push({ companyId, done: `nothing: ${error instanceof Error ? error.message : 'unknown'}` });
    }
  }
  return repairs;
}

function describeChanges(companyId: string, { changes, removedHookIds }: AppliedSubscription): readonly Repair[] {
  return [
    ...changes.map(({ hookId, repairs }) => ({ companyId, hookId, done: repairs.join(', ').replaceAll('_', ' ') })),
    ...removedHookIds.map((hookId) => ({ companyId, hookId, done: 'deleted' })),
  ];
}

function countVerdicts(findings: readonly Finding[]): Readonly<Record<Finding['verdict'], number>> {
  const count = (wanted: Finding['verdict']) => findings.filter(({ verdict }) => verdict === wanted).length;
  return { ok: count('ok'), problem: count('problem'), follows: count('follows'), not_tried: count('not_tried') };
}

/** The page's own parts, by the heading that each begins with. */
const parts: Partial<Readonly<Record<Heading, string>>> = {
  'The access token is invalid': 'Authentication & Token Issues',
  '403: App is not connected to this company': 'Permission & Access Errors',
  '429: Too Many Requests': 'Rate Limiting',
  'Sandbox data is empty or different from production': 'Sandbox Issues',
  'Webhooks are not being delivered': 'Webhook Issues',
  '400: Bad Request': 'Request & Response Issues',
  'Getting Help': 'Getting Help',
};

const signs: Readonly<Record<Finding['verdict'], string>> = { ok: '✓', problem: '✗', follows: '↳', not_tried: '?' };

const actors: Readonly<Record<Actor, string>> = {
  nobody: 'nobody, it heals by itself',
  operator: 'you, who run it',
  developer: 'you, who write the code that calls Procore',
  customer: "the customer's administrator in Procore",
  procore: 'Procore',
};

/** Shows the troubleshooting page, heading by heading, with what was found. */
export function showFindings(
  { name, stackName }: Pick<DeployedEnvironment, 'name' | 'stackName'>,
  { connection }: Pick<Gathered, 'connection'>,
  repairs: readonly Repair[],
  findings: readonly Finding[],
): string {
  const { ok, problem, follows, not_tried: untried } = countVerdicts(findings);
  const outage = findings.find(
    ({ verdict, diagnosisId }) => verdict === 'problem' && diagnosisId && isOutage(diagnosisId),
  );
  const eyes = connection ? `as "${connection.connectionId}"` : 'without a connection';
  return [
    indent(`${name} of ${stackName}, seen ${eyes}. ✓ in order, ✗ found, ↳ follows, ? not tried.`, ''),
    ...(outage === undefined ? [] : [indent(outageText(outage), '')]),
    ...repairs.map(({ companyId, hookId, done }) =>
      indent(`Repaired, company ${companyId}${hookId ? `, hook ${hookId}` : ''}: ${done}`, ''),
    ),
    ...findings.flatMap((finding) => {
      const part = parts[finding.heading];
      return [...(part === undefined ? [] : ['', part]), ...showFinding(finding, connection?.connectionId)];
    }),
    '',
    [
      `${ok} in order, ${problem} found`,
      ...(follows > 0 ? [`${follows} ${follows === 1 ? 'follows' : 'follow'} from that`] : []),
      `${untried} not tried.`,
    ].join(', '),
  ].join('\n');
}

const margin = '      ';

/** An outage is nobody's fault here, and nothing that a refusal needs helps against it. */
function outageText({ diagnosisId }: Finding): string {
  return diagnosisId === 'unreachable'
    ? 'Nothing reaches Procore from here. That is no refusal: credentials, permissions and the app are not to blame.'
    : 'Procore does not answer as it should: an outage, and no refusal. Credentials, permissions and the app are not to blame.';
}

function showFinding(
  { heading, verdict, evidence, followsFrom, cause, remedy, actor }: Finding,
  connectionId = 'CONNECTION',
): readonly string[] {
  const first = `  ${signs[verdict]} ${heading}`;
  if (followsFrom !== undefined) {
    const what = verdict === 'follows' ? 'Follows' : 'Not tried: follows';
    return [first, indent(`${what} from "${followsFrom}".`, margin)];
  }
  return [
    first,
    indent(verdict === 'not_tried' ? `Not tried: ${evidence}` : evidence, margin),
    ...(cause === undefined ? [] : [indent(`Cause: ${cause}`, margin)]),
    ...(remedy === undefined ? [] : [indent(`Remedy: ${nameConnection(remedy, connectionId)}`, margin)]),
    ...(actor === undefined ? [] : [indent(`Who acts: ${actors[actor]}.`, margin)]),
  ];
}
