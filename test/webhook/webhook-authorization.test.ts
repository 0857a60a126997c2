import { describe, expect, it } from 'vitest';
import { MalformedSecretError, WrongEnvironmentError } from '../../functions/oauth/client-secret.ts';
import { parseWebhookAuthorization } from '../../functions/webhook/webhook-authorization.ts';

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
});
