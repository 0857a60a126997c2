import { describe, expect, it } from 'vitest';
import { InvalidConnectionIdError } from '../../functions/connection/connection.ts';
import {
  ClientCredentialsRejectedError,
  ConnectionNotFoundError,
  InvalidVendingRequestError,
  ReauthorizationRequiredError,
  RotationPendingError,
  refusalFor,
} from '../../functions/connection/refusals.ts';

describe('the answers to a caller', () => {
  it.each([
    [new ConnectionNotFoundError('acme'), { code: 'connection_not_found' }],
    [new ClientCredentialsRejectedError(), { code: 'client_credentials_rejected' }],
    [new InvalidConnectionIdError(), { code: 'invalid_connection_id' }],
    [new InvalidVendingRequestError('no'), { code: 'invalid_vending_request' }],
    [new RotationPendingError('acme', 7), { code: 'rotation_pending', retryAfterSeconds: 7 }],
    [
      new ReauthorizationRequiredError({ connectionId: 'acme' }, 'response_lost'),
      { code: 'reauthorization_required', reason: 'response_lost', reconnect: expect.stringContaining('connect acme') },
    ],
  ])('%o', (error, fields) => {
    expect(refusalFor(error).error).toEqual({ message: error.message, ...fields });
  });

  it('say how a service account is connected again: no customer has to open a link', () => {
    const account = {
      connectionId: 'acme',
      environment: 'sandbox',
      grant: 'client_credentials',
      companyId: '7',
    } as const;
    const { reconnect } = new ReauthorizationRequiredError(account, 'disconnected');
    expect(reconnect).toContain('connect acme --environment sandbox --service-account --company 7');
    expect(reconnect).not.toContain('customer');
  });

  it('are for refusals alone: anything else is thrown on, for the alarm', () => {
    const fault = new Error('boom');
    expect(() => refusalFor(fault)).toThrow(fault);
  });
});
