import { z } from 'zod';
import { exitCodes } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { showTime } from '../table.ts';

const answerSchema = z.looseObject({
  listed: z.number(),
  known: z.number(),
  handled: z.number(),
  emitted: z.number(),
  failed: z.number(),
  until: z.number(),
});

interface ReconcileFlags extends EnvironmentFlag {
  readonly company: string;
  readonly resource: string;
  readonly path: string;
  readonly project: string | undefined;
  readonly hours: number;
}

/** Reads what changed from the API, and emits the events that no webhook has brought. */
export async function reconcile(
  { terminal, environment: find }: StackSession,
  { environment: name, company, resource, path, project, hours }: ReconcileFlags,
): Promise<Report> {
  const environment = await find(name);
  const request = {
    companyId: company,
    resourceName: resource,
    path,
    ...(project !== undefined && { projectId: project }),
    hoursBack: hours,
  };
  const data = answerSchema.parse(
    await terminal.working('Reading from Procore', () => environment.invoke('Reconciliation', request)),
  );
  const { listed, known, handled, emitted, failed, until } = data;
  const text =
    `${resource} of company ${company}, changed until ${showTime(until)}: ${listed} listed, ${known} known, ` +
    `${handled} handled before, ${emitted} emitted, ${failed} failed.`;
  return failed > 0
    ? { data, text: `${text} Run it again for those that failed.`, exitCode: exitCodes.failed }
    : { data, text };
}
