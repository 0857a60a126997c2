import { alarmRows } from '../../lib/cloud/alarms.ts';
import { permissions } from '../cloud/permissions.ts';

/** Parts of README that are made of the tables that the code uses, by the name in their markers. */
export const sections: Readonly<Record<string, () => string>> = { alarms, permissions: permissionsTable };

/** Replaces what stands between a section's markers. @throws Error when README has no such markers */
export function withSection(readme: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [start, stop] = [readme.indexOf(begin), readme.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`README.md has no ${begin} … ${end}.`);
  return `${readme.slice(0, start + begin.length)}\n${content}\n${readme.slice(stop)}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function alarms(): string {
  const rows = alarmRows.map(({ id, cause, remedy, page }) =>
    [`<a id="alarm-${id}"></a>\`${id}\``, cell(cause), cell(remedy), page ? 'yes' : ''].join(' | '),
  );
  return [
    '| Alarm | What it means | What to do | Pages |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

function permissionsTable(): string {
  const rows = Object.entries(permissions).flatMap(([name, resources]) =>
    Object.entries(resources).map(
      ([resource, actions]) => `| ${name} | ${resource} | ${actions.map((action) => `\`${action}\``).join(', ')} |`,
    ),
  );
  return ['| Function | Resource (its output) | Actions |', '|---|---|---|', ...rows].join('\n');
}
