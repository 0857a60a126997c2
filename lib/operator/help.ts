import type { Command, RouteMap } from '@stricli/core';
import type { Context } from './session.ts';
import { indent, lineWidth, showFacts } from './table.ts';

/** Flags and values of a command, as stricli keeps them. */
export type Parameters = Command<Context>['parameters'];

/** Flags by their names in the code. */
export type Flags = NonNullable<Parameters['flags']>;

/** What the help of a command is made of. */
export interface CommandHelp {
  /** What a person types before flags and values. */
  readonly words: string;
  readonly brief: string;
  readonly examples: readonly string[];
  /** The command's own. */
  readonly parameters: Parameters;
  /** The flags that it has in common with others. */
  readonly sharedFlags: Flags;
}

/** Shows how a command is used, in {@link lineWidth} columns. */
export function showCommandHelp({ words, brief, examples, parameters, sharedFlags }: CommandHelp): string {
  const values = valuesOf(parameters).map(({ placeholder = '', brief: text }) => [placeholder, text] as const);
  return [
    ...[indent(`${brief}.`, ''), ''],
    ...['Use', ...examplesOf(`${words} ${usageOf(parameters, '[OPTIONS]')}`.trimEnd()), ''],
    ...['Examples', ...examples.flatMap(examplesOf)],
    ...section('Values', values),
    ...section('Options', Object.entries(parameters.flags ?? {}).map(flagLine)),
    ...section('Common options', [...Object.entries(sharedFlags).map(flagLine), ['-h, --help', 'Show this help']]),
  ].join('\n');
}

/** Shows the commands under a word. @param isProgram whether they are all there are */
export function showGroupHelp(words: string, brief: string, routes: RouteMap<Context>, isProgram: boolean): string {
  const commands = routes.getAllEntries().filter(({ hidden }) => !hidden);
  return [
    ...[indent(`${brief}.`, ''), ''],
    ...['Use', `  ${words} COMMAND [OPTIONS]`],
    ...section(
      'Commands',
      commands.map(({ name, target }) => [name['convert-camel-to-kebab'], target.brief]),
    ),
    ...(isProgram ? section('Options', [['--version', 'Show the version of the package and of Node']]) : []),
    ...['', `What a command takes: ${words} COMMAND --help`],
  ].join('\n');
}

/**
 * Writes what is typed after a command's words.
 *
 * @param options stands for the flags that can be left out
 */
export function usageOf(parameters: Parameters, options: string): string {
  const flags = Object.entries(parameters.flags ?? {});
  const required = flags.filter(([, flag]) => !isOptional(flag)).map(([name, flag]) => flagUsage(name, flag));
  const values = valuesOf(parameters).map(({ placeholder = '', optional }) =>
    optional === true ? `[${placeholder}]` : placeholder,
  );
  return [...values, ...required, options].filter((part) => part !== '').join(' ');
}

/** Writes the flags of a command that can be left out, each in brackets. */
export function optionsOf({ flags = {} }: Parameters): string {
  const optional = Object.entries(flags).filter(([, flag]) => isOptional(flag));
  return optional.map(([name, flag]) => `[${flagUsage(name, flag)}]`).join(' ');
}

/** Writes a flag as it is typed, with a word for its value. */
function flagUsage(name: string, flag: Flags[string]): string {
  const option = `--${kebabCase(name)}`;
  if (flag.kind === 'boolean') return option;
  return `${option} ${flag.placeholder ?? 'VALUE'}`;
}

/** Whether a flag can be left out. */
function isOptional(flag: Flags[string]): boolean {
  return flag.optional === true || flag.kind === 'boolean' || ('default' in flag && flag.default !== undefined);
}

function valuesOf({ positional }: Parameters) {
  if (positional === undefined) return [];
  return positional.kind === 'tuple' ? positional.parameters : [positional.parameter];
}

function flagLine([name, flag]: readonly [string, Flags[string]]): readonly [string, string] {
  const preset = flag.kind !== 'boolean' && 'default' in flag && flag.default !== undefined;
  const remarks = [
    ...(flag.kind === 'enum' ? [`one of ${flag.values.join(', ')}`] : []),
    ...(preset ? [`default: ${String(flag.default)}`] : []),
    ...(isOptional(flag) ? [] : ['required']),
  ];
  return [flagUsage(name, flag), flag.brief + (remarks.length > 0 ? ` (${remarks.join('; ')})` : '')];
}

function section(title: string, facts: readonly (readonly [string, string])[]): readonly string[] {
  return facts.length === 0 ? [] : ['', title, showFacts(facts, '  ')];
}

/** Breaks a line of a shell between its options, so that it can be copied as it stands. */
function examplesOf(line: string): readonly string[] {
  const lines: string[] = [];
  let shown = ' ';
  for (const word of line.match(/--\S+ (?:"[^"]*"|[^\s-]\S*)|(?:"[^"]*"|\S)+/g) ?? []) {
    if (shown.length + word.length + 3 > lineWidth) {
      lines.push(`${shown} \\`);
      shown = '     ';
    }
    shown += ` ${word}`;
  }
  return [...lines, shown];
}

/** Writes a name of the code as it is typed: `returnTo` becomes `return-to`. */
export function kebabCase(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
