import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { ConnectorError } from '../../../functions/connector-error.ts';
import { faultOfVariableName } from '../../own-variables.ts';

/** `.env.local` cannot be taken. The message names lines and names, and never what stands in them. */
export class LocalVariablesError extends ConnectorError {
  override readonly name = 'LocalVariablesError';
  readonly code = 'wrong_local_variables';
}

/** Variables by name. */
export type Variables = Readonly<Record<string, string>>;

/**
 * Reads the variables that the integrator's file gets on this machine.
 *
 * @param path `.env.local`; where there is none, there are no variables
 * @throws LocalVariablesError
 */
export async function readLocalVariables(path: string): Promise<Variables> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new LocalVariablesError(`.env.local cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  return parseLocalVariables(text);
}

/**
 * Parses the text of `.env.local`: `NAME=value` line by line, as Node itself reads it. Node passes over what it does not
 * understand; here that is an error, since a variable that is silently absent is looked for elsewhere.
 *
 * @throws LocalVariablesError
 */
export function parseLocalVariables(text: string): Variables {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const seen = new Map<string, number>();
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s*(?:#|$)/.test(line)) continue;
    const number = index + 1;
    const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name === undefined) {
      throw wrong(number, 'is no NAME=value. A name has letters, digits and _, and begins with no digit');
    }
    const fault = faultOfVariableName(name);
    if (fault !== undefined) throw wrong(number, `sets ${name}, which ${fault}. Give it another name`);
    const before = seen.get(name);
    if (before !== undefined)
      throw wrong(number, `sets ${name} again, which line ${before} has set. Leave one of them`);
    seen.set(name, number);
    index = endOfValue(lines, index, value);
  }
  const variables = parseEnv(lines.join('\n')) as Variables;
  const lacking = [...seen].find(([name]) => variables[name] === undefined);
  if (lacking !== undefined) throw wrong(lacking[1], `is not read by Node. Put the value of ${lacking[0]} in quotes`);
  return Object.fromEntries([...seen.keys()].map((name) => [name, variables[name] ?? '']));
}

/** @returns the index of the line in which a value ends: one in quotes may have several lines */
function endOfValue(lines: readonly string[], index: number, value: string): number {
  const [quote = ''] = /^["'`]/.exec(value) ?? [];
  if (quote === '') return index;
  let rest = value.slice(1);
  for (let end = index; end < lines.length; end += 1, rest = lines[end] ?? '') {
    const closing = rest.indexOf(quote);
    if (closing === -1) continue;
    if (/^\s*(?:#|$)/.test(rest.slice(closing + 1))) return end;
    throw wrong(end + 1, `goes on after the closing ${quote}. Put the whole value in quotes of another kind`);
  }
  throw wrong(index + 1, `opens a ${quote} that no line closes. Close it`);
}

function wrong(line: number, what: string): LocalVariablesError {
  return new LocalVariablesError(`.env.local:${line}: this line ${what}. (Values are never shown.)`);
}
