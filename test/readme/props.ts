import { readFileSync } from 'node:fs';
import { markdownTable } from './table.ts';

const source = new URL('../../lib/cloud/procore-environment.ts', import.meta.url);

/** Writes the props of the construct ProcoreEnvironment, from their docstrings. @throws Error when one has none */
export function propsTable(): string {
  const text = readFileSync(source, 'utf8');
  const [, body = ''] = /export interface ProcoreEnvironmentProps \{\n([\s\S]*?)\n\}/.exec(text) ?? [];
  const props = body.matchAll(/(?:\/\*\*([\s\S]*?)\*\/\s*)?readonly (\w+)(\??): ([^;]+);/g);
  const rows = [...props].map(([, docstring, name = '', optional, type = '']) => {
    if (docstring === undefined) throw new Error(`The prop ${name} of ProcoreEnvironment has no docstring.`);
    const [meaning = '', byDefault] = docstring
      .replaceAll(/\s*\n[ \t]*\*[ \t]?/g, ' ')
      .trim()
      .split(/\s*@default (?:- )?/);
    return [
      `\`${name}\``,
      `\`${type.replace(' | undefined', '')}\``,
      meaning,
      optional === '' ? 'must be given' : (byDefault ?? ''),
    ];
  });
  return markdownTable(['Prop', 'Type', 'Meaning', 'Default'], rows);
}
