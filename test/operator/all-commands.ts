import type { Command, RouteMap } from '@stricli/core';
import type { ProcoreCommand } from '../../lib/operator/command.ts';
import { commands } from '../../lib/operator/commands.ts';
import type { Context } from '../../lib/operator/session.ts';

/** A command and the words by which it is called. */
export interface NamedCommand {
  readonly words: string;
  readonly command: ProcoreCommand;
}

/** All commands that people see, in the order of help; those of a group after its word. */
export const allCommands: readonly NamedCommand[] = commandsUnder(commands, []);

function commandsUnder(
  target: Command<Context> | RouteMap<Context>,
  words: readonly string[],
): readonly NamedCommand[] {
  if (!('getAllEntries' in target)) return [{ words: words.join(' '), command: target as ProcoreCommand }];
  return target
    .getAllEntries()
    .filter(({ hidden }) => !hidden)
    .flatMap((entry) => commandsUnder(entry.target, [...words, entry.name['convert-camel-to-kebab']]));
}
