import type { Deployment } from '../deployment.ts';
import { chooseEnvironment } from '../environments.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { hang, indent } from '../table.ts';
import { type Check, verifyEnvironment } from '../verify.ts';

/** Looks whether every stack that is meant works, through its real addresses. */
export async function verify(
  { terminal, deployments }: StackSession,
  { environment: wanted }: EnvironmentFlag,
): Promise<Report> {
  const stacks = await deployments(wanted);
  const checks = await terminal.working('Checking', async () =>
    (await Promise.all(stacks.map((stack) => verifyStack(stack, wanted)))).flat(),
  );
  const faults = checks.filter(({ fault }) => fault !== undefined);
  return {
    data: { stacks: stacks.map(({ stackName }) => stackName), checks },
    text: [...checks.map(showCheck), '', `${checks.length - faults.length} of ${checks.length} checks hold.`].join(
      '\n',
    ),
    exitCode: faults.length === 0 ? exitCodes.done : exitCodes.failed,
  };
}

/** @param wanted the one environment to look at; without it all that the stack has */
async function verifyStack(stack: Deployment, wanted: string | undefined): Promise<readonly Check[]> {
  const environments = wanted === undefined ? stack.environments : [chooseEnvironment(stack, wanted)];
  return (await Promise.all(environments.map((environment) => verifyEnvironment(environment, fetch)))).flat();
}

/** Shows a check, and what was found wrong. */
export function showCheck({ environment, what, fault }: Check): string {
  const line = hang(fault === undefined ? '✓ ' : '✗ ', `${environment}: ${what}`);
  return fault === undefined ? line : `${line}\n${indent(fault, '    ')}`;
}
