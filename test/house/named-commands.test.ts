import type { CommandDef } from 'citty';
import { describe, expect, it } from 'vitest';
import { commands } from '../../lib/operator/commands.ts';
import { readSources } from './source.ts';

/** What our texts tell people to run; words in capitals stand for their values. */
const named = readSources('functions', 'lib').flatMap(({ path, text }) =>
  // A text may go on in the next line of the code.
  [...text.replaceAll(/[`'] \+\n\s+[`']/g, '').matchAll(/npm run procore -- ([^`'".;:,)\n]*)/g)].map(
    ([, words = '']) => [`${words.trim()} (${path})`, words.trim().split(/\s+/)] as const,
  ),
);

describe('a command that a text names', () => {
  it('is looked for', () => {
    expect(named.length).toBeGreaterThan(15);
  });

  it.each(named)('exists: %s', async (_, words) => {
    let command: CommandDef | undefined = { subCommands: commands as unknown as Record<string, CommandDef> };
    const followed: string[] = [];
    for (const word of words) {
      const subCommands = command.subCommands as Readonly<Record<string, CommandDef | (() => Promise<CommandDef>)>>;
      if (subCommands === undefined || !/^[a-z-]+$/.test(word) || word.startsWith('-')) break;
      const next: CommandDef | (() => Promise<CommandDef>) | undefined = subCommands[word];
      expect(next, `"${[...followed, word].join(' ')}" is no command`).toBeDefined();
      command = typeof next === 'function' ? await next() : next;
      if (command === undefined) return;
      followed.push(word);
    }
    const options = words.filter((word) => word.startsWith('--')).map((word) => word.slice(2));
    const known = Object.keys((command.args ?? {}) as object);
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
  });
});
