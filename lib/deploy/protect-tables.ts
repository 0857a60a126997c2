import { ConnectorError } from '../../functions/connector-error.ts';
import { procoreEnvironmentNames } from '../../functions/procore/environment.ts';
import { outputsOfKind, type StackOutputs } from '../stack-outputs.ts';
import type { TableProtection } from '../table-protection.ts';

/** The deployment has succeeded, but tables of it can still be deleted by a mistake; the message says which and why. */
export class UnprotectedTablesError extends ConnectorError {
  override readonly name = 'UnprotectedTablesError';
  readonly code = 'tables_unprotected';
}

/**
 * Switches on the deletion protection of every table of a stack, once its deployment has succeeded. Tables that have it are
 * left alone, so that it can be called after every deployment.
 *
 * @param outputs of the stack, by which its tables are found
 * @returns the names of the tables that had none before
 * @throws UnprotectedTablesError when some could not be protected; the others are, all the same
 */
export async function protectTables(outputs: StackOutputs, protection: TableProtection): Promise<readonly string[]> {
  const names = procoreEnvironmentNames.flatMap((name) => Object.values(outputsOfKind(name, 'Table', outputs)));
  const outcomes = await Promise.allSettled(names.map((name) => protect(name, protection)));
  const failures = outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected' ? [`${names[index]} (${reasonOf(outcome.reason)})`] : [],
  );
  if (failures.length > 0) {
    throw new UnprotectedTablesError(
      `The stack is deployed, but ${failures.length} of its ${names.length} tables can still be deleted: ` +
        `${failures.join(', ')}. Run the deployment again, with the right to dynamodb:DescribeTable and dynamodb:UpdateTable.`,
    );
  }
  return names.filter((_, index) => outcomes[index]?.status === 'fulfilled' && outcomes[index].value);
}

/** @returns whether it was not protected before */
async function protect(name: string, protection: TableProtection): Promise<boolean> {
  if (await protection.isProtected(name)) return false;
  await protection.protect(name);
  return true;
}

function reasonOf(reason: unknown): string {
  return reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
}
