import { companyPauseStore } from '../../functions/place.ts';
import type { DeployedEnvironment } from './deployment.ts';
import { placeOf } from './place.ts';
import type { StoredConnection } from './stored-connection.ts';
import { counted, showMoment } from './table.ts';

/** A company to which the app is not connected, so that calls for it are stopped. */
export interface StoppedCompany {
  readonly companyId: string;
  /** When Procore first said so, epoch seconds. */
  readonly since: number;
  /** How often in a row Procore has said so. */
  readonly refusals: number;
  /** Until then no call is made, epoch seconds; the first one after it finds out. */
  readonly nextTryAt: number;
}

/** Reads that are made at once: an adapter gives each of them two seconds. */
const readsAtOnce = 25;

/**
 * Tells to which of some companies the app is not connected, as the functions' own pauses have it; one that a call has
 * found connected again is gone from there.
 *
 * @returns them in the order given, each once
 */
export async function stoppedCompanies(
  environment: DeployedEnvironment,
  companyIds: readonly string[],
): Promise<readonly StoppedCompany[]> {
  const pauses = companyPauseStore(placeOf(environment), environment.clients.dynamoDb);
  const wanted = [...new Set(companyIds)];
  const found: StoppedCompany[] = [];
  for (let index = 0; index < wanted.length; index += readsAtOnce) {
    const some = wanted.slice(index, index + readsAtOnce);
    const read = await Promise.all(some.map(async (companyId) => ({ companyId, pause: await pauses.read(companyId) })));
    for (const { companyId, pause } of read) {
      if (pause === undefined) continue;
      found.push({ companyId, since: pause.since, refusals: pause.refusals, nextTryAt: pause.until });
    }
  }
  return found;
}

/** The companies that a connection is known to serve. */
export function companiesOf({ companyId, companyIds }: StoredConnection): readonly string[] {
  return companyId === undefined ? companyIds : [companyId, ...companyIds];
}

/** Says it in words. @param now epoch seconds */
export function describeStopped({ since, refusals, nextTryAt }: StoppedCompany, now: number): string {
  const next =
    nextTryAt > now ? `the first one after ${showMoment(nextTryAt, now)} tries again` : 'the next one tries again';
  return `not connected since ${showMoment(since, now)}, refused ${counted(refusals, 'time')}; calls are stopped, ${next}`;
}
