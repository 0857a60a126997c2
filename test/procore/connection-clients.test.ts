import { expect, it } from 'vitest';
import { connectionClients } from '../../functions/procore/connection-clients.ts';
import { procoreEnvironments } from '../../functions/procore/environment.ts';
import { answered, companyId, recordingObserver, startTime } from './client-world.ts';

it('a connection’s clients share its tokens, whatever time each has, and no other connection’s', async () => {
  const vended: string[] = [];
  const requests: (string | null)[] = [];
  const clients = connectionClients({
    environment: 'sandbox',
    clock: () => startTime,
    sleep: async () => {},
    randomFraction: () => 0,
    observer: recordingObserver().observer,
    async fetch(_, init) {
      requests.push(new Headers(init?.headers).get('authorization'));
      return answered(200, []);
    },
    async vend({ connectionId }) {
      vended.push(connectionId);
      return {
        accessToken: `token of ${connectionId}`,
        expiresAt: startTime + 5400,
        generation: 1,
        environment: 'sandbox',
        apiHost: procoreEnvironments.sandbox.apiOrigin,
        companyIds: [],
      };
    },
  });
  for (const left of [20_000, 10_000]) {
    await clients
      .clientFor('acme', () => left)
      .company(companyId)
      .get('/rest/v1.0/projects');
  }
  expect(clients.tokensOf('acme')).toBe(clients.tokensOf('acme'));
  expect(vended).toEqual(['acme']);
  await clients
    .clientFor('other', () => 1000)
    .company(companyId)
    .get('/rest/v1.0/projects');
  expect(vended).toEqual(['acme', 'other']);
  expect(requests).toEqual(['Bearer token of acme', 'Bearer token of acme', 'Bearer token of other']);
});
