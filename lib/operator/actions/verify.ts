import type { TableProtection } from '../../table-protection.ts';
import { dynamoDbTableProtection } from '../aws/dynamodb-table-protection.ts';
import { lambdaAccount } from '../aws/lambda-account.ts';
import type { DeployedEnvironment } from '../deployment.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Findings, type Leftover, leftoversOf, stacksOf } from '../leftovers.ts';
import type { Report, StackSession } from '../session.ts';
import { counted, hang, indent, showTable } from '../table.ts';
import { type Check, verifyEnvironment } from '../verify.ts';
import { verifyAccounts } from '../verify-account.ts';

/** What `verify` is asked for. */
export interface VerifyFlags {
  /** Whether to list what stayed of a deleted stack, and check nothing. */
  readonly leftovers: boolean;
}

/** Looks whether every environment of a stack works, through its real addresses; or lists what stayed of a deleted one. */
export async function verify(session: StackSession, { leftovers }: VerifyFlags): Promise<Report> {
  if (leftovers) return listLeftovers(session);
  const { terminal, deployment } = session;
  const { environments, stackName } = await deployment();
  const checks = await terminal.working('Checking', async () => {
    const each = environments.map((environment) => verifyEnvironment(environment, fetch, protectionOf(environment)));
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
function showLeftovers({ stackName, tagged, inStack }: Findings, leftovers: readonly Leftover[]): string {
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
    `${counted(leftovers.length, 'thing')} stayed behind of "${stackName}", ${state}:`,
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
