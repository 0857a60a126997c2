import { describe, expect, it } from 'vitest';
import { companyClients } from '../../functions/webhook/event-client.ts';
import { memorySubscriptionStore } from '../memory/subscription-store.ts';
import { answered, clientWorld, gather, rejection } from '../procore/client-world.ts';
import { sampleSubscription } from './sample-subscription.ts';

const path = '/rest/v1.0/projects/1/rfis';
const remaining = () => 60_000;

function setUp() {
  const subscription = sampleSubscription({ companyId: '5358233' });
  const { client, seen, script } = clientWorld([]);
  const asked: string[] = [];
  const clientFor = companyClients({
    environment: 'sandbox',
    subscriptions: memorySubscriptionStore([{ ...subscription, revision: 1 }]),
    clientForConnection: (connectionId) => {
      asked.push(connectionId);
      return client;
    },
  });
  return { clientFor, seen, script, asked, subscription };
}

describe('the client that an event brings', () => {
  it('calls its company through the connection that the subscription names', async () => {
    const { clientFor, seen, script, asked, subscription } = setUp();
    const procore = clientFor('5358233', remaining);
    script.push(answered(200, { id: 1 }), answered(200, [{ id: 2 }], { total: '1' }));
    await procore.get(path);
    expect(await gather(procore.list(path))).toEqual([{ id: 2 }]);
    expect(seen.map(({ headers }) => headers.get('procore-company-id'))).toEqual(['5358233', '5358233']);
    expect(asked).toEqual([subscription.connectionId]);
  });

  it('asks nothing before it is called', () => {
    const { clientFor, asked } = setUp();
    expect(clientFor('5358233', remaining)).toMatchObject({ environment: 'sandbox', companyId: '5358233' });
    expect(asked).toEqual([]);
  });

  it('says which command to run when no subscription names the company', async () => {
    const { clientFor, asked } = setUp();
    const procore = clientFor('7', remaining);
    for (const call of [procore.get(path), procore.delete(path), gather(procore.list(path)), procore.sync(path, [])]) {
      const error = await rejection(call);
      expect(error).toMatchObject({ code: 'no_subscription' });
      expect(error.message).toContain('procore -- webhooks apply');
    }
    expect(asked).toEqual([]);
  });
});
