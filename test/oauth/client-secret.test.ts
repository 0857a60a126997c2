import { describe, expect, it } from 'vitest';
import {
  MalformedSecretError,
  PlaceholderSecretError,
  parseOAuthClientSecret,
  WrongEnvironmentError,
} from '../../functions/oauth/client-secret.ts';

const right = { environment: 'sandbox', clientId: 'id-1', clientSecret: 'hunter2' };
const parse = (value: unknown) =>
  parseOAuthClientSecret(typeof value === 'string' ? value : JSON.stringify(value), 'sandbox');

describe('the OAuth client secret', () => {
  it('gives client id and secret of its own environment', () => {
    expect(parse(right)).toEqual({ clientId: 'id-1', clientSecret: 'hunter2' });
  });

  it('loses the white space that copying brings', () => {
    expect(parse({ ...right, clientId: ' id-1\n', clientSecret: '\thunter2 ' })).toEqual({
      clientId: 'id-1',
      clientSecret: 'hunter2',
    });
  });

  it.each([
    ['another environment', { ...right, environment: 'production' }, '"production"'],
    ['no environment', { ...right, environment: undefined }, 'no known environment'],
    ['something else as environment', { ...right, environment: 'hunter2' }, 'no known environment'],
    ['another environment and the placeholder', { environment: 'production', clientId: 'REPLACE-ME' }, '"production"'],
  ])('is refused when it names %s', (_what, value, words) => {
    expect(() => parse(value)).toThrow(WrongEnvironmentError);
    expect(() => parse(value)).toThrow(words);
    expect(() => parse(value)).toThrow('npm run procore -- credentials set sandbox');
  });

  it('says which command sets it while it holds the placeholder, even in one field', () => {
    for (const fields of [{ clientId: 'REPLACE-ME' }, { clientSecret: ' REPLACE-ME' }]) {
      expect(() => parse({ ...right, ...fields })).toThrow(PlaceholderSecretError);
      expect(() => parse({ ...right, ...fields })).toThrow('npm run procore -- credentials set sandbox');
    }
  });

  it.each([
    ['not JSON', '{"clientSecret": hunter2', 'is not a JSON object'],
    ['empty', '', 'is not a JSON object'],
    ['a string', '"hunter2"', 'is not a JSON object'],
    ['an array', '["hunter2"]', 'is not a JSON object'],
    ['without a client id', { ...right, clientId: '' }, '"clientId"'],
    ['without a client secret', { ...right, clientSecret: undefined }, '"clientSecret"'],
    ['a number as client secret', { ...right, clientSecret: 7 }, '"clientSecret"'],
  ])('is refused when it is %s', (_what, value, words) => {
    expect(() => parse(value)).toThrow(MalformedSecretError);
    expect(() => parse(value)).toThrow(words);
  });

  it('is refused when it is binary', () => {
    expect(() => parseOAuthClientSecret(undefined, 'sandbox')).toThrow(MalformedSecretError);
  });

  it('appears in no error', () => {
    for (const value of [
      '{"clientSecret": hunter2',
      { ...right, environment: 'hunter2' },
      { ...right, clientId: '' },
    ]) {
      try {
        parse(value);
        expect.unreachable();
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        expect(`${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.cause)}`).not.toContain('hunter2');
      }
    }
  });
});
