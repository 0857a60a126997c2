import { describe, expect, it } from 'vitest';
import { troubleOf } from '../../../lib/operator/connection/trouble.ts';
import type { StoredConnection } from '../../../lib/operator/stored-connection.ts';

const now = 1_800_000_000;
const connection: StoredConnection = {
  ...{ connectionId: 'acme', environment: 'sandbox', grant: 'authorization_code', status: 'connected', generation: 3 },
  ...{ issuedAt: now - 60, expiresAt: now + 5000, rotateAt: now + 4000, environmentChecked: true, companyIds: ['1'] },
  ...{ companiesCount: 1, authorizedBy: { linkIssuedAt: now - 100 }, createdAt: now - 100, updatedAt: now },
};
const failure = (code: string, others = {}) => ({
  failure: { code, at: now - 1, count: 2, ...others },
  notBefore: now + 60,
});

describe('the trouble of a connection', () => {
  it('is none when it works, or was never connected', () => {
    expect(troubleOf(connection, now)).toBeUndefined();
    const proposed = {
      ...connection,
      status: 'disconnected',
      generation: 0,
      authorizedBy: { linkIssuedAt: 0 },
    } as const;
    expect(troubleOf(proposed, now)).toBeUndefined();
  });

  it.each([
    ['unknown', {}, /no usable answer/, /again by itself, after 2027-01-15T08:01:00Z/],
    ['throttled', { status: 429 }, /asked to wait \(status 429\)/, /by itself/],
    ['not_sent', {}, /did not leave/, /login host/],
    ['unjudged', { status: 401 }, /old one/, /Secrets Manager/],
    ['invalid_grant', {}, /doubted/, /verdict/],
    ['invalid_client', {}, /client id and secret/, /credentials set/],
    [
      'invalid_scope',
      { kind: 'refused', status: 400, since: now - 9 },
      /invalid_scope \(status 400\) since/,
      /connect acme/,
    ],
    ['of_a_later_version', {}, /of_a_later_version/, /by itself/],
  ])('of the failure %s has a cause and a remedy, and needs nobody yet', (code, others, cause, remedy) => {
    expect(troubleOf({ ...connection, ...failure(code, others) }, now)).toEqual({
      ...{ cause: expect.stringMatching(cause), remedy: expect.stringMatching(remedy), needsPerson: false },
    });
  });

  it.each([
    [
      { status: 'reauthorization_required', cause: 'response_lost' },
      /^An answer from Procore with new tokens was lost/,
    ],
    [
      { status: 'reauthorization_required', cause: 'of_a_later_version' },
      /^Its access has ended \(of_a_later_version\)/,
    ],
    [{ status: 'disconnected' }, /^It was disconnected/],
    [{ restoredAt: now - 9, restoredGeneration: 3 }, /^It came out of a backup/],
  ] as const)('of %j needs a person, who is told how', (others, cause) => {
    expect(troubleOf({ ...connection, ...others }, now)).toEqual({
      ...{ cause: expect.stringMatching(cause), needsPerson: true },
      remedy: expect.stringContaining('npm run procore -- connect acme --environment sandbox'),
    });
  });

  it('is told of a token that has ended, and of an account that sees no company', () => {
    expect(troubleOf({ ...connection, expiresAt: now - 5 }, now)?.cause).toContain('has ended at 2027-01-15T07:59:55Z');
    expect(troubleOf({ ...connection, companiesCount: 0 }, now)?.remedy).toContain('App Management');
  });
});
