import { describe, expect, it } from 'vitest';
import { noteClientIds } from '../../lib/deploy/note-client-ids.ts';
import { memoryClientId } from '../memory/client-id.ts';

const outputs = {
  SandboxSecretOauthClient: 'sandbox-secret',
  SandboxTableRateBudget: 'sandbox-table',
  ProductionSecretOauthClient: 'production-secret',
  ProductionTableRateBudget: 'production-table',
};
const secrets: Readonly<Record<string, string>> = {
  'sandbox-secret': '{"environment":"sandbox","clientId":"id-of-sandbox","clientSecret":"s"}',
  'production-secret': '{"environment":"production","clientId":"REPLACE-ME","clientSecret":"REPLACE-ME"}',
};

describe('before a deployment', () => {
  it('the client id of each deployed environment is written for the worker, where credentials are set', async () => {
    const stores = { 'sandbox-table': memoryClientId(), 'production-table': memoryClientId() };
    const failed = await noteClientIds(outputs, {
      readSecret: async (arn) => secrets[arn],
      store: (_, table) => stores[table as keyof typeof stores],
    });
    expect(failed).toEqual([]);
    expect(await stores['sandbox-table'].read()).toBe('id-of-sandbox');
    expect(await stores['production-table'].read()).toBeUndefined();
  });

  it('those are named whose client id could not be written, and the others are', async () => {
    const store = memoryClientId();
    const failed = await noteClientIds(outputs, {
      readSecret: async (arn) => (arn === 'production-secret' ? Promise.reject(new Error('denied')) : secrets[arn]),
      store: () => store,
    });
    expect(failed).toEqual(['production']);
    expect(await store.read()).toBe('id-of-sandbox');
  });

  it('no secret is read where a client id stands already', async () => {
    const readSecret = () => Promise.reject(new Error('read'));
    expect(await noteClientIds(outputs, { readSecret, store: () => memoryClientId('known') })).toEqual([]);
  });

  it('of a stack that is not there yet nothing is asked', async () => {
    const never = () => {
      throw new Error('asked');
    };
    expect(await noteClientIds({}, { readSecret: never, store: never })).toEqual([]);
  });
});
