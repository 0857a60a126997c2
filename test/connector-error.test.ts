import { expect, it } from 'vitest';
import { ConnectorError, errorName, isConnectorError } from '../functions/connector-error.ts';

class SomethingError extends ConnectorError {
  override readonly name = 'SomethingError';
  readonly code = 'something';
}

it('knows an error that another copy of the module made, since a package can bring the class twice', async () => {
  const path = '../functions/connector-error.ts?copy';
  const copy: typeof import('../functions/connector-error.ts') = await import(path);
  expect(copy.ConnectorError).not.toBe(ConnectorError);
  const error = new SomethingError('text');
  expect(error).not.toBeInstanceOf(copy.ConnectorError);
  expect(copy.isConnectorError(error)).toBe(true);
});

it('does not take an error for ours because of its code: an integrator’s text could reach the log', () => {
  expect(isConnectorError(Object.assign(new Error('secret'), { code: 'something' }))).toBe(false);
  expect(isConnectorError({ name: 'SomethingError', code: 'something', message: 'text' })).toBe(false);
  expect(isConnectorError(undefined)).toBe(false);
});

it('names what was thrown without its text', () => {
  expect([new SomethingError('text'), new TypeError('text'), 'text', undefined].map(errorName)).toEqual([
    'SomethingError',
    'TypeError',
    'unknown',
    'unknown',
  ]);
});
