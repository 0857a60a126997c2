import { describe, expect, it } from 'vitest';
import { choosePageLanguage } from '../../functions/connect/page-language.ts';

describe('the language of a page', () => {
  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['de-AT,de;q=0.9,en;q=0.8', 'de'],
    ['en-US,en;q=0.9,de;q=0.8', 'en'],
    ['fr, de;q=0.2, en;q=0.1', 'de'],
    ['en;q=0.5,DE;q=0.7', 'de'],
    ['fr-CH, *;q=0.5', 'en'],
    ['de;q=0', 'en'],
    ['de;q=nonsense,en', 'de'],
    [`${'x'.repeat(500)},de`, 'en'],
  ])('is, for Accept-Language %j, %s', (accepted, language) => {
    expect(choosePageLanguage(accepted)).toBe(language);
  });
});
