import { permissions } from '../cloud/permissions.ts';
import { markdownTable } from './table.ts';

/** Writes what each function may do to which resource. */
export function permissionsTable(): string {
  const rows = Object.entries(permissions).flatMap(([name, resources]) =>
    Object.entries(resources).map(([resource, actions]) => [
      name,
      resource,
      actions.map((action) => `\`${action}\``).join(', '),
    ]),
  );
  return markdownTable(['Function', 'Resource (its output)', 'Actions'], rows);
}
