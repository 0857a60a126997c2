import { describe, expect, it } from 'vitest';
import { command, stackCommand } from '../../lib/operator/command.ts';
import { commands } from '../../lib/operator/commands.ts';
import { wholeNumber } from '../../lib/operator/parsers.ts';
import type { StackSession } from '../../lib/operator/session.ts';
import { lineWidth } from '../../lib/operator/table.ts';
import { allCommands } from './all-commands.ts';
import { runBare } from './operator.ts';

const allExamples = allCommands.flatMap(({ words, command: { examples: lines } }) =>
  lines.map((line) => ({ words, line, argv: argvOf(line) })),
);

/** Reads an example as a shell does, up to what it does with the output. */
function argvOf(line: string): readonly string[] {
  const [, typed = ''] = /npm run (?:--silent )?procore -- (.*?)(?: > .*)?$/.exec(line) ?? [];
  return [...typed.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, quoted, also, word]) => quoted ?? also ?? word ?? '',
  );
}

describe('the definition of a command', () => {
  it.each(allCommands)('$words has an example of its own', ({ words, command: { examples: lines } }) => {
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !` ${argvOf(line).join(' ')} `.startsWith(` ${words} `))).toEqual([]);
  });

  it.each(allExamples)('gives an example that its parser takes: $line', async ({ argv }) => {
    // Nothing answers there: whatever is wrong with the command line itself is said before.
    const nowhere = ['--local', '--endpoint', 'http://127.0.0.1:9'];
    const { exitCode } = await runBare(
      ['init', 'cost', 'completion', 'dev'].includes(argv[0] ?? '') ? argv : [...argv, ...nowhere],
    );
    expect(exitCode).not.toBe(2);
  });

  it('does not compile without an example, or with parameters that its action does not take', () => {
    const act = async (_: StackSession, __: { readonly limit: number }, ___: string) => ({ data: {}, text: '' });
    const limit = { kind: 'parsed', parse: wholeNumber({ from: 1 }), brief: 'How many' } as const;
    const positional = { kind: 'tuple', parameters: [{ parse: String, brief: 'A word' }] } as const;
    const examples = ['npm run procore -- x'] as const;
    const parameters = { flags: { limit }, positional } as const;
    const right = { brief: 'Does x', examples, parameters, action: async () => act };
    const wrongFlag = { ...limit, parse: String };
    const typed = [
      () => stackCommand(right),
      // @ts-expect-error without an example
      () => stackCommand({ ...right, examples: [] }),
      // @ts-expect-error an example that nobody can type
      () => stackCommand({ ...right, examples: ['procore x'] }),
      // @ts-expect-error a flag of another type than the action takes
      () => stackCommand({ ...right, parameters: { flags: { limit: wrongFlag }, positional } }),
      // @ts-expect-error a flag is missing
      () => stackCommand({ ...right, parameters: { positional } }),
      // @ts-expect-error a value is missing
      () => stackCommand({ ...right, parameters: { flags: { limit } } }),
      // @ts-expect-error the action needs a stack
      () => command(right),
    ];
    expect(typed.length).toBe(7);
  });

  it('can be found only under its own name', () => {
    expect(commands.getRoutingTargetForInput('toString')).toBeUndefined();
  });
});

describe('help', () => {
  const groups = commands
    .getAllEntries()
    .flatMap(({ name, target }) => ('getAllEntries' in target ? [name.original] : []));

  it.each(['', ...groups, ...allCommands.map(({ words }) => words)])('of "%s" fits 80 columns', async (words) => {
    const { out } = await runBare([...words.split(' ').filter(Boolean), '--help']);
    expect(out.split('\n').filter((line) => line.length > lineWidth || line !== line.trimEnd())).toEqual([]);
  });

  it.each(allCommands)(
    'of $words shows its example, so that it can be copied',
    async ({ words, command: { examples: lines } }) => {
      const { out } = await runBare([...words.split(' '), '--help']);
      const copied = out.replaceAll(/ \\\n +/g, ' ');
      for (const line of lines) expect(copied).toContain(`  ${line}\n`);
    },
  );

  it('says what an option takes when it is left out, and what it can be', async () => {
    const { out } = await runBare(['events', 'list', '--help']);
    expect(out.replaceAll(/\n +/g, ' ')).toMatch(/--since TIME .*\(default: 24h\) --until/);
    expect(out.replaceAll(/\n +/g, ' ')).toContain('(one of handled, failed, waiting)');
    const remove = await runBare(['webhooks', 'remove', '--help']);
    expect(remove.out).toContain('webhooks remove --company ID [OPTIONS]');
    expect(remove.out).toMatch(/--company ID +Id of the company \(required\)/);
  });
});
