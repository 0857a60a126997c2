import { lambdaAccount } from '../aws/lambda-account.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import { hang, indent } from '../table.ts';
import { type Check, verifyEnvironment } from '../verify.ts';
import { verifyAccounts } from '../verify-account.ts';

/** Looks whether every environment of a stack works, through its real addresses. */
export async function verify({ terminal, deployment }: StackSession): Promise<Report> {
  const { environments, stackName } = await deployment();
  const checks = await terminal.working('Checking', async () => {
    const each = environments.map((environment) => verifyEnvironment(environment, fetch));
    const accounts = verifyAccounts(environments, ({ clients }) => lambdaAccount(clients.lambda));
    return (await Promise.all([...each, accounts])).flat();
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
