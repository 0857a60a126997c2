import { parseConnectionId } from '../../../functions/connection/connection.ts';
import type { Actor } from '../../../functions/procore/diagnosis-row.ts';
import { systemClock } from '../../../functions/system.ts';
import { type AppliedSubscription, applySubscription } from '../../../functions/webhook/apply-subscription.ts';
import { companyHooks, readWebhookAuthorization, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { examine, type Finding } from '../doctor/examination.ts';
import { type DoctorQuestions, type Gathered, gatherEvidence } from '../doctor/gather.ts';
import type { Heading } from '../doctor/headings.ts';
import { namedEnvironment } from '../environments.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, RegisteredFlag } from '../shared-parameters.ts';
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
      repairs,
      counts,
      findings,
    },
    text: showFindings(environment, gathered, repairs, findings),
    exitCode: counts.problem > 0 ? exitCodes.failed : exitCodes.done,
  };
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
  return { ok: count('ok'), problem: count('problem'), cannot_tell: count('cannot_tell') };
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

const signs: Readonly<Record<Finding['verdict'], string>> = { ok: '✓', problem: '✗', cannot_tell: '?' };

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
  const { ok, problem, cannot_tell: unknown } = countVerdicts(findings);
  const eyes = connection ? `as "${connection.connectionId}"` : 'without a connection';
  return [
    indent(`${name} of ${stackName}, seen ${eyes}. ✓ in order, ✗ found here, ? cannot tell.`, ''),
    ...repairs.map(({ companyId, hookId, done }) =>
      indent(`Repaired, company ${companyId}${hookId ? `, hook ${hookId}` : ''}: ${done}`, ''),
    ),
    ...findings.flatMap((finding) => {
      const part = parts[finding.heading];
      return [...(part === undefined ? [] : ['', part]), ...showFinding(finding)];
    }),
    '',
    `${ok} in order, ${problem} found, ${unknown} cannot tell.`,
  ].join('\n');
}

const margin = '      ';

function showFinding({ heading, verdict, evidence, cause, remedy, actor }: Finding): readonly string[] {
  return [
    `  ${signs[verdict]} ${heading}`,
    indent(evidence, margin),
    ...(cause === undefined ? [] : [indent(`Cause: ${cause}`, margin)]),
    ...(remedy === undefined ? [] : [indent(`Remedy: ${remedy}`, margin)]),
    ...(actor === undefined ? [] : [indent(`Who acts: ${actors[actor]}.`, margin)]),
  ];
}
