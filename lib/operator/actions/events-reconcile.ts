import { z } from 'zod';
import { exitCodes } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { showTime } from '../table.ts';

const answerSchema = z.looseObject({ failed: z.number() });

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
  const counts = Object.entries(data).map(
    ([what, count]) => `${what} ${what === 'until' ? showTime(Number(count)) : String(count)}`,
  );
  const again = data.failed > 0 ? ' Run it again: some could not be emitted.' : '';
  const text = `${resource} of company ${company}: ${counts.join(', ')}.${again}`;
  return { data, text, exitCode: data.failed > 0 ? exitCodes.failed : exitCodes.done };
}
