import type { Command, RouteMap } from '@stricli/core';
import { describe, expect, it } from 'vitest';
import { commands } from '../../lib/operator/commands.ts';
import { kebabCase } from '../../lib/operator/help.ts';
import type { Context } from '../../lib/operator/session.ts';
import { readDocuments } from './markdown.ts';
import { readSources } from './source.ts';

type Target = Command<Context> | RouteMap<Context>;

/** What our texts and documents tell people to run; words in capitals stand for their values. */
const named = [...readSources('functions', 'lib'), ...readDocuments()].flatMap(({ path, text }) =>
  // A text may go on in the next line of the code, and a command in the next line of a document.
  [
    ...text
      .replaceAll(/[`'] \+\n\s+[`']/g, '')
      .replaceAll(/ \\\n\s+/g, ' ')
      .matchAll(/npm run (?:--silent )?procore -- ([^`'".;:,)>\n]*)/g),
  ].map(([, words = '']) => [`${words.trim()} (${path})`, words.trim().split(/\s+/)] as const),
);

function optionsOf(target: Target): string[] {
  return 'parameters' in target ? Object.keys(target.parameters.flags ?? {}).map(kebabCase) : [];
}

function everyOption(target: Target): string[] {
  if (!('getAllEntries' in target)) return optionsOf(target);
  return target.getAllEntries().flatMap((entry) => everyOption(entry.target));
}

describe('a command that a text names', () => {
  it('is looked for', () => {
    expect(named.length).toBeGreaterThan(50);
  });

  it.each(named)('exists: %s', (_, words) => {
    let target: Target = commands;
    const followed: string[] = [];
    for (const word of words) {
      if (!('getAllEntries' in target) || !/^[a-z][a-z-]+$/.test(word)) break;
      const next: Target | undefined = target
        .getAllEntries()
        .find(({ name }) => name['convert-camel-to-kebab'] === word)?.target;
      if (next === undefined) throw new Error(`"${[...followed, word].join(' ')}" is no command.`);
      target = next;
      followed.push(word);
    }
    const given = words.filter((word) => word.startsWith('--') && word !== '--help').map((word) => word.slice(2));
    // COMMAND stands for any command.
    const known = words[0] === 'COMMAND' ? everyOption(commands) : optionsOf(target);
    expect(given.filter((option) => !known.includes(option))).toEqual([]);
  });
});
