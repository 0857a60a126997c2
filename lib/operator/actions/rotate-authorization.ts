import { authorizationKeeper } from '../../../functions/place.ts';
import { systemClock, systemRandomId } from '../../../functions/system.ts';
import { withHook } from '../../../functions/webhook/apply-subscription.ts';
import { keepHook } from '../../../functions/webhook/keep-hook.ts';
import { beginRollOver } from '../../../functions/webhook/roll-over.ts';
import { fingerprint, type StoredSubscription } from '../../../functions/webhook/subscription.ts';
import { companyHooks, readWebhookAuthorization, subscriptionsOf } from '../company-api.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { exitCodes } from '../exit-codes.ts';
import { placeOf } from '../place.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { counted, indent } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** What became of one company's hooks. */
interface Moved {
  readonly companyId: string;
  readonly moved: number;
  /** Why some are left for the audit. */
  readonly problem?: string;
}

/** Gives all hooks a new Authorization value; the old one is accepted until nothing can use it any more. */
export async function rotateAuthorization(
  { terminal, environment: find }: StackSession,
  flags: EnvironmentFlag,
): Promise<Report> {
  const environment = await find(flags.environment);
  const before = await readWebhookAuthorization(environment, terminal);
  const isUnderWay = before.previous !== undefined;
  const next = systemRandomId();
  terminal.conceal(next);
  const keeper = authorizationKeeper(placeOf(environment), environment.clients.secretsManager);
  // Run again while one is under way, it goes on with the hooks that are left, and begins no second one.
  const { current } = isUnderWay ? before : await beginRollOver(before, next, { keeper, clock: systemClock });
  const hooksOf = companyHooks(environment, terminal);
  const companies: Moved[] = [];
  for (const subscription of await subscriptionsOf(environment).list()) {
    companies.push(await moveHooks(environment, terminal, hooksOf, subscription, current));
  }
  const left = companies.filter(({ problem }) => problem !== undefined);
  return {
    data: { environment: environment.name, rotated: !isUnderWay, companies },
    text: [
      isUnderWay
        ? 'A roll-over is under way; no second one was begun.'
        : 'The new value is current; the old one is still accepted.',
      ...companies.map(({ companyId, moved, problem }) =>
        indent(`company ${companyId}: ${counted(moved, 'hook')} moved${problem ? `; ${problem}` : ''}`, '  '),
      ),
      'The hourly audit retires the old value 13 hours after the last hook was moved and the last delivery used it.',
      ...(left.length > 0 ? ['The audit goes on with what is left; or run this again.'] : []),
    ].join('\n'),
    exitCode: left.length > 0 ? exitCodes.failed : exitCodes.done,
  };
}

async function moveHooks(
  environment: DeployedEnvironment,
  terminal: Terminal,
  hooksOf: ReturnType<typeof companyHooks>,
  subscription: StoredSubscription,
  authorization: string,
): Promise<Moved> {
  const { companyId, connectionId } = subscription;
  const api = hooksOf(connectionId, companyId);
  const toMove = subscription.hooks.filter((hook) => hook.authorization !== fingerprint(authorization));
  let { hooks } = subscription;
  let moved = 0;
  let problem: string | undefined;
  await terminal.working(`Company ${companyId}: moving hooks`, async (say) => {
    try {
      for (const known of toMove) {
        say(`Company ${companyId}: hook ${moved + 1} of ${toMove.length}`);
        const { hook } = await keepHook(subscription, known.projectId, known, {
          api,
          authorization,
          clock: systemClock,
        });
        hooks = withHook(hooks, hook);
        moved += 1;
      }
    } catch (error) {
      problem = error instanceof Error ? error.message : 'unknown';
    }
  });
  if (moved > 0) {
    const answer = await subscriptionsOf(environment).save({ ...subscription, hooks }, subscription.revision);
    if (answer === 'changed') problem = 'its subscription was changed at the same time';
  }
  return { companyId, moved, ...(problem !== undefined && { problem }) };
}
