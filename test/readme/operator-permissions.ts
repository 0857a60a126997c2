import { type PermittedResource, permissionsOf, permittedCommands } from '../../lib/operator/permissions.ts';
import { markdownTable } from './table.ts';

const names: Readonly<Partial<Record<PermittedResource, string>>> = { '*': 'all resources (`*`)' };

/** Writes what each command of the command line needs, but for the one right that all of them need. */
export function operatorPermissionsTable(): string {
  const rows = permittedCommands.map((command) => {
    const granted = [...permissionsOf(command)];
    const ofServices = granted.flatMap(([resource, actions]) => {
      const others = actions.filter((action) => action !== 'cloudformation:DescribeStacks');
      return resource === 'Key' || others.length === 0 ? [] : `${list(others)} on ${names[resource] ?? resource}`;
    });
    const ofKey = granted.find(([resource]) => resource === 'Key')?.[1] ?? [];
    return [`\`${command}\``, ofServices.join('; '), list(ofKey)];
  });
  return markdownTable(['Command', 'Needs', 'On Key'], rows);
}

function list(actions: readonly string[]): string {
  return actions.map((action) => `\`${action}\``).join(', ');
}
