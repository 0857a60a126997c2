import { optionsOf, type Parameters, usageOf } from '../../lib/operator/help.ts';
import { allCommands } from '../operator/all-commands.ts';
import { markdownTable } from './table.ts';

/**
 * Writes the command line's commands, each with its values, its own options and its first example. `--environment` is
 * left out: the document names it once, with what every command takes.
 */
export function commandsTable(): string {
  const rows = allCommands.map(({ words, command: { own, brief, examples } }) => [
    `\`${`${words} ${usageOf(own, optionsOf(withoutEnvironment(own)))}`.trimEnd()}\``,
    brief,
    `\`${examples[0] ?? ''}\``,
  ]);
  return markdownTable(['Command', 'What it does', 'Example'], rows);
}

function withoutEnvironment({ flags = {}, ...others }: Parameters): Parameters {
  const { environment: _, ...own } = flags;
  return { ...others, flags: own };
}
