import type { DeployedEnvironment } from '../deployment.ts';
import { describeStopped, stoppedCompanies } from '../stopped-companies.ts';
import type { Evidence } from './evidence.ts';
import type { Narrowed } from './probes.ts';
import { seenProblem } from './refusals.ts';

/**
 * Tells for which companies the functions have stopped calls, because the app is not connected. One that the doctor has
 * just found connected again is no problem: the functions' next call ends the matter.
 *
 * @param now epoch seconds
 */
export async function examineStops(
  environment: DeployedEnvironment,
  companyIds: readonly string[],
  connected: readonly string[],
  now: number,
): Promise<{ readonly refusals: readonly Narrowed[]; readonly seen: NonNullable<Evidence['seen']> }> {
  const stopped = await stoppedCompanies(environment, companyIds);
  const say = (one: (typeof stopped)[number]) => `Company ${one.companyId}: ${describeStopped(one, now)}.`;
  const isBack = stopped.filter(({ companyId }) => connected.includes(companyId));
  return {
    refusals: stopped
      .filter((one) => !isBack.includes(one))
      .map((one) => seenProblem('app_not_connected', say(one), { companyId: one.companyId })),
    seen:
      isBack.length === 0
        ? {}
        : {
            '403: App is not connected to this company': `Connected again, and not yet noticed: ${isBack.map(say).join(' ')}`,
          },
  };
}
