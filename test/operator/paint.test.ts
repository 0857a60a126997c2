import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paint, showsColours } from '../../lib/operator/paint.ts';
import { showTable } from '../../lib/operator/table.ts';
import { runBare } from './operator.ts';

const red = (text: string) => `\u001B[31m${text}\u001B[39m`;
const yellow = (text: string) => `\u001B[33m${text}\u001B[39m`;
const green = (text: string) => `\u001B[32m${text}\u001B[39m`;

describe('colours', () => {
  it.each([
    ['a problem', '✗ 3 events fail.', `${red('✗')} 3 events fail.`],
    ['what can wait', '! The hook waits.', `${yellow('!')} The hook waits.`],
    ['what is in order', '  ✓ 429: Too Many Requests', `  ${green('✓')} 429: Too Many Requests`],
    [
      'the sum of problems',
      'sandbox of X, T: 1 to act on now, 2 soon.',
      `sandbox of X, T: ${red('1 to act on now')}, ${yellow('2 soon')}.`,
    ],
    ['what can wait alone', 'sandbox of X, T: 2 soon.', `sandbox of X, T: ${yellow('2 soon')}.`],
    ['that all is well', 'sandbox of X, T: all is well.', `sandbox of X, T: ${green('all is well')}.`],
    ['the status of one thing', 'status      failed, and will be', `status      ${red('failed')}, and will be`],
    ['the state of a job', 'state  paused', `state  ${yellow('paused')}`],
    [
      'the level of a log line',
      '2027-01-15T08:00:00Z ERROR event.failed',
      `2027-01-15T08:00:00Z ${red('ERROR')} event.failed`,
    ],
  ])('mark %s', (_, text, painted) => {
    expect(paint(text)).toBe(painted);
  });

  it('mark the column of a table that says how things stand, wherever it is, and no other', () => {
    const table = showTable(
      ['JOB', 'STATE', 'FAILING'],
      [
        ['failed', 'paused', 'failed'],
        ['a job with a long name', 'failed', ''],
        ['done', 'working', 'done'],
      ],
    );
    expect(paint(`${table}\n\nfailed`)).toBe(
      `${table}\n\nfailed`
        .replace('  paused', `  ${yellow('paused')}`)
        .replace('name  failed', `name  ${red('failed')}`),
    );
  });

  it.each([
    'A failed call.',
    'reason  failed',
    'failed',
    'It says: ✗ no.',
    '!important',
    'call at once: 2 soon',
    'status of a failed one',
    'statusfailed',
  ])('leave %j alone', (text) => {
    expect(paint(text)).toBe(text);
  });

  it('change no character, whatever the text is', () => {
    const word = fc.constantFrom(
      'STATUS',
      'STATE',
      'failed',
      'connected',
      '✗',
      '!',
      'status',
      '  ',
      ' ',
      '\n',
      ': ',
      'all is well.',
      'x',
    );
    fc.assert(
      fc.property(
        fc.array(word).map((words) => words.join('')),
        (text) => {
          expect(stripVTControlCharacters(paint(text))).toBe(text);
        },
      ),
    );
  });

  it.each([
    ['no terminal', {}, undefined, false],
    ['a terminal with colours', {}, true, true],
    ['a terminal without', { TERM: 'dumb' }, false, false],
    ['NO_COLOR', { NO_COLOR: '1' }, true, false],
    ['an empty NO_COLOR, which says nothing', { NO_COLOR: '' }, true, true],
    ['FORCE_COLOR without a terminal', { FORCE_COLOR: '1' }, undefined, true],
    ['FORCE_COLOR against NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, undefined, true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, false],
  ] as const)('are there or not: %s', (_, variables, hasColors, shown) => {
    expect(showsColours(variables, hasColors === undefined ? undefined : () => hasColors)).toBe(shown);
  });

  it('are in no JSON, and in the text of a terminal', async () => {
    const target = (...argv: string[]) =>
      runBare(['target', ...argv], {
        isTerminal: true,
        remembered: { stack: 'failed' },
        variables: { FORCE_COLOR: '3' },
      });
    expect((await target('--json')).out).not.toContain('\u001B');
  });
});
