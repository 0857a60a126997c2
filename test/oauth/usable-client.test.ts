import { describe, expect, it } from 'vitest';
import {
  MalformedSecretError,
  PlaceholderSecretError,
  WrongEnvironmentError,
} from '../../functions/oauth/client-secret.ts';
import type { OAuthClientSource } from '../../functions/oauth/token-endpoint.ts';
import { readUsableClient } from '../../functions/oauth/usable-client.ts';

const client = { clientId: 'id-1', clientSecret: 'secret-1' };
const failing = (error: unknown): OAuthClientSource => ({ read: () => Promise.reject(error) });

describe('the client that a page needs', () => {
  it('is given when the secret is usable, read fresh only when that is asked for', async () => {
    const asked: unknown[] = [];
    const source: OAuthClientSource = {
      async read(options) {
        asked.push(options);
        return client;
      },
    };
    expect(await readUsableClient(source)).toEqual(client);
    expect(await readUsableClient(source, { fresh: true })).toEqual(client);
    expect(asked).toEqual([{}, { fresh: true }]);
  });

  it.each([
    [new WrongEnvironmentError('OAuth client', 'sandbox', 'production'), 'wrong_environment'],
    [new PlaceholderSecretError('sandbox'), 'placeholder_secret'],
    [new MalformedSecretError('OAuth client', 'sandbox', 'is not a JSON object'), 'malformed_secret'],
  ])('is a trouble that a page explains: %s', async (error, trouble) => {
    expect(await readUsableClient(failing(error))).toEqual({ trouble });
  });

  it('throws on whatever no page can explain, for the alarm', async () => {
    const outage = new Error('Secrets Manager is out');
    await expect(readUsableClient(failing(outage))).rejects.toBe(outage);
  });
});
