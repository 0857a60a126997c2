import { describe, expect, it } from 'vitest';
import { nearMisses } from '../../functions/webhook/near-misses.ts';

describe('what a mistyped name may have meant', () => {
  it.each([
    ['a letter too many', 'RFIss', 'RFIs'],
    ['a letter too few', 'RFI', 'RFIs'],
    ['a wrong letter', 'RFOs', 'RFIs'],
    ['two letters exchanged', 'RIFs', 'RFIs'],
    ['other capitals, in any number', 'rfIS', 'RFIs'],
    ['the first letter missing', 'FIs', 'RFIs'],
    ['two letters in front', 'xxRFIs', 'RFIs'],
  ])('is found with %s', (_, name, meant) => {
    expect(nearMisses(name, ['Submittals', meant])).toEqual([meant]);
  });

  it('may differ in two letters of a short name, not in three', () => {
    expect(nearMisses('abcd', ['abxy'])).toEqual(['abxy']);
    expect(nearMisses('abcd', ['axyz'])).toEqual([]);
    expect(nearMisses('abcd', ['abcd123'])).toEqual([]);
  });

  it('may differ in a third of the letters of a long name, not in more', () => {
    expect(nearMisses('abcdefghi', ['abcdefxyz'])).toEqual(['abcdefxyz']);
    expect(nearMisses('abcdefghi', ['abcdewxyz'])).toEqual([]);
    expect(nearMisses('abcdefghijk', ['abcdefgwxyz'])).toEqual([]);
    expect(nearMisses('abcdefghijkl', ['abcdefghwxyz'])).toEqual(['abcdefghwxyz']);
  });

  it('is named nearest first, each once, three at most', () => {
    const known = ['aaxx', 'aaax', 'aaax', 'aaaa', 'axxa', 'xxaa'];
    expect(nearMisses('aaaa', known)).toEqual(['aaaa', 'aaax', 'aaxx']);
  });

  it('is nothing where nothing is known', () => {
    expect(nearMisses('RFIs', [])).toEqual([]);
  });
});
