import { describe, expect, test } from 'vitest';
import { generateSecretString } from '../../../lib/local/template/provision.ts';

const generation = {
  PasswordLength: 48,
  ExcludeCharacters: '',
  ExcludeLowercase: false,
  ExcludeNumbers: false,
  ExcludePunctuation: false,
  ExcludeUppercase: false,
};

describe('a generated secret', () => {
  test('has a character of each kind, and no two are alike', () => {
    const texts = Array.from({ length: 200 }, () => generateSecretString({ ...generation, PasswordLength: 4 }));
    for (const text of texts) expect(text).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w]|.*_).{4}$/);
    expect(new Set(texts).size).toBeGreaterThan(190);
  });

  test('leaves out what is excluded', () => {
    const ExcludeCharacters = 'abcXYZ019';
    const text = generateSecretString({
      ...generation,
      PasswordLength: 2000,
      ExcludePunctuation: true,
      ExcludeCharacters,
    });
    expect(text).toMatch(/^[d-zA-W2-8]{2000}$/);
  });

  test('stands under its key in the template', () => {
    const template = { SecretStringTemplate: '{"environment":"sandbox"}', GenerateStringKey: 'current' };
    const text = generateSecretString({ ...generation, ExcludePunctuation: true, ...template });
    expect(JSON.parse(text)).toEqual({ environment: 'sandbox', current: expect.stringMatching(/^[a-zA-Z0-9]{48}$/) });
  });
});
