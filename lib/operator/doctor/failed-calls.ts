import { ProcoreApiError } from '../../../functions/procore/api-error.ts';
import type { ApiPath, ProcoreClient } from '../../../functions/procore/client.ts';
import type { Exchange } from '../../../functions/procore/exchange.ts';
import type { FailedExchangeStore } from '../../../functions/procore/failed-exchanges.ts';
import { type DiagnosisId, diagnosisRow } from '../../diagnosis-rows.ts';
import type { LogOutput } from '../../stack-outputs.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { type Logged, readLogged } from '../logged.ts';
import { showTime } from '../table.ts';
import type { Evidence } from './evidence.ts';
import type { Narrowed } from './probes.ts';
import { asDiagnosisId, problemOf, seenProblem } from './refusals.ts';

const anHour = 3600;
const aDay = 86_400;
/** Calls that are made once more to see whether they still fail. */
const mostRepeated = 5;
const callers: readonly LogOutput[] = ['WebhookWorker', 'CompanyWork'];

/** What the log tells of calls that failed. */
export type SeenFailures = Required<Pick<Evidence, 'failedCalls' | 'throttled'>> & {
  readonly refusals: readonly Narrowed[];
};

/**
 * Reads which of the product's own calls failed in the last day. Refusals of access are tried again, since somebody may
 * have given it meanwhile; faults that pass by themselves count for an hour.
 *
 * @param client of the account as which refused reads are tried again; undefined: they are not
 * @returns undefined when no log can be read
 */
export async function readFailures(
  environment: DeployedEnvironment,
  store: Pick<FailedExchangeStore, 'find'>,
  client: ProcoreClient | undefined,
  { companyId, now }: { readonly companyId?: string | undefined; readonly now: number },
): Promise<SeenFailures | undefined> {
  const lines = await readLogged(environment, callers, (now - aDay) * 1000, 'api.call_failed');
  if (lines === undefined) return undefined;
  const failures = lines.filter(({ fields }) => companyId === undefined || fields.companyId === companyId);
  const byId = Map.groupBy(failures, ({ fields }) => asDiagnosisId(fields.code));
  const refusals: Narrowed[] = [];
  const failedCalls: Partial<Record<DiagnosisId, number>> = {};
  for (const [id, calls] of byId) {
    const last = calls.at(-1);
    if (id === undefined || last === undefined) continue;
    if (diagnosisRow(id).retry) {
      const recent = calls.filter(({ at }) => at / 1000 > now - anHour).length;
      if (recent > 0) failedCalls[id] = recent;
      continue;
    }
    if (isAboutAccess(id) && client !== undefined) {
      const [stillRefused, untried] = await repeat(calls, store, client);
      refusals.push(...stillRefused);
      if (untried === undefined) continue;
    }
    refusals.push(seenProblem(id, describe(environment, calls.length, last)));
  }
  return { failedCalls, throttled: failedCalls.rate_limited ?? 0, refusals };
}

function isAboutAccess(id: DiagnosisId): boolean {
  const ids: readonly DiagnosisId[] = [
    ...(['forbidden', 'not_visible', 'insufficient_permissions', 'tool_disabled', 'outside_access_scope'] as const),
  ];
  return ids.includes(id);
}

/** @returns what is still refused, and one that could not be tried: a write, or one that is not kept any more */
async function repeat(
  calls: readonly Logged[],
  store: Pick<FailedExchangeStore, 'find'>,
  client: ProcoreClient,
): Promise<[readonly Narrowed[], Logged | undefined]> {
  const different = new Map(calls.map((call) => [`${call.fields.method} ${call.fields.path}`, call]));
  const refused: Narrowed[] = [];
  let untried: Logged | undefined;
  for (const call of [...different.values()].slice(-mostRepeated)) {
    const exchange = await store.find(String(call.fields.referenceId));
    if (exchange === undefined || exchange.method !== 'GET') untried = call;
    else refused.push(...(await repeatOne(exchange, client)));
  }
  return [refused, untried];
}

async function repeatOne({ url, requestHeaders }: Exchange, client: ProcoreClient): Promise<readonly Narrowed[]> {
  const { pathname, search } = new URL(url);
  const companyId = requestHeaders['procore-company-id'];
  if (companyId === undefined) return [];
  try {
    await client.company(companyId).get(`${pathname}${search}` as ApiPath);
    return [];
  } catch (error) {
    if (!(error instanceof ProcoreApiError)) throw error;
    return [await problemOf(error, client)];
  }
}

function describe({ name }: DeployedEnvironment, count: number, { at, fields }: Logged): string {
  const { method, path, status, referenceId } = fields;
  return (
    `${count} ${count === 1 ? 'call' : 'calls'} in the last day, the last at ${showTime(at / 1000)}: ${method} ${path}, ` +
    `status ${status ?? 'none'}. All of it: npm run procore -- support-report ${referenceId} --environment ${name}.`
  );
}
