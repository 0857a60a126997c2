import { authorizationKeeper, previousUse } from '../../../functions/place.ts';
import { systemClock, systemRandomId } from '../../../functions/system.ts';
import {
  beginRollOver,
  isUnderWay,
  revokePrevious,
  setRetirement,
  type UnmovedHook,
  unmovedHooks,
} from '../../../functions/webhook/roll-over.ts';
import { fingerprint } from '../../../functions/webhook/subscription.ts';
import {
  previousEndsAt as endOf,
  previousSeconds,
  rememberedSeconds,
  type WebhookAuthorization,
  type WebhookAuthorizationKeeper,
} from '../../../functions/webhook/webhook-authorization.ts';
import { type ApplyJob, beginApplyJobs, eachSubscription } from '../apply-jobs.ts';
import { readWebhookAuthorization } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { usageError } from '../exit-codes.ts';
import { placeOf } from '../place.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag, YesFlag } from '../shared-parameters.ts';
import { counted, indent, showMoment, showTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface RotateFlags extends EnvironmentFlag, YesFlag {
  readonly revokePrevious: boolean;
  readonly previousHours: number | undefined;
}

/**
 * Begins to give all hooks a new Authorization value, by a job a company; the old one is accepted until its time. Or ends
 * the old one now.
 */
export async function rotateAuthorization(session: StackSession, flags: RotateFlags): Promise<Report> {
  if (flags.revokePrevious && flags.previousHours !== undefined) {
    throw usageError('--revoke-previous ends the previous value now: --previous-hours does not go with it.');
  }
  const environment = await session.environment(flags.environment);
  return flags.revokePrevious ? revoke(session, environment, flags.yes) : rotate(session, environment, flags);
}

async function rotate(
  { terminal }: StackSession,
  environment: DeployedEnvironment,
  { previousHours }: RotateFlags,
): Promise<Report> {
  const before = await readWebhookAuthorization(environment, terminal);
  const goesOn = isUnderWay(before, systemClock());
  // Run again while one is under way, it goes on with the hooks that are left, and begins no second one.
  const authorization = goesOn
    ? await withTime(environment, before, previousHours)
    : await begin(environment, terminal, before, previousHours);
  const jobs = await beginApplyJobs(
    environment,
    terminal,
    {},
    (subscription) => unmovedHooks([subscription], authorization.current).length > 0,
  );
  const left = await unmoved(environment, authorization);
  const previousEndsAt = endOf(authorization);
  return {
    data: { environment: environment.name, rotated: !goesOn, previousEndsAt, jobs, unmovedHooks: left },
    text: [
      goesOn
        ? 'A roll-over is under way; no second one was begun.'
        : 'The new value is current; the old one is still accepted.',
      ...(jobs.length === 0 ? ['No hook has another value than the current one.'] : showMoving(environment.name, jobs)),
      indent(
        `The old value ends at ${showMoment(previousEndsAt, systemClock())}, or earlier: 13 hours after the last hook was moved and the last delivery used it. More time: --previous-hours.`,
        '',
      ),
      // Just after the beginning they are all hooks.
      ...(goesOn ? nameHooks('These hooks are not moved yet, and would break then:', left) : []),
    ].join('\n'),
  };
}

function showMoving(environment: string, jobs: readonly ApplyJob[]): readonly string[] {
  return [
    `${counted(jobs.length, 'job')} move the hooks, one a company: npm run procore -- jobs list --environment ${environment} --kind apply`,
    'Run this again to see which hooks are left. What a job could not move, the hourly audit moves.',
  ];
}

async function begin(
  environment: DeployedEnvironment,
  terminal: Terminal,
  before: WebhookAuthorization,
  previousHours: number | undefined,
): Promise<WebhookAuthorization> {
  const next = systemRandomId();
  terminal.conceal(next);
  const dependencies = { keeper: keeperOf(environment), clock: systemClock };
  return beginRollOver(before, next, dependencies, previousHours === undefined ? undefined : previousHours * 3600);
}

/** Sets when the previous value ends, if this person says so or nobody has said it yet. */
async function withTime(
  environment: DeployedEnvironment,
  authorization: WebhookAuthorization,
  previousHours: number | undefined,
): Promise<WebhookAuthorization> {
  if (previousHours === undefined && endOf(authorization) !== undefined) return authorization;
  const seconds = previousHours === undefined ? previousSeconds : previousHours * 3600;
  return setRetirement(authorization, systemClock() + seconds, keeperOf(environment));
}

/** Ends the previous value now, and says which hooks break by that. */
async function revoke({ terminal }: StackSession, environment: DeployedEnvironment, yes: boolean): Promise<Report> {
  const authorization = await readWebhookAuthorization(environment, terminal);
  const { previous } = authorization;
  const nothing = { environment: environment.name, revoked: false };
  if (previous === undefined)
    return { data: nothing, text: 'There is no previous value: only the current one is accepted.' };
  const brokenHooks = await unmoved(environment, authorization);
  const lastUsedAt = await previousUse(placeOf(environment), environment.clients.dynamoDb).last(fingerprint(previous));
  if (!yes) {
    for (const line of nameHooks('These hooks would break:', brokenHooks)) terminal.tell(line);
    terminal.tell(
      `The previous value was last used at: ${showMoment(lastUsedAt, systemClock())} (not noted in the first 5 minutes after a roll-over)`,
    );
    if (!(await terminal.confirm('End the previous value now?'))) return { data: nothing, text: 'Nothing was done.' };
  }
  await revokePrevious(authorization, keeperOf(environment));
  return {
    data: { ...nothing, revoked: true, lastUsedAt, brokenHooks },
    text: [
      `The previous value is revoked. Intake refuses it within ${showSeconds(refusedWithin(authorization))}.`,
      ...nameHooks('These hooks still send it. Their events are refused until they are moved:', brokenHooks),
    ].join('\n'),
  };
}

/** After how many seconds no function accepts a value any more that is revoked now: some have read before the roll-over. */
function refusedWithin(authorization: WebhookAuthorization): number {
  const { rotatedAt = systemClock() } = authorization;
  const readBefore = rotatedAt + rememberedSeconds({}) - systemClock();
  return Math.max(rememberedSeconds(authorization), Math.ceil(readBefore));
}

function showSeconds(seconds: number): string {
  return seconds <= 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}

function keeperOf(environment: DeployedEnvironment): WebhookAuthorizationKeeper {
  return authorizationKeeper(placeOf(environment), environment.clients.secretsManager);
}

async function unmoved(
  environment: DeployedEnvironment,
  { current }: WebhookAuthorization,
): Promise<readonly UnmovedHook[]> {
  const found: UnmovedHook[] = [];
  for await (const subscription of eachSubscription(environment)) found.push(...unmovedHooks([subscription], current));
  return found;
}

/** Names hooks under a heading. @returns nothing where there are none */
export function nameHooks(heading: string, hooks: readonly UnmovedHook[]): readonly string[] {
  if (hooks.length === 0) return [];
  const rows = hooks.map(({ companyId, connectionId, projectId, hookId }) => {
    return [companyId, projectId ?? '-', hookId, connectionId];
  });
  return [indent(heading, ''), showTable(['COMPANY', 'PROJECT', 'HOOK', 'CONNECTION'], rows)];
}
