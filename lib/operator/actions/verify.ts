import { exitCodes } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import { hang, indent } from '../table.ts';
import { type Check, verifyAlarms, verifyEnvironment } from '../verify.ts';

/** Looks whether every environment of a stack works, through its real addresses. */
export async function verify({ terminal, deployment }: StackSession): Promise<Report> {
  const found = await deployment();
  const { environments, stackName } = found;
  const checks = await terminal.working('Checking', async () => {
    const ofEnvironments = environments.map((environment) => verifyEnvironment(environment, fetch));
    return (await Promise.all([...ofEnvironments, verifyAlarms(found)])).flat();
  });
  const faults = checks.filter(({ fault }) => fault !== undefined);
  return {
    data: { stack: stackName, checks },
    text: [...checks.map(showCheck), '', `${checks.length - faults.length} of ${checks.length} checks hold.`].join(
      '\n',
    ),
    exitCode: faults.length === 0 ? exitCodes.done : exitCodes.failed,
  };
}

/** Shows a check, and what was found wrong. */
export function showCheck({ environment, what, fault }: Check): string {
  const line = hang(fault === undefined ? '✓ ' : '✗ ', `${environment}: ${what}`);
  return fault === undefined ? line : `${line}\n${indent(fault, '    ')}`;
}
