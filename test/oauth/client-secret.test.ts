import { describe, expect, it } from 'vitest';
import {
  MalformedSecretError,
  PlaceholderSecretError,
  parseEnvironmentSecret,
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
    ['a list of one as environment', { ...right, environment: ['production'] }, 'no known environment'],
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

  it('says whole sentences: what is wrong, and which command mends it', () => {
    const saidOf = (value: unknown) => {
      try {
        return parse(value);
      } catch (error) {
        return error instanceof Error && error.message;
      }
    };
    expect(saidOf({ ...right, environment: 'production' })).toBe(
      'The OAuth client secret of the environment "sandbox" names "production" in its field "environment". Nothing was ' +
        'done with it. Put the value that belongs to "sandbox" into it: Run `npm run procore -- credentials set sandbox`.',
    );
    expect(saidOf({ ...right, environment: 'hunter2' })).toContain('names no known environment in its field');
    expect(saidOf({ ...right, clientId: 'REPLACE-ME' })).toBe(
      'The OAuth client secret of the environment "sandbox" still holds the placeholder that the stack created. Run ' +
        '`npm run procore -- credentials set sandbox` with the client id and secret of your app at Procore.',
    );
    expect(saidOf({ ...right, clientId: '' })).toBe(
      'The OAuth client secret of the environment "sandbox" has no text in its field "clientId". Run `npm run procore -- ' +
        'credentials set sandbox`.',
    );
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

describe('the webhook authorization secret', () => {
  const read = (text: string | undefined) => parseEnvironmentSecret('webhook authorization', text, 'sandbox');

  it('is read by the same rules, and says how it is restored', () => {
    expect(read('{"environment":"sandbox","current":"x"}')).toEqual({ environment: 'sandbox', current: 'x' });
    expect(() => read('no JSON')).toThrow(
      'The webhook authorization secret of the environment "sandbox" is not a JSON object. Restore its previous version ' +
        '(AWSPREVIOUS) in Secrets Manager. Its shape is {"environment","current","previous"?}.',
    );
    expect(() => read('{"environment":"federal"}')).toThrow(WrongEnvironmentError);
  });
});
