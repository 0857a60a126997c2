import { z } from 'zod';
import type { StandInAction } from '../../local-control.ts';
import type { failingRoutes, failures } from '../../stand-in-words.ts';
import { askLocalSystem, reportOf } from '../local-system.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { showTable } from '../table.ts';

type Session = Pick<StackSession, 'localEndpoint'>;

async function ask(
  { localEndpoint }: Session,
  { environment }: EnvironmentFlag,
  action: StandInAction,
): Promise<Report> {
  return reportOf(
    await askLocalSystem(localEndpoint, { ...action, ...(environment !== undefined && { environment }) }),
  );
}

/** Makes what does one thing that takes nothing more. */
export function plain(what: 'status' | 'down' | 'up' | 'outages' | 'limit' | 'revoke' | 'refuse-tokens') {
  return (session: Session, flags: EnvironmentFlag): Promise<Report> => ask(session, flags, { do: what });
}

/** Makes what is done to one company. */
export function ofCompany(what: 'disconnect' | 'reconnect') {
  return (session: Session, flags: EnvironmentFlag, company: string): Promise<Report> =>
    ask(session, flags, { do: what, company });
}

/** Makes what is done to one hook; without an id, to the only one. */
export function ofHook(what: 'disable-hook' | 'enable-hook') {
  return (session: Session, flags: EnvironmentFlag, hook?: string): Promise<Report> =>
    ask(session, flags, { do: what, ...(hook !== undefined && { hook }) });
}

/** Lets every call of the API be answered late. */
export function slow(session: Session, flags: EnvironmentFlag & { readonly ms: number }): Promise<Report> {
  return ask(session, flags, { do: 'slow', milliseconds: flags.ms });
}

interface FailFlags extends EnvironmentFlag {
  readonly how: (typeof failures)[number];
  readonly times: number;
}

/** Lets the next calls of a route fail. */
export function fail(
  session: Session,
  { environment, how, times }: FailFlags,
  route: (typeof failingRoutes)[number],
): Promise<Report> {
  return ask(session, { environment }, { do: 'fail', route, how, times });
}

/** Adds companies. */
export function companies(session: Session, flags: EnvironmentFlag, count: number): Promise<Report> {
  return ask(session, flags, { do: 'companies', count });
}

interface ListFlags extends EnvironmentFlag {
  readonly company: string | undefined;
  readonly project: string | undefined;
}

/** What {@link list} reports as data. */
export const standInList = z.object({ name: z.string(), rows: z.array(z.record(z.string(), z.string())) });

/** Lists what the stand-in stores. */
export async function list(
  session: Session,
  { environment, company, project }: ListFlags,
  what = 'companies',
): Promise<Report> {
  const narrowed = { ...(company !== undefined && { company }), ...(project !== undefined && { project }) };
  const report = await ask(session, { environment }, { do: 'list', what, ...narrowed });
  const { name, rows } = standInList.parse(report.data);
  const [first] = rows;
  if (first === undefined) return { ...report, text: `There are no ${name}.` };
  const columns = Object.keys(first);
  return {
    ...report,
    text: showRows(columns, rows),
  };
}

/** Shows what the stand-in stores, a record a row. */
export function showRows(columns: readonly string[], rows: readonly Readonly<Record<string, string>>[]): string {
  return showTable(
    columns,
    rows.map((row) => columns.map((column) => row[column] ?? '')),
  );
}
