import type { BudgetState, RateWindow } from '../../../functions/procore/rate-windows.ts';
import { showTime } from '../table.ts';
import { isSilent, windowLeft } from './budget-left.ts';
import { connectionProblems } from './connection-problems.ts';
import { eventProblems } from './event-problems.ts';
import type { EnvironmentFacts } from './facts.ts';
import { hookProblems } from './hook-problems.ts';
import { outage } from './outage.ts';
import type { Problem, ProblemCode, Urgency } from './problem.ts';
import { unreadProblems } from './unread-problems.ts';

const order: readonly Urgency[] = ['now', 'soon', 'note'];

/**
 * Finds what is not in order in an environment. Pure: `gatherFacts` reads, this judges.
 *
 * @returns the worst first
 */
export function problemsOf(facts: EnvironmentFacts): readonly Problem[] {
  const found = [
    ...clientProblems(facts),
    ...connectionProblems(facts),
    ...eventProblems(facts),
    ...hookProblems(facts),
    ...budgetProblems(facts),
    ...deploymentProblems(facts),
  ];
  const known = [...found, ...alarmProblems(facts, found), ...unreadProblems(facts)];
  return known.toSorted(
    (one, other) => order.indexOf(one.urgency) - order.indexOf(other.urgency) || other.weight - one.weight,
  );
}

function clientProblems({ client, environment }: EnvironmentFacts): readonly Problem[] {
  if ('unread' in client || client.value === 'set') return [];
  const what = {
    missing: 'The client id and secret of your app at Procore are not set: nobody can connect.',
    other_environment: 'The stored client id and secret are those of another environment: nothing uses them.',
    malformed: 'The secret of the OAuth client cannot be read: it is not the JSON that it should be.',
  }[client.value];
  const remedy = `Run npm run procore -- credentials set ${environment}`;
  return [{ code: 'client_credentials', urgency: 'now', weight: 100, what, remedy }];
}

/** Below this share of a limit that an hour or so allows, somebody may want to know. */
const littleLeft = 0.1;

function budgetProblems({ budget, now }: EnvironmentFacts): readonly Problem[] {
  if ('unread' in budget) return [];
  const { windows } = budget.value;
  if (isSilent(budget.value, now)) return [silenceProblem(budget.value, now)];
  return windows.flatMap((window) => {
    const left = windowLeft(budget.value, window, now);
    if (window.isTrial === true || window.seconds <= 60 || left === undefined || left >= littleLeft * window.limit)
      return [];
    if (left === 0) return [spentProblem(window)];
    return [
      {
        ...{ code: 'budget_low', urgency: 'note' as const, weight: 10 },
        what: `${left} of the ${window.limit} calls that Procore allows in ${Math.round(window.seconds / 60)} min are left.`,
        remedy:
          'Nothing: work in the background waits first. If it comes back, read less often, or ask for a higher limit.',
      },
    ];
  });
}

/** A pause by an answer of 5xx is told as the outage that it is, whoever met it. */
function silenceProblem({ pausedUntil, pausedBy = 429 }: BudgetState, now: number): Problem {
  const silence = `no calls for another ${Math.ceil((pausedUntil - now) / 60)} min`;
  const unknown = 'How hooks stand is not known until then.';
  if (pausedBy >= 500) return outage(`It answered ${pausedBy}, and has asked for ${silence}. ${unknown}`);
  return {
    ...{ code: 'rate_limited', urgency: 'soon', weight: 20 },
    what: `Procore has asked for ${silence}: its limit was used up. ${unknown}`,
    remedy: 'Nothing: calls wait by themselves. If it comes back, read less often, or ask Procore for a higher limit.',
  };
}

function spentProblem({ limit, seconds, resetAt }: RateWindow): Problem {
  return {
    ...{ code: 'budget_spent', urgency: 'soon', weight: 21 },
    what: `None of the ${limit} calls that Procore allows in ${Math.round(seconds / 60)} min is left until ${showTime(resetAt)}.`,
    remedy: 'Nothing: calls wait by themselves. If it comes back, read less often, or ask Procore for a higher limit.',
  };
}

/** States of a stack in which the last deployment has not done what was wanted. */
const failedStates = /FAILED|ROLLBACK_COMPLETE$/;

function deploymentProblems({ deployed, stackName }: EnvironmentFacts): readonly Problem[] {
  if (deployed === undefined || !failedStates.test(deployed.status)) return [];
  const isStuck = /FAILED/.test(deployed.status);
  const what = isStuck
    ? `The last deployment of "${stackName}" has stuck (${deployed.status}): nothing can be deployed until that is mended.`
    : `The last deployment of "${stackName}" was rolled back: the version before it runs.`;
  const remedy = 'See its events in CloudFormation, repair what they name, and run npm run deploy again.';
  return [{ code: 'deployment_failed', urgency: isStuck ? 'now' : 'soon', weight: 30, what, remedy }];
}

/** What alarms tell that the facts have told already is not said twice. */
const toldBy: Readonly<Partial<Record<ProblemCode, readonly string[]>>> = {
  client_credentials: ['client-credentials-refused', 'wrong-environment'],
  client_refused: ['client-credentials-refused', 'rotation-failing', 'tokens-past-expiry'],
  past_expiry: ['tokens-past-expiry', 'rotation-failing'],
  rotation_overdue: ['rotation-overdue', 'rotation-sweep-silent'],
  reauthorization_required: ['reauthorization-required'],
  escrow: ['escrow-used', 'escrow-not-landing'],
  hooks_disabled: ['subscription-inactive'],
  dead_letters: ['event-dead-letters'],
  failing: ['event-failing', 'event-queue-old'],
  queue_old: ['event-queue-old'],
  quarantine: ['quarantine'],
  audit_late: ['audit-jobs-failing'],
  jobs_failing: ['audit-jobs-failing'],
};

function alarmProblems({ alarms }: EnvironmentFacts, found: readonly Problem[]): readonly Problem[] {
  if (alarms === undefined || 'unread' in alarms) return [];
  const told = new Set(found.flatMap(({ code }) => toldBy[code] ?? []));
  return alarms.value
    .filter(({ id }) => !told.has(id))
    .map(({ id, since, cause, remedy }) => ({
      ...{ code: `alarm_${id}`, urgency: 'soon', weight: 60, remedy },
      what: `The alarm ${id} fires since ${showTime(since)}: ${cause}`,
    }));
}
