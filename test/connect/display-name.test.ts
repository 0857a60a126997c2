import { describe, expect, it } from 'vitest';
import { InvalidDisplayNameError, parseDisplayName } from '../../functions/connect/display-name.ts';
import { connectFlow } from './connect-flow.ts';

describe('a display name', () => {
  it.each(['A', 'Miller & Sons', '株式会社建設', 'x'.repeat(80)])('may be %s', (name) => {
    expect(parseDisplayName(` ${name} `)).toBe(name);
  });

  it.each([
    ['', 'no text'],
    ['   ', 'spaces'],
    ['x'.repeat(81), '81 characters'],
    ['two\nlines', 'a line break'],
    ['a\u2028b', 'a line separator'],
    ['a\u202eb', 'a change of direction'],
    ['a\u200bb', 'a space that is not seen'],
    ['a\ud83d', 'half of a character'],
    [7, 'a number'],
    [null, 'nothing'],
  ])('may not be %j: %s', async (name, _why) => {
    expect(() => parseDisplayName(name)).toThrow(InvalidDisplayNameError);
    const flow = connectFlow();
    await expect(flow.issueLink({ connectionId: 'acme', displayName: name })).rejects.toThrow(InvalidDisplayNameError);
    expect(flow.authorizations.links.size).toBe(0);
  });
});
