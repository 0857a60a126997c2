import type { Job } from '../../../functions/jobs/job.ts';
import { callsAnHour } from '../../../functions/procore/rate-windows.ts';
import type { StoredSubscription } from '../../../functions/webhook/subscription.ts';
import type { DiagnosisId } from '../../diagnosis-rows.ts';
import { isOutage } from '../doctor/outage.ts';
import { nameConnection } from '../suggested-commands.ts';
import { counted, span } from '../table.ts';
import { plain } from '../tries.ts';
import { isSilent } from './budget-left.ts';
import type { EnvironmentFacts } from './facts.ts';
import { agreeing, shortened, some } from './names.ts';
import { outage } from './outage.ts';
import type { Problem } from './problem.ts';

/** Procore gives deliveries up after so many seconds: what nobody has looked at by then is lost. */
const givenUpSeconds = 12 * 3600;
/** A look comes round within the hour, where Procore's limit allows it. */
const lateSeconds = 2 * 3600;

/** A look at a hook takes so many calls of Procore, and four fifths of a limit are for work like that. */
const [callsALook, share] = [2.2, 0.8];

/** Where the limit sets the pace, a look is late after so many times what a round takes at best. */
const lateRounds = 1.5;

/** Finds hooks that do not deliver, that nobody has looked at, and work on companies that fails. */
export function hookProblems(facts: EnvironmentFacts): readonly Problem[] {
  return [...unseen(facts), ...disabled(facts), ...orphaned(facts), ...unlooked(facts), ...failed(facts)];
}

/** Why Procore has not said how hooks stand. */
interface Unseen {
  readonly why: string;
  readonly code?: string | undefined;
  /** @default all that were asked for */
  readonly companies?: number;
}

function unseen({ hooks, subscriptions, stopped, environment, budget, now }: EnvironmentFacts): readonly Problem[] {
  // Procore was not asked then: what could not be read is told by itself.
  if ('unread' in subscriptions) return [];
  const found: Unseen | undefined = 'unread' in hooks ? { why: hooks.unread, code: hooks.code } : hooks.value.refused;
  if (found === undefined) return [];
  const { companies, code } = found;
  const serving = [...new Set(subscriptions.value.map(({ connectionId }) => connectionId))];
  const why = serving.length === 1 ? nameConnection(found.why, serving[0] ?? '') : found.why;
  if (code === 'app_not_connected') return 'value' in stopped && stopped.value.length > 0 ? [] : [leftApp(plain(why))];
  const of = companies === undefined ? '' : ` of ${companies === 1 ? '1 company' : `${companies} companies`}`;
  const isDown = isOutage(code as DiagnosisId);
  // Nobody asks while Procore wants silence: that is told by itself.
  if ((isDown || code === 'rate_limited') && 'value' in budget && isSilent(budget.value, now)) return [];
  if (isDown) return [outage(`How the hooks${of} stand is not known. ${plain(why)}`, code === 'unreachable')];
  return [
    {
      ...{ code: 'hooks_unseen', urgency: 'soon', weight: 62 },
      what: `Procore could not be asked how the hooks${of} stand: ${shortened(plain(why), 300)}`,
      remedy: `Find the cause: npm run procore -- doctor ${environment}`,
    },
  ];
}

/** What the functions have not met yet: else they have noted which companies it is about. */
function leftApp(why: string): Problem {
  return {
    ...{ code: 'app_not_connected', urgency: 'soon', weight: 72 },
    what: `The app is not connected to a company with a subscription. ${shortened(why, 300)}`,
    remedy: "Have the company's administrator connect the app again (Company Admin > App Management).",
  };
}

/** What a subscription's connection does not serve, nobody looks at, and onEvent can read nothing of. */
function orphaned({ subscriptions, connections, malformed, environment }: EnvironmentFacts): readonly Problem[] {
  if ('unread' in subscriptions || 'unread' in connections) return [];
  const there = new Set([
    ...connections.value.filter(({ status }) => status !== 'disconnected').map(({ connectionId }) => connectionId),
    ...malformed.map(({ connectionId }) => connectionId),
  ]);
  const without = subscriptions.value.filter(({ connectionId }) => !there.has(connectionId));
  const [first] = without;
  if (first === undefined) return [];
  const which = some(without.map(({ companyId, connectionId }) => `${companyId} (${connectionId})`));
  const on = `--environment ${environment}`;
  return [
    {
      ...{ code: 'subscription_without_connection', urgency: 'soon', weight: 68 },
      what: `${counted(without.length, 'subscription')} ${agreeing(without.length, 'has', 'have')} no connection any more: company ${which}. Nobody looks after ${agreeing(without.length, 'its', 'their')} hooks, and on-event.ts can read nothing there.`,
      remedy: `Connect it again: npm run procore -- connect ${first.connectionId} ${on}; or end the subscription: npm run procore -- webhooks remove --company ${first.companyId} ${on}`,
    },
  ];
}

function disabled({ hooks, environment }: EnvironmentFacts): readonly Problem[] {
  if ('unread' in hooks || hooks.value.disabled.length === 0) return [];
  const companies = [...new Set(hooks.value.disabled.map(({ companyId }) => companyId))];
  return [
    {
      ...{ code: 'hooks_disabled', urgency: 'now', weight: 88 },
      what: `${counted(hooks.value.disabled.length, 'hook')} of company ${some(companies)} ${agreeing(hooks.value.disabled.length, 'is', 'are')} disabled at Procore: nothing is delivered.`,
      remedy: `The audit enables it at its next look; at once: npm run procore -- doctor ${environment} --fix`,
    },
  ];
}

/**
 * Tells since when the hook waits that has waited longest for its look.
 *
 * @returns undefined when there is no hook
 */
export function oldestLook(subscriptions: readonly StoredSubscription[]): number | undefined {
  const looks = subscriptions.flatMap(({ hooks }) => hooks.map(({ checkedAt }) => checkedAt));
  // Hundreds of thousands of hooks are more than a function takes as arguments.
  return looks.length === 0 ? undefined : looks.reduce((one, other) => Math.min(one, other));
}

/**
 * Tells how long a round through all hooks takes at best with what Procore's limit allows.
 *
 * @returns undefined when no limit of the whole app is known
 */
function bestRound({ budget }: EnvironmentFacts, hooks: number) {
  // Where companies are counted apart, each has calls of its own, which the state of the app does not tell.
  if ('unread' in budget || ['company', 'token'].includes(budget.value.scope ?? 'app')) return undefined;
  const calls = callsAnHour(budget.value);
  return calls === undefined ? undefined : { calls, seconds: (hooks * callsALook * 3600) / (calls * share) };
}

function unlooked(facts: EnvironmentFacts): readonly Problem[] {
  const { subscriptions, now, environment } = facts;
  if ('unread' in subscriptions) return [];
  const oldest = oldestLook(subscriptions.value);
  if (oldest === undefined) return [];
  const waited = now - oldest;
  const count = subscriptions.value.reduce((sum, { hooks }) => sum + hooks.length, 0);
  const best = bestRound(facts, count);
  const isPaced = best !== undefined && best.seconds * lateRounds > lateSeconds;
  const lateAfter = isPaced ? Math.min(best.seconds * lateRounds, givenUpSeconds) : lateSeconds;
  if (waited < lateAfter) return [];
  const isLost = waited >= givenUpSeconds;
  const pace = isPaced
    ? ` With ${Math.floor(best.calls)} calls an hour, which is Procore's limit, a look at all ${count} takes ${span(best.seconds)} at best.`
    : '';
  const tail = isLost
    ? 'What Procore gave up since then may not be fetched yet.'
    : 'Procore gives deliveries up after 12 h.';
  return [
    {
      ...{ code: 'audit_late', urgency: isLost ? 'now' : 'soon', weight: 55 },
      what: `The hook that has waited longest was looked at ${span(waited)} ago.${pace} ${tail}`,
      remedy: `See which audits fail: npm run procore -- jobs list --kind audit --environment ${environment}`,
    },
  ];
}

/**
 * Tells whether a job fails, and not only its last slice: Procore may have been down for a moment, or a deployment may
 * have ended a slice.
 */
export function isFailing({ state, failures, deaths = 0 }: Pick<Job, 'state' | 'failures' | 'deaths'>): boolean {
  return state === 'failed' || (state === 'active' && (failures >= 3 || deaths >= 2));
}

function failed({ failedJobs, environment }: EnvironmentFacts): readonly Problem[] {
  if ('unread' in failedJobs || failedJobs.value.first.length === 0) return [];
  const { first, more } = failedJobs.value;
  const isOver = first.some(({ state }) => state === 'failed');
  const [worst] = first.toSorted((one, other) => Number(other.state === 'failed') - Number(one.state === 'failed'));
  return [
    {
      ...{ code: 'jobs_failing', urgency: 'soon', weight: isOver ? 52 : 35 },
      what: `${more ? 'More than ' : ''}${counted(first.length, 'job')} of company-wide work ${agreeing(first.length, 'fails', 'fail')}: ${some(first.map(({ id }) => id))}.${reason(worst)}`,
      remedy: `See why: npm run procore -- jobs show ${worst?.id} --environment ${environment}`,
    },
  ];
}

function reason(job: Job | undefined): string {
  return job?.lastError === undefined
    ? ''
    : ` ${shortened(plain(`${job.lastError.name}: ${job.lastError.text}`), 200)}`;
}
