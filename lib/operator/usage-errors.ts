import {
  type ApplicationText,
  ArgumentScannerError,
  type Command,
  formatMessageForArgumentScannerError,
  type RouteMap,
  text_en,
} from '@stricli/core';
import { OperatorError, usageError } from './exit-codes.ts';
import { kebabCase } from './help.ts';
import type { Context } from './session.ts';

type Target = Command<Context> | RouteMap<Context>;

const rethrow = (error: unknown): never => {
  throw error;
};

/**
 * What stricli says when a command line is wrong. No text repeats a value: somebody may have typed a secret. Errors of
 * the commands themselves are thrown on to the caller.
 */
export const errorTexts: ApplicationText = {
  ...text_en,
  noCommandRegisteredForInput: ({ corrections }) => {
    const alternatives = corrections.map((word) => word.replaceAll('`', ''));
    return alternatives.length > 0 ? `Did you mean ${alternatives.join(' or ')}?` : '';
  },
  exceptionWhileParsingArguments: (error) =>
    error instanceof ArgumentScannerError ? describeWrongArgument(error) : rethrow(error),
  exceptionWhileLoadingCommandFunction: rethrow,
  exceptionWhileLoadingCommandContext: rethrow,
  exceptionWhileRunningCommand: rethrow,
  exceptionWhileRunningIntegrationFlag: ({ exception }) => rethrow(exception),
};

function describeWrongArgument(error: ArgumentScannerError): string {
  return formatMessageForArgumentScannerError(error, {
    FlagNotFoundError: ({ input, corrections }) => {
      const alternatives = corrections.map((flag) => `--${kebabCase(flag)}`).join(' or ');
      const name = looksLikeWord(input) ? `option --${input}` : 'such option';
      return `There is no ${name}.${alternatives === '' ? '' : ` Did you mean ${alternatives}?`}`;
    },
    AliasNotFoundError: ({ input }) => `There is no option -${input}.`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) =>
      `${nameOf(name)} ${exception instanceof OperatorError ? exception.message : 'takes no such value.'}`,
    EnumValidationError: ({ externalFlagName, values }) => `--${externalFlagName} is one of: ${values.join(', ')}.`,
    UnsatisfiedFlagError: ({ externalFlagName, nextFlagName }) =>
      nextFlagName === undefined
        ? `--${externalFlagName} is missing, or has no value.`
        : `--${externalFlagName} has no value: --${nextFlagName} follows it.`,
    UnexpectedFlagError: ({ externalFlagName }) => `--${externalFlagName} is given more than once.`,
    InvalidNegatedFlagSyntaxError: ({ externalFlagName }) => `--${externalFlagName} takes no value.`,
    UnsatisfiedPositionalError: ({ placeholder }) => `${placeholder} is missing.`,
    UnexpectedPositionalError: ({ expectedCount }) =>
      expectedCount === 0
        ? 'A value is given, and this command takes only options.'
        : `There are too many values: this command takes ${expectedCount} besides its options.`,
  });
}

/** What does not look like a word may be a secret in the wrong place. */
function looksLikeWord(text: string): boolean {
  return /^[a-z][a-z-]{0,30}$/i.test(text);
}

/** Placeholders of values are written in capitals. */
function nameOf(flagOrPlaceholder: string): string {
  return /^[A-Z]/.test(flagOrPlaceholder) ? flagOrPlaceholder : `--${flagOrPlaceholder}`;
}

/**
 * Says that a command line is wrong, and where its help is.
 *
 * @param problems as {@link errorTexts} has put them
 */
export function wrongArguments(commands: RouteMap<Context>, argv: readonly string[], problems: string): OperatorError {
  const { words } = follow(commands, argv);
  return usageError(`${problems}\nSee: npm run procore -- ${[...words, '--help'].join(' ')}`);
}

/**
 * Says that a command does not exist, and which do.
 *
 * @param correction as {@link errorTexts} has put it
 */
export function unknownCommand(
  commands: RouteMap<Context>,
  argv: readonly string[],
  correction: string,
): OperatorError {
  const { words, target } = follow(commands, argv);
  const names = 'getAllEntries' in target ? target.getAllEntries().filter(({ hidden }) => !hidden) : [];
  const known = names.map(({ name }) => name['convert-camel-to-kebab']).join(', ');
  const next = argv[words.length] ?? '';
  const given = looksLikeWord(next) ? `command "${[...words, next].join(' ')}"` : 'such command';
  return usageError([`There is no ${given}.`, correction, `Use one of: ${known}.`].filter(Boolean).join(' '));
}

/** Follows the words of a command line as far as there are commands. */
function follow(commands: RouteMap<Context>, argv: readonly string[]) {
  const words: string[] = [];
  let target: Target = commands;
  for (const word of argv) {
    const next: Target | undefined = 'getAllEntries' in target ? routeOf(target, word) : undefined;
    if (next === undefined) break;
    target = next;
    words.push(word);
  }
  return { words, target };
}

function routeOf(routes: RouteMap<Context>, word: string): Target | undefined {
  return routes.getAllEntries().find(({ name }) => name['convert-camel-to-kebab'] === word)?.target;
}
