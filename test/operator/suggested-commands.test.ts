import { describe, expect, it } from 'vitest';
import { howToReconnect } from '../../functions/connection/refusals.ts';
import { diagnosisRows } from '../../lib/diagnosis-rows.ts';
import { completeCommands, nameConnection, setCommandsApart } from '../../lib/operator/suggested-commands.ts';
import { indent, showFacts } from '../../lib/operator/table.ts';
import { allCommands } from './all-commands.ts';

const run = 'npm run procore --';

describe('a command that a text suggests', () => {
  it.each([
    [
      `Let the doctor find it (${run} doctor sandbox).`,
      'Let the doctor find it (the command below).',
      `${run} doctor sandbox`,
    ],
    [
      `The call: ${run} support-report a-b.c:1 --environment sandbox`,
      'The call:',
      `${run} support-report a-b.c:1 --environment sandbox`,
    ],
    [`See them: ${run} events list.`, 'See them:', `${run} events list`],
    [`Run ${run} doctor sandbox --fix: it heals.`, 'Run the command below: it heals.', `${run} doctor sandbox --fix`],
    [`Run \`${run} webhooks apply\` for it.`, 'Run the command below for it.', `${run} webhooks apply`],
    [
      `Make one: ${run} webhooks apply --resources "RFIs, Tasks"`,
      'Make one:',
      `${run} webhooks apply --resources "RFIs, Tasks"`,
    ],
    [
      `Give ${run} connect a --redirect https://x.example/a?b=1, then wait.`,
      'Give the command below, then wait.',
      `${run} connect a --redirect https://x.example/a?b=1`,
    ],
  ])('stands on a line of its own: %s', (text, prose, command) => {
    expect(setCommandsApart(text)).toEqual({ prose, commands: [command] });
  });

  it('leaves other texts as they are', () => {
    for (const text of ['Nothing: to do.', 'npm run procore', 'npm start']) {
      expect(setCommandsApart(text)).toEqual({ prose: text, commands: [] });
    }
  });

  it('is never broken, however long it is', () => {
    const command = `${run} connect ${'long-connection-'.repeat(8)}id --environment monthly-sandbox --service-account`;
    const text = `Do it, and nothing else helps here, so do it today (${command}).`;
    for (const shown of [indent(text, '      '), showFacts([['remedy', text]])]) {
      expect(shown.split('\n').map((line) => line.trim())).toContain(command);
    }
  });

  it('can be taken out of every remedy, with prose that still reads', () => {
    const reconnect = howToReconnect({ connectionId: 'acme', environment: 'sandbox' });
    for (const text of [reconnect, ...diagnosisRows.map(({ remedy }) => remedy)]) {
      const { prose, commands } = setCommandsApart(text);
      expect(commands.length, text).toBe(text.split(run).length - 1);
      expect(prose).not.toContain(run);
      for (const command of commands) expect(command).toMatch(/^npm run procore -- [a-z-]+( [A-Za-z-]+)*$/);
    }
  });
});

it('names a connection in a command that is meant for any', () => {
  const text = `Make a link (${run} connect CONNECTION) for the CONNECTION. Or: ${run} connections show CONNECTION`;
  expect(nameConnection(text, 'acme$&')).toBe(
    `Make a link (${run} connect acme$&) for the CONNECTION. Or: ${run} connections show acme$&`,
  );
});

describe('the command that follows from another', () => {
  const complete = (command: string, ...argv: string[]) => completeCommands(`Do (${run} ${command}).`, argv);

  it.each([
    ['connect CONNECTION', 'connect CONNECTION --environment sandbox --local'],
    ['doctor ENVIRONMENT --fix', 'doctor sandbox --fix --local'],
    ['credentials set ENVIRONMENT', 'credentials set sandbox --local'],
    ['support-report a1 --environment sandbox', 'support-report a1 --environment sandbox --local'],
    ['events list --local', 'events list --local --environment sandbox'],
    ['verify', 'verify --local'],
    ['jobs list --environment sandbox', 'jobs list --environment sandbox --local'],
    ['jobs pause "backfill#5358233#RFIs"', 'jobs pause "backfill#5358233#RFIs" --environment sandbox --local'],
    ['erase --lift --company 1', 'erase --lift --company 1 --environment sandbox --local'],
    ['target --stage NAME', 'target --stage NAME'],
    ['doctor --help', 'doctor --help'],
    ['COMMAND OPTIONS', 'COMMAND OPTIONS'],
  ])('means the same system on this machine: %s', (command, completed) => {
    expect(complete(command, 'doctor', 'sandbox', '--local')).toBe(`Do (${run} ${completed}).`);
  });

  it('means the same system, whichever command it is', () => {
    // `target` sets what all others take for granted, and takes no environment.
    const ofStack = allCommands.filter(
      ({ words, command }) => words !== 'target' && 'local' in Object(command.parameters.flags),
    );
    expect(ofStack.length).toBeGreaterThan(25);
    for (const { words } of ofStack) {
      expect(complete(words, '--local'), words).toBe(`Do (${run} ${words} --local).`);
      const completed = complete(`${words} ENVIRONMENT`, '--environment', 'sandbox');
      expect(completed, words).toContain(
        /^(console|doctor|credentials|status|verify)/.test(words) ? ' sandbox' : '--environment sandbox',
      );
    }
  });

  it('means the same stack, however its flags were written', () => {
    expect(
      complete(
        'events dead',
        'events',
        'show',
        'x',
        '--environment=production',
        '--stage=live',
        '--region',
        'eu-west-1',
      ),
    ).toBe(`Do (${run} events dead --environment production --stage live --region eu-west-1).`);
    expect(complete('events dead', 'events', 'show', 'x', '--local', '--endpoint', 'http://127.0.0.1:4500')).toBe(
      `Do (${run} events dead --local --endpoint http://127.0.0.1:4500).`,
    );
    expect(complete('events dead', 'events', 'list')).toBe(`Do (${run} events dead).`);
  });

  it('is completed in every line of a text', () => {
    const text = `First:\n  ${run} events list\nThen \`${run} events dead\`, if any.`;
    expect(completeCommands(text, ['--local'])).toBe(
      `First:\n  ${run} events list --local\nThen \`${run} events dead --local\`, if any.`,
    );
  });
});
