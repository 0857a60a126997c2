import type { TableProtection } from '../../table-protection.ts';
import { dynamoDbTableProtection } from '../aws/dynamodb-table-protection.ts';
import { lambdaAccount } from '../aws/lambda-account.ts';
import type { DeployedEnvironment, Deployment } from '../deployment.ts';
import { chooseEnvironment } from '../environments.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Findings, type Leftover, leftoversOf, stacksOf } from '../leftovers.ts';
import type { Report, StackSession } from '../session.ts';
import type { EnvironmentFlag } from '../shared-parameters.ts';
import { counted, hang, indent, showTable } from '../table.ts';
import { type Check, verifyAlarms, verifyEnvironment } from '../verify.ts';
import { verifyAccounts } from '../verify-account.ts';

/** What `verify` is asked for. */
export interface VerifyFlags extends EnvironmentFlag {
  /** Whether to list what stayed of a deleted stack, and check nothing. */
  readonly leftovers: boolean;
}

/** Looks whether every stack that is meant works, through its real addresses; or lists what stayed of deleted ones. */
export async function verify(session: StackSession, { leftovers, environment: wanted }: VerifyFlags): Promise<Report> {
  if (leftovers) return listLeftovers(session);
  const { terminal, deployments } = session;
  const stacks = await deployments(wanted);
  const checks = await terminal.working('Checking', async () => {
    const accounts = verifyAccounts(
      stacks.flatMap(({ environments }) => environments),
      ({ clients }) => lambdaAccount(clients.lambda),
    );
    return (await Promise.all([...stacks.map((stack) => verifyStack(stack, wanted)), accounts])).flat();
  });
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
  const each = environments.map((environment) => verifyEnvironment(environment, fetch, protectionOf(environment)));
  return (await Promise.all([...each, verifyAlarms(stack)])).flat();
}

/** The tables of a system on this machine live as long as the system. */
function protectionOf({ local, clients }: DeployedEnvironment): TableProtection | undefined {
  return local ? undefined : dynamoDbTableProtection(clients.dynamoDb);
}

async function listLeftovers(session: StackSession): Promise<Report> {
  const stacks = (await session.leftovers()).map((findings) => ({ findings, leftovers: leftoversOf(findings) }));
  const data = stacks.map(({ findings: { stackName, inStack }, leftovers }) => ({
    stack: stackName,
    exists: inStack !== undefined,
    leftovers,
  }));
  const texts = stacks.map(({ findings, leftovers }) => showLeftovers(findings, leftovers));
  const text = texts.length === 0 ? 'A system on this machine leaves nothing behind when it ends.' : texts.join('\n\n');
  return { data: { stacks: data }, text };
}

/** Shows what stayed behind of a stack, and the commands that delete it. */
export function showLeftovers({ stackName, tagged, inStack }: Findings, leftovers: readonly Leftover[]): string {
  if (leftovers.length === 0) {
    const others = stacksOf(tagged).filter((name) => name !== stackName);
    const hint = others.length === 0 ? '' : ` Of these stacks there is something (--stack): ${others.join(', ')}.`;
    return indent(`Nothing stayed behind of "${stackName}" here.${hint}`, '');
  }
  const state = inStack === undefined ? 'which does not exist any more' : 'beside what the stack has now';
  const warning =
    'To delete it for good, in this order. Nobody can give it back: look first whether the queues hold events, and the ' +
    'escrow queue token sets, that you want.';
  return [
    indent(`${counted(leftovers.length, 'thing')} stayed behind of "${stackName}", ${state}:`, ''),
    '',
    showTable(
      ['ENVIRONMENT', 'WHAT', 'NAME'],
      leftovers.map(({ environment, kind, name }) => [environment, kind, name]),
    ),
    '',
    indent(warning, ''),
    '',
    ...leftovers.flatMap(({ commands }) => commands),
  ].join('\n');
}

/** Shows a check, and what was found wrong. */
export function showCheck({ environment, what, fault }: Check): string {
  const line = hang(fault === undefined ? '✓ ' : '✗ ', `${environment}: ${what}`);
  return fault === undefined ? line : `${line}\n${indent(fault, '    ')}`;
}
