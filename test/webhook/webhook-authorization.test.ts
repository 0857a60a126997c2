import { describe, expect, it } from 'vitest';
import { MalformedSecretError, WrongEnvironmentError } from '../../functions/oauth/client-secret.ts';
import {
  parseWebhookAuthorization,
  previousEndsAt,
  withRetired,
} from '../../functions/webhook/webhook-authorization.ts';

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

  it('keeps when the current value took the place of the previous one', () => {
    const rotated = { current, previous, rotatedAt: 1_800_000_000 };
    expect(parse({ environment: 'production', ...rotated })).toEqual(rotated);
    expect(parse({ environment: 'production', ...rotated, rotatedAt: '1800000000' })).toEqual({ current, previous });
    expect(parse({ environment: 'production', current, rotatedAt: 1_800_000_000 })).toEqual({ current });
  });

  it.each([
    ['current', { current: 'c'.repeat(15) }],
    ['previous', { current, previous: 'p'.repeat(15) }],
  ])('names the value that has under 16 characters, and what to do: %s', (field, fields) => {
    const error = {
      name: 'MalformedSecretError',
      code: 'malformed_secret',
      message:
        `The webhook authorization secret of the environment "production" has fewer than 16 characters in its field ` +
        `"${field}". Restore its previous version (AWSPREVIOUS) in Secrets Manager. Its shape is ` +
        '{"environment","current","previous"?}.',
    };
    expect(() => parse({ environment: 'production', ...fields })).toThrow(expect.objectContaining(error));
  });

  it('takes values of 16 characters', () => {
    const shortest = { current: 'c'.repeat(16), previous: 'p'.repeat(16) };
    expect(parse({ environment: 'production', ...shortest })).toEqual(shortest);
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

  it('says when the previous value ends: at the time that it names, else 26 hours after the roll-over', () => {
    const both = { current, previous };
    const rotatedAt = 1_800_000_000;
    const [day, hour] = [86_400, 3600];
    expect(previousEndsAt({ ...both, rotatedAt, retireAt: rotatedAt + 3 * day })).toBe(rotatedAt + 3 * day);
    expect(previousEndsAt({ ...both, rotatedAt })).toBe(rotatedAt + 26 * hour);
    expect(previousEndsAt({ ...both, retireAt: rotatedAt })).toBe(rotatedAt);
    expect(previousEndsAt(both)).toBeUndefined();
    // An earlier version of this product has rolled over, and has kept the field that it does not know.
    expect(previousEndsAt({ ...both, rotatedAt, retireAt: rotatedAt - day })).toBe(rotatedAt + 26 * hour);
  });

  it('gives its times when they are numbers', () => {
    const times = { rotatedAt: 1_800_000_000, retireAt: 1_800_093_600.5 };
    expect(parse({ environment: 'production', current, previous, ...times })).toEqual({ current, previous, ...times });
    const texts = { rotatedAt: '1800000000', retireAt: 'tomorrow' };
    expect(parse({ environment: 'production', current, previous, ...texts })).toEqual({ current, previous });
  });
});
