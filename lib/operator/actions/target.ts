import { usageError } from '../exit-codes.ts';
import type { Report, StackSession } from '../session.ts';
import { showTable } from '../table.ts';
import { type Selection, selectionKeys, type Target } from '../targets.ts';

/** Shows which stacks commands work on, and remembers or forgets it. */
export async function target(
  { selection, targets, surroundings }: StackSession,
  { forget }: { readonly forget: boolean },
): Promise<Report> {
  const given = Object.fromEntries(
    selectionKeys.flatMap((key) => (selection[key] === undefined ? [] : [[key, selection[key]] as const])),
  ) as Selection;
  const isGiven = Object.keys(given).length > 0;
  if (forget && isGiven) throw usageError('--forget goes alone.');
  if (forget) await surroundings.remember(undefined);
  // What makes no sense is refused before it is remembered.
  const found = await targets();
  if (isGiven) await surroundings.remember(given);
  return {
    data: { targets: found, remembered: isGiven ? given : undefined },
    text: [
      ...(isGiven ? ['Remembered in .procorerc, for the commands of this folder.', ''] : []),
      showTargets(found),
    ].join('\n'),
  };
}

/** Shows stacks and where they are. */
export function showTargets(targets: readonly Target[]): string {
  if (targets.length === 0) return 'The system that `npm start` runs on this machine.';
  const rows = targets.map(({ stackName, environments = [], account = '', region = '', profile = '' }) => [
    stackName,
    environments.join(', '),
    account,
    region,
    profile,
  ]);
  return showTable(['STACK', 'ENVIRONMENTS', 'ACCOUNT', 'REGION', 'PROFILE'], rows);
}
