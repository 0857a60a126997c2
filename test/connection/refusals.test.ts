import { describe, expect, it } from 'vitest';
import { InvalidConnectionIdError, parseConnectionId } from '../../functions/connection/connection.ts';
import { TokenSetLostError } from '../../functions/connection/landing.ts';
import {
  ClientCredentialsRejectedError,
  ConnectionNotFoundError,
  howToReconnect,
  InvalidVendingRequestError,
  ReauthorizationRequiredError,
  RotationPendingError,
  refusalFor,
} from '../../functions/connection/refusals.ts';
import { SweepIncompleteError } from '../../functions/connection/sweep.ts';

describe('the answers to a caller', () => {
  it.each([
    [() => new ConnectionNotFoundError('acme'), { code: 'connection_not_found' }],
    [() => new ClientCredentialsRejectedError(), { code: 'client_credentials_rejected' }],
    [() => new InvalidConnectionIdError(), { code: 'invalid_connection_id' }],
    [() => new InvalidVendingRequestError('no'), { code: 'invalid_vending_request' }],
    [() => new RotationPendingError('acme', 7), { code: 'rotation_pending', retryAfterSeconds: 7 }],
    [
      () => new ReauthorizationRequiredError({ connectionId: 'acme' }, 'response_lost'),
      { code: 'reauthorization_required', reason: 'response_lost', reconnect: expect.stringContaining('connect acme') },
    ],
  ])('%#: code and message, and what a program needs', (make, fields) => {
    const error = make();
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

  it('name the company of a service account as a placeholder where none is known', () => {
    expect(howToReconnect({ connectionId: 'acme', grant: 'client_credentials' })).toBe(
      "Connect the app's service account again (npm run procore -- connect acme --service-account --company COMPANY, or " +
        'invoke the function connect-service-account).',
    );
  });

  it('are for refusals alone: anything else is thrown on, for the alarm', () => {
    const fault = new Error('boom');
    expect(() => refusalFor(fault)).toThrow(fault);
  });
});

describe('the words of a refusal', () => {
  const link =
    'Make a connect link for "acme" (npm run procore -- connect acme, or invoke the function connect-link) and let the ' +
    'customer open it within 15 minutes.';

  it.each([
    ['response_lost', 'an answer from Procore with new tokens was lost, and Procore now refuses the old refresh token'],
    ['revoked', 'Procore refuses the refresh token: a person or an administrator has revoked the access'],
    [
      'used_elsewhere',
      'Procore refuses the refresh token although the access still works: something else has spent it',
    ],
    ['no_refresh_token', 'Procore gave no refresh token'],
    ['disconnected', 'it was disconnected'],
  ] as const)('say why a connection has ended, and what to do: %s', (reason, why) => {
    expect(new ReauthorizationRequiredError({ connectionId: 'acme' }, reason).message).toBe(
      `Connection "acme" must be authorized again: ${why}. ${link}`,
    );
  });

  it.each([
    [() => new ConnectionNotFoundError('acme'), `There is no connection "acme" in this environment. ${link}`],
    [
      () => new RotationPendingError('acme', 7),
      'The token of connection "acme" is being replaced, and Procore has not answered yet. Ask again in 7 s.',
    ],
    [
      () => new ClientCredentialsRejectedError(),
      "Procore refuses this environment's client id and secret. Compare them with the Developer Portal and set them " +
        'again (npm run procore -- credentials). No connection is lost: rotation goes on by itself after that.',
    ],
    [
      () => new InvalidConnectionIdError(),
      'connectionId must be 1 to 128 letters, digits, ".", "_", ":" or "-". Use the key under which your system knows ' +
        'the customer, not a name that changes.',
    ],
    [
      () => new TokenSetLostError('acme', {}),
      'Neither DynamoDB nor the escrow queue took the new tokens of connection "acme" in time. If Procore refuses the ' +
        'old refresh token from now on, the customer has to connect again. Nothing else can be done.',
    ],
    [
      () => new SweepIncompleteError(3),
      '3 due connections could not be queued for rotation. The next sweep tries again.',
    ],
  ])('are whole sentences: %#', (make, message) => {
    expect(make().message).toBe(message);
  });
});

describe('a connection id', () => {
  it.each(['a', 'customer:7', 'A.b_c-9', 'x'.repeat(128)])('may be %s', (id) => {
    expect(parseConnectionId(id)).toBe(id);
  });

  it.each(['', 'a b', ' a', 'a/b', 'a\n', 'ü', 'x'.repeat(129), 7, null, undefined])('may not be %j', (id) => {
    expect(() => parseConnectionId(id)).toThrow(InvalidConnectionIdError);
  });
});
