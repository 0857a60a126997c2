import { describe, expect, it } from 'vitest';
import { MalformedSecretError, WrongEnvironmentError } from '../../functions/oauth/client-secret.ts';
import { parseWebhookAuthorization, withRetired } from '../../functions/webhook/webhook-authorization.ts';

const current = 'c'.repeat(48);
const previous = 'p'.repeat(48);
const parse = (value: unknown) => parseWebhookAuthorization(JSON.stringify(value), 'production');

describe('the webhook authorization secret', () => {
  it('gives one value, or two while hooks still send the old one', () => {
    expect(parse({ environment: 'production', current })).toEqual({ current });
    expect(parse({ environment: 'production', current, previous })).toEqual({ current, previous });
    expect(parse({ environment: 'production', current, previous: '' })).toEqual({ current });
    expect(parse({ environment: 'production', current, previous: null })).toEqual({ current });
  });

  it('is refused when it names another environment', () => {
    expect(() => parse({ environment: 'sandbox', current })).toThrow(WrongEnvironmentError);
    expect(() => parse({ current })).toThrow(WrongEnvironmentError);
  });

  it('is refused when a value is missing or could be guessed, for it would let anybody in', () => {
    for (const fields of [{}, { current: '' }, { current: 'short' }, { current: 7 }, { current, previous: 'short' }]) {
      expect(() => parse({ environment: 'production', ...fields })).toThrow(MalformedSecretError);
    }
    expect(() => parseWebhookAuthorization(undefined, 'production')).toThrow(MalformedSecretError);
  });

  it('remembers values that are no longer accepted by their fingerprints, and drops what is none', () => {
    const retired = ['0123456789abcdef', 'fedcba9876543210'];
    expect(parse({ environment: 'production', current, retired })).toEqual({ current, retired });
    for (const wrong of [[], 'text', [7, 'x', '0123456789ABCDEF'], null]) {
      expect(parse({ environment: 'production', current, retired: wrong })).toEqual({ current });
    }
    expect(withRetired('new', {})).toEqual(['new']);
    expect(withRetired('b', { retired: ['a', 'b'] })).toEqual(['b', 'a']);
    const many = Array.from({ length: 12 }, (_, n) => `${n}`);
    expect(withRetired('new', { retired: many })).toEqual(['new', ...many.slice(0, 9)]);
  });
});
