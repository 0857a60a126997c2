import type { ProcoreCommand } from './command.ts';
import { exitCodes, OperatorError, usageError } from './exit-codes.ts';
import { kebabCase } from './help.ts';
import type { Report, StackSession } from './session.ts';

/** A field of the form that stands for a flag or a value of a command. */
export interface CommandField {
  readonly name: string;
  /** What a person reads beside it. */
  readonly label: string;
  /** `switch` is there or not; of a `choice` one is taken. */
  readonly kind: 'text' | 'choice' | 'switch';
  /** All that a choice knows, or what a text often is. */
  readonly proposals: readonly string[];
  /** What is taken when nothing is filled in. */
  readonly preset: string | undefined;
  readonly required: boolean;
  readonly isValue: boolean;
  /** Reads what was filled in. @throws OperatorError whose text goes on after the name */
  parse(text: string): unknown;
}

/** What was filled in, by the names of fields. */
export type FilledIn = Readonly<Record<string, readonly string[]>>;

type Parse = (text: string) => unknown;

/** What stricli's definitions of flags and values have that a form needs. */
interface Definition {
  readonly kind?: string;
  readonly brief: string;
  readonly placeholder?: string;
  readonly optional?: boolean;
  readonly default?: unknown;
  readonly values?: readonly string[];
  readonly parse?: Parse;
  readonly proposeCompletions?: (partial: string) => unknown;
}

/**
 * Gives the fields of a command, the values before the flags. The environment is left out: whoever shows the form knows it.
 *
 * Both the command line and a form are made of the same definition, so that they take the same and refuse the same.
 */
export function fieldsOf({ own: { flags = {}, positional } }: Pick<ProcoreCommand, 'own'>): readonly CommandField[] {
  const values = positional?.kind === 'tuple' ? positional.parameters : [];
  return [
    ...values.map((value) => {
      const definition = value as unknown as Definition;
      return fieldOf((definition.placeholder ?? 'value').toLowerCase(), definition, true);
    }),
    ...Object.entries(flags)
      .filter(([name]) => name !== 'environment')
      .map(([name, flag]) => fieldOf(name, flag as unknown as Definition, false)),
  ];
}

function fieldOf(name: string, definition: Definition, isValue: boolean): CommandField {
  const { kind: flagKind, brief: label, values, optional, parse = (text) => text, proposeCompletions } = definition;
  const preset = typeof definition.default === 'string' ? definition.default : undefined;
  const proposed = proposeCompletions?.('');
  const kind = flagKind === 'boolean' ? 'switch' : flagKind === 'enum' ? 'choice' : 'text';
  return {
    ...{ name, label, kind, preset, parse, isValue },
    proposals: values ?? (Array.isArray(proposed) ? proposed : []),
    required: kind !== 'switch' && optional !== true && preset === undefined,
  };
}

/**
 * Does what a command does with what was filled in, in one environment.
 *
 * @throws OperatorError (`wrong_usage`) naming the field that cannot be read, and what the command throws
 */
export async function runFilledIn(
  command: ProcoreCommand,
  session: StackSession,
  environment: string,
  filledIn: FilledIn,
): Promise<Report> {
  const flags: Record<string, unknown> = { environment };
  const values: unknown[] = [];
  for (const field of fieldsOf(command)) {
    const value = readField(field, filledIn[field.name]?.[0]?.trim() ?? '');
    if (field.isValue) values.push(value);
    else flags[field.name] = value;
  }
  return command.act(session, flags, values);
}

function readField({ name, label, kind, proposals, preset, required, parse, isValue }: CommandField, given: string) {
  const shownName = isValue ? name.toUpperCase() : `--${kebabCase(name)}`;
  if (kind === 'switch') return given !== '';
  const text = given === '' ? preset : given;
  if (text === undefined && !required) return undefined;
  if (text === undefined) throw usageError(`${shownName} is missing (${label}).`);
  if (kind === 'choice' && !proposals.includes(text)) {
    throw usageError(`${shownName} is one of: ${proposals.join(', ')}.`);
  }
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof OperatorError) || error.exitCode !== exitCodes.usage) throw error;
    throw usageError(`${shownName} ${error.message}`);
  }
}
