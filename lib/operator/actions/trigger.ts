import { usageError } from '../exit-codes.ts';
import { askLocalSystem, reportOf } from '../local-system.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';

interface TriggerFlags extends EnvironmentFlag {
  readonly company: string | undefined;
  readonly project: string | undefined;
  readonly id: string | undefined;
  readonly times: number;
  readonly old: boolean;
  readonly duplicate: boolean;
}

/** Lets something happen at the stand-in Procore, and says what came of it. */
export async function trigger(
  { localEndpoint, terminal }: StackSession,
  { environment, company, project, id, times, old, duplicate }: TriggerFlags,
  event: string,
): Promise<Report> {
  const [, resource = '', action = ''] = /^(.+)\.([a-z]+)$/i.exec(event) ?? [];
  if (resource === '') throw usageError('EVENT is a resource and what happens to it, e.g. RFIs.update.');
  if (old && duplicate) throw usageError('--old and --duplicate are two things. Give one.');
  const request = {
    ...({ do: 'trigger', resource, action: action.toLowerCase(), times } as const),
    ...(environment !== undefined && { environment }),
    ...(company !== undefined && { company }),
    ...(project !== undefined && { project }),
    ...(id !== undefined && { id }),
    ...(old && { again: 'old' as const }),
    ...(duplicate && { again: 'duplicate' as const }),
  };
  return reportOf(await terminal.working('Waiting for onEvent', () => askLocalSystem(localEndpoint, request)));
}
