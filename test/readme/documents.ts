import { readFileSync } from 'node:fs';
import { worlds } from '../simulation/worlds.ts';
import { billTable } from './bill.ts';
import { commandsTable } from './commands.ts';
import { drawsTable, listDrawsTable } from './draws.ts';
import { floodTable } from './flood.ts';
import { mutantsTable, simulationInvariants } from './mutants.ts';
import { operatorPermissionsTable } from './operator-permissions.ts';
import { permissionsTable } from './permissions.ts';
import { propsTable } from './props.ts';
import { runbook } from './runbook.ts';
import { troubleshootingTables } from './troubleshooting.ts';

const root = new URL('../../', import.meta.url);

/** The parts of documents that are made of the code's own tables: by document, then by the name in their markers. */
export const generatedParts: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'functions/README.md': { flood: floodTable },
  'functions/procore/README.md': { troubleshooting: troubleshootingTables },
  'lib/procore-stand-in/PROCORE.md': { draws: drawsTable, 'list-draws': listDrawsTable },
  'lib/cloud/README.md': { props: propsTable, permissions: permissionsTable, bill: billTable, runbook },
  'lib/operator/README.md': { commands: commandsTable, permissions: operatorPermissionsTable },
  'test/README.md': {
    invariants: () => simulationInvariants(worlds.rotation),
    mutants: () => mutantsTable(worlds.rotation),
    'worker-invariants': () => simulationInvariants(worlds.worker),
    'worker-mutants': () => mutantsTable(worlds.worker),
  },
};

/** Reads a document. @param path from the repository's root @throws Error when there is no such file */
export function readDocument(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

/**
 * Writes the generated parts of a document anew.
 *
 * @returns the document's text with them
 * @throws Error when the document has no markers for one of them
 */
export function withGeneratedParts(path: string, text: string): string {
  return Object.entries(generatedParts[path] ?? {}).reduce(
    (written, [name, make]) => withPart({ path, text: written }, name, make()),
    text,
  );
}

/** Replaces what stands between a part's markers. @throws Error when the document has no such markers */
export function withPart({ path, text }: { readonly path: string; readonly text: string }, name: string, part: string) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`${path} has no ${begin} … ${end}.`);
  return `${text.slice(0, start + begin.length)}\n${part}\n${text.slice(stop)}`;
}
